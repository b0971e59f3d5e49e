// SPDX-License-Identifier: Apache-2.0
// The output vectors of Slots samples, packed at the output's element bits, cut into payload flits.
module output_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Bits = 256,  // most bits of an output vector
  parameter int unsigned Lanes = 4,
  parameter int unsigned GroupBits = 8,
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [2:0]           bits_log2_i,  // log2 of the bits of an element: 2 ... 5
  // An element group from the vector unit; groups come in order. Visible in the next cycle.
  input  logic                 write_i,
  input  logic [SlotBits-1:0]  write_slot_i,
  input  logic [GroupBits-1:0] write_group_i,
  input  logic [Lanes*32-1:0]  write_data_i,
  // The sender: which packet is next or under way, and what leaves.
  input  logic [SlotBits-1:0]  read_slot_i,
  /* verilator lint_off UNUSED */  // its upper bits: for larger buffers
  input  logic [23:0]          offset_i,     // first bit
  /* verilator lint_on UNUSED */
  input  logic [15:0]          flits_i,      // payload flits
  input  logic [9:0]           last_bits_i,  // bits of the last one that are values
  input  logic                 head_i,       // its head leaves
  input  logic                 beat_i,       // its payload flit leaves
  output logic [FlitBits-1:0]  beat_data_o,  // the payload flit that is next
  output logic                 beat_last_o
);
  localparam int unsigned Group = Lanes * 32;
  // A write may reach a group, a read a flit, past the end.
  localparam int unsigned Stored = Bits + ((Group > FlitBits) ? Group : FlitBits);
  localparam int unsigned OffsetBits = $clog2(Stored);

  logic [Stored-1:0] slot_q [Slots];
  logic [Group-1:0] packed_group;
  logic [OffsetBits-1:0] write_offset;

  always_comb begin
    packed_group = '0;
    write_offset = OffsetBits'((32'(write_group_i) * Lanes) << bits_log2_i);
    if (write_i) begin
      case (bits_log2_i)
        3'd2: for (int l = 0; l < Lanes; l++) packed_group[l*4 +: 4] = write_data_i[l*32 +: 4];
        3'd3: for (int l = 0; l < Lanes; l++) packed_group[l*8 +: 8] = write_data_i[l*32 +: 8];
        3'd4: for (int l = 0; l < Lanes; l++) packed_group[l*16 +: 16] = write_data_i[l*32 +: 16];
        default: packed_group = write_data_i;
      endcase
    end
  end
  // What a group of narrow elements writes beyond itself, the next groups overwrite.
  always_ff @(posedge clk_i) begin
    if (write_i) slot_q[write_slot_i][write_offset +: Group] <= packed_group;
  end

  logic [15:0] left_q;
  logic [OffsetBits-1:0] bit_q;
  logic under_way_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q      <= '0;
      bit_q       <= '0;
      under_way_q <= 1'b0;
    end else if (head_i) begin
      left_q      <= flits_i;
      bit_q       <= OffsetBits'(offset_i);
      under_way_q <= 1'b1;
    end else if (beat_i) begin
      left_q      <= left_q - 1'b1;
      bit_q       <= OffsetBits'(32'(bit_q) + FlitBits);
      under_way_q <= !beat_last_o;
    end
  end

  assign beat_last_o = left_q == 16'd1;
  always_comb begin
    beat_data_o = '0;
    if (under_way_q) begin
      beat_data_o = slot_q[read_slot_i][bit_q +: FlitBits];
      if (beat_last_o) beat_data_o = beat_data_o & ~({FlitBits{1'b1}} << last_bits_i);
    end
  end
endmodule
