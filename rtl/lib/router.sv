// SPDX-License-Identifier: Apache-2.0
// A router of the mesh: five inputs with FIFOs, XY routing, wormhole, credits, round robin.
// Timing: sim/README.md, "Router". A flit that leaves in cycle t is on the output wire in t + 1 and
// in the FIFO of the next router in t + 2; a credit takes the same two cycles back.
// Order of ports: east 0, west 1, north 2, south 3, local 4. East is x + 1, south is y + 1.
module router #(
  parameter int unsigned FlitBits = 32,    // payload bits of a flit
  parameter int unsigned BufferFlits = 4,  // flits an input FIFO holds, here and in the neighbours
  parameter int unsigned WireBits = FlitBits + 2  // {head, tail, payload}
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [7:0]          x_i /* verilator public_flat_rd */,             // where this router is: constants
  input  logic [7:0]          y_i /* verilator public_flat_rd */,
  // What comes in, and a credit for each flit that left its input FIFO.
  input  logic [4:0]          in_valid_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] east_flit_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] west_flit_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] north_flit_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] south_flit_i /* verilator public_flat_rd */,
  input  logic [WireBits-1:0] local_flit_i /* verilator public_flat_rd */,
  output logic [4:0]          in_credit_o,
  // What goes out; the local output needs no credits.
  output logic [4:0]          out_valid_o,
  output logic [WireBits-1:0] east_flit_o,
  output logic [WireBits-1:0] west_flit_o,
  output logic [WireBits-1:0] north_flit_o,
  output logic [WireBits-1:0] south_flit_o,
  output logic [WireBits-1:0] local_flit_o,
  input  logic [3:0]          out_credit_i /* verilator public_flat_rd */
);
  /* verilator no_inline_module */
