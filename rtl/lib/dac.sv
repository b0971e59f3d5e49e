// SPDX-License-Identifier: Apache-2.0
// The DACs of a row block: which bit planes of the input drive the wordlines in a phase. Phase p
// drives bits p * DacBits ... of every element; bits from low_bits_i on are 0, except in the sign
// phase of a signed input, which drives bit low_bits_i alone.
module dac #(
  parameter int unsigned Rows = 32,     // wordlines
  parameter int unsigned DacBits = 1,   // bits of a level
  parameter int unsigned PlaneBits = 3  // bits of a plane's number
) (
  input  logic [4:0]                   first_bit_i,   // p * DacBits, or low_bits_i in a sign phase
  input  logic [4:0]                   low_bits_i,
  input  logic                         sign_phase_i,
  output logic [DacBits*PlaneBits-1:0] plane_o,       // planes to be read
  input  logic [DacBits*Rows-1:0]      plane_data_i,  // they, combinational
  output logic [DacBits*Rows-1:0]      levels_o       // bit b of wordline r at [b * Rows + r]
);
  for (genvar b = 0; b < DacBits; b++) begin : gen_bit
    logic [4:0] number;
    logic drives;
    assign number = first_bit_i + 5'(b);
    assign drives = sign_phase_i ? (b == 0) : (number < low_bits_i);
    assign plane_o[b*PlaneBits +: PlaneBits] = PlaneBits'(number);
    assign levels_o[b*Rows +: Rows] = drives ? plane_data_i[b*Rows +: Rows] : '0;
  end
endmodule
