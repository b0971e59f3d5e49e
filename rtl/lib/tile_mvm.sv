// SPDX-License-Identifier: Apache-2.0
// A tile of crossbars: the shell around an mvm_engine and its bit-plane input buffer. With Vectors
// above 1 it is a fully connected layer along an axis: so many vectors of Length elements a sample.
module tile_mvm #(
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
  parameter int unsigned RowBlocks = 1,     // crossbars one above the other
  parameter int unsigned ColumnBlocks = 1,  // and side by side
  parameter int unsigned CrossbarRows = 32,
  parameter int unsigned CrossbarColumns = 32,
  parameter int unsigned CellBits = 2,
  parameter int unsigned DacBits = 1,
  parameter int unsigned AdcBits = 8,
  parameter int unsigned Adcs = 1,          // of a crossbar
  parameter int unsigned Planes = 8,        // most bits of an input element: 4, 8 or 16
  parameter int unsigned Channels = 8,      // most channels of an ADC
  parameter int unsigned Vectors = 1,       // vectors of a sample (along the width: most)
  parameter int unsigned Length = 32,       // elements of a vector, where there are several
  parameter int unsigned AlongRows = 0,     // 1: vectors lie along the rows
  parameter int unsigned Copies = 1,        // of the weights: so many vectors at once
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
  localparam int unsigned AccumulatorRows = (Vectors + Copies - 1) / Copies * Channels;
  localparam int unsigned RowIndexBits = (AccumulatorRows > 1) ? $clog2(AccumulatorRows) : 1;
  localparam int unsigned ChannelBits = (Channels > 1) ? $clog2(Channels) : 1;
  localparam int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1;
  localparam int unsigned PlaneBits = $clog2(Planes);
  localparam int unsigned Elements = RowBlocks * CrossbarRows;
  localparam int unsigned Columns = Copies * ColumnBlocks * Adcs;

  logic write, idle, start, last, done, add;
  logic [SlotBits-1:0] slot, add_slot;
  logic [InputSlotBits-1:0] write_slot, input_slot;
  logic [23:0] write_base;
  logic [FlitBits-1:0] write_data;
  logic [RowIndexBits-1:0] add_row;
  logic [Columns*32-1:0] addends;
  /* verilator lint_off UNUSED */  // settings of other kinds of tiles
  logic [ConfigWords*32-1:0] cfg;
  logic write_signed;  // the same at all ports
  /* verilator lint_on UNUSED */
  logic [23:0] write_elements;
  logic [2:0] write_bits_log2;
  logic write_shift;
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
    .Rows        (AccumulatorRows),
    .Columns     (Columns),
    .Lanes       (Lanes),
    .Groups      (Groups),
    .OutputBits  (OutputBits),
    .NormElements(NormElements),
    .NormVectors (NormVectors),
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

  logic read;
  logic [InputSlotBits-1:0] read_slot;
  logic [VectorBits-1:0] read_vector;
  logic [DacBits*PlaneBits-1:0] read_plane;
  logic [DacBits*Copies*Elements-1:0] read_data;
  logic [VectorBits-1:0] last_vector;
  assign last_vector = VectorBits'(cfg[CfgVectors*32 +: 32] - 1);
  input_buffer #(
    .FlitBits (FlitBits),
    .Slots    (InputSlots),
    .Elements (Elements),
    .Planes   (Planes),
    .Reads    (DacBits),
    .Vectors  (Vectors),
    .Length   (Length),
    .AlongRows(AlongRows),
    .Copies   (Copies)
  ) u_input_buffer (
    .clk_i,
    .rst_ni,
    .write_i          (write),
    .write_slot_i     (write_slot),
    .write_base_i     (write_base),
    .write_elements_i (write_elements),
    .write_bits_log2_i(write_bits_log2),
    .write_shift_i    (write_shift),
    .write_data_i     (write_data),
    .read_i           (read),
    .read_slot_i      (read_slot),
    .read_vector_i    (read_vector),
    .last_vector_i    (last_vector),
    .read_plane_i     (read_plane),
    .read_data_o      (read_data)
  );

  mvm_engine #(
    .Slots       (Slots),
    .InputSlots  (InputSlots),
    .RowBlocks   (RowBlocks),
    .ColumnBlocks(ColumnBlocks),
    .Rows        (CrossbarRows),
    .Columns     (CrossbarColumns),
    .CellBits    (CellBits),
    .DacBits     (DacBits),
    .AdcBits     (AdcBits),
    .Adcs        (Adcs),
    .Planes      (Planes),
    .Channels    (Channels),
    .Vectors     (Vectors),
    .Copies      (Copies)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .read_cycles_i      (cfg[CfgReadCycles*32 +: 24]),
    .conversion_cycles_i(cfg[CfgConversionCycles*32 +: 24]),
    .interval_i         (cfg[CfgInterval*32 +: 24]),
    .last_vector_i      (last_vector),
    .phases_i           (cfg[CfgPhases*32 +: 6]),
    .low_bits_i         (cfg[CfgLowBits*32 +: 5]),
    .signed_i           (cfg[CfgInputSigned*32]),
    .adc_shift_i        (cfg[CfgAdcShift*32 +: 5]),
    .offset_encoding_i  (cfg[CfgOffsetEncoding*32]),
    .weight_bits_i      (cfg[CfgWeightBits*32 +: 4]),
    .channel_columns_i  (cfg[CfgChannelColumns*32 +: 5]),
    .channels_i         (cfg[CfgChannels*32 +: ChannelBits + 1]),
    .idle_o             (idle),
    .start_i            (start),
    .slot_i             (slot),
    .input_slot_i(input_slot),
    .last_o             (last),
    .done_o             (done),
    .read_o             (read),
    .read_slot_o        (read_slot),
    .read_vector_o      (read_vector),
    .read_plane_o       (read_plane),
    .read_data_i        (read_data),
    .add_o              (add),
    .add_slot_o         (add_slot),
    .add_row_o          (add_row),
    .addends_o          (addends)
  );
endmodule
