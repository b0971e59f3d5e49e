// SPDX-License-Identifier: Apache-2.0
// Network interfaces of several dimensions side by side, for blocks_test. The members are listed in
// CMakeLists.txt, their words in interface_model.h.
`include "interface_members.svh"

module interface_zoo_member #(
  parameter int unsigned Number = 0,
  parameter int unsigned FlitBits = 32,
  parameter int unsigned BufferFlits = 4,
  parameter int unsigned Slots = 2,
  parameter int unsigned Ports = 2,
  parameter int unsigned Sends = 2,
  parameter int unsigned InputSlots = 2,
  parameter int unsigned Steps = 2
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /* verilator lint_off UNUSED */
  input  logic [31:0] in_i [16],
  /* verilator lint_on UNUSED */
  output logic [31:0] out_o[25]
);
  localparam int unsigned StepIndexBits = (Steps > 1) ? $clog2(Steps) : 1;
  localparam int unsigned SlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1;
  logic injected_valid, write_valid, write_partial, head, beat, sent;
  /* verilator lint_off UNUSED */  // beyond the flits of this member
  logic [127:0] ejected, beat_data;
  /* verilator lint_on UNUSED */
  logic [FlitBits+1:0] injected;
  logic [SlotBits-1:0] write_slot;
  logic [23:0] write_base, write_elements, send_offset;
  logic [FlitBits-1:0] write_data;
  logic [Ports-1:0] arrival;
  logic [15:0] send_flits;
  logic [9:0] send_last_bits;
  logic [2:0] write_bits_log2;
  logic write_signed, write_shift;

  assign ejected   = {in_i[6], in_i[5], in_i[4], in_i[3]};
  assign beat_data = {in_i[15], in_i[14], in_i[13], in_i[12]};
  network_interface #(
    .FlitBits   (FlitBits),
    .BufferFlits(BufferFlits),
    .Slots      (Slots),
    .Ports      (Ports),
    .Sends      (Sends),
    .InputSlots (InputSlots),
    .Steps      (Steps)
  ) u_interface (
    .clk_i,
    .rst_ni,
    .last_step_i      (in_i[0][StepIndexBits-1:0]),
    .ejected_valid_i  (in_i[1][0]),
    .ejected_flit_i   ({in_i[2][1:0], ejected[FlitBits-1:0]}),
    .injected_valid_o (injected_valid),
    .injected_flit_o  (injected),
    .link_credit_i    (in_i[7][0]),
    .write_valid_o    (write_valid),
    .write_partial_o  (write_partial),
    .write_slot_o     (write_slot),
    .write_base_o     (write_base),
    .write_elements_o (write_elements),
    .write_data_o     (write_data),
    .write_bits_log2_o(write_bits_log2),
    .write_signed_o   (write_signed),
    .write_shift_o    (write_shift),
    .arrival_o        (arrival),
    .release_i        (in_i[8][Ports-1:0]),
    .data_ready_i     (in_i[9][0]),
    .beat_valid_i     (in_i[10][0]),
    .beat_last_i      (in_i[11][0]),
    .beat_data_i      (beat_data[FlitBits-1:0]),
    .head_o           (head),
    .beat_o           (beat),
    .sent_o           (sent),
    .send_offset_o    (send_offset),
    .send_flits_o     (send_flits),
    .send_last_bits_o (send_last_bits)
  );
  assign out_o[0] = 32'(injected_valid);
  assign out_o[1] = 32'(injected[FlitBits+1:FlitBits]);
  assign {out_o[5], out_o[4], out_o[3], out_o[2]} = 128'(injected[FlitBits-1:0]);
  assign out_o[6] = 32'(write_valid);
  assign out_o[7] = 32'(write_partial);
  assign out_o[8] = 32'(write_slot);
  assign out_o[9] = 32'(write_base);
  assign out_o[10] = 32'(write_elements);
  assign {out_o[14], out_o[13], out_o[12], out_o[11]} = 128'(write_data);
  assign out_o[15] = 32'(arrival);
  assign out_o[16] = 32'(head);
  assign out_o[17] = 32'(beat);
  assign out_o[18] = 32'(sent);
  assign out_o[19] = 32'(send_offset);
  assign out_o[20] = 32'(send_flits);
  assign out_o[21] = 32'(send_last_bits);
  assign out_o[22] = 32'(write_bits_log2);
  assign out_o[23] = 32'(write_signed);
  assign out_o[24] = 32'(write_shift);

  string stem;
  initial begin
    if ($value$plusargs("images=%s", stem) == 0) stem = ".";
    stem = $sformatf("%s/m%0d_", stem, Number);
    $readmemh({stem, "ports.hex"}, u_interface.u_ports.mem);
    $readmemh({stem, "credits.hex"}, u_interface.u_credits.mem);
    $readmemh({stem, "sends.hex"}, u_interface.u_sends.mem);
  end
endmodule

module interface_zoo (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] in_i [Members][16],
  output logic [31:0] out_o[Members][25]
);
  for (genvar m = 0; m < Members; m++) begin : gen_member
    interface_zoo_member #(
      .Number     (m),
      .FlitBits   (FlitBitsOf[m]),
      .BufferFlits(BufferFlitsOf[m]),
      .Slots      (SlotsOf[m]),
      .Ports      (PortsOf[m]),
      .Sends      (SendsOf[m]),
      .InputSlots (InputSlotsOf[m]),
      .Steps      (StepsOf[m])
    ) u_member (
      .clk_i,
      .rst_ni,
      .in_i (in_i[m]),
      .out_o(out_o[m])
    );
  end
endmodule
