// SPDX-License-Identifier: Apache-2.0
// A tile of embedding tables: the shell around an embedding_engine.
module tile_embedding #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned BufferFlits = 4,
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,    // of the input buffer: Slots or more
  parameter int unsigned Turns = 1,         // of its ports: a power of two
  parameter int unsigned Ports = 2,         // most ports
  parameter int unsigned Sends = 2,         // most sends
  parameter int unsigned Steps = 2,         // most steps of the program of sends
  parameter int unsigned Partials = 0,      // most ports of partial sums
  parameter int unsigned PartialFlits = 1,  // most payload flits of partial sums
  parameter int unsigned Lanes = 4,         // of the vector unit
  parameter int unsigned Groups = 4,        // most element groups
  parameter int unsigned OutputBits = 256,  // most bits of an output vector
  parameter int unsigned Flits = 4,         // payload flits of lookups that a slot holds
  parameter int unsigned Banks = 2,
  parameter int unsigned BankDepth = 4,     // rows stored of each bank
  parameter int unsigned Width = 4,         // elements of a table row
  parameter int unsigned WeightBits = 8,
  parameter int unsigned Tables = 1,
  parameter int unsigned GroupRows = 1,     // rows that a bank reads together
  parameter int unsigned ArrayRows = 8,     // of an array
  parameter int unsigned WireBits = FlitBits + 2
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // The link with the router.
  input  logic                ejected_valid_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] ejected_flit_i /* verilator public_flat_rd */,
  output logic                injected_valid_o,
  output logic [WireBits-1:0] injected_flit_o,
  input  logic                link_credit_i /* verilator public_flat_rd */
);
  /* verilator no_inline_module */
`include "recpim_layout.svh"
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1;
  localparam int unsigned RowIndexBits = (Tables > 1) ? $clog2(Tables) : 1;

  logic write, idle, start, last, done, add;
  logic [SlotBits-1:0] slot, add_slot;
  logic [InputSlotBits-1:0] write_slot, input_slot;
  logic [23:0] write_base;
  logic [FlitBits-1:0] write_data;
  logic [RowIndexBits-1:0] add_row;
  logic [Width*32-1:0] addends;
  /* verilator lint_off UNUSED */  // settings of other kinds of tiles
  logic [ConfigWords*32-1:0] cfg;
  logic [23:0] write_elements;
  logic [2:0] write_bits_log2;
  logic write_signed, write_shift;
  /* verilator lint_on UNUSED */
  tile_shell #(
    .FlitBits    (FlitBits),
    .BufferFlits (BufferFlits),
    .Slots       (Slots),
    .InputSlots  (InputSlots),
    .Turns       (Turns),
    .Ports       (Ports),
    .Sends       (Sends),
    .Steps       (Steps),
    .Partials    (Partials),
    .PartialFlits(PartialFlits),
    .Rows        (Tables),
    .Columns     (Width),
    .Lanes       (Lanes),
    .Groups      (Groups),
    .OutputBits  (OutputBits),
    .SettingBits (ConfigWords * 32)
  ) u_shell (
    .clk_i,
    .rst_ni,
    .config_o         (cfg),
    .ejected_valid_i,
    .ejected_flit_i,
    .injected_valid_o,
    .injected_flit_o,
    .link_credit_i,
    .write_o          (write),
    .write_slot_o     (write_slot),
    .write_base_o     (write_base),
    .write_elements_o (write_elements),
    .write_data_o     (write_data),
    .write_bits_log2_o(write_bits_log2),
    .write_signed_o   (write_signed),
    .write_shift_o    (write_shift),
    .idle_i           (idle),
    .start_o          (start),
    .slot_o           (slot),
    .input_slot_o    (input_slot),
    .last_i           (last),
    .done_i           (done),
    .add_i            (add),
    .add_slot_i       (add_slot),
    .add_row_i        (add_row),
    .addends_i        (addends)
  );

  embedding_engine #(
    .FlitBits  (FlitBits),
    .Slots     (Slots),
    .InputSlots(InputSlots),
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
    .read_cycles_i(cfg[CfgReadCycles*32 +: 24]),
    .scan_cycles_i(cfg[CfgScanCycles*32 +: 24]),
    .interval_i   (cfg[CfgInterval*32 +: 24]),
    .bank_rows_i  (cfg[CfgBankRows*32 +: 25]),
    .write_i      (write),
    .write_slot_i (write_slot),
    .write_base_i (write_base),
    .write_data_i (write_data),
    .idle_o       (idle),
    .start_i      (start),
    .slot_i       (slot),
    .input_slot_i(input_slot),
    .last_o       (last),
    .done_o       (done),
    .add_o        (add),
    .add_slot_o   (add_slot),
    .add_row_o    (add_row),
    .addends_o    (addends)
  );
endmodule
