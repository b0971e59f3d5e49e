// SPDX-License-Identifier: Apache-2.0
// The ADCs of a crossbar: code = min((s + floor(2^(k-1))) >> k, 2^AdcBits - 1), registered.
module adc #(
  parameter int unsigned Adcs = 1,
  parameter int unsigned SumBits = 8,
  parameter int unsigned AdcBits = 8
) (
  input  logic                    clk_i,
  input  logic                    convert_i,  // last cycle of a conversion
  input  logic [4:0]              shift_i,    // k
  input  logic [Adcs*SumBits-1:0] sums_i,
  output logic [Adcs*AdcBits-1:0] codes_o     // from the cycle after convert_i on
);
  localparam int unsigned WideBits = ((SumBits > AdcBits) ? SumBits : AdcBits) + 1;

  logic [WideBits-1:0] half, scaled;
  logic [Adcs*AdcBits-1:0] codes_d, codes_q;
  always_comb begin
    codes_d = '0;
    half = '0;
    scaled = '0;
    if (convert_i) begin
      half = (WideBits'(1) << shift_i) >> 1;
      for (int a = 0; a < Adcs; a++) begin
        scaled = (WideBits'(sums_i[a*SumBits +: SumBits]) + half) >> shift_i;
        if (scaled > WideBits'(2 ** AdcBits - 1)) codes_d[a*AdcBits +: AdcBits] = '1;
        else codes_d[a*AdcBits +: AdcBits] = scaled[AdcBits-1:0];
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (convert_i) codes_q <= codes_d;
  end
  assign codes_o = codes_q;
endmodule
