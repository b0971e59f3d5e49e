// SPDX-License-Identifier: Apache-2.0
// Routers of several depths side by side, all at (2, 2), for blocks_test. Flits are padded to 64 bits.
module router_zoo (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [14:0]  in_valid_i,   // router r, input i at 5 * r + i
  input  logic [959:0] in_flit_i,
  output logic [14:0]  in_credit_o,
  output logic [14:0]  out_valid_o,
  output logic [959:0] out_flit_o,
  input  logic [14:0]  out_credit_i
);
  for (genvar r = 0; r < 3; r++) begin : gen_router
    localparam int unsigned Depth = (r == 0) ? 1 : (r == 1) ? 2 : 5;
    logic [33:0] in[5], out[5];
    for (genvar i = 0; i < 5; i++) begin : gen_port
      assign in[i] = in_flit_i[(5*r + i)*64 +: 34];
      assign out_flit_o[(5*r + i)*64 +: 64] = 64'(out[i]);
    end
    router #(
      .FlitBits   (32),
      .BufferFlits(Depth)
    ) u_router (
      .clk_i,
      .rst_ni,
      .x_i         (8'd2),
      .y_i         (8'd2),
      .in_valid_i  (in_valid_i[5*r +: 5]),
      .east_flit_i (in[0]),
      .west_flit_i (in[1]),
      .north_flit_i(in[2]),
      .south_flit_i(in[3]),
      .local_flit_i(in[4]),
      .in_credit_o (in_credit_o[5*r +: 5]),
      .out_valid_o (out_valid_o[5*r +: 5]),
      .east_flit_o (out[0]),
      .west_flit_o (out[1]),
      .north_flit_o(out[2]),
      .south_flit_o(out[3]),
      .local_flit_o(out[4]),
      .out_credit_i(out_credit_i[5*r +: 4])
    );
  end
endmodule
