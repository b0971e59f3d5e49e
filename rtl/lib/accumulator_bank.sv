// SPDX-License-Identifier: Apache-2.0
// The accumulators of a tile: Slots samples of Rows rows of Columns int32 sums. The engine adds to
// one row in a cycle; the vector unit reads Lanes sums, wherever the map says they are. A row not
// added to since the sample started reads 0.
module accumulator_bank #(
  parameter int unsigned Slots = 2,
  parameter int unsigned Rows = 4,
  parameter int unsigned Columns = 4,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Groups = 4,  // element groups: words of the map
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned RowBits = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  // A sample starts: its slot is 0 from the next cycle on.
  input  logic                  start_i,
  input  logic [SlotBits-1:0]   start_slot_i,
  // addend_i is added to a row; visible in the next cycle. Never the slot that starts.
  input  logic                  add_i,
  input  logic [SlotBits-1:0]   add_slot_i,
  input  logic [RowBits-1:0]    add_row_i,
  input  logic [Columns*32-1:0] addend_i,
  // One element group, combinational.
  input  logic                  read_i,
  input  logic [SlotBits-1:0]   read_slot_i,
  input  logic [GroupBits-1:0]  read_group_i,
  output logic [Lanes*32-1:0]   read_data_o    // 0 where read_i is not set
);
`include "recpim_layout.svh"
  localparam int unsigned WordBits = (Slots * Rows > 1) ? $clog2(Slots * Rows) : 1;
  localparam int unsigned OffsetBits = $clog2(Columns * 32);

  logic [Columns*32-1:0] sum_q [Slots*Rows];
  logic [Slots*Rows-1:0] touched_q;

  logic [WordBits-1:0] add_word;
  logic [Columns*32-1:0] old, sum;
  assign add_word = WordBits'(32'(add_slot_i) * Rows + 32'(add_row_i));
  always_comb begin
    old = '0;
    sum = '0;
    if (add_i) begin
      if (touched_q[add_word]) old = sum_q[add_word];
      for (int c = 0; c < Columns; c++) begin
        sum[c*32 +: 32] = old[c*32 +: 32] + addend_i[c*32 +: 32];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (add_i) sum_q[add_word] <= sum;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      touched_q <= '0;
    end else begin
      if (start_i) touched_q[32'(start_slot_i) * Rows +: Rows] <= '0;
      if (add_i) touched_q[add_word] <= 1'b1;
    end
  end

  logic [Lanes*MapLaneBits-1:0] map_word;
  rom #(
    .Width(Lanes * MapLaneBits),
    .Depth(Groups)
  ) u_map (
    .address_i(read_group_i),
    .data_o   (map_word)
  );
  logic [WordBits-1:0] word;
  always_comb begin
    read_data_o = '0;
    word = '0;
    if (read_i) begin
      for (int l = 0; l < Lanes; l++) begin
        word = WordBits'(32'(read_slot_i) * Rows + 32'(map_word[l*MapLaneBits + MapRowLsb +: MapRowBits]));
        if (touched_q[word]) begin
          read_data_o[l*32 +: 32] = sum_q[word][
              OffsetBits'(32'(map_word[l*MapLaneBits + MapColumnLsb +: MapColumnBits]) * 32) +: 32];
        end
      end
    end
  end
endmodule
