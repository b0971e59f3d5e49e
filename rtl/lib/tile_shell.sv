// SPDX-License-Identifier: Apache-2.0
// What every tile has around its engine: network interface, sequencer, accumulators, vector unit
// with its partial sums, normaliser, output buffer, and the tile's program. Timing: sim/README.md, "Tile".
module tile_shell #(
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
  parameter int unsigned Rows = 4,          // of accumulators
  parameter int unsigned Columns = 4,
  parameter int unsigned Lanes = 4,         // of the vector unit
  parameter int unsigned Groups = 4,        // most element groups
  parameter int unsigned OutputBits = 256,  // most bits of an output vector
  parameter int unsigned NormElements = 0,  // most elements of a layer norm; 0: no normaliser
  parameter int unsigned NormVectors = 1,   // most vectors of a layer norm
  parameter int unsigned WireBits = FlitBits + 2,
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned RowBits = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int unsigned SettingBits = 47 * 32  // ConfigWords * 32
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  output logic [SettingBits-1:0] config_o,  // the settings, for the engine
  // The link with the router.
  input  logic                   ejected_valid_i,
  input  logic [WireBits-1:0]    ejected_flit_i,
  output logic                   injected_valid_o,
  output logic [WireBits-1:0]    injected_flit_o,
  input  logic                   link_credit_i,
  // The engine's input buffer: a payload flit to be written in this cycle.
  output logic                   write_o,
  output logic [InputSlotBits-1:0] write_slot_o,
  output logic [23:0]            write_base_o,
  output logic [23:0]            write_elements_o,
  output logic [FlitBits-1:0]    write_data_o,
  output logic [2:0]             write_bits_log2_o,
  output logic                   write_signed_o,
  output logic                   write_shift_o,
  // The engine.
  input  logic                   idle_i,
  output logic                   start_o,
  output logic [SlotBits-1:0]    slot_o,
  output logic [InputSlotBits-1:0] input_slot_o,
  input  logic                   last_i,
  input  logic                   done_i,
  input  logic                   add_i,
  input  logic [SlotBits-1:0]    add_slot_i,
  input  logic [RowBits-1:0]     add_row_i,
  input  logic [Columns*32-1:0]  addends_i
);
`include "recpim_layout.svh"
  localparam int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned StepIndexBits = (Steps > 1) ? $clog2(Steps) : 1;
  localparam int unsigned TurnBits = (Turns > 1) ? $clog2(Turns) : 1;

  config_rom #(
    .Words(ConfigWords)
  ) u_config (
    .data_o(config_o)
  );

  logic [Ports-1:0] input_ports, partial_ports, arrival, released;
  // Which input ports bring a part of the sample that the engine takes next.
  logic [TurnBits-1:0] turn;
  rom #(
    .Width(Ports),
    .Depth(Turns)
  ) u_turns (
    .address_i(turn),
    .data_o   (input_ports)
  );
  assign partial_ports = ({Ports{1'b1}} << config_o[CfgInputs*32 +: 16]) &
      ~({Ports{1'b1}} << (config_o[CfgInputs*32 +: 16] + config_o[CfgPartials*32 +: 16]));

  logic write, write_partial;
  logic data_ready, beat_last, head, beat, sent;
  logic [FlitBits-1:0] beat_data;
  logic [23:0] send_offset;
  logic [15:0] send_flits;
  logic [9:0] send_last_bits;
  network_interface #(
    .FlitBits   (FlitBits),
    .BufferFlits(BufferFlits),
    .Slots      (Slots),
    .InputSlots (InputSlots),
    .Ports      (Ports),
    .Sends      (Sends),
    .Steps      (Steps)
  ) u_network_interface (
    .clk_i,
    .rst_ni,
    .last_step_i     (StepIndexBits'(config_o[CfgSends*32 +: 32] - 1)),
    .ejected_valid_i,
    .ejected_flit_i,
    .injected_valid_o,
    .injected_flit_o,
    .link_credit_i,
    .write_valid_o   (write),
    .write_partial_o (write_partial),
    .write_slot_o,
    .write_base_o,
    .write_elements_o,
    .write_data_o,
    .write_bits_log2_o,
    .write_signed_o,
    .write_shift_o,
    .arrival_o       (arrival),
    .release_i       (released),
    .data_ready_i    (data_ready),
    .beat_valid_i    (1'b1),
    .beat_last_i     (beat_last),
    .beat_data_i     (beat_data),
    .head_o          (head),
    .beat_o          (beat),
    .sent_o          (sent),
    .send_offset_o   (send_offset),
    .send_flits_o    (send_flits),
    .send_last_bits_o(send_last_bits)
  );
  assign write_o = write && !write_partial;

  logic vector_valid, vector_last, vector_done;
  logic [GroupBits-1:0] vector_group;
  logic [SlotBits-1:0] vector_slot, output_slot;
  sequencer #(
    .Slots     (Slots),
    .InputSlots(InputSlots),
    .Turns     (Turns),
    .Ports     (Ports),
    .GroupBits (GroupBits)
  ) u_sequencer (
    .clk_i,
    .rst_ni,
    .turn_o         (turn),
    .input_ports_i  (input_ports),
    .partial_ports_i(partial_ports),
    .last_group_i   (GroupBits'(config_o[CfgGroups*32 +: 32] - 1)),
    .hold_i         (config_o[CfgHold*32 +: 24]),
    .arrival_i      (arrival),
    .release_o      (released),
    .engine_idle_i  (idle_i),
    .engine_last_i  (last_i),
    .engine_done_i  (done_i),
    .engine_start_o (start_o),
    .engine_slot_o  (slot_o),
    .engine_input_slot_o(input_slot_o),
    .vector_valid_o (vector_valid),
    .vector_last_o  (vector_last),
    .vector_group_o (vector_group),
    .vector_slot_o  (vector_slot),
    .vector_done_i  (vector_done),
    .output_valid_o (data_ready),
    .output_slot_o  (output_slot),
    .output_sent_i  (sent)
  );

  logic [Lanes*32-1:0] accumulators, partials;
  accumulator_bank #(
    .Slots  (Slots),
    .Rows   (Rows),
    .Columns(Columns),
    .Lanes  (Lanes),
    .Groups (Groups)
  ) u_accumulators (
    .clk_i,
    .rst_ni,
    .start_i     (start_o),
    .start_slot_i(slot_o),
    .add_i,
    .add_slot_i,
    .add_row_i,
    .addend_i    (addends_i),
    .read_i      (vector_valid),
    .read_slot_i (vector_slot),
    .read_group_i(vector_group),
    .read_data_o (accumulators)
  );

  if (Partials > 0) begin : gen_partials
    partial_buffer #(
      .FlitBits (FlitBits),
      .Slots    (Slots),
      .Partials (Partials),
      .Flits    (PartialFlits),
      .Lanes    (Lanes),
      .GroupBits(GroupBits)
    ) u_partials (
      .clk_i,
      .partials_i  (config_o[CfgPartials*32 +: 8]),
      .write_i     (write && write_partial),
      .write_slot_i(write_slot_o[SlotBits-1:0]),
      .write_base_i(write_base_o),
      .write_data_i(write_data_o),
      .read_i      (vector_valid),
      .read_slot_i (vector_slot),
      .read_group_i(vector_group),
      .read_data_o (partials)
    );
  end else begin : gen_no_partials
    assign partials = '0;
  end

  logic vector_write, vector_write_last, output_write;
  logic [SlotBits-1:0] vector_write_slot, output_write_slot;
  logic [GroupBits-1:0] vector_write_group, output_write_group;
  logic [Lanes*32-1:0] vector_write_data, output_write_data;
  vector_unit #(
    .Slots (Slots),
    .Lanes (Lanes),
    .Groups(Groups)
  ) u_vector_unit (
    .clk_i,
    .rst_ni,
    .raw_i         (config_o[CfgRaw*32]),
    .sigmoid_i     (config_o[CfgSigmoid*32]),
    .low_i         (config_o[CfgLow*32 +: 32]),
    .high_i        (config_o[CfgHigh*32 +: 32]),
    .valid_i       (vector_valid),
    .last_i        (vector_last),
    .slot_i        (vector_slot),
    .group_i       (vector_group),
    .done_o        (vector_write_last),
    .accumulators_i(accumulators),
    .partials_i    (partials),
    .write_o       (vector_write),
    .write_slot_o  (vector_write_slot),
    .write_group_o (vector_write_group),
    .write_data_o  (vector_write_data)
  );

  if (NormElements > 0) begin : gen_normaliser
    normaliser #(
      .Slots    (Slots),
      .Lanes    (Lanes),
      .Elements (NormElements),
      .Vectors  (NormVectors),
      .GroupBits(GroupBits)
    ) u_normaliser (
      .clk_i,
      .rst_ni,
      .enable_i        (config_o[CfgNormalise*32]),
      .last_vector_i   (16'(config_o[CfgNormVectors*32 +: 32] - 1)),
      .length_i        (config_o[CfgNormLength*32 +: 11]),
      .last_block_i    (11'(config_o[CfgNormBlocks*32 +: 32] - 1)),
      .element_stride_i(config_o[CfgNormElementStride*32 +: 16]),
      .vector_stride_i (config_o[CfgNormVectorStride*32 +: 16]),
      .epsilon_i       ({config_o[CfgNormEpsilonHigh*32 +: 32], config_o[CfgNormEpsilonLow*32 +: 32]}),
      .low_i           (config_o[CfgNormLow*32 +: 32]),
      .high_i          (config_o[CfgNormHigh*32 +: 32]),
      .write_i         (vector_write),
      .last_i          (vector_write_last),
      .slot_i          (vector_write_slot),
      .group_i         (vector_write_group),
      .data_i          (vector_write_data),
      .write_o         (output_write),
      .done_o          (vector_done),
      .slot_o          (output_write_slot),
      .group_o         (output_write_group),
      .data_o          (output_write_data)
    );
  end else begin : gen_no_normaliser
    assign output_write       = vector_write;
    assign vector_done        = vector_write_last;
    assign output_write_slot  = vector_write_slot;
    assign output_write_group = vector_write_group;
    assign output_write_data  = vector_write_data;
  end

  output_buffer #(
    .FlitBits (FlitBits),
    .Slots    (Slots),
    .Bits     (OutputBits),
    .Lanes    (Lanes),
    .GroupBits(GroupBits)
  ) u_output_buffer (
    .clk_i,
    .rst_ni,
    .bits_log2_i  (config_o[CfgOutputBitsLog2*32 +: 3]),
    .write_i      (output_write),
    .write_slot_i (output_write_slot),
    .write_group_i(output_write_group),
    .write_data_i (output_write_data),
    .read_slot_i  (output_slot),
    .offset_i     (send_offset),
    .flits_i      (send_flits),
    .last_bits_i  (send_last_bits),
    .head_i       (head),
    .beat_i       (beat),
    .beat_data_o  (beat_data),
    .beat_last_o  (beat_last)
  );
endmodule
