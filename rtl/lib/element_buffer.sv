// SPDX-License-Identifier: Apache-2.0
// The input buffer of an interaction tile: Slots samples, elements one after the other, any element
// read by any port. Elements of a packet are inserted at any place.
module element_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Bits = 256,       // bits of a slot
  parameter int unsigned Reads = 2,        // elements read at once
  parameter int unsigned OperandBits = 8,  // most bits of an element
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned IndexBits = $clog2(Bits)  // of an element
) (
  input  logic                         clk_i,
  input  logic [2:0]                   bits_log2_i,       // log2 of the bits of an element
  input  logic                         signed_i,          // elements are two's complement
  // A payload flit, as the network interface tells it; visible in the next cycle.
  input  logic                         write_i,
  input  logic [SlotBits-1:0]          write_slot_i,
  input  logic [23:0]                  write_base_i,      // element of its first value
  input  logic [23:0]                  write_elements_i,  // values that count, from this flit on
  input  logic [FlitBits-1:0]          write_data_i,
  // Elements of one slot, combinational, extended by one bit to signed numbers.
  input  logic                         read_i,
  input  logic [SlotBits-1:0]          read_slot_i,
  input  logic [Reads*IndexBits-1:0]   read_index_i,
  output logic [Reads*(OperandBits+1)-1:0] read_data_o    // 0 where read_i is not set
);
  localparam int unsigned Stored = Bits + FlitBits;
  localparam int unsigned OffsetBits = $clog2(Stored);
  localparam int unsigned CountBits = $clog2(FlitBits + 1);

  logic [Stored-1:0] slot_q [Slots];
  logic [OffsetBits-1:0] offset;
  logic [31:0] bits;
  logic [CountBits-1:0] count;
  logic [FlitBits-1:0] mask;

  always_comb begin
    offset = OffsetBits'(write_base_i << bits_log2_i);
    bits = 32'(write_elements_i) << bits_log2_i;
    count = (bits < FlitBits) ? bits[CountBits-1:0] : CountBits'(FlitBits);
    mask = ~({FlitBits{1'b1}} << count);
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      slot_q[write_slot_i][offset +: FlitBits] <=
          (slot_q[write_slot_i][offset +: FlitBits] & ~mask) | (write_data_i & mask);
    end
  end

  logic [OperandBits-1:0] raw, high;
  always_comb begin
    read_data_o = '0;
    raw = '0;
    high = '0;
    if (read_i) begin
      // Bits above the element's, all of which become its sign.
      high = {OperandBits{1'b1}} << (5'd1 << bits_log2_i);
      for (int r = 0; r < Reads; r++) begin
        raw = slot_q[read_slot_i]
                    [OffsetBits'(32'(read_index_i[r*IndexBits +: IndexBits]) << bits_log2_i) +: OperandBits];
        raw = raw & ~high;
        if (signed_i && ((raw << 1) & high) != '0) raw = raw | high;
        read_data_o[r*(OperandBits+1) +: OperandBits+1] = {signed_i && raw[OperandBits-1], raw};
      end
    end
  end
endmodule
