// SPDX-License-Identifier: Apache-2.0
// The sample-and-hold of the crossbars of a row block. The hardware holds the column sums; this
// stand-in holds the wordline levels that they follow from, once for all crossbars that share
// them, and crossbar.sv works out a sum when its column is converted. Part of the macro.
module sample_and_hold #(
  parameter int unsigned Rows = 32,
  parameter int unsigned DacBits = 1,
  parameter int unsigned TotalBits = $clog2(Rows * (2 ** DacBits - 1) + 1)
) (
  input  logic                    clk_i,
  input  logic                    hold_i,    // the sums are held from the next cycle on
  input  logic [DacBits*Rows-1:0] levels_i,  // wordlines
  output logic [DacBits*Rows-1:0] held_o,
  output logic [TotalBits-1:0]    total_o    // sum of the levels held: exact, digital
);
  logic [DacBits*Rows-1:0] held_q;
  logic [TotalBits-1:0] total_q, total;

  always_comb begin
    total = '0;
    if (hold_i) begin
      for (int b = 0; b < DacBits; b++) begin
        total = total + (TotalBits'($countones(levels_i[b*Rows +: Rows])) << b);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (hold_i) begin
      held_q  <= levels_i;
      total_q <= total;
    end
  end
  assign held_o  = held_q;
  assign total_o = total_q;
endmodule
