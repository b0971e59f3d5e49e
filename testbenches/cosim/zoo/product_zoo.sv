// SPDX-License-Identifier: Apache-2.0
// Product engines of several dimensions, with their buffers, for blocks_test. The members are
// listed in CMakeLists.txt, their words in engine_member.h.
`include "product_members.svh"

module product_zoo_member #(
  parameter int unsigned Number = 0,
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Rows = 4,
  parameter int unsigned OperandBits = 8,
  parameter int unsigned Elements = 64
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [22],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[7]
);
  localparam int unsigned Reads = 2 * Lanes;
  localparam int unsigned Outputs = Lanes * Rows;
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned IndexBits = $clog2(Elements);
  localparam int unsigned RowBits = (Rows > 1) ? $clog2(Rows) : 1;
  localparam int unsigned ElementBits = (Outputs > 1) ? $clog2(Outputs) : 1;

  logic read, idle, last, done, add;
  logic [SlotBits-1:0] read_slot, add_slot;
  logic [RowBits-1:0] add_row;
  logic [Reads*IndexBits-1:0] read_index;
  logic [Reads*(OperandBits+1)-1:0] read_data;
  logic [Lanes*32-1:0] addends;
  element_buffer #(
    .FlitBits   (FlitBits),
    .Slots      (Slots),
    .Elements   (Elements),
    .Reads      (Reads),
    .OperandBits(OperandBits)
  ) u_elements (
    .clk_i,
    .rst_ni,
    .write_i          (in_i[1][0]),
    .write_slot_i     (in_i[2][SlotBits-1:0]),
    .write_base_i     (in_i[3][23:0]),
    .write_elements_i (in_i[4][23:0]),
    .write_bits_log2_i(in_i[5][2:0]),
    .write_signed_i   (in_i[6][0]),
    .write_shift_i    (in_i[0][0]),
    .write_data_i     (FlitBits'({in_i[10], in_i[9], in_i[8], in_i[7]})),
    .read_i           (read),
    .read_slot_i      (read_slot),
    .read_index_i     (read_index),
    .read_data_o      (read_data)
  );
  product_engine #(
    .Slots      (Slots),
    .InputSlots (Slots),
    .Lanes      (Lanes),
    .PairGroups (Rows),
    .OperandBits(OperandBits),
    .IndexBits  (IndexBits)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .last_group_i(in_i[16][RowBits-1:0]),
    .width_i     (in_i[17][15:0]),
    .stride_i    (in_i[18][IndexBits-1:0]),
    .ones_i      (in_i[19][0]),
    .fm_i        (in_i[20][0]),
    .idle_o      (idle),
    .start_i     (in_i[11][0]),
    .slot_i      (in_i[12][SlotBits-1:0]),
    .input_slot_i      (in_i[12][SlotBits-1:0]),
    .last_o      (last),
    .done_o      (done),
    .read_o      (read),
    .read_slot_o (read_slot),
    .read_index_o(read_index),
    .read_data_i (read_data),
    .add_o       (add),
    .add_slot_o  (add_slot),
    .add_row_o   (add_row),
    .addends_o   (addends)
  );
  accumulator_bank #(
    .Slots  (Slots),
    .Rows   (Rows),
    .Columns(Lanes),
    .Lanes  (1),
    .Groups (Outputs)
  ) u_sums (
    .clk_i,
    .rst_ni,
    .start_i     (in_i[11][0]),
    .start_slot_i(in_i[12][SlotBits-1:0]),
    .add_i       (add),
    .add_slot_i  (add_slot),
    .add_row_i   (add_row),
    .addend_i    (addends),
    .read_i      (in_i[13][0]),
    .read_slot_i (in_i[14][SlotBits-1:0]),
    .read_group_i(in_i[15][ElementBits-1:0]),
    .read_data_o (out_o[6])
  );
  assign out_o[0] = 32'(idle);
  assign out_o[1] = 32'(last);
  assign out_o[2] = 32'(done);
  assign out_o[3] = 32'(add);
  assign out_o[4] = 32'(add_slot);
  assign out_o[5] = 32'(add_row);

  string stem;
  initial begin
    if ($value$plusargs("images=%s", stem) == 0) stem = ".";
    stem = $sformatf("%s/m%0d_", stem, Number);
    $readmemh({stem, "map.hex"}, u_sums.u_map.mem);
    $readmemh({stem, "pairs.hex"}, u_engine.u_pairs.mem);
  end
endmodule

module product_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][22],
  output logic [31:0] out_o[Members][7]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    product_zoo_member #(
      .Number     (m),
      .FlitBits   (FlitBitsOf[m]),
      .Slots      (SlotsOf[m]),
      .Lanes      (LanesOf[m]),
      .Rows       (RowsOf[m]),
      .OperandBits(OperandBitsOf[m]),
      .Elements   (ElementsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
