// SPDX-License-Identifier: Apache-2.0
// Counters from 0 to Limit in thermometer code, any number of which move up or down in one cycle.
// A counter that is told both stays. Packets out, arrived packets and pending credits are counted so.
module unary_counters #(
  parameter int unsigned Count = 8,      // counters
  parameter int unsigned Limit = 2       // largest value
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic [Count-1:0]       up_i,    // adds one; never to a counter at Limit unless down_i as well
  input  logic [Count-1:0]       down_i,  // takes one; never from a counter at 0 unless up_i as well
  output logic [Limit*Count-1:0] above_o  // counters above k at k * Count; above 0 come first
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
      level_q <= '0;
    end else begin
      level_q <= level_d;
    end
  end

  assign above_o = level_q;
endmodule
