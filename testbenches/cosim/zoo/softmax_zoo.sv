// SPDX-License-Identifier: Apache-2.0
// exponential of two lanes, with which a score and nothing are weighed, and reciprocal, for
// blocks_test: the ranges that the attention engines of attention_zoo.sv are too small for.
module softmax_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] multiplier_i,
  input  logic [31:0] shift_i,
  input  logic        valid_i,
  input  logic        used_i,
  input  logic [31:0] distance_i,
  output logic        valid_o,
  output logic [31:0] weight_o,
  output logic [31:0] unused_o,
  input  logic        sum_valid_i,
  input  logic [31:0] sum_i,
  output logic [31:0] exponent_o,
  output logic [31:0] mantissa_o
);
  logic [31:0] weights;
  logic [4:0] exponent;
  logic [23:0] mantissa;
  exponential #(
    .Lanes(2)
  ) u_exponential (
    .clk_i,
    .rst_ni,
    .multiplier_i(multiplier_i[30:0]),
    .shift_i     (shift_i[5:0]),
    .valid_i,
    .used_i      ({1'b0, used_i}),
    .distances_i ({32'd0, distance_i}),
    .valid_o,
    .weights_o   (weights)
  );
  reciprocal u_reciprocal (
    .clk_i,
    .rst_ni,
    .valid_i   (sum_valid_i),
    .z_i       (sum_i[25:0]),
    .exponent_o(exponent),
    .mantissa_o(mantissa)
  );
  assign weight_o   = 32'(weights[15:0]);
  assign unused_o   = 32'(weights[31:16]);
  assign exponent_o = 32'(exponent);
  assign mantissa_o = 32'(mantissa);
endmodule
