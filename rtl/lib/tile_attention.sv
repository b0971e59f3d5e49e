// SPDX-License-Identifier: Apache-2.0
// A tile for attention: the shell around an attention_engine and its input buffer.
module tile_attention #(
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
  parameter int unsigned NormElements = 0,  // most elements of a layer norm; 0: no normaliser
  parameter int unsigned NormVectors = 1,   // most vectors of a layer norm
  parameter int unsigned Elements = 48,     // most elements of queries, keys and values together
  parameter int unsigned Results = 16,      // most elements of the mean: R * h * D
  parameter int unsigned OperandBits = 8,   // most bits of an element
  parameter int unsigned KeyLanes = 4,      // keys, or values, multiplied at once
  parameter int unsigned KeyGroups = 2,     // most groups of keys: ceil(R / KeyLanes)
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
  localparam int unsigned Rows = (Results + KeyLanes - 1) / KeyLanes;
  localparam int unsigned RowIndexBits = (Rows > 1) ? $clog2(Rows) : 1;
  localparam int unsigned GroupIndexBits = (KeyGroups > 1) ? $clog2(KeyGroups) : 1;
  localparam int unsigned IndexBits = (Elements > 1) ? $clog2(Elements) : 1;

  logic write, idle, start, last, done, add;
  logic [SlotBits-1:0] slot, add_slot;
  logic [InputSlotBits-1:0] write_slot, input_slot;
  logic [23:0] write_base, write_elements;
  logic [2:0] write_bits_log2;
  logic write_signed, write_shift;
  logic [FlitBits-1:0] write_data;
  logic [RowIndexBits-1:0] add_row;
  logic [KeyLanes*32-1:0] addends;
  /* verilator lint_off UNUSED */  // settings of other kinds of tiles
  logic [ConfigWords*32-1:0] cfg;
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
    .Rows        (Rows),
    .Columns     (KeyLanes),
    .Lanes       (Lanes),
    .Groups      (Groups),
    .OutputBits  (OutputBits),
    .NormElements(NormElements),
    .NormVectors (NormVectors),
    .SettingBits (ConfigWords * 32)
  ) u_shell (
    .clk_i,
    .rst_ni,
    .config_o        (cfg),
    .ejected_valid_i,
    .ejected_flit_i,
    .injected_valid_o,
    .injected_flit_o,
    .link_credit_i,
    .write_o         (write),
    .write_slot_o    (write_slot),
    .write_base_o    (write_base),
    .write_elements_o(write_elements),
    .write_data_o    (write_data),
    .write_bits_log2_o(write_bits_log2),
    .write_signed_o  (write_signed),
    .write_shift_o   (write_shift),
    .idle_i          (idle),
    .start_o         (start),
    .slot_o          (slot),
    .input_slot_o    (input_slot),
    .last_i          (last),
    .done_i          (done),
    .add_i           (add),
    .add_slot_i      (add_slot),
    .add_row_i       (add_row),
    .addends_i       (addends)
  );

  logic read;
  logic [InputSlotBits-1:0] read_slot;
  logic [(KeyLanes+1)*IndexBits-1:0] read_index;
  logic [(KeyLanes+1)*(OperandBits+1)-1:0] read_data;
  element_buffer #(
    .FlitBits   (FlitBits),
    .Slots      (InputSlots),
    .Elements   (Elements),
    .Reads      (KeyLanes + 1),
    .OperandBits(OperandBits)
  ) u_input_buffer (
    .clk_i,
    .rst_ni,
    .write_i          (write),
    .write_slot_i     (write_slot),
    .write_base_i     (write_base),
    .write_elements_i (write_elements),
    .write_bits_log2_i(write_bits_log2),
    .write_signed_i   (write_signed),
    .write_shift_i    (write_shift),
    .write_data_i     (write_data),
    .read_i           (read),
    .read_slot_i      (read_slot),
    .read_index_i     (read_index),
    .read_data_o      (read_data)
  );

  attention_engine #(
    .Slots      (Slots),
    .InputSlots  (InputSlots),
    .Lanes      (KeyLanes),
    .Groups     (KeyGroups),
    .Outputs    (Results),
    .OperandBits(OperandBits),
    .IndexBits  (IndexBits)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .rows_i      (cfg[CfgAttentionRows*32 +: 11]),
    .heads_i     (cfg[CfgAttentionHeads*32 +: 16]),
    .depth_i     (cfg[CfgAttentionDepth*32 +: 16]),
    .last_group_i(GroupIndexBits'(cfg[CfgAttentionGroups*32 +: 32] - 1)),
    .multiplier_i(cfg[CfgScoreMultiplier*32 +: 31]),
    .shift_i     (cfg[CfgScoreShift*32 +: 6]),
    .idle_o      (idle),
    .start_i     (start),
    .slot_i      (slot),
    .input_slot_i(input_slot),
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
endmodule
