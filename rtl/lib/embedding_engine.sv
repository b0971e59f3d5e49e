// SPDX-License-Identifier: Apache-2.0
// Sum pooling: takes the lookups of a sample in packet order, one a cycle, and adds what the banks
// read to the accumulators of their tables. Up to GroupRows lookups in a row of one table and one
// array are read together; the last one of a group waits for its bank. Timing: sim/README.md,
// "Tile", the embedding row.
module embedding_engine #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,   // of lookups: Slots or more
  parameter int unsigned Flits = 4,     // payload flits of lookups that a slot holds
  parameter int unsigned Banks = 2,
  parameter int unsigned BankDepth = 4, // rows stored of each bank
  parameter int unsigned Width = 4,     // elements of a row
  parameter int unsigned WeightBits = 8,
  parameter int unsigned Tables = 1,    // rows of the accumulator bank
  parameter int unsigned GroupRows = 1, // A: rows that a bank reads together
  parameter int unsigned ArrayRows = 8, // of an array, a power of two
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
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
  input  logic [InputSlotBits-1:0] write_slot_i,
  /* verilator lint_off UNUSED */  // its upper bits: for larger buffers
  input  logic [23:0]          write_base_i,   // which flit of the packet
  /* verilator lint_on UNUSED */
  input  logic [FlitBits-1:0]  write_data_i,
  // Sequencer.
  output logic                 idle_o,
  input  logic                 start_i,
  input  logic [SlotBits-1:0]  slot_i,
  input  logic [InputSlotBits-1:0] input_slot_i,
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
  localparam int unsigned FlitIndexBits = (InputSlots * Flits > 1) ? $clog2(InputSlots * Flits) : 1;
  localparam int unsigned OffsetBits = $clog2(FlitBits);
  localparam int unsigned SumBits = WeightBits + $clog2(GroupRows);
  localparam int unsigned RowBits = Width * SumBits;
  localparam int unsigned BankIndexBits = (BankDepth > 1) ? $clog2(BankDepth) : 1;
  localparam int unsigned BankBits = (Banks > 1) ? $clog2(Banks) : 1;
  // A bank holds two groups on their way, a third is issued as the first one leaves.
  localparam int unsigned Tags = 4 * Banks;
  localparam int unsigned TagIndexBits = $clog2(Tags);
  localparam int unsigned TagBits = SlotBits + TableBits;

  // --- Lookups of InputSlots samples, and how many flits each has.
  logic [FlitBits-1:0] lookup_q [InputSlots*Flits];
  logic [InputSlots*IndexBits-1:0] count_q;  // elements that have arrived
  always_ff @(posedge clk_i) begin
    if (write_i) begin
      lookup_q[FlitIndexBits'(32'(write_slot_i) * Flits + 32'(write_base_i))] <= write_data_i;
      count_q[32'(write_slot_i)*IndexBits +: IndexBits] <=
          IndexBits'((32'(write_base_i) + 32'd1) * InFlit);
    end
  end

  // --- Issue.
  logic busy_q, list_end, issue, take;
  logic [SlotBits-1:0] slot_q;
  logic [InputSlotBits-1:0] input_slot_q;
  logic [IndexBits-1:0] index_q, count;
  logic [31:0] element;
  logic [LookupRowBits-1:0] row;
  logic [TableBits-1:0] table_number;
  logic [BankBits-1:0] bank;
  logic [BankIndexBits-1:0] local_row;
  logic [Banks-1:0] bank_ready, bank_issue, bank_take, bank_valid;
  logic joins;  // the next lookup is of the same group
  assign count = count_q[32'(input_slot_q)*IndexBits +: IndexBits];
  always_comb begin
    element = '0;
    list_end = 1'b0;
    row = '0;
    table_number = '0;
    bank = '0;
    local_row = '0;
    if (busy_q) begin
      element = lookup_q[FlitIndexBits'(32'(input_slot_q) * Flits + 32'(index_q) / InFlit)]
                        [OffsetBits'((32'(index_q) % InFlit) * 32) +: 32];
      list_end = index_q == count || !element[LookupValidLsb];
      row = element[LookupRowLsb +: LookupRowBits];
      table_number = TableBits'(element[LookupTableLsb +: LookupTableBits]);
      local_row = BankIndexBits'(row);
      for (int b = 1; b < Banks; b++) begin
        if (32'(row) >= b * 32'(bank_rows_i)) begin
          bank = BankBits'(b);
          local_row = BankIndexBits'(32'(row) - b * 32'(bank_rows_i));
        end
      end
    end
  end
  always_comb begin
    take = busy_q && !list_end && joins;
    issue = busy_q && !list_end && !joins && bank_ready[bank];
    bank_take = '0;
    bank_issue = '0;
    bank_take[bank] = take;
    bank_issue[bank] = issue;
  end

  if (GroupRows > 1) begin : gen_groups
    // The lookup behind the one that is taken, and how many the group has without either.
    localparam int unsigned ArrayLsb = $clog2(ArrayRows);
    localparam int unsigned RowsBits = $clog2(GroupRows);
    logic [RowsBits-1:0] rows_q;
    logic [IndexBits-1:0] behind;
    logic [31:0] follower, first_row, base;
    logic [LookupRowBits-1:0] next_row;
    always_comb begin
      follower = '0;
      behind = index_q + 1'b1;
      first_row = '0;
      base = '0;
      next_row = '0;
      joins = 1'b0;
      if (busy_q) begin
        if (behind != count) begin
          follower = lookup_q[FlitIndexBits'(32'(input_slot_q) * Flits + 32'(behind) / InFlit)]
                             [OffsetBits'((32'(behind) % InFlit) * 32) +: 32];
        end
        next_row = follower[LookupRowLsb +: LookupRowBits];
        // The array's first local row: arrays are counted from the first row of their bank.
        base = 32'(bank) * 32'(bank_rows_i);
        first_row = base + (((32'(row) - base) >> ArrayLsb) << ArrayLsb);
        joins = follower[LookupValidLsb] && 32'(rows_q) + 32'd1 < GroupRows && next_row > row &&
                32'(next_row) - first_row < ArrayRows &&
                32'(next_row) - base < 32'(bank_rows_i) &&
                follower[LookupTableLsb +: LookupTableBits] ==
                element[LookupTableLsb +: LookupTableBits];
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) rows_q <= '0;
      else if (take) rows_q <= rows_q + 1'b1;
      else if (issue) rows_q <= '0;
    end
  end else begin : gen_lookups
    assign joins = 1'b0;
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
      input_slot_q <= input_slot_i;
      index_q <= '0;
    end else if (issue || take) begin
      index_q <= index_q + 1'b1;
    end
  end

  // --- Banks. Sums come out in the order of issue, at most one a cycle.
  logic [Banks*RowBits-1:0] bank_data;
  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    embedding_bank #(
      .Rows      (BankDepth),
      .Width     (Width),
      .WeightBits(WeightBits),
      .GroupRows (GroupRows)
    ) u_bank (
      .clk_i,
      .rst_ni,
      .read_cycles_i,
      .scan_cycles_i,
      .interval_i,
      .ready_o(bank_ready[b]),
      .take_i (bank_take[b]),
      .issue_i(bank_issue[b]),
      .row_i  (local_row),
      .valid_o(bank_valid[b]),
      .data_o (bank_data[b*RowBits +: RowBits])
    );
  end

  // Slot and table of the groups on their way.
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
        addends_o[i*32 +: 32] = 32'($signed(row_q[i*SumBits +: SumBits]));
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
