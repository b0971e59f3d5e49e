// SPDX-License-Identifier: Apache-2.0
// 2^-t of Lanes distances from the largest score, bit for bit models/ops/integer_softmax.h. Product
// with the multiplier, exponent t, chord, weight: a stage each. Lanes not in use weigh 0.
module exponential #(
  parameter int unsigned Lanes = 4
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // Settings: base-2 logarithm of a weight, Q5.16, from a distance.
  input  logic [30:0]         multiplier_i,
  input  logic [5:0]          shift_i,      // 1 ... 62
  input  logic                valid_i,
  input  logic [Lanes-1:0]    used_i,
  input  logic [Lanes*32-1:0] distances_i,  // unsigned
  output logic                valid_o,      // four cycles later
  output logic [Lanes*16-1:0] weights_o     // Q1.15, 0 ... 32768
);
`include "exp2_table.svh"
  logic valid1_q, valid2_q, valid3_q, valid4_q;
  logic [Lanes-1:0] used1_q, used2_q, used3_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      valid3_q <= 1'b0;
      valid4_q <= 1'b0;
    end else begin
      valid1_q <= valid_i;
      valid2_q <= valid1_q;
      valid3_q <= valid2_q;
      valid4_q <= valid3_q;
    end
  end

  logic [Lanes*64-1:0] products_d, products_q;
  always_comb begin
    products_d = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        products_d[l*64 +: 64] = 64'(distances_i[l*32 +: 32]) * 64'(multiplier_i);
      end
    end
  end

  // The product is below 2^63 and the rounding term at most 2^61, so 64 bits hold their sum.
  logic [Lanes*21-1:0] exponents_d, exponents_q;
  logic [63:0] rounded;
  always_comb begin
    exponents_d = '0;
    rounded = '0;
    if (valid1_q) begin
      for (int l = 0; l < Lanes; l++) begin
        rounded = (products_q[l*64 +: 64] + (64'd1 << (shift_i - 1'b1))) >> shift_i;
        exponents_d[l*21 +: 21] = (rounded[63:21] != '0) ? '1 : rounded[20:0];
      end
    end
  end

  logic [Lanes*25-1:0] chords_d, chords_q;
  logic [Lanes*5-1:0] halvings_d, halvings_q;
  logic [15:0] high, low;
  always_comb begin
    chords_d = '0;
    halvings_d = '0;
    high = '0;
    low = '0;
    if (valid2_q) begin
      for (int l = 0; l < Lanes; l++) begin
        high = Exp2Table[(12'(exponents_q[l*21 + 9 +: 7]) * 12'd16) +: 16];
        low = Exp2Table[((12'(exponents_q[l*21 + 9 +: 7]) + 12'd1) * 12'd16) +: 16];
        // The table falls, so the difference is never negative.
        chords_d[l*25 +: 25] = {high, 9'd0} - (25'(high) - 25'(low)) * 25'(exponents_q[l*21 +: 9]);
        halvings_d[l*5 +: 5] = exponents_q[l*21 + 16 +: 5];
      end
    end
  end

  logic [Lanes*16-1:0] weights_d, weights_q;
  /* verilator lint_off UNUSED */  // rounded away
  logic [24:0] halved;
  /* verilator lint_on UNUSED */
  always_comb begin
    weights_d = '0;
    halved = '0;
    if (valid3_q) begin
      for (int l = 0; l < Lanes; l++) begin
        halved = (chords_q[l*25 +: 25] >> halvings_q[l*5 +: 5]) + 25'd256;
        if (used3_q[l]) weights_d[l*16 +: 16] = halved[24:9];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      products_q <= products_d;
      used1_q    <= used_i;
    end
    if (valid1_q) begin
      exponents_q <= exponents_d;
      used2_q     <= used1_q;
    end
    if (valid2_q) begin
      chords_q   <= chords_d;
      halvings_q <= halvings_d;
      used3_q    <= used2_q;
    end
    if (valid3_q) weights_q <= weights_d;
  end

  assign valid_o   = valid4_q;
  assign weights_o = weights_q;
endmodule
