// SPDX-License-Identifier: Apache-2.0
// Counters from 0 to Limit in thermometer code, any number of which move up or down in one cycle.
// A counter that is told both stays. Credits, arrived packets and pending credits are counted so.
module unary_counters #(
  parameter int unsigned Count = 8,      // counters
  parameter int unsigned Limit = 2,      // largest value
  parameter bit          ResetFull = 0   // value after reset: Limit instead of 0
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Count-1:0] up_i,      // adds one; never to a counter at Limit unless down_i as well
  input  logic [Count-1:0] down_i,    // takes one; never from a counter at 0 unless up_i as well
  output logic [Count-1:0] nonzero_o  // counters above 0
);
  logic [Limit*Count-1:0] level_d, level_q;
  logic [Count-1:0] raise, lower;

  assign raise = up_i & ~down_i;
  assign lower = down_i & ~up_i;

  for (genvar k = 0; k < Limit; k++) begin : gen_level
    logic [Count-1:0] below, above, here;
    assign here = level_q[k*Count +: Count];
    if (k == 0) begin : gen_first
      assign below = '1;
    end else begin : gen_below
      assign below = level_q[(k-1)*Count +: Count];
    end
    if (k == Limit - 1) begin : gen_last
      assign above = '0;
    end else begin : gen_above
      assign above = level_q[(k+1)*Count +: Count];
    end
    assign level_d[k*Count +: Count] = (here | (raise & below)) & ~(lower & ~above);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      level_q <= {(Limit * Count) {ResetFull}};
    end else begin
      level_q <= level_d;
    end
  end

  assign nonzero_o = level_q[Count-1:0];
endmodule
