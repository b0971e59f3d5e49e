// SPDX-License-Identifier: Apache-2.0
// When a tile does what: starts of the engine and of the vector unit, slots, releases.
// Timing: sim/README.md, "Tile", steps 1 to 4, and "Replicas". Sample s uses slot s mod S of every
// buffer, of the input buffer slot s mod InputSlots; which input ports have a packet of it follows
// from its turn, s mod Turns.
module sequencer #(
  parameter int unsigned Slots = 2,  // S
  parameter int unsigned InputSlots = 2,  // of the input buffer: S or more
  parameter int unsigned Turns = 1,       // a power of two
  parameter int unsigned Ports = 2,  // most ports
  parameter int unsigned GroupBits = 8,  // bits of an element group's number
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned TurnBits = (Turns > 1) ? $clog2(Turns) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  output logic [TurnBits-1:0]  turn_o,           // of the sample that starts, or will
  input  logic [Ports-1:0]     input_ports_i,    // mask of the ports that fill its input slot
  input  logic [Ports-1:0]     partial_ports_i,  // mask of the ports of partial sums
  input  logic [GroupBits-1:0] last_group_i,     // element groups - 1
  input  logic [23:0]          hold_i,           // cycles from a sample's last group to the next's first
  input  logic [Ports-1:0]     arrival_i,        // tails being written
  output logic [Ports-1:0]     release_o,        // slots freed at the end of this cycle
  // Engine.
  input  logic                 engine_idle_i,    // it can be started in this cycle
  input  logic                 engine_last_i,    // its input slot is free from the next cycle on
  input  logic                 engine_done_i,    // accumulators of the oldest sample visible then
  output logic                 engine_start_o,
  output logic [SlotBits-1:0]  engine_slot_o,    // of the sample that starts, or will
  output logic [InputSlotBits-1:0] engine_input_slot_o,
  // Vector unit.
  output logic                 vector_valid_o,   // an element group enters
  output logic                 vector_last_o,    // the last one of its sample
  output logic [GroupBits-1:0] vector_group_o,
  output logic [SlotBits-1:0]  vector_slot_o,
  input  logic                 vector_done_i,    // the last group of a sample is being written
  // Sender.
  output logic                 output_valid_o,   // an output slot is ready to be sent
  output logic [SlotBits-1:0]  output_slot_o,
  input  logic                 output_sent_i     // the last flit of its last packet leaves
);
  localparam int unsigned CountBits = $clog2(Slots + 1);

  logic [Ports-1:0] arrived, consumed;
  logic inputs_complete, partials_complete, vector_start;
  /* verilator lint_off UNUSED */  // more than one: nobody asks
  logic [Slots*Ports-1:0] arrived_above;
  /* verilator lint_on UNUSED */
  assign arrived = arrived_above[Ports-1:0];
  unary_counters #(
    .Count(Ports),
    .Limit(Slots)
  ) u_arrivals (
    .clk_i,
    .rst_ni,
    .up_i   (arrival_i),
    .down_i (consumed),
    .above_o(arrived_above)
  );
  assign inputs_complete   = (~arrived & input_ports_i) == '0;
  assign partials_complete = (~arrived & partial_ports_i) == '0;
  assign consumed = (engine_start_o ? input_ports_i : '0) | (vector_start ? partial_ports_i : '0);

  // Samples that hold an accumulator slot, are done and wait for the vector unit, hold an output
  // slot, and wait for the sender.
  logic [CountBits-1:0] accumulators_q, done_q, outputs_q, ready_q;
  logic [SlotBits-1:0] engine_slot_q, vector_slot_q, output_slot_q;
  logic [InputSlotBits-1:0] input_slot_q;
  logic [TurnBits-1:0] turn_q;
  logic [Ports-1:0] held_ports_q, held_ports;  // that fill the input slot which the engine reads
  logic [GroupBits-1:0] group_q;
  logic active_q;  // groups of the sample are left
  logic [23:0] hold_q;  // cycles in which no sample enters the vector unit

  assign engine_start_o = engine_idle_i && inputs_complete && accumulators_q != CountBits'(Slots);
  assign vector_start   = !active_q && hold_q == '0 && done_q != '0 && partials_complete &&
                          outputs_q != CountBits'(Slots);
  assign vector_valid_o = active_q || vector_start;
  assign vector_group_o = active_q ? group_q : '0;
  assign vector_last_o  = vector_valid_o && vector_group_o == last_group_i;
  assign held_ports = engine_start_o ? input_ports_i : held_ports_q;
  assign release_o = (engine_last_i ? held_ports : '0) | (vector_last_o ? partial_ports_i : '0);

  assign engine_slot_o  = engine_slot_q;
  assign engine_input_slot_o = input_slot_q;
  assign turn_o         = turn_q;
  assign vector_slot_o  = vector_slot_q;
  assign output_slot_o  = output_slot_q;
  assign output_valid_o = ready_q != '0;

  always_ff @(posedge clk_i) held_ports_q <= held_ports;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      accumulators_q <= '0;
      done_q         <= '0;
      outputs_q      <= '0;
      ready_q        <= '0;
      engine_slot_q  <= '0;
      input_slot_q   <= '0;
      turn_q         <= '0;
      vector_slot_q  <= '0;
      output_slot_q  <= '0;
      group_q        <= '0;
      active_q       <= 1'b0;
      hold_q         <= '0;
    end else begin
      accumulators_q <= accumulators_q + CountBits'(engine_start_o) - CountBits'(vector_last_o);
      done_q         <= done_q + CountBits'(engine_done_i) - CountBits'(vector_start);
      outputs_q      <= outputs_q + CountBits'(vector_start) - CountBits'(output_sent_i);
      ready_q        <= ready_q + CountBits'(vector_done_i) - CountBits'(output_sent_i);
      if (engine_start_o) begin
        engine_slot_q <= (engine_slot_q == SlotBits'(Slots - 1)) ? '0 : engine_slot_q + 1'b1;
        input_slot_q  <= (input_slot_q == InputSlotBits'(InputSlots - 1)) ? '0 : input_slot_q + 1'b1;
        turn_q        <= (turn_q == TurnBits'(Turns - 1)) ? '0 : turn_q + 1'b1;
      end
      if (output_sent_i) begin
        output_slot_q <= (output_slot_q == SlotBits'(Slots - 1)) ? '0 : output_slot_q + 1'b1;
      end
      if (vector_valid_o) begin
        group_q  <= vector_group_o + 1'b1;
        active_q <= !vector_last_o;
      end
      if (vector_last_o) begin
        vector_slot_q <= (vector_slot_q == SlotBits'(Slots - 1)) ? '0 : vector_slot_q + 1'b1;
        hold_q        <= hold_i;
      end else if (hold_q != '0) begin
        hold_q <= hold_q - 1'b1;
      end
    end
  end
endmodule
