// SPDX-License-Identifier: Apache-2.0
// Partial sums on their way into the vector unit: whole packets of 32-bit elements, Slots samples of
// each port. Read: the sum over the ports of an element, for one element group at a time.
module partial_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Partials = 1,  // most ports of partial sums
  parameter int unsigned Flits = 4,     // most payload flits of a packet
  parameter int unsigned Lanes = 4,     // elements of a group
  parameter int unsigned GroupBits = 8,
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1
) (
  input  logic                 clk_i,
  input  logic [7:0]           partials_i,    // ports in use
  // A payload flit; the base of port p is p * Flits. Visible in the next cycle.
  input  logic                 write_i,
  input  logic [SlotBits-1:0]  write_slot_i,
  input  logic [23:0]          write_base_i,
  input  logic [FlitBits-1:0]  write_data_i,
  // Sums over the ports, combinational.
  input  logic                 read_i,
  input  logic [SlotBits-1:0]  read_slot_i,
  input  logic [GroupBits-1:0] read_group_i,
  output logic [Lanes*32-1:0]  read_data_o    // 0 where read_i is not set
);
  localparam int unsigned InFlit = FlitBits / 32;
  localparam int unsigned Words = Slots * Partials * Flits;
  localparam int unsigned WordBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned OffsetBits = $clog2(FlitBits);

  logic [FlitBits-1:0] mem_q [Words];

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      mem_q[WordBits'(32'(write_slot_i) * (Partials * Flits) + 32'(write_base_i))] <= write_data_i;
    end
  end

  logic [31:0] element;
  logic [WordBits-1:0] word;
  always_comb begin
    read_data_o = '0;
    element = '0;
    word = '0;
    if (read_i) begin
      for (int p = 0; p < Partials; p++) begin
        if (8'(p) < partials_i) begin
          for (int l = 0; l < Lanes; l++) begin
            element = 32'(read_group_i) * Lanes + l;
            word = WordBits'(32'(read_slot_i) * (Partials * Flits) + p * Flits + element / InFlit);
            read_data_o[l*32 +: 32] = read_data_o[l*32 +: 32] +
                mem_q[word][OffsetBits'((element % InFlit) * 32) +: 32];
          end
        end
      end
    end
  end
endmodule
