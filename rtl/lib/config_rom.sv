// SPDX-License-Identifier: Apache-2.0
// The scalar settings of a tile, ConfigWords words of 32 bits (recpim_layout.svh names them), all
// readable at once. Loaded like rom.sv; synthesis treats it as a macro.
module config_rom #(
  parameter int unsigned Words = 2
) (
  output logic [Words*32-1:0] data_o  // word i at [32*i +: 32]
);
  // Written by nobody here: the chip loads it.
  /* verilator lint_off UNDRIVEN */
  logic [31:0] mem [Words];
  /* verilator lint_on UNDRIVEN */
  for (genvar i = 0; i < Words; i++) begin : gen_word
    assign data_o[i*32 +: 32] = mem[i];
  end
endmodule
