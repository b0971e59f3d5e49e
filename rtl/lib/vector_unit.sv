// SPDX-License-Identifier: Apache-2.0
// The vector unit: Lanes elements a cycle, four stages. Element group g enters in cycle t: sum with
// bias and partial sums registered at its end, product in t + 1, shift and saturation in t + 2,
// sigmoid or bypass and write in t + 3.
module vector_unit #(
  parameter int unsigned Slots = 2,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Groups = 4,  // most element groups
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Settings.
  input  logic                 raw_i,      // sums leave as they are
  input  logic                 sigmoid_i,
  input  logic [31:0]          low_i,      // saturation bounds
  input  logic [31:0]          high_i,
  // Sequencer.
  input  logic                 valid_i,
  input  logic                 last_i,
  input  logic [SlotBits-1:0]  slot_i,
  input  logic [GroupBits-1:0] group_i,
  output logic                 done_o,     // the last group of a sample is being written
  // The group's sums, combinational.
  input  logic [Lanes*32-1:0]  accumulators_i,
  input  logic [Lanes*32-1:0]  partials_i,
  // Output buffer.
  output logic                 write_o,
  output logic [SlotBits-1:0]  write_slot_o,
  output logic [GroupBits-1:0] write_group_o,
  output logic [Lanes*32-1:0]  write_data_o
);
`include "recpim_layout.svh"
  logic [Lanes*VectorLaneBits-1:0] word;
  rom #(
    .Width(Lanes * VectorLaneBits),
    .Depth(Groups)
  ) u_constants (
    .address_i(group_i),
    .data_o   (word)
  );

  logic [Lanes*32-1:0] sums_d, sums_q;
  logic [Lanes*31-1:0] multipliers_d, multipliers_q;
  logic [Lanes*6-1:0] shifts_d, shifts_q;
  always_comb begin
    sums_d = '0;
    multipliers_d = '0;
    shifts_d = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        sums_d[l*32 +: 32] = accumulators_i[l*32 +: 32] + partials_i[l*32 +: 32] +
                             word[l*VectorLaneBits + VectorBiasLsb +: VectorBiasBits];
        multipliers_d[l*31 +: 31] =
            word[l*VectorLaneBits + VectorMultiplierLsb +: VectorMultiplierBits];
        shifts_d[l*6 +: 6] = word[l*VectorLaneBits + VectorShiftLsb +: VectorShiftBits];
      end
    end
  end

  logic [2:0] valid_q, last_q;
  logic [3*SlotBits-1:0] slot_q;
  logic [3*GroupBits-1:0] group_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
      last_q  <= '0;
    end else begin
      valid_q <= {valid_q[1:0], valid_i};
      last_q  <= {last_q[1:0], last_i};
    end
  end
  always_ff @(posedge clk_i) begin
    slot_q  <= {slot_q[2*SlotBits-1:0], slot_i};
    group_q <= {group_q[2*GroupBits-1:0], group_i};
    if (valid_i) begin
      sums_q        <= sums_d;
      multipliers_q <= multipliers_d;
      shifts_q      <= shifts_d;
    end
  end

  logic [Lanes*32-1:0] values, probabilities;
  requantise #(
    .Lanes(Lanes)
  ) u_requantise (
    .clk_i,
    .raw_i,
    .low_i,
    .high_i,
    .valid_i      (valid_q[0]),
    .sums_i       (sums_q),
    .multipliers_i(multipliers_q),
    .shifts_i     (shifts_q),
    .next_valid_i (valid_q[1]),
    .values_o     (values)
  );
  sigmoid #(
    .Lanes(Lanes)
  ) u_sigmoid (
    .valid_i (valid_q[2] && sigmoid_i),
    .values_i(values),
    .values_o(probabilities)
  );

  assign write_o       = valid_q[2];
  assign done_o        = valid_q[2] && last_q[2];
  assign write_slot_o  = slot_q[2*SlotBits +: SlotBits];
  assign write_group_o = group_q[2*GroupBits +: GroupBits];
  assign write_data_o  = sigmoid_i ? probabilities : values;
endmodule
