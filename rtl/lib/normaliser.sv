// SPDX-License-Identifier: Apache-2.0
// The layer norm behind the vector unit: keeps the element groups of a sample, takes each of its
// vectors to mean 0 and variance 1 (models/ops/integer_layernorm.h), then gain, bias and
// requantisation. First pass: statistics, vector by vector; second: the groups again, one a cycle.
// Timing: sim/README.md, "Tile", step 3. Where it is not enabled, groups go straight through.
module normaliser #(
  parameter int unsigned Slots = 2,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Elements = 16,  // most elements of a sample
  parameter int unsigned Vectors = 4,    // most vectors of a sample
  parameter int unsigned GroupBits = 2,
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Settings.
  input  logic                 enable_i,
  input  logic [15:0]          last_vector_i,     // K - 1
  input  logic [10:0]          length_i,          // n
  input  logic [10:0]          last_block_i,      // b - 1
  /* verilator lint_off UNUSED */  // upper bits: for larger buffers
  input  logic [15:0]          element_stride_i,  // from one element of a vector to the next
  input  logic [15:0]          vector_stride_i,   // from one vector's first element to the next's
  /* verilator lint_on UNUSED */
  input  logic [63:0]          epsilon_i,
  input  logic [31:0]          low_i,             // saturation bounds
  input  logic [31:0]          high_i,
  // Vector unit: 16-bit values where enabled. The groups of a sample come in order, the next
  // sample's not before all of this one have been read a second time.
  input  logic                 write_i,
  input  logic                 last_i,            // the last group of a sample
  input  logic [SlotBits-1:0]  slot_i,
  input  logic [GroupBits-1:0] group_i,
  input  logic [Lanes*32-1:0]  data_i,
  // Output buffer.
  output logic                 write_o,
  output logic                 done_o,            // the last group of a sample is being written
  output logic [SlotBits-1:0]  slot_o,
  output logic [GroupBits-1:0] group_o,
  output logic [Lanes*32-1:0]  data_o
);
`include "recpim_layout.svh"
  localparam int unsigned Groups = (Elements + Lanes - 1) / Lanes;
  localparam int unsigned WordBits = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned IndexBits = $clog2(Groups * Lanes + 1);
  localparam int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1;
  localparam int unsigned Stages = 6;  // of the second pass, before the write

  // --- The buffer.
  logic [Lanes*16-1:0] group_q [Groups];
  logic [Lanes*16-1:0] packed_group;
  logic [SlotBits-1:0] sample_slot_q;
  logic [GroupBits-1:0] last_group_q;
  logic write, last;
  assign write = enable_i && write_i;
  assign last  = write && last_i;
  always_comb begin
    packed_group = '0;
    if (write) begin
      for (int l = 0; l < Lanes; l++) packed_group[l*16 +: 16] = data_i[l*32 +: 16];
    end
  end
  always_ff @(posedge clk_i) begin
    if (write) group_q[WordBits'(group_i)] <= packed_group;
    if (last) begin
      sample_slot_q <= slot_i;
      last_group_q  <= group_i;
    end
  end

  // --- First pass: block by block, vector by vector.
  logic reading_q, vector_end, statistics_end, statistics_done;
  logic [15:0] vector_q;
  logic [10:0] block_q, left_q;  // left_q: elements of the vector, from this block on
  logic [IndexBits-1:0] base_q, at_q, index;  // the vector's first element, the block's
  logic [Lanes*16-1:0] values;
  assign vector_end     = block_q == last_block_i;
  assign statistics_end = reading_q && vector_end && vector_q == last_vector_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) reading_q <= 1'b0;
    else if (last) reading_q <= 1'b1;
    else if (statistics_end) reading_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (last) begin
      vector_q <= '0;
      block_q  <= '0;
      left_q   <= length_i;
      base_q   <= '0;
      at_q     <= '0;
    end else if (reading_q) begin
      if (vector_end) begin
        vector_q <= vector_q + 1'b1;
        block_q  <= '0;
        left_q   <= length_i;
        base_q   <= base_q + IndexBits'(vector_stride_i);
        at_q     <= base_q + IndexBits'(vector_stride_i);
      end else begin
        block_q <= block_q + 1'b1;
        left_q  <= left_q - 11'(Lanes);
        at_q    <= at_q + IndexBits'(Lanes * 32'(element_stride_i));
      end
    end
  end
  always_comb begin
    values = '0;
    index = '0;
    if (reading_q) begin
      for (int l = 0; l < Lanes; l++) begin
        index = at_q + IndexBits'(l * 32'(element_stride_i));
        if (l < 32'(left_q)) begin
          values[l*16 +: 16] = group_q[WordBits'(32'(index) / Lanes)]
                                      [(32'(index) % Lanes) * 16 +: 16];
        end
      end
    end
  end

  logic again, again_end, busy_q;
  logic [Lanes*VectorBits-1:0] vectors;
  logic [Lanes*26-1:0] sums;
  logic [Lanes*24-1:0] mantissas_d, mantissas_q;
  logic [Lanes*6-1:0] roots_d, roots1_q, roots2_q;
  norm_statistics #(
    .Lanes  (Lanes),
    .Vectors(Vectors)
  ) u_statistics (
    .clk_i,
    .rst_ni,
    .length_i,
    .epsilon_i,
    .valid_i       (reading_q),
    .first_i       (block_q == '0),
    .last_i        (vector_end),
    .final_i       (statistics_end),
    .values_i      (values),
    .done_o        (statistics_done),
    .read_i        (again),
    .read_vectors_i(vectors),
    .sums_o        (sums),
    .mantissas_o   (mantissas_d),
    .shifts_o      (roots_d)
  );

  // --- Second pass. Stage 0: n * x - S. 1: times the mantissa. 2: y. 3: gain's sign and bias.
  // 4 and 5: requantise.
  logic [GroupBits-1:0] read_group, read_group_q;
  assign again      = busy_q || statistics_done;
  assign read_group = busy_q ? read_group_q : '0;
  assign again_end  = again && read_group == last_group_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (again) busy_q <= !again_end;
  end
  always_ff @(posedge clk_i) begin
    if (again) read_group_q <= read_group + 1'b1;
  end

  logic [Lanes*NormLaneBits-1:0] word;
  rom #(
    .Width(Lanes * NormLaneBits),
    .Depth(Groups)
  ) u_constants (
    .address_i(WordBits'(read_group)),
    .data_o   (word)
  );

  logic [Stages-1:0] valid_q, last_q;
  logic [Stages*SlotBits-1:0] slot_q;
  logic [Stages*GroupBits-1:0] stage_group_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
      last_q  <= '0;
    end else begin
      valid_q <= {valid_q[Stages-2:0], again};
      last_q  <= {last_q[Stages-2:0], again_end};
    end
  end
  always_ff @(posedge clk_i) begin
    if (again || valid_q != '0) begin
      slot_q        <= {slot_q[(Stages-1)*SlotBits-1:0], sample_slot_q};
      stage_group_q <= {stage_group_q[(Stages-1)*GroupBits-1:0], read_group};
    end
  end

  logic [Lanes*27-1:0] centred_d, centred_q;
  logic [Lanes*51-1:0] products_d, products_q;
  logic [Lanes*16-1:0] normal_d, normal_q;
  logic [Lanes*32-1:0] sums_d, sums_q;
  logic [Lanes*31-1:0] multipliers_d, multipliers_q;
  logic [Lanes*6-1:0] shifts_d, shifts_q;
  /* verilator lint_off UNUSED */  // whose vector it is, is of use in stage 0 only
  logic [Lanes*NormLaneBits-1:0] word1_q, word2_q, word3_q;
  /* verilator lint_on UNUSED */
  logic [Lanes*16-1:0] read_values;
  logic signed [63:0] rounded;
  logic [5:0] cut;
  assign read_values = again ? group_q[WordBits'(read_group)] : '0;
  always_comb begin
    vectors = '0;
    centred_d = '0;
    if (again) begin
      for (int l = 0; l < Lanes; l++) begin
        vectors[l*VectorBits +: VectorBits] =
            VectorBits'(word[l*NormLaneBits + NormVectorLsb +: NormVectorBits]);
        centred_d[l*27 +: 27] =
            27'(27'($signed({1'b0, length_i})) * 27'($signed(read_values[l*16 +: 16]))) -
            27'($signed(sums[l*26 +: 26]));
      end
    end
  end
  always_comb begin
    products_d = '0;
    if (valid_q[0]) begin
      for (int l = 0; l < Lanes; l++) begin
        products_d[l*51 +: 51] = 51'($signed(centred_q[l*27 +: 27])) *
                                 51'($signed({1'b0, mantissas_q[l*24 +: 24]}));
      end
    end
  end
  always_comb begin
    normal_d = '0;
    rounded = '0;
    cut = '0;
    if (valid_q[1]) begin
      for (int l = 0; l < Lanes; l++) begin
        // y is in Q5.10: ten bits less than the root's shift are cut, halves rounded up.
        cut = roots2_q[l*6 +: 6] - 6'd10;
        rounded = 64'($signed(products_q[l*51 +: 51])) + $signed((64'd1 << cut) >> 1);
        rounded = rounded >>> cut;
        normal_d[l*16 +: 16] = rounded[15:0];
      end
    end
  end
  always_comb begin
    sums_d = '0;
    multipliers_d = '0;
    shifts_d = '0;
    if (valid_q[2]) begin
      for (int l = 0; l < Lanes; l++) begin
        sums_d[l*32 +: 32] = 32'($signed(normal_q[l*16 +: 16]));
        if (word3_q[l*NormLaneBits + NormNegativeLsb]) sums_d[l*32 +: 32] = -sums_d[l*32 +: 32];
        sums_d[l*32 +: 32] = sums_d[l*32 +: 32] +
                             word3_q[l*NormLaneBits + NormBiasLsb +: NormBiasBits];
        multipliers_d[l*31 +: 31] =
            word3_q[l*NormLaneBits + NormMultiplierLsb +: NormMultiplierBits];
        shifts_d[l*6 +: 6] = word3_q[l*NormLaneBits + NormShiftLsb +: NormShiftBits];
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (again) begin
      centred_q   <= centred_d;
      mantissas_q <= mantissas_d;
      roots1_q    <= roots_d;
      word1_q     <= word;
    end
    if (valid_q[0]) begin
      products_q <= products_d;
      roots2_q   <= roots1_q;
      word2_q    <= word1_q;
    end
    if (valid_q[1]) begin
      normal_q <= normal_d;
      word3_q  <= word2_q;
    end
    if (valid_q[2]) begin
      sums_q        <= sums_d;
      multipliers_q <= multipliers_d;
      shifts_q      <= shifts_d;
    end
  end

  logic [Lanes*32-1:0] outputs;
  requantise #(
    .Lanes(Lanes)
  ) u_requantise (
    .clk_i,
    .raw_i        (1'b0),
    .low_i,
    .high_i,
    .valid_i      (valid_q[3]),
    .sums_i       (sums_q),
    .multipliers_i(multipliers_q),
    .shifts_i     (shifts_q),
    .next_valid_i (valid_q[4]),
    .values_o     (outputs)
  );

  assign write_o = enable_i ? valid_q[5] : write_i;
  assign done_o  = enable_i ? valid_q[5] && last_q[5] : write_i && last_i;
  assign slot_o  = enable_i ? slot_q[5*SlotBits +: SlotBits] : slot_i;
  assign group_o = enable_i ? stage_group_q[5*GroupBits +: GroupBits] : group_i;
  assign data_o  = enable_i ? outputs : data_i;
endmodule
