// SPDX-License-Identifier: Apache-2.0
// Output buffers of several dimensions side by side, for blocks_test. The members are listed in
// CMakeLists.txt, their words in buffer_block_test.cpp.
`include "output_members.svh"

module output_zoo_member #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Bits = 256,
  parameter int unsigned Lanes = 4,
  parameter int unsigned GroupBits = 8
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [26],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[5]
);
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  logic beat_last;
  logic [FlitBits-1:0] beat_data;
  logic [Lanes*32-1:0] data;
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign data[l*32 +: 32] = in_i[4 + l];
  end
  output_buffer #(
    .FlitBits (FlitBits),
    .Slots    (Slots),
    .Bits     (Bits),
    .Lanes    (Lanes),
    .GroupBits(GroupBits)
  ) u_buffer (
    .clk_i,
    .rst_ni,
    .bits_log2_i  (in_i[0][2:0]),
    .write_i      (in_i[1][0]),
    .write_slot_i (in_i[2][SlotBits-1:0]),
    .write_group_i(in_i[3][GroupBits-1:0]),
    .write_data_i (data),
    .read_slot_i  (in_i[20][SlotBits-1:0]),
    .offset_i     (in_i[21][23:0]),
    .flits_i      (in_i[22][15:0]),
    .last_bits_i  (in_i[23][9:0]),
    .head_i       (in_i[24][0]),
    .beat_i       (in_i[25][0]),
    .beat_data_o  (beat_data),
    .beat_last_o  (beat_last)
  );
  assign out_o[0] = 32'(beat_last);
  assign {out_o[4], out_o[3], out_o[2], out_o[1]} = 128'(beat_data);
endmodule

module output_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][26],
  output logic [31:0] out_o[Members][5]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    output_zoo_member #(
      .FlitBits (FlitBitsOf[m]),
      .Slots    (SlotsOf[m]),
      .Bits     (BitsOf[m]),
      .Lanes    (LanesOf[m]),
      .GroupBits(GroupBitsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
