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

  logic [Ports-1:0] front_valid, pop;
  logic [WireBits-1:0] in_flit[Ports];
  logic [WireBits-1:0] front[Ports];
  // requests[o * Ports + i]: input i has a head at its front that goes to output o.
  logic [Ports*Ports-1:0] requests;

  assign in_flit[East]  = east_flit_i;
  assign in_flit[West]  = west_flit_i;
  assign in_flit[North] = north_flit_i;
  assign in_flit[South] = south_flit_i;
  assign in_flit[Local] = local_flit_i;

  for (genvar i = 0; i < Ports; i++) begin : gen_input
    logic [7:0] dst_x, dst_y;
    logic head;
    logic [Ports-1:0] route;
    flit_fifo #(
      .Width(WireBits),
      .Depth(BufferFlits)
    ) u_fifo (
      .clk_i,
      .rst_ni,
      .push_i (in_valid_i[i]),
      .flit_i (in_flit[i]),
      .pop_i  (pop[i]),
      .valid_o(front_valid[i]),
      .front_o(front[i])
    );
    assign dst_x = front[i][HeadDstXLsb +: HeadDstXBits];
    assign dst_y = front[i][HeadDstYLsb +: HeadDstYBits];
    assign head  = front[i][WireBits-1];
    always_comb begin
      route = '0;
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
    for (genvar o = 0; o < Ports; o++) begin : gen_request
      assign requests[o*Ports + i] = front_valid[i] && head && route[o];
    end
  end

  logic [Ports-1:0] busy_q;              // the output belongs to a packet
  logic [Ports*3-1:0] owner_d, owner_q;  // whose it is, by output
  logic [Ports-1:0] has_credit, granted, leaves;
  logic [Ports-1:0] valid_q, credit_q;
  logic [WireBits-1:0] flit_q[Ports];

  for (genvar o = 0; o < Ports; o++) begin : gen_output
    logic [2:0] pointer_q, owner;
    logic [Ports-1:0] request;
    logic tail;
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
    assign tail = front[owner][WireBits-2];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        busy_q[o] <= 1'b0;
        pointer_q <= '0;
      end else begin
        if (granted[o]) pointer_q <= (owner == 3'(Ports - 1)) ? '0 : owner + 1'b1;
        if (leaves[o] && tail) busy_q[o] <= 1'b0;
        else if (granted[o]) busy_q[o] <= 1'b1;
      end
    end

    always_ff @(posedge clk_i) begin
      if (granted[o]) owner_q[o*3 +: 3] <= owner;
      if (leaves[o]) flit_q[o] <= front[owner];
    end

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
  assign east_flit_o  = flit_q[East];
  assign west_flit_o  = flit_q[West];
  assign north_flit_o = flit_q[North];
  assign south_flit_o = flit_q[South];
  assign local_flit_o = flit_q[Local];
endmodule
