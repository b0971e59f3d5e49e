// SPDX-License-Identifier: Apache-2.0
// The FIFO of a router input: Depth flits, what is written in a cycle is visible in the next.
// The sender's credits keep it from overflowing.
module flit_fifo #(
  parameter int unsigned Width = 34,  // bits of a flit with its head and tail marks
  parameter int unsigned Depth = 4    // flits
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             push_i,
  input  logic [Width-1:0] flit_i,
  input  logic             pop_i,    // only while valid_o
  output logic             valid_o,  // front_o is a flit
  output logic [Width-1:0] front_o
);
  localparam int unsigned IndexBits = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int unsigned CountBits = $clog2(Depth + 1);

  logic [Width-1:0] mem_q [Depth];
  logic [IndexBits-1:0] read_q, write_q;
  logic [CountBits-1:0] count_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q  <= '0;
      write_q <= '0;
      count_q <= '0;
    end else if (push_i || pop_i) begin
      if (push_i) write_q <= (write_q == IndexBits'(Depth - 1)) ? '0 : write_q + 1'b1;
      if (pop_i) read_q <= (read_q == IndexBits'(Depth - 1)) ? '0 : read_q + 1'b1;
      count_q <= count_q + CountBits'(push_i) - CountBits'(pop_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (push_i) mem_q[write_q] <= flit_i;
  end

  assign valid_o = count_q != '0;
  assign front_o = mem_q[read_q];
endmodule
