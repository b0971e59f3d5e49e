// SPDX-License-Identifier: Apache-2.0
// Requantisation of Lanes sums, two stages: product, then rounding shift and saturation.
// y = clamp((acc * multiplier + 2^(shift-1)) >> shift, low, high) in 64 bits; raw passes acc.
module requantise #(
  parameter int unsigned Lanes = 4
) (
  input  logic                clk_i,
  input  logic                raw_i,
  input  logic [31:0]         low_i,          // bounds, two's complement
  input  logic [31:0]         high_i,
  // Stage 1: the product is registered at the end of the cycle.
  input  logic                valid_i,
  input  logic [Lanes*32-1:0] sums_i,
  input  logic [Lanes*31-1:0] multipliers_i,
  input  logic [Lanes*6-1:0]  shifts_i,
  // Stage 2: the result is registered at the end of the next one.
  input  logic                next_valid_i,
  output logic [Lanes*32-1:0] values_o
);
  logic [Lanes*64-1:0] products_d, products_q;
  logic [Lanes*6-1:0] shifts_q;
  logic [Lanes*32-1:0] values_d, values_q;

  always_comb begin
    products_d = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        products_d[l*64 +: 64] = 64'($signed(sums_i[l*32 +: 32])) *
            (raw_i ? 64'd1 : 64'(multipliers_i[l*31 +: 31]));
      end
    end
  end

  logic signed [63:0] rounded, low, high;
  assign low  = 64'($signed(low_i));
  assign high = 64'($signed(high_i));
  always_comb begin
    values_d = '0;
    rounded = '0;
    if (next_valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        rounded = $signed(products_q[l*64 +: 64]);
        if (!raw_i) begin
          rounded = (rounded + $signed((64'd1 << shifts_q[l*6 +: 6]) >> 1)) >>> shifts_q[l*6 +: 6];
          if (rounded < low) rounded = low;
          if (rounded > high) rounded = high;
        end
        values_d[l*32 +: 32] = rounded[31:0];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      products_q <= products_d;
      shifts_q   <= shifts_i;
    end
    if (next_valid_i) values_q <= values_d;
  end
  assign values_o = values_q;
endmodule
