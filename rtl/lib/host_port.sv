// SPDX-License-Identifier: Apache-2.0
// Tile 0: the streams of requests and predictions behind which comparison starts.
// Timing: sim/README.md, "Host". Adapters (TLM, AXI) drive these streams.
module host_port #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned BufferFlits = 4,
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,  // predictions held: Slots or more
  parameter int unsigned Turns = 1,       // of its ports: a power of two
  parameter int unsigned Ports = 1,  // most ports
  parameter int unsigned Sends = 2,  // most sends
  parameter int unsigned Steps = 2,  // steps of the program of sends
  parameter int unsigned Beats = 1,  // most payload flits of a prediction
  parameter int unsigned WireBits = FlitBits + 2
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // Requests: one beat a payload flit; a beat is taken where valid and ready.
  input  logic                req_valid_i,
  input  logic                req_last_i,  // the last of its packet
  input  logic [FlitBits-1:0] req_data_i,
  output logic                req_ready_o,
  // Predictions: payload flits, port by port.
  output logic                rsp_valid_o,
  output logic                rsp_last_o,  // the last of a sample
  output logic [FlitBits-1:0] rsp_data_o,
  input  logic                rsp_ready_i,
  // The link with the router.
  input  logic                ejected_valid_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] ejected_flit_i /* verilator public_flat_rd */,
  output logic                injected_valid_o,
  output logic [WireBits-1:0] injected_flit_o,
  input  logic                link_credit_i /* verilator public_flat_rd */
);
  /* verilator no_inline_module */
`include "recpim_layout.svh"
  localparam int unsigned SlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1;
  localparam int unsigned StepIndexBits = (Steps > 1) ? $clog2(Steps) : 1;
  localparam int unsigned TurnBits = (Turns > 1) ? $clog2(Turns) : 1;
  localparam int unsigned BeatBits = (Beats > 1) ? $clog2(Beats) : 1;
  localparam int unsigned WordBits = (InputSlots * Beats > 1) ? $clog2(InputSlots * Beats) : 1;

  /* verilator lint_off UNUSED */  // settings of other kinds of tiles
  logic [ConfigWords*32-1:0] cfg;
  /* verilator lint_on UNUSED */
  config_rom #(
    .Words(ConfigWords)
  ) u_config (
    .data_o(cfg)
  );

  // --- Requests: a FIFO of two beats.
  logic [FlitBits:0] front;
  logic [FlitBits:0] fifo_q [2];
  logic [1:0] count_q;
  logic read_q, write_q, push, beat;
  assign req_ready_o = count_q != 2'd2;
  assign push        = req_valid_i && req_ready_o;
  assign front       = fifo_q[read_q];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
      read_q  <= 1'b0;
      write_q <= 1'b0;
    end else begin
      count_q <= count_q + 2'(push) - 2'(beat);
      if (push) write_q <= !write_q;
      if (beat) read_q <= !read_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (push) fifo_q[write_q] <= {req_last_i, req_data_i};
  end

  // --- Network.
  logic [Ports-1:0] input_ports, held_ports, held_ports_q, arrival, arrived, released;
  logic write, start, release_slot;
  logic [SlotBits-1:0] write_slot;
  logic [FlitBits-1:0] write_data;
  /* verilator lint_off UNUSED */  // for tiles: the host's packets are whole flits
  logic head, sent, write_partial;
  logic [23:0] write_base, write_elements, send_offset;
  logic [15:0] send_flits;
  logic [9:0] send_last_bits;
  logic [2:0] write_bits_log2;
  logic write_signed, write_shift;
  /* verilator lint_on UNUSED */
  // Which ports bring a part of the prediction that comes next.
  logic [TurnBits-1:0] turn_q;
  rom #(
    .Width(Ports),
    .Depth(Turns)
  ) u_turns (
    .address_i(turn_q),
    .data_o   (input_ports)
  );
  assign held_ports = start ? input_ports : held_ports_q;
  assign released   = release_slot ? held_ports : '0;
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
    .last_step_i      (StepIndexBits'(cfg[CfgSends*32 +: 32] - 1)),
    .ejected_valid_i,
    .ejected_flit_i,
    .injected_valid_o,
    .injected_flit_o,
    .link_credit_i,
    .write_valid_o    (write),
    .write_partial_o  (write_partial),
    .write_slot_o     (write_slot),
    .write_base_o     (write_base),
    .write_elements_o (write_elements),
    .write_data_o     (write_data),
    .write_bits_log2_o(write_bits_log2),
    .write_signed_o   (write_signed),
    .write_shift_o    (write_shift),
    .arrival_o        (arrival),
    .release_i        (released),
    .data_ready_i     (count_q != '0),
    .beat_valid_i     (count_q != '0),
    .beat_last_i      (front[FlitBits]),
    .beat_data_i      (front[FlitBits-1:0]),
    .head_o           (head),
    .beat_o           (beat),
    .sent_o           (sent),
    .send_offset_o    (send_offset),
    .send_flits_o     (send_flits),
    .send_last_bits_o (send_last_bits)
  );

  // --- Predictions.
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
    .up_i   (arrival),
    .down_i (start ? input_ports : '0),
    .above_o(arrived_above)
  );

  logic [FlitBits-1:0] beat_q [InputSlots*Beats];
  logic [SlotBits-1:0] slot_q;
  logic [BeatBits-1:0] number, number_q, last_number;
  logic streaming_q, valid_q, last_q, room, moves, last_beat;
  logic [FlitBits-1:0] data_q;
  assign last_number  = BeatBits'(cfg[CfgBeats*32 +: 32] - 1);
  assign room         = !valid_q || rsp_ready_i;
  assign start        = !streaming_q && room && (~arrived & input_ports) == '0 && input_ports != '0;
  assign moves        = start || (streaming_q && room);
  assign number       = streaming_q ? number_q : '0;
  assign last_beat    = number == last_number;
  assign release_slot = moves && last_beat;

  always_ff @(posedge clk_i) begin
    held_ports_q <= held_ports;
    if (write) beat_q[WordBits'(32'(write_slot) * Beats + 32'(write_base))] <= write_data;
    if (moves) begin
      data_q <= beat_q[WordBits'(32'(slot_q) * Beats + 32'(number))];
      last_q <= last_beat;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      slot_q      <= '0;
      turn_q      <= '0;
      number_q    <= '0;
      streaming_q <= 1'b0;
      valid_q     <= 1'b0;
    end else begin
      if (room) valid_q <= moves;
      if (moves) begin
        number_q    <= number + 1'b1;
        streaming_q <= !last_beat;
        if (last_beat) slot_q <= (slot_q == SlotBits'(InputSlots - 1)) ? '0 : slot_q + 1'b1;
      end
      if (start) begin
        turn_q <= (turn_q == TurnBits'(Turns - 1)) ? '0 : turn_q + 1'b1;
      end
    end
  end
  assign rsp_valid_o = valid_q;
  assign rsp_last_o  = last_q;
  assign rsp_data_o  = data_q;
endmodule
