// SPDX-License-Identifier: Apache-2.0
// The matrix-vector engine of a tile: RowBlocks x ColumnBlocks crossbars with their DACs, samples
// and holds, ADCs and shift-and-add. Timing: sim/README.md, "Tile", the MVM row of the table:
// phase p drives the wordlines from start + p * II, its columns are converted from t_read later on,
// three stages after the last code the accumulators are complete. The vectors of a sample follow one
// another without a gap. With Copies of the weights so many vectors go through at once, a round; a
// copy has crossbars and converters of its own. Accumulator row y * Channels + q is channel q of each
// ADC in round y; column c * Groups / Copies + a, ADC a of copy c.
module mvm_engine #(
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,   // of the input buffer: Slots or more
  parameter int unsigned RowBlocks = 1,
  parameter int unsigned ColumnBlocks = 1,
  parameter int unsigned Rows = 32,     // of a crossbar
  parameter int unsigned Columns = 32,  // of a crossbar
  parameter int unsigned CellBits = 2,
  parameter int unsigned DacBits = 1,
  parameter int unsigned AdcBits = 8,
  parameter int unsigned Adcs = 1,      // of a crossbar
  parameter int unsigned Planes = 8,    // bit planes of the input buffer
  parameter int unsigned Channels = 8,  // most channels of an ADC
  parameter int unsigned Vectors = 1,   // most vectors of a sample
  parameter int unsigned Copies = 1,    // of the weights
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned PlaneBits = $clog2(Planes),
  parameter int unsigned ChannelBits = (Channels > 1) ? $clog2(Channels) : 1,
  parameter int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1,
  parameter int unsigned Rounds = (Vectors + Copies - 1) / Copies,
  parameter int unsigned RowBits = (Rounds * Channels > 1) ? $clog2(Rounds * Channels) : 1,
  parameter int unsigned Elements = RowBlocks * Rows,  // of a copy
  parameter int unsigned Groups = Copies * ColumnBlocks * Adcs
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // Settings.
  input  logic [23:0]                  read_cycles_i,        // t_read
  input  logic [23:0]                  conversion_cycles_i,  // t_conv
  input  logic [23:0]                  interval_i,           // II
  input  logic [VectorBits-1:0]        last_vector_i,        // vectors of a sample - 1
  input  logic [5:0]                   phases_i,             // of a vector
  input  logic [4:0]                   low_bits_i,           // bits driven before a sign phase
  input  logic                         signed_i,             // the last phase is a sign phase
  input  logic [4:0]                   adc_shift_i,          // k
  input  logic                         offset_encoding_i,    // else differential
  input  logic [3:0]                   weight_bits_i,
  input  logic [4:0]                   channel_columns_i,    // columns of a channel
  input  logic [ChannelBits:0]         channels_i,           // channels of an ADC
  // Sequencer.
  output logic                         idle_o,
  input  logic                         start_i,
  input  logic [SlotBits-1:0]          slot_i,
  input  logic [InputSlotBits-1:0]          input_slot_i,
  output logic                         last_o,
  output logic                         done_o,
  // Input buffer.
  output logic                         read_o,               // in the first cycle of a phase
  output logic [InputSlotBits-1:0]          read_slot_o,
  output logic [VectorBits-1:0]        read_vector_o,        // of the first copy, the others' follow
  output logic [DacBits*PlaneBits-1:0] read_plane_o,
  input  logic [DacBits*Copies*Elements-1:0] read_data_i,    // copy c of a plane at c * Elements
  // Accumulator bank.
  output logic                         add_o,
  output logic [SlotBits-1:0]          add_slot_o,
  output logic [RowBits-1:0]           add_row_o,
  output logic [Groups*32-1:0]         addends_o
);
  localparam int unsigned GroupColumns = Columns / Adcs;
  localparam int unsigned RoundBits = (Rounds > 1) ? $clog2(Rounds) : 1;
  localparam int unsigned ColumnBits = (GroupColumns > 1) ? $clog2(GroupColumns) : 1;
  localparam int unsigned TotalBits = $clog2(Rows * (2 ** DacBits - 1) + 1);
  localparam int unsigned SumBits = $clog2(Rows * (2 ** CellBits - 1) * (2 ** DacBits - 1) + 1);

  // --- Wordlines: phase after phase, vector after vector.
  logic driving_q, sign_q;
  logic [23:0] tick, tick_q;
  logic [5:0] phase, phase_q;
  logic [4:0] first_bit, first_bit_q;
  logic [VectorBits-1:0] vector, vector_q;  // of the first copy
  logic [RoundBits-1:0] round, round_q;
  logic [Copies-1:0] used;  // copies that have a vector in this round
  logic [SlotBits-1:0] slot_q;
  logic [SlotBits-1:0] slot;
  logic [InputSlotBits-1:0] input_slot_q;
  logic active, sign, phase_end, last_phase, last_round, hold;

  assign idle_o      = !driving_q;
  assign active      = driving_q || start_i;
  assign tick        = driving_q ? tick_q : '0;
  assign phase       = driving_q ? phase_q : '0;
  assign vector      = driving_q ? vector_q : '0;
  assign last_phase  = phase == phases_i - 1'b1;
  assign round       = driving_q ? round_q : '0;
  assign last_round  = 32'(vector) + Copies > 32'(last_vector_i);
  for (genvar k = 0; k < Copies; k++) begin : gen_used
    assign used[k] = 32'(vector) + k <= 32'(last_vector_i);
  end
  // A one-bit signed input has a sign phase alone.
  assign sign        = driving_q ? sign_q : (signed_i && phases_i == 6'd1);
  assign first_bit   = sign ? low_bits_i : (driving_q ? first_bit_q : '0);
  assign phase_end   = active && tick == interval_i - 1'b1;
  assign last_o      = phase_end && last_phase && last_round;
  assign hold        = active && tick == read_cycles_i - 1'b1;
  assign read_o      = active && tick == '0;
  assign slot        = driving_q ? slot_q : slot_i;
  assign read_slot_o = driving_q ? input_slot_q : input_slot_i;
  assign read_vector_o = vector;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      driving_q <= 1'b0;
    end else if (active) begin
      driving_q <= !last_o;
    end
  end
  always_ff @(posedge clk_i) begin
    if (active) begin
      slot_q       <= slot;
      input_slot_q <= read_slot_o;
      if (phase_end) begin
        tick_q      <= '0;
        phase_q     <= last_phase ? '0 : phase + 1'b1;
        vector_q    <= last_phase ? vector + VectorBits'(Copies) : vector;
        round_q     <= last_phase ? round + 1'b1 : round;
        first_bit_q <= last_phase ? '0 : first_bit + 5'(DacBits);
        sign_q      <= signed_i && (last_phase ? phases_i == 6'd1 : phase + 6'd2 == phases_i);
      end else begin
        tick_q      <= tick + 1'b1;
        phase_q     <= phase;
        vector_q    <= vector;
        round_q     <= round;
        first_bit_q <= first_bit;
        sign_q      <= sign;
      end
    end
  end

  // The levels of a phase are read in its first cycle and kept in the registers of the DACs.
  logic [DacBits*Copies*Elements-1:0] read_levels, levels_q, levels;
  assign levels = read_o ? read_levels : levels_q;
  always_ff @(posedge clk_i) begin
    if (read_o) levels_q <= read_levels;
  end
  dac #(
    .Rows     (Copies * Elements),
    .DacBits  (DacBits),
    .PlaneBits(PlaneBits)
  ) u_dac (
    .first_bit_i (first_bit),
    .low_bits_i,
    .sign_phase_i(sign),
    .plane_o     (read_plane_o),
    .plane_data_i(read_data_i),
    .levels_o    (read_levels)
  );

  // --- Conversion: column after column of what is held.
  logic converting_q, convert, last_column, column_end;
  logic [23:0] conversion_tick_q;
  logic [ColumnBits-1:0] column_q;
  logic [4:0] part_q;              // column within its channel
  logic [ChannelBits:0] channel_q; // channel within its ADC
  logic [4:0] held_bit_q;
  logic held_sign_q, held_last_q;
  logic [SlotBits-1:0] held_slot_q;
  logic [RoundBits-1:0] held_round_q;
  logic [Copies-1:0] held_used_q;

  assign last_column = column_q == ColumnBits'(GroupColumns - 1);
  assign column_end  = part_q == channel_columns_i - 1'b1;
  assign convert     = converting_q && conversion_tick_q == conversion_cycles_i - 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      converting_q <= 1'b0;
    end else if (hold) begin
      converting_q <= 1'b1;
    end else if (convert && last_column) begin
      converting_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (hold) begin
      conversion_tick_q <= '0;
      column_q          <= '0;
      part_q            <= '0;
      channel_q         <= '0;
      held_bit_q        <= first_bit;
      held_sign_q       <= sign;
      held_last_q       <= last_phase && last_round;
      held_round_q      <= round;
      held_used_q       <= used;
      held_slot_q       <= slot;
    end else if (convert) begin
      conversion_tick_q <= '0;
      column_q          <= column_q + 1'b1;
      part_q            <= column_end ? '0 : part_q + 1'b1;
      // Stays where channels_i are over: the columns left over belong to no channel.
      if (column_end && channel_q != channels_i) channel_q <= channel_q + 1'b1;
    end else if (converting_q) begin
      conversion_tick_q <= conversion_tick_q + 1'b1;
    end
  end

  // --- Behind the ADCs: stage 1 has the codes, stage 2 the undone sums of the row blocks.
  logic valid1_q, valid2_q, channel1_q, channel2_q, last1_q, last2_q, last3_q;
  logic [Copies-1:0] used1_q, used2_q;
  logic [ColumnBits-1:0] column1_q;
  logic [4:0] part1_q, bit1_q;
  logic sign1_q, subtract2_q;
  logic [RowBits-1:0] row1_q, row2_q;
  logic [SlotBits-1:0] slot1_q, slot2_q;
  logic [5:0] shift2_q;
  logic [Copies*32-1:0] offset2_d, offset2_q;
  logic [31:0] offset;
  logic [Copies*RowBlocks*TotalBits-1:0] totals, totals1_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      last1_q  <= 1'b0;
      last2_q  <= 1'b0;
      last3_q  <= 1'b0;
    end else begin
      valid1_q <= convert;
      valid2_q <= valid1_q;
      last1_q  <= convert && last_column && held_last_q;
      last2_q  <= last1_q;
      last3_q  <= last2_q;
    end
  end

  always_comb begin
    offset2_d = '0;
    offset = '0;
    if (valid1_q && offset_encoding_i && part1_q == '0) begin
      for (int k = 0; k < Copies; k++) begin
        offset = '0;
        for (int r = 0; r < RowBlocks; r++) begin
          offset = offset + 32'(totals1_q[(k*RowBlocks + r)*TotalBits +: TotalBits]);
        end
        offset = offset << (6'(weight_bits_i) - 6'd1 + 6'(bit1_q));
        offset2_d[k*32 +: 32] = sign1_q ? offset : -offset;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (convert) begin
      column1_q <= column_q;
      part1_q   <= part_q;
      row1_q    <= RowBits'(32'(held_round_q) * Channels + 32'(channel_q[ChannelBits-1:0]));
      channel1_q <= channel_q != channels_i;
      used1_q   <= held_used_q;
      bit1_q    <= held_bit_q;
      sign1_q   <= held_sign_q;
      slot1_q   <= held_slot_q;
      totals1_q <= totals;
    end
    if (valid1_q) begin
      row2_q      <= row1_q;
      channel2_q  <= channel1_q;
      used2_q     <= used1_q;
      slot2_q     <= slot1_q;
      offset2_q   <= offset2_d;
      subtract2_q <= sign1_q ^ (!offset_encoding_i && part1_q[0]);
      shift2_q    <= 6'(bit1_q) +
                     (offset_encoding_i ? 6'(part1_q) : (6'(part1_q) >> 1)) * 6'(CellBits);
    end
  end

  assign add_o      = valid2_q && channel2_q;
  assign add_slot_o = slot2_q;
  assign add_row_o  = row2_q;
  assign done_o     = last3_q;

  // --- The arrays.
  for (genvar k = 0; k < Copies; k++) begin : gen_copy
    logic [RowBlocks*DacBits*Rows-1:0] held;
    logic [ColumnBlocks*RowBlocks*Adcs*AdcBits-1:0] codes;
    for (genvar r = 0; r < RowBlocks; r++) begin : gen_row
      logic [DacBits*Rows-1:0] row_levels;
      for (genvar b = 0; b < DacBits; b++) begin : gen_bit
        assign row_levels[b*Rows +: Rows] = levels[(b*Copies + k)*Elements + r*Rows +: Rows];
      end
      sample_and_hold #(
        .Rows   (Rows),
        .DacBits(DacBits)
      ) u_hold (
        .clk_i,
        .hold_i  (hold && used[k]),
        .levels_i(row_levels),
        .held_o  (held[r*DacBits*Rows +: DacBits*Rows]),
        .total_o (totals[(k*RowBlocks + r)*TotalBits +: TotalBits])
      );
      for (genvar c = 0; c < ColumnBlocks; c++) begin : gen_column
        logic [Adcs*SumBits-1:0] sums;
        crossbar #(
          .Rows    (Rows),
          .Columns (Columns),
          .CellBits(CellBits),
          .DacBits (DacBits),
          .Adcs    (Adcs)
        ) u_crossbar (
          .held_i   (held[r*DacBits*Rows +: DacBits*Rows]),
          .convert_i(convert && held_used_q[k]),
          .column_i (column_q),
          .sums_o   (sums)
        );
        adc #(
          .Adcs   (Adcs),
          .SumBits(SumBits),
          .AdcBits(AdcBits)
        ) u_adc (
          .clk_i,
          .convert_i(convert && held_used_q[k]),
          .shift_i  (adc_shift_i),
          .sums_i   (sums),
          .codes_o  (codes[(c*RowBlocks + r)*Adcs*AdcBits +: Adcs*AdcBits])
        );
      end
    end

    for (genvar c = 0; c < ColumnBlocks; c++) begin : gen_shift_add
      shift_add #(
        .RowBlocks(RowBlocks),
        .Adcs     (Adcs),
        .AdcBits  (AdcBits),
        .CellBits (CellBits),
        .SumBits  (SumBits),
        .TotalBits(TotalBits),
        .Columns  (GroupColumns)
      ) u_shift_add (
        .clk_i,
        .valid_i        (valid1_q && used1_q[k]),
        .column_i       (column1_q),
        .adc_shift_i,
        .codes_i        (codes[c*RowBlocks*Adcs*AdcBits +: RowBlocks*Adcs*AdcBits]),
        .totals_i       (totals1_q[k*RowBlocks*TotalBits +: RowBlocks*TotalBits]),
        .next_valid_i   (add_o && used2_q[k]),
        .next_subtract_i(subtract2_q),
        .next_shift_i   (shift2_q),
        .next_offset_i  (offset2_q[k*32 +: 32]),
        .addends_o      (addends_o[(k*ColumnBlocks + c)*Adcs*32 +: Adcs*32])
      );
    end
  end
endmodule
