// SPDX-License-Identifier: Apache-2.0
// The embedding engine with its buffers and the vector unit, for blocks_test. Flits of 64 bits.
module engine_zoo (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [31:0]  read_cycles_i,
  input  logic [31:0]  scan_cycles_i,
  input  logic [31:0]  interval_i,
  input  logic [31:0]  bank_rows_i,
  input  logic         write_i,
  input  logic [1:0]   slot_i,
  input  logic [31:0]  base_i,
  input  logic [63:0]  data_i,
  input  logic         start_i,
  output logic         idle_o,
  output logic         last_o,
  output logic         done_o,
  input  logic         read_i,
  input  logic [31:0]  group_i,
  output logic [255:0] embedding_o,  // the 8 sums of a table
  // Vector unit.
  input  logic         raw_i,
  input  logic         sigmoid_i,
  input  logic [31:0]  low_i,
  input  logic [31:0]  high_i,
  input  logic         vector_valid_i,
  input  logic         vector_last_i,
  input  logic [127:0] accumulators_i,
  input  logic [127:0] partials_i,
  output logic         vector_done_o,
  output logic         vector_write_o,
  output logic [7:0]   vector_group_o,
  output logic [1:0]   vector_slot_o,
  output logic [127:0] vector_data_o
);
  // Embedding: 3 slots, 3 banks, rows of 8 elements of 4 bits, 5 tables.
  logic add;
  logic [1:0] add_slot;
  logic [2:0] add_row;
  logic [255:0] addends;
  embedding_engine #(
    .FlitBits  (64),
    .Slots     (3),
    .InputSlots(3),
    .Flits     (8),
    .Banks     (3),
    .BankDepth (16),
    .Width     (8),
    .WeightBits(4),
    .Tables    (5)
  ) u_embedding (
    .clk_i,
    .rst_ni,
    .read_cycles_i(read_cycles_i[23:0]),
    .scan_cycles_i(scan_cycles_i[23:0]),
    .interval_i   (interval_i[23:0]),
    .bank_rows_i  (bank_rows_i[24:0]),
    .write_i      (write_i),
    .write_slot_i (slot_i),
    .write_base_i (base_i[23:0]),
    .write_data_i (data_i),
    .idle_o       (idle_o),
    .start_i      (start_i),
    .slot_i,
    .input_slot_i (slot_i),
    .last_o       (last_o),
    .done_o       (done_o),
    .add_o        (add),
    .add_slot_o   (add_slot),
    .add_row_o    (add_row),
    .addends_o    (addends)
  );
  accumulator_bank #(
    .Slots  (3),
    .Rows   (5),
    .Columns(8),
    .Lanes  (8),
    .Groups (5)
  ) u_embedding_sums (
    .clk_i,
    .rst_ni,
    .start_i     (start_i),
    .start_slot_i(slot_i),
    .add_i       (add),
    .add_slot_i  (add_slot),
    .add_row_i   (add_row),
    .addend_i    (addends),
    .read_i      (read_i),
    .read_slot_i (slot_i),
    .read_group_i(group_i[2:0]),
    .read_data_o (embedding_o)
  );

  vector_unit #(
    .Slots (4),
    .Lanes (4),
    .Groups(256)
  ) u_vector_unit (
    .clk_i,
    .rst_ni,
    .raw_i,
    .sigmoid_i,
    .low_i,
    .high_i,
    .valid_i       (vector_valid_i),
    .last_i        (vector_last_i),
    .slot_i,
    .group_i       (group_i[7:0]),
    .done_o        (vector_done_o),
    .accumulators_i,
    .partials_i,
    .write_o       (vector_write_o),
    .write_slot_o  (vector_slot_o),
    .write_group_o (vector_group_o),
    .write_data_o  (vector_data_o)
  );

  string folder;
  initial begin
    if ($value$plusargs("images=%s", folder) == 0) folder = ".";
    $readmemh({folder, "/bank_0.hex"}, u_embedding.gen_bank[0].u_bank.u_array.mem);
    $readmemh({folder, "/bank_1.hex"}, u_embedding.gen_bank[1].u_bank.u_array.mem);
    $readmemh({folder, "/bank_2.hex"}, u_embedding.gen_bank[2].u_bank.u_array.mem);
    $readmemh({folder, "/embedding_map.hex"}, u_embedding_sums.u_map.mem);
    $readmemh({folder, "/vector.hex"}, u_vector_unit.u_constants.mem);
  end
endmodule
