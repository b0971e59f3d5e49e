// SPDX-License-Identifier: Apache-2.0
// Embedding engines of several dimensions side by side, with and without pooling in the array, for
// blocks_test. The members are listed in CMakeLists.txt, their words in pooling_block_test.cpp.
`include "pooling_members.svh"

module pooling_zoo_member #(
  parameter int unsigned Number = 0,
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Flits = 4,
  parameter int unsigned Banks = 2,
  parameter int unsigned BankDepth = 4,
  parameter int unsigned Width = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned Tables = 1,
  parameter int unsigned GroupRows = 1,
  parameter int unsigned ArrayRows = 8
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [13],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[14]
);
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned TableBits = (Tables > 1) ? $clog2(Tables) : 1;
  logic idle, last, done, add;
  logic [SlotBits-1:0] add_slot;
  logic [TableBits-1:0] add_row;
  logic [Width*32-1:0] addends;
  logic [127:0] data;
  assign data = {in_i[10], in_i[9], in_i[8], in_i[7]};

  embedding_engine #(
    .FlitBits  (FlitBits),
    .Slots     (Slots),
    .InputSlots(Slots),
    .Flits     (Flits),
    .Banks     (Banks),
    .BankDepth (BankDepth),
    .Width     (Width),
    .WeightBits(WeightBits),
    .Tables    (Tables),
    .GroupRows (GroupRows),
    .ArrayRows (ArrayRows)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .read_cycles_i(in_i[0][23:0]),
    .scan_cycles_i(in_i[1][23:0]),
    .interval_i   (in_i[2][23:0]),
    .bank_rows_i  (in_i[3][24:0]),
    .write_i      (in_i[4][0]),
    .write_slot_i (in_i[5][SlotBits-1:0]),
    .write_base_i (in_i[6][23:0]),
    .write_data_i (data[FlitBits-1:0]),
    .idle_o       (idle),
    .start_i      (in_i[11][0]),
    .slot_i       (in_i[12][SlotBits-1:0]),
    .input_slot_i       (in_i[12][SlotBits-1:0]),
    .last_o       (last),
    .done_o       (done),
    .add_o        (add),
    .add_slot_o   (add_slot),
    .add_row_o    (add_row),
    .addends_o    (addends)
  );
  assign out_o[0] = 32'(idle);
  assign out_o[1] = 32'(last);
  assign out_o[2] = 32'(done);
  assign out_o[3] = 32'(add);
  assign out_o[4] = 32'(add_slot);
  assign out_o[5] = 32'(add_row);
  for (genvar i = 0; i < 8; i++) begin : gen_addend
    if (i < Width) begin : gen_used
      assign out_o[6+i] = addends[i*32 +: 32];
    end else begin : gen_unused
      assign out_o[6+i] = '0;
    end
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_image
    string stem;
    initial begin
      if ($value$plusargs("images=%s", stem) == 0) stem = ".";
      stem = $sformatf("%s/m%0d_bank_%0d.hex", stem, Number, b);
      $readmemh(stem, u_engine.gen_bank[b].u_bank.u_array.mem);
    end
  end
endmodule

module pooling_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][13],
  output logic [31:0] out_o[Members][14]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    pooling_zoo_member #(
      .Number    (m),
      .FlitBits  (FlitBitsOf[m]),
      .Slots     (SlotsOf[m]),
      .Flits     (FlitsOf[m]),
      .Banks     (BanksOf[m]),
      .BankDepth (BankDepthOf[m]),
      .Width     (WidthOf[m]),
      .WeightBits(WeightBitsOf[m]),
      .Tables    (TablesOf[m]),
      .GroupRows (GroupRowsOf[m]),
      .ArrayRows (ArrayRowsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
