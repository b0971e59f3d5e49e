// SPDX-License-Identifier: Apache-2.0
// The input buffer of an interaction tile: Slots samples, elements one after the other, any element
// read by any port. A packet's elements have its port's bits (4, 8, 16) and sign; they are inserted
// at any place as signed numbers of one bit more than the widest. What no packet brings reads 0.
module element_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Elements = 32,    // of a slot
  parameter int unsigned Reads = 2,        // elements read at once
  parameter int unsigned OperandBits = 8,  // most bits of an element
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned IndexBits = (Elements > 1) ? $clog2(Elements) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // A payload flit, as the network interface tells it; visible in the next cycle.
  input  logic                         write_i,
  input  logic [SlotBits-1:0]          write_slot_i,
  input  logic [23:0]                  write_base_i,       // element of its first value
  input  logic [23:0]                  write_elements_i,   // values that count, from this flit on
  input  logic [2:0]                   write_bits_log2_i,  // log2 of the bits of a value
  input  logic                         write_signed_i,     // values are two's complement
  input  logic                         write_shift_i,      // 4 bits among 8: shifted left by 4
  input  logic [FlitBits-1:0]          write_data_i,
  // Elements of one slot, combinational.
  input  logic                         read_i,
  input  logic [SlotBits-1:0]          read_slot_i,
  input  logic [Reads*IndexBits-1:0]   read_index_i,
  output logic [Reads*(OperandBits+1)-1:0] read_data_o     // 0 where read_i is not set
);
  localparam int unsigned ReadBits = OperandBits + 1;
  localparam int unsigned Insert = FlitBits / 4;  // most values of a flit
  localparam int unsigned Stored = (Elements + Insert) * ReadBits;
  localparam int unsigned OffsetBits = $clog2(Stored);
  localparam int unsigned CountBits = $clog2(Insert + 1);

  logic [Stored-1:0] slot_q [Slots];

  logic [OffsetBits-1:0] offset;
  logic [CountBits-1:0] in_flit, count;
  logic [16:0] value;
  logic [Insert*ReadBits-1:0] values, mask;
  always_comb begin
    offset = '0;
    in_flit = '0;
    count = '0;
    value = '0;
    values = '0;
    mask = '0;
    if (write_i) begin
      offset = OffsetBits'(32'(write_base_i) * ReadBits);
      in_flit = CountBits'(FlitBits >> write_bits_log2_i);
      count = (write_elements_i < 24'(in_flit)) ? write_elements_i[CountBits-1:0] : in_flit;
      mask = ~({(Insert * ReadBits){1'b1}} << (32'(count) * ReadBits));
      for (int i = 0; i < Insert; i++) begin
        // A place that this width has no value for is outside the mask.
        if (write_bits_log2_i == 3'd2) begin
          value = {{13{write_signed_i && write_data_i[4*i + 3]}}, write_data_i[4*i +: 4]};
        end else if (write_bits_log2_i == 3'd3) begin
          value = {{9{write_signed_i && write_data_i[(8*i + 7) % FlitBits]}},
                   write_data_i[(8*i) % FlitBits +: 8]};
        end else begin
          value = {write_signed_i && write_data_i[(16*i + 15) % FlitBits],
                   write_data_i[(16*i) % FlitBits +: 16]};
        end
        // A tensor of 4 bits that is joined with ones of 8 has 16 times their scale.
        if (write_shift_i) value = value << 4;
        values[i*ReadBits +: ReadBits] = ReadBits'(value);
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int s = 0; s < Slots; s++) slot_q[s] <= '0;
    end else if (write_i) begin
      slot_q[write_slot_i][offset +: Insert*ReadBits] <=
          (slot_q[write_slot_i][offset +: Insert*ReadBits] & ~mask) | (values & mask);
    end
  end

  always_comb begin
    read_data_o = '0;
    if (read_i) begin
      for (int r = 0; r < Reads; r++) begin
        read_data_o[r*ReadBits +: ReadBits] =
            slot_q[read_slot_i]
                  [OffsetBits'(32'(read_index_i[r*IndexBits +: IndexBits]) * ReadBits) +: ReadBits];
      end
    end
  end
endmodule
