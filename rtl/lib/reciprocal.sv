// SPDX-License-Identifier: Apache-2.0
// 1 / z of a sum of weights, bit for bit integer_reciprocal() of models/ops/integer_rsqrt.h, for
// z = 2^15 ... 2^26 - 1: normalised sum and first guess; Newton step; mantissa: a stage each.
module reciprocal (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        valid_i,
  input  logic [25:0] z_i,
  // 1 / z = mantissa * 2^-(24 + exponent). The exponent is visible one cycle after z, the mantissa
  // three; both until the next z has come as far.
  output logic [4:0]  exponent_o,
  output logic [23:0] mantissa_o
);
`include "reciprocal_table.svh"
  logic valid1_q, valid2_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
    end else begin
      valid1_q <= valid_i;
      valid2_q <= valid1_q;
    end
  end

  logic [4:0] exponent_d, exponent_q;
  logic [15:0] guess_d, guess_q, guess2_q;
  /* verilator lint_off UNUSED */  // the lowest two bits fall off, the highest is 1
  logic [25:0] leading;
  logic [39:0] product;  // and of these only the highest are kept
  logic [41:0] refined;
  /* verilator lint_on UNUSED */
  logic [23:0] normal_q, mantissa_q;
  logic [25:0] newton_d, newton_q;  // Q2.24: 2 - m y
  always_comb begin
    exponent_d = 5'd15;
    for (int b = 16; b < 26; b++) begin
      if (z_i[b]) exponent_d = 5'(b);
    end
    leading  = z_i << (5'd25 - exponent_d);
    guess_d  = ReciprocalTable[(12'(leading[24:17]) * 12'd16) +: 16];
    product  = 40'(guess_q) * 40'(normal_q);
    newton_d = 26'h2000000 - 26'(product[39:15]);
    refined  = 42'(guess2_q) * 42'(newton_q);
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      exponent_q <= exponent_d;
      normal_q   <= leading[25:2];
      guess_q    <= guess_d;
    end
    if (valid1_q) begin
      newton_q <= newton_d;
      guess2_q <= guess_q;
    end
    if (valid2_q) mantissa_q <= refined[39:16];
  end

  assign exponent_o = exponent_q;
  assign mantissa_o = mantissa_q;
endmodule
