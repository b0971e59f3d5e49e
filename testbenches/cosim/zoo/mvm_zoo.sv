// SPDX-License-Identifier: Apache-2.0
// MVM engines of several dimensions side by side, each with its input buffer and accumulators, for
// blocks_test. One vector lane; the accumulator map says where channel q of vector v is. The members are listed
// in CMakeLists.txt.
module mvm_zoo_member #(
  parameter int unsigned Slots = 2,
  parameter int unsigned RowBlocks = 1,
  parameter int unsigned ColumnBlocks = 1,
  parameter int unsigned Rows = 16,
  parameter int unsigned Columns = 16,
  parameter int unsigned CellBits = 2,
  parameter int unsigned DacBits = 1,
  parameter int unsigned AdcBits = 8,
  parameter int unsigned Adcs = 1,
  parameter int unsigned Vectors = 1,
  parameter int unsigned Length = 0,
  parameter int unsigned AlongRows = 0,
  parameter int unsigned Copies = 1
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [383:0] settings_i,  // 12 words, in the order of the ports below
  input  logic         write_i,
  input  logic [1:0]   slot_i,      // of the write, of the sample that starts, of the read
  input  logic [31:0]  base_i,
  input  logic [31:0]  elements_i,
  input  logic [2:0]   bits_log2_i, // of the values written
  input  logic         shift_i,     // they are shifted left by 4
  input  logic [63:0]  data_i,
  input  logic         start_i,
  output logic         idle_o,
  output logic         last_o,
  output logic         done_o,
  input  logic         read_i,
  input  logic [31:0]  channel_i,
  /* verilator lint_on UNUSED */
  output logic [31:0]  accumulator_o
);
  localparam int unsigned GroupColumns = Columns / Adcs;
  localparam int unsigned Elements = RowBlocks * Rows;
  localparam int unsigned Groups = Copies * ColumnBlocks * Adcs;
  localparam int unsigned Channels = GroupColumns;  // one column a channel at most
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned ChannelBits = $clog2(Channels);
  localparam int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1;
  localparam int unsigned SumRows = (Vectors + Copies - 1) / Copies * Channels;
  localparam int unsigned SumRowBits = $clog2(SumRows);
  localparam int unsigned MapBits = (Groups * SumRows > 1) ? $clog2(Groups * SumRows) : 1;

  logic read, add;
  logic [SlotBits-1:0] read_slot, add_slot;
  logic [DacBits*3-1:0] read_plane;
  logic [DacBits*Copies*Elements-1:0] read_data;
  logic [SumRowBits-1:0] add_row;
  logic [VectorBits-1:0] read_vector;
  logic [Groups*32-1:0] addends;

  input_buffer #(
    .FlitBits (64),
    .Slots    (Slots),
    .Elements (Elements),
    .Planes   (8),
    .Reads    (DacBits),
    .Vectors  (Vectors),
    .Length   (Length),
    .AlongRows(AlongRows),
    .Copies   (Copies)
  ) u_input_buffer (
    .clk_i,
    .rst_ni,
    .write_i,
    .write_slot_i     (SlotBits'(slot_i)),
    .write_base_i     (base_i[23:0]),
    .write_elements_i (elements_i[23:0]),
    .write_bits_log2_i(bits_log2_i),
    .write_shift_i    (shift_i),
    .write_data_i     (data_i),
    .read_i           (read),
    .read_slot_i      (read_slot),
    .read_vector_i    (read_vector),
    .last_vector_i    (settings_i[11*32 +: VectorBits]),
    .read_plane_i     (read_plane),
    .read_data_o      (read_data)
  );
  mvm_engine #(
    .Slots       (Slots),
    .InputSlots  (Slots),
    .RowBlocks   (RowBlocks),
    .ColumnBlocks(ColumnBlocks),
    .Rows        (Rows),
    .Columns     (Columns),
    .CellBits    (CellBits),
    .DacBits     (DacBits),
    .AdcBits     (AdcBits),
    .Adcs        (Adcs),
    .Planes      (8),
    .Channels    (Channels),
    .Vectors     (Vectors),
    .Copies      (Copies)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .read_cycles_i      (settings_i[0*32 +: 24]),
    .conversion_cycles_i(settings_i[1*32 +: 24]),
    .interval_i         (settings_i[2*32 +: 24]),
    .last_vector_i      (settings_i[11*32 +: VectorBits]),
    .phases_i           (settings_i[3*32 +: 6]),
    .low_bits_i         (settings_i[4*32 +: 5]),
    .signed_i           (settings_i[5*32]),
    .adc_shift_i        (settings_i[6*32 +: 5]),
    .offset_encoding_i  (settings_i[7*32]),
    .weight_bits_i      (settings_i[8*32 +: 4]),
    .channel_columns_i  (settings_i[9*32 +: 5]),
    .channels_i         (settings_i[10*32 +: ChannelBits + 1]),
    .idle_o,
    .start_i,
    .slot_i             (SlotBits'(slot_i)),
    .input_slot_i       (SlotBits'(slot_i)),
    .last_o,
    .done_o,
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
  accumulator_bank #(
    .Slots  (Slots),
    .Rows   (SumRows),
    .Columns(Groups),
    .Lanes  (1),
    .Groups (Groups * SumRows)
  ) u_accumulators (
    .clk_i,
    .rst_ni,
    .start_i,
    .start_slot_i(SlotBits'(slot_i)),
    .add_i       (add),
    .add_slot_i  (add_slot),
    .add_row_i   (add_row),
    .addend_i    (addends),
    .read_i,
    .read_slot_i (SlotBits'(slot_i)),
    .read_group_i(MapBits'(channel_i)),
    .read_data_o (accumulator_o)
  );
endmodule

module mvm_zoo (
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic [8831:0] settings_i,  // member i at 12 * 32 * i
  input  logic [22:0]   write_i,     // by member
  input  logic [1:0]    slot_i,
  input  logic [31:0]   base_i,
  input  logic [31:0]   elements_i,
  input  logic [2:0]    bits_log2_i,
  input  logic          shift_i,
  input  logic [63:0]   data_i,
  input  logic [22:0]   start_i,
  output logic [22:0]   idle_o,
  output logic [22:0]   last_o,
  output logic [22:0]   done_o,
  input  logic [22:0]   read_i,
  input  logic [31:0]   channel_i,
  output logic [735:0]  accumulator_o
);
`include "mvm_zoo_members.svh"
endmodule
