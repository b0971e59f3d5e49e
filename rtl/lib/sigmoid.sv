// SPDX-License-Identifier: Apache-2.0
// The integer sigmoid of Lanes Q4.11 numbers, in units of 2^-16, combinational: linear
// interpolation between 257 entries (models/ops/integer_sigmoid.h).
module sigmoid #(
  parameter int unsigned Lanes = 4
) (
  input  logic                valid_i,
  /* verilator lint_off UNUSED */  // a lane's low 16 bits are the number
  input  logic [Lanes*32-1:0] values_i,
  /* verilator lint_on UNUSED */
  output logic [Lanes*32-1:0] values_o   // 22 ... 65514; 0 where valid_i is not set
);
`include "sigmoid_table.svh"
  localparam logic signed [15:0] Low = -16'sd16384;
  localparam logic signed [15:0] High = 16'sd16383;

  logic signed [15:0] x;
  logic [14:0] position;
  logic [15:0] here, there;
  logic [22:0] rise;
  always_comb begin
    values_o = '0;
    x = '0;
    position = '0;
    here = '0;
    there = '0;
    rise = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        x = $signed(values_i[l*32 +: 16]);
        if (x < Low) x = Low;
        if (x > High) x = High;
        position = 15'(x - Low);
        here = SigmoidTable[(13'(position[14:7]) * 13'd16) +: 16];
        there = SigmoidTable[((13'(position[14:7]) + 13'd1) * 13'd16) +: 16];
        // The table rises, so the difference is never negative.
        rise = (23'(there) - 23'(here)) * 23'(position[6:0]) + 23'd64;
        values_o[l*32 +: 32] = 32'(here) + (32'(rise) >> 7);
      end
    end
  end
endmodule
