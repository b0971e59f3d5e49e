// SPDX-License-Identifier: Apache-2.0
// 1 / sqrt(q) of positive integers, one a cycle (models/ops/integer_rsqrt.h): normalise; table and
// its square; Newton's correction; product. Three stages, the product is combinational.
module rsqrt (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        valid_i,
  input  logic [63:0] q_i,         // at least 1
  output logic        valid_o,     // of the q three cycles before:
  output logic [23:0] mantissa_o,  // 1 / sqrt(q) = mantissa * 2^-shift
  output logic [5:0]  shift_o      // 24 ... 55
);
`include "rsqrt_table.svh"
  localparam logic [25:0] Three = 26'd3 << 24;  // Q2.24

  // Stage 1: e, the even position at or just below the leading one, halved, and m = q / 2^e in Q2.22.
  logic [4:0] half_d, half1_q, half2_q, half3_q;
  /* verilator lint_off UNUSED */  // below m: cut off
  logic [85:0] scaled;
  /* verilator lint_on UNUSED */
  logic [23:0] m1_q, m2_q;
  always_comb begin
    half_d = '0;
    scaled = '0;
    if (valid_i) begin
      for (int i = 1; i < 32; i++) begin
        if (q_i[2*i +: 2] != 2'b00) half_d = 5'(i);
      end
      scaled = {q_i, 22'd0} >> {half_d, 1'b0};
    end
  end

  // Stage 2: the guess of m's segment, 128 segments of [1, 2) and 128 of [2, 4).
  logic [7:0] segment;
  logic [15:0] guess_d, guess2_q, guess3_q;
  logic [31:0] square_q;
  assign segment = m1_q[23] ? m1_q[23:16] : {1'b0, m1_q[21:15]};
  assign guess_d = RsqrtTable[{segment, 4'd0} +: 16];

  // Stage 3: d = 3 - m * guess^2. Then the mantissa, guess * d / 2.
  /* verilator lint_off UNUSED */  // low bits: cut off; the highest are 0
  logic [55:0] product;
  logic [41:0] root;
  /* verilator lint_on UNUSED */
  logic [25:0] d_q;
  assign product = 56'(square_q) * 56'(m2_q);
  assign root    = 42'(guess3_q) * 42'(d_q);

  logic [2:0] valid_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[1:0], valid_i};
  end
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      half1_q <= half_d;
      m1_q    <= scaled[23:0];
    end
    if (valid_q[0]) begin
      half2_q  <= half1_q;
      m2_q     <= m1_q;
      guess2_q <= guess_d;
      square_q <= 32'(guess_d) * 32'(guess_d);
    end
    if (valid_q[1]) begin
      half3_q  <= half2_q;
      guess3_q <= guess2_q;
      d_q      <= Three - product[55:30];
    end
  end

  assign valid_o    = valid_q[2];
  assign mantissa_o = root[40:17];
  assign shift_o    = 6'd24 + 6'(half3_q);
endmodule