`include "recpim_layout.svh"
  localparam int unsigned Ports = 5;
  localparam int unsigned East = 0, West = 1, North = 2, South = 3, Local = 4;
  localparam int unsigned CreditBits = $clog2(BufferFlits + 1);
  localparam int unsigned IndexBits = (BufferFlits > 1) ? $clog2(BufferFlits) : 1;
  localparam int unsigned WordBits = $clog2(Ports * BufferFlits);

  // --- The FIFOs of the inputs: what is written in a cycle is visible in the next. The senders'
  // credits keep them from overflowing. Wide words are touched only where a flit moves.
  logic [WireBits-1:0] fifo_q [Ports*BufferFlits];
  logic [Ports-1:0] front_valid, front_tail, pop;
  logic [Ports*WordBits-1:0] front_word, back_word;  // where each input's next flits are, and go
  // requests[o * Ports + i]: input i has a head at its front that goes to output o.
  logic [Ports*Ports-1:0] requests;

  for (genvar i = 0; i < Ports; i++) begin : gen_input
    logic [IndexBits-1:0] read_q, write_q;
    logic [CreditBits-1:0] count_q;
    logic [WordBits-1:0] word;
    logic [7:0] dst_x, dst_y;
    logic [Ports-1:0] route;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        read_q  <= '0;
        write_q <= '0;
        count_q <= '0;
      end else if (in_valid_i[i] || pop[i]) begin
        if (in_valid_i[i]) begin
          write_q <= (write_q == IndexBits'(BufferFlits - 1)) ? '0 : write_q + 1'b1;
        end
        if (pop[i]) read_q <= (read_q == IndexBits'(BufferFlits - 1)) ? '0 : read_q + 1'b1;
        count_q <= count_q + CreditBits'(in_valid_i[i]) - CreditBits'(pop[i]);
      end
    end
    assign back_word[i*WordBits +: WordBits] = WordBits'(i * BufferFlits + 32'(write_q));
    assign front_valid[i] = count_q != '0;
    assign word = WordBits'(i * BufferFlits + 32'(read_q));
    assign front_word[i*WordBits +: WordBits] = word;
    always_comb begin
      front_tail[i] = 1'b0;
      dst_x = '0;
      dst_y = '0;
      route = '0;
      if (front_valid[i]) begin
        front_tail[i] = fifo_q[word][WireBits-2];
        if (fifo_q[word][WireBits-1]) begin
          dst_x = fifo_q[word][HeadDstXLsb +: HeadDstXBits];
          dst_y = fifo_q[word][HeadDstYLsb +: HeadDstYBits];
          if (dst_x != x_i) begin
            if (dst_x > x_i) route[East] = 1'b1;
            else route[West] = 1'b1;
          end else if (dst_y != y_i) begin
            if (dst_y > y_i) route[South] = 1'b1;
            else route[North] = 1'b1;
          end else begin
            route[Local] = 1'b1;
          end
        end
      end
    end
    for (genvar o = 0; o < Ports; o++) begin : gen_request
      assign requests[o*Ports + i] = route[o];
    end
  end

  always_ff @(posedge clk_i) begin
    if (in_valid_i[East]) fifo_q[back_word[East*WordBits +: WordBits]] <= east_flit_i;
    if (in_valid_i[West]) fifo_q[back_word[West*WordBits +: WordBits]] <= west_flit_i;
    if (in_valid_i[North]) fifo_q[back_word[North*WordBits +: WordBits]] <= north_flit_i;
    if (in_valid_i[South]) fifo_q[back_word[South*WordBits +: WordBits]] <= south_flit_i;
    if (in_valid_i[Local]) fifo_q[back_word[Local*WordBits +: WordBits]] <= local_flit_i;
  end

  // --- The outputs.
  logic [Ports-1:0] busy_q;              // the output belongs to a packet
  logic [Ports*3-1:0] owner_d, owner_q;  // whose it is, by output
  logic [Ports-1:0] has_credit, granted, leaves;
  logic [Ports-1:0] valid_q, credit_q;

  for (genvar o = 0; o < Ports; o++) begin : gen_output
    logic [2:0] pointer_q, owner;
    logic [Ports-1:0] request;
    logic [WireBits-1:0] flit_q;
    assign request = requests[o*Ports +: Ports];

    always_comb begin
      owner = owner_q[o*3 +: 3];
      granted[o] = 1'b0;
      if (!busy_q[o] && request != '0) begin
        granted[o] = 1'b1;
        // The last assignment wins: the first requesting input from the pointer on.
        for (int k = Ports - 1; k >= 0; k--) begin
          if (request[(32'(pointer_q) + k >= Ports) ? 3'(32'(pointer_q) + k - Ports)
                                                    : 3'(32'(pointer_q) + k)]) begin
            owner = (32'(pointer_q) + k >= Ports) ? 3'(32'(pointer_q) + k - Ports)
                                                  : 3'(32'(pointer_q) + k);
          end
        end
      end
    end
    assign owner_d[o*3 +: 3] = owner;
    assign leaves[o] = (busy_q[o] || granted[o]) && front_valid[owner] && has_credit[o];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        busy_q[o] <= 1'b0;
        pointer_q <= '0;
      end else begin
        if (granted[o]) pointer_q <= (owner == 3'(Ports - 1)) ? '0 : owner + 1'b1;
        if (leaves[o] && front_tail[owner]) busy_q[o] <= 1'b0;
        else if (granted[o]) busy_q[o] <= 1'b1;
      end
    end

    always_ff @(posedge clk_i) begin
      if (granted[o]) owner_q[o*3 +: 3] <= owner;
      if (leaves[o]) flit_q <= fifo_q[front_word[32'(owner)*WordBits +: WordBits]];
    end
    case (o)
      East: assign east_flit_o = flit_q;
      West: assign west_flit_o = flit_q;
      North: assign north_flit_o = flit_q;
      South: assign south_flit_o = flit_q;
      default: assign local_flit_o = flit_q;
    endcase

    if (o == Local) begin : gen_local
      assign has_credit[o] = 1'b1;
    end else begin : gen_link
      logic [CreditBits-1:0] credits_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          credits_q <= CreditBits'(BufferFlits);
        end else begin
          credits_q <= credits_q - CreditBits'(leaves[o]) + CreditBits'(out_credit_i[o]);
        end
      end
      assign has_credit[o] = credits_q != '0;
    end
  end

  for (genvar i = 0; i < Ports; i++) begin : gen_pop
    logic [Ports-1:0] mine;
    for (genvar o = 0; o < Ports; o++) begin : gen_mine
      assign mine[o] = leaves[o] && owner_d[o*3 +: 3] == 3'(i);
    end
    assign pop[i] = mine != '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q  <= '0;
      credit_q <= '0;
    end else begin
      valid_q  <= leaves;
      credit_q <= pop;
    end
  end

  assign out_valid_o  = valid_q;
  assign in_credit_o  = credit_q;
endmodule
