// SPDX-License-Identifier: Apache-2.0
// Behavioural macro: an array of Rows x Columns cells of CellBits. The one file that the macro of a
// foundry replaces (with sample_and_hold.sv). Column sums are exact integers in cell times level.
module crossbar #(
  parameter int unsigned Rows = 32,
  parameter int unsigned Columns = 32,
  parameter int unsigned CellBits = 2,
  parameter int unsigned DacBits = 1,
  parameter int unsigned Adcs = 1,  // ADC groups: of Columns / Adcs neighbouring columns each
  parameter int unsigned ColumnBits = (Columns / Adcs > 1) ? $clog2(Columns / Adcs) : 1,
  parameter int unsigned SumBits = $clog2(Rows * (2 ** CellBits - 1) * (2 ** DacBits - 1) + 1)
) (
  input  logic [DacBits*Rows-1:0] held_i,     // wordline levels of the sums held
  input  logic                    convert_i,  // sums_o is being converted
  input  logic [ColumnBits-1:0]   column_i,   // of every ADC group
  output logic [Adcs*SumBits-1:0] sums_o      // 0 where convert_i is not set
);
  /* verilator inline_module */  // a boundary here would keep tiles from sharing code
  localparam int unsigned GroupColumns = Columns / Adcs;
  localparam int unsigned WordBits = $clog2(Columns * CellBits);

  // Bit b of the cells of column c, row r at bit r of cells[c * CellBits + b]. Written by nobody
  // here: the chip loads it.
  /* verilator lint_off UNDRIVEN */
  logic [Rows-1:0] cells [Columns*CellBits];
  /* verilator lint_on UNDRIVEN */

  logic [Rows-1:0] plane;
  logic [SumBits-1:0] sum;
  always_comb begin
    sums_o = '0;
    plane = '0;
    sum = '0;
    if (convert_i) begin
      for (int a = 0; a < Adcs; a++) begin
        sum = '0;
        for (int b = 0; b < CellBits; b++) begin
          plane = cells[WordBits'((a * GroupColumns + 32'(column_i)) * CellBits + b)];
          for (int d = 0; d < DacBits; d++) begin
            sum = sum + (SumBits'($countones(plane & held_i[d*Rows +: Rows])) << (b + d));
          end
        end
        sums_o[a*SumBits +: SumBits] = sum;
      end
    end
  end
endmodule
