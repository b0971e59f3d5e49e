// SPDX-License-Identifier: Apache-2.0
// Sums of products on Lanes multiply-accumulators: lane l does step j of sum g * Lanes + l in cycle
// start + g * d + j, on elements A + j * stride and B + j * stride of the input; the pair word of a
// group says A and B of each lane. Product, sum and accumulator are a stage each.
//   dot  A and B the two rows of a pair, stride 1, d their width
//   add  ones_i: B counts as 1; stride the elements of an input, d inputs
//   mul  d = 1
//   FM   fm_i: B counts as A; (sum of A)^2 - sum of A^2, in two stages more
// Timing: sim/README.md, "Tile", the interaction rows of the table.
module product_engine #(
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,   // of the input buffer: Slots or more
  parameter int unsigned Lanes = 4,
  parameter int unsigned PairGroups = 4,   // most of them; rows of the accumulator bank
  parameter int unsigned OperandBits = 8,  // most bits of an element
  parameter int unsigned IndexBits = 5,    // bits of an element's number
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned PairBits = (PairGroups > 1) ? $clog2(PairGroups) : 1
) (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,
  // Settings.
  input  logic [PairBits-1:0]                  last_group_i,  // G - 1
  input  logic [15:0]                          width_i,       // d
  input  logic [IndexBits-1:0]                 stride_i,
  input  logic                                 ones_i,
  input  logic                                 fm_i,
  // Sequencer.
  output logic                                 idle_o,
  input  logic                                 start_i,
  input  logic [SlotBits-1:0]                  slot_i,
  input  logic [InputSlotBits-1:0]                  input_slot_i,
  output logic                                 last_o,
  output logic                                 done_o,
  // Input buffer: the operands of lane l at 2 * l and 2 * l + 1.
  output logic                                 read_o,
  output logic [InputSlotBits-1:0]                  read_slot_o,
  output logic [2*Lanes*IndexBits-1:0]         read_index_o,
  input  logic [2*Lanes*(OperandBits+1)-1:0]   read_data_i,
  // Accumulator bank.
  output logic                                 add_o,
  output logic [SlotBits-1:0]                  add_slot_o,
  output logic [PairBits-1:0]                  add_row_o,
  output logic [Lanes*32-1:0]                  addends_o
);
`include "recpim_layout.svh"
  localparam int unsigned ReadBits = OperandBits + 1;

  logic busy_q, active, group_end;
  logic [PairBits-1:0] group, group_q;
  logic [15:0] step, step_q;
  logic [IndexBits-1:0] offset, offset_q;  // step * stride
  logic [SlotBits-1:0] slot, slot_q;
  logic [InputSlotBits-1:0] input_slot_q;

  assign idle_o      = !busy_q;
  assign active      = busy_q || start_i;
  assign group       = busy_q ? group_q : '0;
  assign step        = busy_q ? step_q : '0;
  assign offset      = busy_q ? offset_q : '0;
  assign group_end   = step == width_i - 1'b1;
  assign last_o      = active && group_end && group == last_group_i;
  assign read_o      = active;
  assign slot        = busy_q ? slot_q : slot_i;
  assign read_slot_o = busy_q ? input_slot_q : input_slot_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (active) busy_q <= !last_o;
  end
  always_ff @(posedge clk_i) begin
    if (active) begin
      slot_q   <= slot;
      input_slot_q <= read_slot_o;
      step_q   <= group_end ? '0 : step + 1'b1;
      offset_q <= group_end ? '0 : offset + stride_i;
      group_q  <= group_end ? group + 1'b1 : group;
    end
  end

  logic [Lanes*PairLaneBits-1:0] pairs;
  rom #(
    .Width(Lanes * PairLaneBits),
    .Depth(PairGroups)
  ) u_pairs (
    .address_i(group),
    .data_o   (pairs)
  );
  always_comb begin
    read_index_o = '0;
    if (active) begin
      for (int l = 0; l < Lanes; l++) begin
        read_index_o[2*l*IndexBits +: IndexBits] =
            IndexBits'(pairs[l*PairLaneBits + PairALsb +: PairABits]) + offset;
        read_index_o[(2*l+1)*IndexBits +: IndexBits] =
            IndexBits'(pairs[l*PairLaneBits + PairBLsb +: PairBBits]) + offset;
      end
    end
  end

  // Stage 1: products, and A itself. Stage 2: sums of a lane, of both.
  logic [Lanes*32-1:0] products_d, products_q, sums_d, sums_q;
  logic [Lanes*ReadBits-1:0] operands_d, operands_q;
  logic [Lanes*17-1:0] totals_d, totals_q;  // FM: its square fits 32 bits, so it fits 17
  logic [ReadBits-1:0] a, b;
  logic valid1_q, first1_q, end1_q, last1_q, valid2_q, last2_q;
  logic [PairBits-1:0] group1_q, group2_q;
  logic [SlotBits-1:0] slot1_q, slot2_q;
  always_comb begin
    products_d = '0;
    operands_d = '0;
    a = '0;
    b = '0;
    if (active) begin
      for (int l = 0; l < Lanes; l++) begin
        a = read_data_i[2*l*ReadBits +: ReadBits];
        b = read_data_i[(2*l+1)*ReadBits +: ReadBits];
        if (ones_i) b = ReadBits'(1);
        if (fm_i) b = a;
        products_d[l*32 +: 32] = 32'($signed(a)) * 32'($signed(b));
        operands_d[l*ReadBits +: ReadBits] = a;
      end
    end
  end
  always_comb begin
    sums_d = '0;
    totals_d = '0;
    if (valid1_q) begin
      for (int l = 0; l < Lanes; l++) begin
        sums_d[l*32 +: 32] = products_q[l*32 +: 32] + (first1_q ? '0 : sums_q[l*32 +: 32]);
        if (fm_i) begin
          totals_d[l*17 +: 17] = 17'($signed(operands_q[l*ReadBits +: ReadBits])) +
                                 (first1_q ? '0 : totals_q[l*17 +: 17]);
        end
      end
    end
  end

  // FM: stage 3: the squared total beside the sum of squares. Stage 4: their difference.
  logic [Lanes*32-1:0] squares_d, squares_q, sums3_q, differences_d, differences_q;
  logic valid3_q, last3_q, valid4_q, last4_q, done_q;
  logic [PairBits-1:0] group3_q, group4_q;
  logic [SlotBits-1:0] slot3_q, slot4_q;
  always_comb begin
    squares_d = '0;
    differences_d = '0;
    if (valid2_q && fm_i) begin
      for (int l = 0; l < Lanes; l++) begin
        squares_d[l*32 +: 32] = 32'($signed(totals_q[l*17 +: 17])) *
                                32'($signed(totals_q[l*17 +: 17]));
      end
    end
    if (valid3_q) begin
      for (int l = 0; l < Lanes; l++) begin
        differences_d[l*32 +: 32] = squares_q[l*32 +: 32] - sums3_q[l*32 +: 32];
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      end1_q   <= 1'b0;
      last1_q  <= 1'b0;
      valid2_q <= 1'b0;
      last2_q  <= 1'b0;
      valid3_q <= 1'b0;
      last3_q  <= 1'b0;
      valid4_q <= 1'b0;
      last4_q  <= 1'b0;
      done_q   <= 1'b0;
    end else begin
      valid1_q <= active;
      end1_q   <= active && group_end;
      last1_q  <= last_o;
      valid2_q <= end1_q;
      last2_q  <= last1_q;
      valid3_q <= valid2_q && fm_i;
      last3_q  <= last2_q && fm_i;
      valid4_q <= valid3_q;
      last4_q  <= last3_q;
      done_q   <= fm_i ? last4_q : last2_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (active) begin
      products_q <= products_d;
      operands_q <= operands_d;
      first1_q   <= step == '0;
      group1_q   <= group;
      slot1_q    <= slot;
    end
    if (valid1_q) begin
      sums_q   <= sums_d;
      totals_q <= totals_d;
      group2_q <= group1_q;
      slot2_q  <= slot1_q;
    end
    if (valid2_q && fm_i) begin
      squares_q <= squares_d;
      sums3_q   <= sums_q;
      group3_q  <= group2_q;
      slot3_q   <= slot2_q;
    end
    if (valid3_q) begin
      differences_q <= differences_d;
      group4_q      <= group3_q;
      slot4_q       <= slot3_q;
    end
  end

  assign add_o      = fm_i ? valid4_q : valid2_q;
  assign add_slot_o = fm_i ? slot4_q : slot2_q;
  assign add_row_o  = fm_i ? group4_q : group2_q;
  assign addends_o  = fm_i ? differences_q : sums_q;
  assign done_o     = done_q;
endmodule
