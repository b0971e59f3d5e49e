// SPDX-License-Identifier: Apache-2.0
// Sequencers, vector units and normalisers of several dimensions, put together as in tile_shell, and
// rsqrt by itself, for blocks_test. The members are listed in CMakeLists.txt, their words in
// normaliser_block_test.cpp.
`include "normaliser_members.svh"

module normaliser_zoo_member #(
  parameter int unsigned Number = 0,
  parameter int unsigned Slots = 2,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Elements = 16,
  parameter int unsigned Vectors = 4,
  parameter int unsigned GroupBits = 2
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [33],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[26]
);
  localparam int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned Groups = (Elements + Lanes - 1) / Lanes;
  localparam int unsigned UnitGroupBits = (Groups > 1) ? $clog2(Groups) : 1;
  logic vector_valid, vector_last, vector_write, vector_write_last, write, done, output_valid;
  logic [SlotBits-1:0] vector_slot, vector_write_slot, write_slot, output_slot;
  logic [GroupBits-1:0] vector_group, write_group;
  logic [UnitGroupBits-1:0] vector_write_group;
  logic [Lanes*32-1:0] accumulators, vector_write_data, write_data;
  logic root_valid;
  logic [23:0] mantissa;
  logic [5:0] shift;
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign accumulators[l*32 +: 32] = in_i[14 + l];
    assign out_o[7 + l] = write_data[l*32 +: 32];
  end
  for (genvar l = Lanes; l < 16; l++) begin : gen_no_lane
    assign out_o[7 + l] = '0;
  end

  /* verilator lint_off PINCONNECTEMPTY */
  sequencer #(
    .Slots    (Slots),
    .Ports    (1),
    .GroupBits(GroupBits)
  ) u_sequencer (
    .clk_i,
    .rst_ni,
    .input_ports_i  (1'b0),
    .partial_ports_i(1'b0),
    .last_group_i   (in_i[11][GroupBits-1:0]),
    .hold_i         (in_i[10][23:0]),
    .arrival_i      (1'b0),
    .release_o      (),
    .engine_idle_i  (1'b0),
    .engine_last_i  (1'b0),
    .engine_done_i  (in_i[12][0]),
    .engine_start_o (),
    .engine_slot_o  (),
    .engine_input_slot_o(),
    .turn_o         (),
    .vector_valid_o (vector_valid),
    .vector_last_o  (vector_last),
    .vector_group_o (vector_group),
    .vector_slot_o  (vector_slot),
    .vector_done_i  (done),
    .output_valid_o (output_valid),
    .output_slot_o  (output_slot),
    .output_sent_i  (in_i[13][0])
  );
  /* verilator lint_on PINCONNECTEMPTY */

  vector_unit #(
    .Slots (Slots),
    .Lanes (Lanes),
    .Groups(Groups)
  ) u_vector_unit (
    .clk_i,
    .rst_ni,
    .raw_i         (1'b0),
    .sigmoid_i     (1'b0),
    .low_i         (-32'sd32768),
    .high_i        (32'sd32767),
    .valid_i       (vector_valid),
    .last_i        (vector_last),
    .slot_i        (vector_slot),
    .group_i       (vector_group[UnitGroupBits-1:0]),
    .done_o        (vector_write_last),
    .accumulators_i(accumulators),
    .partials_i    ('0),
    .write_o       (vector_write),
    .write_slot_o  (vector_write_slot),
    .write_group_o (vector_write_group),
    .write_data_o  (vector_write_data)
  );

  normaliser #(
    .Slots    (Slots),
    .Lanes    (Lanes),
    .Elements (Elements),
    .Vectors  (Vectors),
    .GroupBits(GroupBits)
  ) u_normaliser (
    .clk_i,
    .rst_ni,
    .enable_i        (in_i[0][0]),
    .last_vector_i   (in_i[1][15:0]),
    .length_i        (in_i[2][10:0]),
    .last_block_i    (in_i[3][10:0]),
    .element_stride_i(in_i[4][15:0]),
    .vector_stride_i (in_i[5][15:0]),
    .epsilon_i       ({in_i[7], in_i[6]}),
    .low_i           (in_i[8]),
    .high_i          (in_i[9]),
    .write_i         (vector_write),
    .last_i          (vector_write_last),
    .slot_i          (vector_write_slot),
    .group_i         (GroupBits'(vector_write_group)),
    .data_i          (vector_write_data),
    .write_o         (write),
    .done_o          (done),
    .slot_o          (write_slot),
    .group_o         (write_group),
    .data_o          (write_data)
  );
  rsqrt u_rsqrt (
    .clk_i,
    .rst_ni,
    .valid_i   (in_i[30][0]),
    .q_i       ({in_i[32], in_i[31]}),
    .valid_o   (root_valid),
    .mantissa_o(mantissa),
    .shift_o   (shift)
  );
  assign out_o[0] = 32'(vector_valid);
  assign out_o[1] = 32'(vector_group);
  assign out_o[2] = 32'(write);
  assign out_o[3] = 32'(done);
  assign out_o[4] = 32'(write_slot);
  assign out_o[5] = 32'(write_group);
  assign out_o[6] = output_valid ? 32'd1 + 32'(output_slot) : 32'd0;
  assign out_o[23] = 32'(root_valid);
  assign out_o[24] = 32'(mantissa);
  assign out_o[25] = 32'(shift);

  string stem;
  initial begin
    if ($value$plusargs("images=%s", stem) == 0) stem = ".";
    stem = $sformatf("%s/m%0d_", stem, Number);
    $readmemh({stem, "vector.hex"}, u_vector_unit.u_constants.mem);
    $readmemh({stem, "norm.hex"}, u_normaliser.u_constants.mem);
  end
endmodule

module normaliser_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][33],
  output logic [31:0] out_o[Members][26]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    normaliser_zoo_member #(
      .Number   (m),
      .Slots    (SlotsOf[m]),
      .Lanes    (LanesOf[m]),
      .Elements (ElementsOf[m]),
      .Vectors  (VectorsOf[m]),
      .GroupBits(GroupBitsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
