// SPDX-License-Identifier: Apache-2.0
// Host ports of several dimensions side by side, for blocks_test. The members are listed in
// CMakeLists.txt, their words in host_block_test.cpp.
`include "host_members.svh"

module host_zoo_member #(
  parameter int unsigned Number = 0,
  parameter int unsigned FlitBits = 32,
  parameter int unsigned BufferFlits = 4,
  parameter int unsigned Slots = 2,
  parameter int unsigned Ports = 1,
  parameter int unsigned Sends = 2,
  parameter int unsigned Beats = 1,
  parameter int unsigned InputSlots = 2,
  parameter int unsigned Turns = 1,
  parameter int unsigned Steps = 2
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [14],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[13]
);
  logic req_ready, rsp_valid, rsp_last, injected_valid;
  /* verilator lint_off UNUSED */  // beyond the flits of this member
  logic [127:0] req_data, ejected;
  /* verilator lint_on UNUSED */
  logic [FlitBits-1:0] rsp_data;
  logic [FlitBits+1:0] injected;
  assign req_data = {in_i[5], in_i[4], in_i[3], in_i[2]};
  assign ejected  = {in_i[12], in_i[11], in_i[10], in_i[9]};
  host_port #(
    .FlitBits   (FlitBits),
    .BufferFlits(BufferFlits),
    .Slots      (Slots),
    .Ports      (Ports),
    .Sends      (Sends),
    .Beats      (Beats),
    .InputSlots (InputSlots),
    .Turns      (Turns),
    .Steps      (Steps)
  ) u_host (
    .clk_i,
    .rst_ni,
    .req_valid_i     (in_i[0][0]),
    .req_last_i      (in_i[1][0]),
    .req_data_i      (req_data[FlitBits-1:0]),
    .req_ready_o     (req_ready),
    .rsp_valid_o     (rsp_valid),
    .rsp_last_o      (rsp_last),
    .rsp_data_o      (rsp_data),
    .rsp_ready_i     (in_i[6][0]),
    .ejected_valid_i (in_i[7][0]),
    .ejected_flit_i  ({in_i[8][1:0], ejected[FlitBits-1:0]}),
    .injected_valid_o(injected_valid),
    .injected_flit_o (injected),
    .link_credit_i   (in_i[13][0])
  );
  assign out_o[0] = 32'(req_ready);
  assign out_o[1] = 32'(rsp_valid);
  assign out_o[2] = 32'(rsp_last);
  assign {out_o[6], out_o[5], out_o[4], out_o[3]} = 128'(rsp_data);
  assign out_o[7] = 32'(injected_valid);
  assign out_o[8] = 32'(injected[FlitBits+1:FlitBits]);
  assign {out_o[12], out_o[11], out_o[10], out_o[9]} = 128'(injected[FlitBits-1:0]);

  string stem;
  initial begin
    if ($value$plusargs("images=%s", stem) == 0) stem = ".";
    stem = $sformatf("%s/m%0d_", stem, Number);
    $readmemh({stem, "config.hex"}, u_host.u_config.mem);
    $readmemh({stem, "turns.hex"}, u_host.u_turns.mem);
    $readmemh({stem, "ports.hex"}, u_host.u_network_interface.u_ports.mem);
    $readmemh({stem, "credits.hex"}, u_host.u_network_interface.u_credits.mem);
    $readmemh({stem, "sends.hex"}, u_host.u_network_interface.u_sends.mem);
  end
endmodule

module host_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][14],
  output logic [31:0] out_o[Members][13]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    host_zoo_member #(
      .Number     (m),
      .FlitBits   (FlitBitsOf[m]),
      .BufferFlits(BufferFlitsOf[m]),
      .Slots      (SlotsOf[m]),
      .Ports      (PortsOf[m]),
      .Sends      (SendsOf[m]),
      .Beats      (BeatsOf[m]),
      .InputSlots (InputSlotsOf[m]),
      .Turns      (TurnsOf[m]),
      .Steps      (StepsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
