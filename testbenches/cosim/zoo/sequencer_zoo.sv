// SPDX-License-Identifier: Apache-2.0
// Sequencers of several dimensions side by side, for blocks_test. The members are listed in
// CMakeLists.txt, their words in sequencer_block_test.cpp.
`include "sequencer_members.svh"

module sequencer_zoo_member #(
  parameter int unsigned Slots = 2,
  parameter int unsigned Ports = 2,
  parameter int unsigned GroupBits = 8,
  parameter int unsigned InputSlots = 2,
  parameter int unsigned Turns = 1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [10],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[11]
);
  localparam int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1;
  localparam int unsigned TurnBits = (Turns > 1) ? $clog2(Turns) : 1;
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  logic [Ports-1:0] released;
  logic engine_start, vector_valid, vector_last, output_valid;
  logic [SlotBits-1:0] engine_slot, vector_slot, output_slot;
  logic [InputSlotBits-1:0] input_slot;
  logic [TurnBits-1:0] turn;
  logic [GroupBits-1:0] vector_group;

  sequencer #(
    .Slots    (Slots),
    .Ports    (Ports),
    .GroupBits(GroupBits),
    .InputSlots(InputSlots),
    .Turns    (Turns)
  ) u_sequencer (
    .clk_i,
    .rst_ni,
    .turn_o         (turn),
    .input_ports_i  (in_i[0][Ports-1:0]),
    .partial_ports_i(in_i[1][Ports-1:0]),
    .last_group_i   (in_i[2][GroupBits-1:0]),
    .hold_i         (in_i[9][23:0]),
    .arrival_i      (in_i[3][Ports-1:0]),
    .release_o      (released),
    .engine_idle_i  (in_i[4][0]),
    .engine_last_i  (in_i[5][0]),
    .engine_done_i  (in_i[6][0]),
    .engine_start_o (engine_start),
    .engine_slot_o  (engine_slot),
    .engine_input_slot_o(input_slot),
    .vector_valid_o (vector_valid),
    .vector_last_o  (vector_last),
    .vector_group_o (vector_group),
    .vector_slot_o  (vector_slot),
    .vector_done_i  (in_i[7][0]),
    .output_valid_o (output_valid),
    .output_slot_o  (output_slot),
    .output_sent_i  (in_i[8][0])
  );
  assign out_o[0] = 32'(released);
  assign out_o[1] = 32'(engine_start);
  assign out_o[2] = 32'(engine_slot);
  assign out_o[3] = 32'(vector_valid);
  assign out_o[4] = 32'(vector_last);
  assign out_o[5] = 32'(vector_group);
  assign out_o[6] = 32'(vector_slot);
  assign out_o[7] = 32'(output_valid);
  assign out_o[8] = 32'(output_slot);
  assign out_o[9] = 32'(input_slot);
  assign out_o[10] = 32'(turn);
endmodule

module sequencer_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][10],
  output logic [31:0] out_o[Members][11]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    sequencer_zoo_member #(
      .Slots    (SlotsOf[m]),
      .Ports    (PortsOf[m]),
      .GroupBits(GroupBitsOf[m]),
      .InputSlots(InputSlotsOf[m]),
      .Turns    (TurnsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
