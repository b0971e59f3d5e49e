// SPDX-License-Identifier: Apache-2.0
// The embedding engine, the dot product engine and the vector unit, each with its buffers, for
// blocks_test. Flits of 64 bits.
module engine_zoo (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [31:0]  read_cycles_i,
  input  logic [31:0]  scan_cycles_i,
  input  logic [31:0]  interval_i,
  input  logic [31:0]  bank_rows_i,
  input  logic [31:0]  width_i,
  input  logic [31:0]  bits_log2_i,
  input  logic         signed_i,
  input  logic [31:0]  last_group_i,
  input  logic [1:0]   write_i,      // 0 embedding, 1 dot: in this order everywhere
  input  logic [1:0]   slot_i,
  input  logic [31:0]  base_i,
  input  logic [31:0]  elements_i,
  input  logic [63:0]  data_i,
  input  logic [1:0]   start_i,
  output logic [1:0]   idle_o,
  output logic [1:0]   last_o,
  output logic [1:0]   done_o,
  input  logic [1:0]   read_i,
  input  logic [31:0]  group_i,
  output logic [255:0] embedding_o,  // the 8 sums of a table
  output logic [191:0] dot_o,        // the 6 sums of a pair group
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
  logic add, dot_add, read;
  logic [1:0] add_slot, dot_slot, read_slot;
  logic [2:0] add_row;
  logic [3:0] dot_row;
  logic [255:0] addends;
  logic [191:0] dot_addends;
  embedding_engine #(
    .FlitBits  (64),
    .Slots     (3),
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
    .write_i      (write_i[0]),
    .write_slot_i (slot_i),
    .write_base_i (base_i[23:0]),
    .write_data_i (data_i),
    .idle_o       (idle_o[0]),
    .start_i      (start_i[0]),
    .slot_i,
    .last_o       (last_o[0]),
    .done_o       (done_o[0]),
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
    .start_i     (start_i[0]),
    .start_slot_i(slot_i),
    .add_i       (add),
    .add_slot_i  (add_slot),
    .add_row_i   (add_row),
    .addend_i    (addends),
    .read_i      (read_i[0]),
    .read_slot_i (slot_i),
    .read_group_i(group_i[2:0]),
    .read_data_o (embedding_o)
  );

  // Dot products: 3 slots, 6 lanes, up to 10 pair groups, operands of up to 16 bits.
  logic [2*6*11-1:0] read_index;
  logic [2*6*17-1:0] read_data;
  element_buffer #(
    .FlitBits   (64),
    .Slots      (3),
    .Bits       (2048),
    .Reads      (12),
    .OperandBits(16)
  ) u_elements (
    .clk_i,
    .bits_log2_i     (bits_log2_i[2:0]),
    .signed_i,
    .write_i         (write_i[1]),
    .write_slot_i    (slot_i),
    .write_base_i    (base_i[23:0]),
    .write_elements_i(elements_i[23:0]),
    .write_data_i    (data_i),
    .read_i          (read),
    .read_slot_i     (read_slot),
    .read_index_i    (read_index),
    .read_data_o     (read_data)
  );
  dot_engine #(
    .Slots      (3),
    .Lanes      (6),
    .PairGroups (10),
    .OperandBits(16),
    .IndexBits  (11)
  ) u_dot (
    .clk_i,
    .rst_ni,
    .last_group_i(last_group_i[3:0]),
    .width_i     (width_i[15:0]),
    .idle_o      (idle_o[1]),
    .start_i     (start_i[1]),
    .slot_i,
    .last_o      (last_o[1]),
    .done_o      (done_o[1]),
    .read_o      (read),
    .read_slot_o (read_slot),
    .read_index_o(read_index),
    .read_data_i (read_data),
    .add_o       (dot_add),
    .add_slot_o  (dot_slot),
    .add_row_o   (dot_row),
    .addends_o   (dot_addends)
  );
  accumulator_bank #(
    .Slots  (3),
    .Rows   (10),
    .Columns(6),
    .Lanes  (6),
    .Groups (10)
  ) u_dot_sums (
    .clk_i,
    .rst_ni,
    .start_i     (start_i[1]),
    .start_slot_i(slot_i),
    .add_i       (dot_add),
    .add_slot_i  (dot_slot),
    .add_row_i   (dot_row),
    .addend_i    (dot_addends),
    .read_i      (read_i[1]),
    .read_slot_i (slot_i),
    .read_group_i(group_i[3:0]),
    .read_data_o (dot_o)
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
    $readmemh({folder, "/dot_map.hex"}, u_dot_sums.u_map.mem);
    $readmemh({folder, "/pairs.hex"}, u_dot.u_pairs.mem);
    $readmemh({folder, "/vector.hex"}, u_vector_unit.u_constants.mem);
  end
endmodule
