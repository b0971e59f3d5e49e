// SPDX-License-Identifier: Apache-2.0
// Sum pooling: looks up the rows of a sample in packet order, one a cycle where its bank is free,
// and adds each to the accumulators of its table. Timing: sim/README.md, "Tile", the embedding row.
module embedding_engine #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Flits = 4,     // payload flits of lookups that a slot holds
  parameter int unsigned Banks = 2,
  parameter int unsigned BankDepth = 4, // rows stored of each bank
  parameter int unsigned Width = 4,     // elements of a row
  parameter int unsigned WeightBits = 8,
  parameter int unsigned Tables = 1,    // rows of the accumulator bank
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned TableBits = (Tables > 1) ? $clog2(Tables) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Settings.
  input  logic [23:0]          read_cycles_i,  // t_read
  input  logic [23:0]          scan_cycles_i,  // m * t_conv
  input  logic [23:0]          interval_i,     // II
  input  logic [24:0]          bank_rows_i,    // local row / this = bank
  // A payload flit of lookups, as the network interface tells it; visible in the next cycle.
  input  logic                 write_i,
  input  logic [SlotBits-1:0]  write_slot_i,
  /* verilator lint_off UNUSED */  // its upper bits: for larger buffers
  input  logic [23:0]          write_base_i,   // which flit of the packet
  /* verilator lint_on UNUSED */
  input  logic [FlitBits-1:0]  write_data_i,
  // Sequencer.
  output logic                 idle_o,
  input  logic                 start_i,
  input  logic [SlotBits-1:0]  slot_i,
  output logic                 last_o,
  output logic                 done_o,
  // Accumulator bank.
  output logic                 add_o,
  output logic [SlotBits-1:0]  add_slot_o,
  output logic [TableBits-1:0] add_row_o,
  output logic [Width*32-1:0]  addends_o
);
`include "recpim_layout.svh"
  localparam int unsigned InFlit = FlitBits / 32;
  localparam int unsigned Lookups = Flits * InFlit;
  localparam int unsigned IndexBits = $clog2(Lookups + 1);
  localparam int unsigned FlitIndexBits = (Slots * Flits > 1) ? $clog2(Slots * Flits) : 1;
  localparam int unsigned OffsetBits = $clog2(FlitBits);
  localparam int unsigned RowBits = Width * WeightBits;
  localparam int unsigned BankIndexBits = (BankDepth > 1) ? $clog2(BankDepth) : 1;
  localparam int unsigned BankBits = (Banks > 1) ? $clog2(Banks) : 1;
  // A bank holds two rows on their way, a third is issued as the first one leaves.
  localparam int unsigned Tags = 4 * Banks;
  localparam int unsigned TagIndexBits = $clog2(Tags);
  localparam int unsigned TagBits = SlotBits + TableBits;

  // --- Lookups of Slots samples, and how many flits each has.
  logic [FlitBits-1:0] lookup_q [Slots*Flits];
  logic [Slots*IndexBits-1:0] count_q;  // elements that have arrived
  always_ff @(posedge clk_i) begin
    if (write_i) begin
      lookup_q[FlitIndexBits'(32'(write_slot_i) * Flits + 32'(write_base_i))] <= write_data_i;
      count_q[32'(write_slot_i)*IndexBits +: IndexBits] <=
          IndexBits'((32'(write_base_i) + 32'd1) * InFlit);
    end
  end

  // --- Issue.
  logic busy_q, list_end, issue;
  logic [SlotBits-1:0] slot_q;
  logic [IndexBits-1:0] index_q;
  logic [31:0] element;
  logic [LookupRowBits-1:0] row;
  logic [TableBits-1:0] table_number;
  logic [BankBits-1:0] bank;
  logic [BankIndexBits-1:0] local_row;
  logic [Banks-1:0] bank_ready, bank_issue, bank_valid;
  always_comb begin
    element = '0;
    list_end = 1'b0;
    row = '0;
    table_number = '0;
    bank = '0;
    local_row = '0;
    bank_issue = '0;
    issue = 1'b0;
    if (busy_q) begin
      element = lookup_q[FlitIndexBits'(32'(slot_q) * Flits + 32'(index_q) / InFlit)]
                        [OffsetBits'((32'(index_q) % InFlit) * 32) +: 32];
      list_end = index_q == count_q[32'(slot_q)*IndexBits +: IndexBits] || !element[LookupValidLsb];
      row = element[LookupRowLsb +: LookupRowBits];
      table_number = TableBits'(element[LookupTableLsb +: LookupTableBits]);
      local_row = BankIndexBits'(row);
      for (int b = 1; b < Banks; b++) begin
        if (32'(row) >= b * 32'(bank_rows_i)) begin
          bank = BankBits'(b);
          local_row = BankIndexBits'(32'(row) - b * 32'(bank_rows_i));
        end
      end
      issue = !list_end && bank_ready[bank];
      bank_issue[bank] = issue;
    end
  end
  assign idle_o = !busy_q;
  assign last_o = busy_q && list_end;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (start_i) busy_q <= 1'b1;
    else if (last_o) busy_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      slot_q  <= slot_i;
      index_q <= '0;
    end else if (issue) begin
      index_q <= index_q + 1'b1;
    end
  end

  // --- Banks. Rows come out in the order of issue, at most one a cycle.
  logic [Banks*RowBits-1:0] bank_data;
  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    embedding_bank #(
      .Rows   (BankDepth),
      .RowBits(RowBits)
    ) u_bank (
      .clk_i,
      .rst_ni,
      .read_cycles_i,
      .scan_cycles_i,
      .interval_i,
      .ready_o(bank_ready[b]),
      .issue_i(bank_issue[b]),
      .row_i  (local_row),
      .valid_o(bank_valid[b]),
      .data_o (bank_data[b*RowBits +: RowBits])
    );
  end

  // Slot and table of the rows on their way.
  logic [TagBits-1:0] tag_q [Tags];
  logic [TagIndexBits-1:0] tag_write_q, tag_read_q;
  logic any_valid, valid_q;
  logic [TagBits-1:0] front_q;
  logic [RowBits-1:0] row_d, row_q;
  assign any_valid = bank_valid != '0;
  always_comb begin
    row_d = '0;
    if (any_valid) begin
      for (int b = 0; b < Banks; b++) begin
        if (bank_valid[b]) row_d = row_d | bank_data[b*RowBits +: RowBits];
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tag_write_q <= '0;
      tag_read_q  <= '0;
      valid_q     <= 1'b0;
    end else begin
      if (issue) begin
        tag_write_q <= (tag_write_q == TagIndexBits'(Tags - 1)) ? '0 : tag_write_q + 1'b1;
      end
      if (any_valid) begin
        tag_read_q <= (tag_read_q == TagIndexBits'(Tags - 1)) ? '0 : tag_read_q + 1'b1;
      end
      valid_q <= any_valid;
    end
  end
  always_ff @(posedge clk_i) begin
    if (issue) tag_q[tag_write_q] <= {slot_q, table_number};
    if (any_valid) begin
      row_q   <= row_d;
      front_q <= tag_q[tag_read_q];
    end
  end

  always_comb begin
    addends_o = '0;
    if (valid_q) begin
      for (int i = 0; i < Width; i++) begin
        addends_o[i*32 +: 32] = 32'($signed(row_q[i*WeightBits +: WeightBits]));
      end
    end
  end
  assign add_o      = valid_q;
  assign add_slot_o = front_q[TableBits +: SlotBits];
  assign add_row_o  = front_q[TableBits-1:0];

  // --- The end of a list, seen in cycle e: the accumulators are complete in
  // e + t_read + m * t_conv + 2.
  logic [Slots-1:0] finishing_q, finished;
  logic [Slots*25-1:0] left_q;
  for (genvar s = 0; s < Slots; s++) begin : gen_finish
    logic mine;
    assign mine = last_o && slot_q == SlotBits'(s);
    assign finished[s] = finishing_q[s] && left_q[s*25 +: 25] == 25'd1;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) finishing_q[s] <= 1'b0;
      else if (mine) finishing_q[s] <= 1'b1;
      else if (finished[s]) finishing_q[s] <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (mine) left_q[s*25 +: 25] <= 25'(read_cycles_i) + 25'(scan_cycles_i) + 25'd1;
      else if (finishing_q[s]) left_q[s*25 +: 25] <= left_q[s*25 +: 25] - 1'b1;
    end
  end
  assign done_o = finished != '0;
endmodule
