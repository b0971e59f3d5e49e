// SPDX-License-Identifier: Apache-2.0
// The digital half of a column block: undoes inversion, adds the row blocks (one stage), then weighs
// digit and phase and subtracts the offset; the accumulator bank adds what comes out.
module shift_add #(
  parameter int unsigned RowBlocks = 1,  // crossbars one above the other
  parameter int unsigned Adcs = 1,       // of a crossbar
  parameter int unsigned AdcBits = 8,
  parameter int unsigned CellBits = 2,
  parameter int unsigned SumBits = 8,    // of a column sum
  parameter int unsigned TotalBits = 6,  // of a sum of levels
  parameter int unsigned Columns = 4,    // of an ADC
  parameter int unsigned ColumnBits = (Columns > 1) ? $clog2(Columns) : 1
) (
  input  logic                              clk_i,
  // Codes of a column of every ADC, and the sums of levels that belong to them.
  input  logic                              valid_i,
  input  logic [ColumnBits-1:0]             column_i,
  input  logic [4:0]                        adc_shift_i,      // k
  input  logic [RowBlocks*Adcs*AdcBits-1:0] codes_i,          // row block r, ADC a at r * Adcs + a
  input  logic [RowBlocks*TotalBits-1:0]    totals_i,
  // A cycle later: what to make of them.
  input  logic                              next_valid_i,
  input  logic                              next_subtract_i,  // negative column xor sign phase
  input  logic [5:0]                        next_shift_i,     // weight of digit and phase: 2^this
  input  logic [31:0]                       next_offset_i,    // added to every ADC's value
  output logic [Adcs*32-1:0]                addends_o         // in that cycle
);
  // A code scaled back may be twice the largest sum, an undone one is negative at most as much.
  localparam int unsigned ValueBits = SumBits + 3 + $clog2(RowBlocks);

  logic [RowBlocks*Adcs-1:0] inverted;
  rom #(
    .Width(RowBlocks * Adcs),
    .Depth(Columns)
  ) u_inverted (
    .address_i(column_i),
    .data_o   (inverted)
  );

  logic [Adcs*ValueBits-1:0] values_d, values_q;
  logic [ValueBits-1:0] value, total;
  always_comb begin
    values_d = '0;
    value = '0;
    total = '0;
    if (valid_i) begin
      for (int r = 0; r < RowBlocks; r++) begin
        total = ValueBits'(totals_i[r*TotalBits +: TotalBits]) * ValueBits'(2 ** CellBits - 1);
        for (int a = 0; a < Adcs; a++) begin
          value = ValueBits'(codes_i[(r*Adcs + a)*AdcBits +: AdcBits]) << adc_shift_i;
          if (inverted[r*Adcs + a]) value = total - value;
          values_d[a*ValueBits +: ValueBits] = values_d[a*ValueBits +: ValueBits] + value;
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i) values_q <= values_d;
  end

  logic [31:0] addend;
  always_comb begin
    addends_o = '0;
    addend = '0;
    if (next_valid_i) begin
      for (int a = 0; a < Adcs; a++) begin
        addend = 32'($signed(values_q[a*ValueBits +: ValueBits])) << next_shift_i;
        if (next_subtract_i) addend = -addend;
        addends_o[a*32 +: 32] = addend + next_offset_i;
      end
    end
  end
endmodule
