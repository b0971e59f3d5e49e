// SPDX-License-Identifier: Apache-2.0
// A read-only store with a combinational read: programs, routes, constants, rows of tables. What it
// holds is data, loaded by the generated chip ($readmemh into mem). Synthesis treats it as a macro.
module rom #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 2,
  parameter int unsigned AddressBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic [AddressBits-1:0] address_i,
  output logic [Width-1:0]       data_o
);
  // Written by nobody here: the chip loads it.
  /* verilator lint_off UNDRIVEN */
  logic [Width-1:0] mem [Depth];
  /* verilator lint_on UNDRIVEN */
  assign data_o = mem[address_i];
endmodule
