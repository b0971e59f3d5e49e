// SPDX-License-Identifier: Apache-2.0
// Buffers of partial sums of several dimensions side by side, for blocks_test. The members are
// listed in CMakeLists.txt, their words in buffer_block_test.cpp.
`include "partial_members.svh"

module partial_zoo_member #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Partials = 1,
  parameter int unsigned Flits = 4,
  parameter int unsigned Lanes = 4,
  parameter int unsigned GroupBits = 8
) (
  input  logic        clk_i,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [11],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[16]
);
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  /* verilator lint_off UNUSED */  // beyond the flits of this member
  logic [127:0] data;
  /* verilator lint_on UNUSED */
  logic [Lanes*32-1:0] sums;
  assign data = {in_i[7], in_i[6], in_i[5], in_i[4]};
  partial_buffer #(
    .FlitBits (FlitBits),
    .Slots    (Slots),
    .Partials (Partials),
    .Flits    (Flits),
    .Lanes    (Lanes),
    .GroupBits(GroupBits)
  ) u_buffer (
    .clk_i,
    .partials_i  (in_i[0][7:0]),
    .write_i     (in_i[1][0]),
    .write_slot_i(in_i[2][SlotBits-1:0]),
    .write_base_i(in_i[3][23:0]),
    .write_data_i(data[FlitBits-1:0]),
    .read_i      (in_i[8][0]),
    .read_slot_i (in_i[9][SlotBits-1:0]),
    .read_group_i(in_i[10][GroupBits-1:0]),
    .read_data_o (sums)
  );
  for (genvar l = 0; l < 16; l++) begin : gen_lane
    if (l < Lanes) begin : gen_sum
      assign out_o[l] = sums[l*32 +: 32];
    end else begin : gen_none
      assign out_o[l] = '0;
    end
  end
endmodule

module partial_zoo (
  input  logic        clk_i,
  /* verilator lint_off UNUSED */
  input  logic        rst_ni,  // nothing here is reset
  /* verilator lint_on UNUSED */
  input  logic [31:0] in_i [Members][11],
  output logic [31:0] out_o[Members][16]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    partial_zoo_member #(
      .FlitBits (FlitBitsOf[m]),
      .Slots    (SlotsOf[m]),
      .Partials (PartialsOf[m]),
      .Flits    (FlitsOf[m]),
      .Lanes    (LanesOf[m]),
      .GroupBits(GroupBitsOf[m])
    ) u_member (
      .clk_i,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
