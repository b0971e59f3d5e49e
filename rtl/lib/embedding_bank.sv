// SPDX-License-Identifier: Apache-2.0
// A bank of an embedding tile: rows of a table in a ReRAM array. A row is read (t_read), held, and
// converted (m * t_conv): issued in cycle c its data are visible in c + t_read + m * t_conv, and
// the bank takes another row II = max of both after it took one.
module embedding_bank #(
  parameter int unsigned Rows = 4,      // rows stored
  parameter int unsigned RowBits = 32,  // bits of a row
  parameter int unsigned IndexBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [23:0]          read_cycles_i,  // t_read
  input  logic [23:0]          scan_cycles_i,  // m * t_conv
  input  logic [23:0]          interval_i,     // II
  output logic                 ready_o,        // a row can be issued
  input  logic                 issue_i,
  input  logic [IndexBits-1:0] row_i,
  output logic                 valid_o,        // data_o is a row, for this cycle
  output logic [RowBits-1:0]   data_o
);
  logic [23:0] wait_q, read_left, read_left_q, scan_left_q;
  logic reading_q, scanning_q, reading, handover, scanned, valid_q;
  logic [IndexBits-1:0] row, row_q;
  logic [RowBits-1:0] stored, held_q, data_q;

  assign ready_o   = wait_q == '0;
  assign reading   = reading_q || issue_i;
  assign read_left = reading_q ? read_left_q : read_cycles_i;
  assign row       = reading_q ? row_q : row_i;
  assign handover  = reading && read_left == 24'd1;
  assign scanned   = scanning_q && scan_left_q == 24'd1;

  rom #(
    .Width(RowBits),
    .Depth(Rows)
  ) u_array (
    .address_i(row),
    .data_o   (stored)
  );

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
    if (reading) begin
      row_q       <= row;
      read_left_q <= read_left - 1'b1;
    end
    if (handover) begin
      held_q      <= stored;
      scan_left_q <= scan_cycles_i;
    end else if (scanning_q) begin
      scan_left_q <= scan_left_q - 1'b1;
    end
    if (scanned) data_q <= held_q;
  end

  assign valid_o = valid_q;
  assign data_o  = data_q;
endmodule
