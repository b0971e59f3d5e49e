// SPDX-License-Identifier: Apache-2.0
// A bank of an embedding tile: rows of a table in ReRAM arrays. A group of rows of one array, one
// row without pooling in the array, is read together (t_read): what their cells add up to is held
// and converted (m * t_conv). Issued in cycle c the sum is visible in c + t_read + m * t_conv, and
// the bank takes another group II = max of both after it took one. Here the rows are read one by
// one as the dispatcher takes them, and their elements added: the converter holds every sum of a
// group (sim/README.md, "Numbers"), so both give the same.
module embedding_bank #(
  parameter int unsigned Rows = 4,       // rows stored
  parameter int unsigned Width = 4,      // elements of a row
  parameter int unsigned WeightBits = 8,
  parameter int unsigned GroupRows = 1,  // most rows of a group
  parameter int unsigned IndexBits = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int unsigned SumBits = WeightBits + $clog2(GroupRows)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [23:0]               read_cycles_i,  // t_read
  input  logic [23:0]               scan_cycles_i,  // m * t_conv
  input  logic [23:0]               interval_i,     // II
  output logic                      ready_o,        // a group can be issued
  input  logic                      take_i,         // row_i belongs to the group, others follow
  input  logic                      issue_i,        // row_i is the last one of its group
  input  logic [IndexBits-1:0]      row_i,
  output logic                      valid_o,        // data_o is a sum, for this cycle
  output logic [Width*SumBits-1:0]  data_o
);
  logic [23:0] wait_q, read_left, read_left_q, scan_left_q;
  logic reading_q, scanning_q, reading, handover, scanned, valid_q;
  logic [Width*WeightBits-1:0] stored;
  logic [Width*SumBits-1:0] sum, sum_q, held_q, data_q;

  assign ready_o   = wait_q == '0;
  assign reading   = reading_q || issue_i;
  assign read_left = reading_q ? read_left_q : read_cycles_i;
  assign handover  = reading && read_left == 24'd1;
  assign scanned   = scanning_q && scan_left_q == 24'd1;

  rom #(
    .Width(Width * WeightBits),
    .Depth(Rows)
  ) u_array (
    .address_i(row_i),
    .data_o   (stored)
  );

  if (GroupRows > 1) begin : gen_gather
    // The group that is being gathered.
    logic [Width*SumBits-1:0] gathered_q;
    logic gathering_q;
    always_comb begin
      sum = '0;
      for (int i = 0; i < Width; i++) begin
        sum[i*SumBits +: SumBits] = SumBits'($signed(stored[i*WeightBits +: WeightBits]));
        if (gathering_q) begin
          sum[i*SumBits +: SumBits] = sum[i*SumBits +: SumBits] + gathered_q[i*SumBits +: SumBits];
        end
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) gathering_q <= 1'b0;
      else if (take_i) gathering_q <= 1'b1;
      else if (issue_i) gathering_q <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (take_i) gathered_q <= sum;
    end
  end else begin : gen_row
    logic unused;
    assign unused = take_i;
    assign sum = stored;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q     <= '0;
      reading_q  <= 1'b0;
      scanning_q <= 1'b0;
      valid_q    <= 1'b0;
    end else begin
      if (issue_i) wait_q <= interval_i - 1'b1;
      else if (wait_q != '0) wait_q <= wait_q - 1'b1;
      reading_q  <= reading && !handover;
      scanning_q <= handover || (scanning_q && !scanned);
      valid_q    <= scanned;
    end
  end
  always_ff @(posedge clk_i) begin
    if (issue_i) sum_q <= sum;
    if (reading) read_left_q <= read_left - 1'b1;
    if (handover) begin
      held_q      <= issue_i ? sum : sum_q;
      scan_left_q <= scan_cycles_i;
    end else if (scanning_q) begin
      scan_left_q <= scan_left_q - 1'b1;
    end
    if (scanned) data_q <= held_q;
  end

  assign valid_o = valid_q;
  assign data_o  = data_q;
endmodule
