// SPDX-License-Identifier: Apache-2.0
// Where a tile meets its router. Eject: decodes packets, tells the buffers what to write and the
// sequencer what has arrived, counts credits. Inject: sends pending credits and the packets of each
// sample, in order: the program of sends is walked through step by step, over and over; where not
// every sample goes everywhere it has the steps of several samples. Timing: sim/README.md, "Flits and
// packets", "Tile", step 4, and "Replicas".
module network_interface #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned BufferFlits = 4,  // FIFO of the router's local input
  parameter int unsigned Slots = 2,        // S
  parameter int unsigned InputSlots = 2,   // of the input buffer: S or more
  parameter int unsigned Ports = 2,        // most ports, inputs and partial sums
  parameter int unsigned Sends = 2,        // most sends
  parameter int unsigned Steps = 2,        // most steps of the program of sends
  parameter int unsigned WireBits = FlitBits + 2,
  parameter int unsigned SlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned StepIndexBits = (Steps > 1) ? $clog2(Steps) : 1
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [StepIndexBits-1:0] last_step_i,     // steps of the program of sends - 1
  // The link with the router.
  input  logic                     ejected_valid_i,
  input  logic [WireBits-1:0]      ejected_flit_i,
  output logic                     injected_valid_o,
  output logic [WireBits-1:0]      injected_flit_o,
  input  logic                     link_credit_i,
  // A payload flit to be written in this cycle, and packets whose tail it is.
  output logic                     write_valid_o,
  output logic                     write_partial_o,  // into the buffer of partial sums
  output logic [SlotBits-1:0]      write_slot_o,
  output logic [23:0]              write_base_o,     // element (flit ports: flit) of its first value
  output logic [23:0]              write_elements_o, // elements of the packet from this flit on
  output logic [FlitBits-1:0]      write_data_o,
  output logic [2:0]               write_bits_log2_o, // log2 of the bits of an element
  output logic                     write_signed_o,   // they are two's complement
  output logic                     write_shift_o,    // and to be shifted left by 4
  output logic [Ports-1:0]         arrival_o,        // by port: its tail is being written
  // Input slots freed at the end of this cycle, by port: one credit each becomes pending.
  input  logic [Ports-1:0]         release_i,
  // What is to be sent.
  input  logic                     data_ready_i,     // the head of the next packet may leave
  input  logic                     beat_valid_i,     // beat_data_i is the next payload flit
  input  logic                     beat_last_i,      // and the last of its packet
  input  logic [FlitBits-1:0]      beat_data_i,
  output logic                     head_o,           // the head of packet send leaves
  output logic                     beat_o,           // beat_data_i leaves
  output logic                     sent_o,           // with it the last packet of a sample
  output logic [23:0]              send_offset_o,    // of the next or current packet: first bit
  output logic [15:0]              send_flits_o,     // its payload flits
  output logic [9:0]               send_last_bits_o  // bits of the last one that are values
);
`include "recpim_layout.svh"
  localparam int unsigned PortIndexBits = (Ports > 1) ? $clog2(Ports) : 1;
  localparam int unsigned SendIndexBits = (Sends > 1) ? $clog2(Sends) : 1;
  localparam int unsigned CreditIndexBits = (Slots * Sends > 1) ? $clog2(Slots * Sends) : 1;
  localparam int unsigned LinkBits = $clog2(BufferFlits + 1);

  // --- Eject.
  logic wire_head, wire_tail;
  logic [31:0] wire_low;
  assign wire_head = ejected_valid_i && ejected_flit_i[WireBits-1];
  assign wire_tail = ejected_flit_i[WireBits-2];
  assign wire_low  = ejected_flit_i[31:0];

  logic [PortIndexBits-1:0] head_port, port_q;
  logic [PortWordBits-1:0] port_word;
  logic [23:0] base_q, elements_q;
  logic [PortStepBits-1:0] step_q;
  logic [PortBitsLog2Bits-1:0] bits_log2_q;
  logic partial_q, signed_q, shift_q;
  logic [SlotBits-1:0] slot_q;
  // By port: slots from its first packet's to its next one's.
  logic [Ports*SlotBits-1:0] next_slot_q;
  logic [SlotBits:0] slot_count, next_slot, head_slot, slot_after;
  logic is_data_head, is_payload, is_credit;

  assign head_port    = wire_low[HeadPortLsb +: PortIndexBits];
  assign is_credit    = wire_head && wire_low[HeadKindLsb];
  assign is_data_head = wire_head && !wire_low[HeadKindLsb];
  assign is_payload   = ejected_valid_i && !ejected_flit_i[WireBits-1];

  rom #(
    .Width(PortWordBits),
    .Depth(Ports)
  ) u_ports (
    .address_i(head_port),
    .data_o   (port_word)
  );

  // Of the buffer that the packet goes to; a port brings every so many-th sample.
  assign slot_count = port_word[PortPartialLsb] ? (SlotBits + 1)'(Slots) : (SlotBits + 1)'(InputSlots);
  assign next_slot  = {1'b0, next_slot_q[32'(head_port)*SlotBits +: SlotBits]};
  always_comb begin
    head_slot  = next_slot + (SlotBits + 1)'(port_word[PortSlotFirstLsb +: PortSlotFirstBits]);
    slot_after = next_slot + (SlotBits + 1)'(port_word[PortSlotStepLsb +: PortSlotStepBits]);
    if (head_slot >= slot_count) head_slot = head_slot - slot_count;
    if (slot_after >= slot_count) slot_after = slot_after - slot_count;
  end

  always_ff @(posedge clk_i) begin
    if (is_data_head) begin
      port_q     <= head_port;
      base_q     <= port_word[PortBaseLsb +: PortBaseBits];
      elements_q <= port_word[PortElementsLsb +: PortElementsBits];
      step_q     <= port_word[PortStepLsb +: PortStepBits];
      partial_q  <= port_word[PortPartialLsb];
      bits_log2_q <= port_word[PortBitsLog2Lsb +: PortBitsLog2Bits];
      signed_q   <= port_word[PortSignedLsb];
      shift_q    <= port_word[PortShiftLsb];
      slot_q     <= head_slot[SlotBits-1:0];
    end else if (is_payload) begin
      base_q     <= base_q + 24'(step_q);
      elements_q <= elements_q - 24'(step_q);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_slot_q <= '0;
    end else if (is_data_head) begin
      next_slot_q[32'(head_port)*SlotBits +: SlotBits] <= slot_after[SlotBits-1:0];
    end
  end

  assign write_valid_o    = is_payload;
  assign write_partial_o  = partial_q;
  assign write_slot_o     = slot_q;
  assign write_base_o     = base_q;
  assign write_elements_o = elements_q;
  assign write_data_o     = ejected_flit_i[FlitBits-1:0];
  assign write_bits_log2_o = bits_log2_q;
  assign write_signed_o   = signed_q;
  assign write_shift_o    = shift_q;
  always_comb begin
    arrival_o = '0;
    if (is_payload && wire_tail) arrival_o[port_q] = 1'b1;
  end

  // --- Credits: of the link, of each send, and those that this tile owes to its producers.
  logic [LinkBits-1:0] link_q;
  logic leaves, link_ok;
  assign link_ok = link_q != '0;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) link_q <= LinkBits'(BufferFlits);
    else link_q <= link_q - LinkBits'(leaves) + LinkBits'(link_credit_i);
  end

  // Of each send its packets whose credit has not come back: fewer than it has credits may go.
  logic [StepIndexBits-1:0] step_index_q;
  logic [SendWordBits-1:0] send_word;
  logic [SendIndexBits-1:0] send_number;
  logic [Sends-1:0] send_taken, send_given;
  logic [Slots*Sends-1:0] out_above;
  logic has_credit, last_of_sample;
  always_comb begin
    send_given = '0;
    if (is_credit) send_given[wire_low[HeadPortLsb +: SendIndexBits]] = 1'b1;
    send_taken = '0;
    if (head_o) send_taken[send_number] = 1'b1;
  end
  unary_counters #(
    .Count(Sends),
    .Limit(Slots)
  ) u_packets_out (
    .clk_i,
    .rst_ni,
    .up_i   (send_taken),
    .down_i (send_given),
    .above_o(out_above)
  );

  logic [Ports-1:0] pending, pending_taken;
  /* verilator lint_off UNUSED */  // more than one: nobody asks
  logic [Slots*Ports-1:0] pending_above;
  /* verilator lint_on UNUSED */
  assign pending = pending_above[Ports-1:0];
  logic [PortIndexBits-1:0] lowest;
  logic [HeadBits-1:0] credit_head;
  logic credit_leaves;
  unary_counters #(
    .Count(Ports),
    .Limit(Slots)
  ) u_pending (
    .clk_i,
    .rst_ni,
    .up_i   (release_i),
    .down_i (pending_taken),
    .above_o(pending_above)
  );
  always_comb begin
    lowest = '0;
    pending_taken = '0;
    if (pending != '0) begin
      for (int p = Ports - 1; p >= 0; p--) begin
        if (pending[p]) lowest = PortIndexBits'(p);
      end
      if (credit_leaves) pending_taken[lowest] = 1'b1;
    end
  end
  rom #(
    .Width(HeadBits),
    .Depth(Ports)
  ) u_credits (
    .address_i(lowest),
    .data_o   (credit_head)
  );

  // --- Inject.
  logic under_way_q, valid_q;
  logic [WireBits-1:0] flit_q;
  rom #(
    .Width(SendWordBits),
    .Depth(Steps)
  ) u_sends (
    .address_i(step_index_q),
    .data_o   (send_word)
  );

  assign credit_leaves = link_ok && !under_way_q && pending != '0;
  assign head_o  = link_ok && !under_way_q && pending == '0 && data_ready_i && has_credit;
  assign beat_o  = link_ok && under_way_q && beat_valid_i;
  assign leaves  = credit_leaves || head_o || beat_o;
  assign sent_o  = beat_o && beat_last_i && last_of_sample;

  assign send_number    = send_word[SendNumberLsb +: SendIndexBits];
  assign last_of_sample = send_word[SendFinalLsb];
  assign has_credit     = !out_above[CreditIndexBits'(
      (32'(send_word[SendCreditsLsb +: SendCreditsBits]) - 32'd1) * Sends + 32'(send_number))];
  assign send_offset_o    = send_word[SendOffsetLsb +: SendOffsetBits];
  assign send_flits_o     = send_word[SendFlitsLsb +: SendFlitsBits];
  assign send_last_bits_o = send_word[SendLastBitsLsb +: SendLastBitsBits];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      under_way_q <= 1'b0;
      valid_q     <= 1'b0;
      step_index_q <= '0;
    end else begin
      valid_q <= leaves;
      if (head_o) under_way_q <= 1'b1;
      if (beat_o && beat_last_i) begin
        under_way_q <= 1'b0;
        step_index_q <= (step_index_q == last_step_i) ? '0 : step_index_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (credit_leaves) flit_q <= {2'b11, FlitBits'(credit_head)};
    else if (head_o) flit_q <= {2'b10, FlitBits'(send_word[SendHeadLsb +: SendHeadBits])};
    else if (beat_o) flit_q <= {1'b0, beat_last_i, beat_data_i};
  end

  assign injected_valid_o = valid_q;
  assign injected_flit_o  = flit_q;
endmodule
