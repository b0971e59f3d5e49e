// SPDX-License-Identifier: Apache-2.0
// Attention of R rows, h heads of D columns, in integers (models/ops/integer_softmax.h). Queries,
// keys and values lie one after the other in the input. Head by head and query by query: scores
// against all keys, Lanes keys at a time; weights 2^-t of their distances from the largest; sum of
// the weights and its reciprocal; means of the values, one column after the other. Lanes
// multipliers serve scores and values. Cycles: sim/README.md, "Tile", Attention.
module attention_engine #(
  parameter int unsigned Slots = 2,
  parameter int unsigned InputSlots = 2,   // of the input buffer: Slots or more
  parameter int unsigned Lanes = 4,
  parameter int unsigned Groups = 2,       // most groups of keys: ceil(R / Lanes)
  parameter int unsigned Outputs = 16,     // most elements of the output: R * h * D
  parameter int unsigned OperandBits = 8,  // most bits of an element
  parameter int unsigned IndexBits = 6,    // bits of an input element's number
  parameter int unsigned Rows = (Outputs + Lanes - 1) / Lanes,  // of the accumulator bank
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned InputSlotBits = (InputSlots > 1) ? $clog2(InputSlots) : 1,
  parameter int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1,
  parameter int unsigned RowBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input  logic                                     clk_i,
  input  logic                                     rst_ni,
  // Settings.
  input  logic [10:0]                              rows_i,        // R, at most 1,024
  input  logic [15:0]                              heads_i,       // h
  input  logic [15:0]                              depth_i,       // D
  input  logic [GroupBits-1:0]                     last_group_i,  // g - 1
  input  logic [30:0]                              multiplier_i,  // of the scores to the exponent
  input  logic [5:0]                               shift_i,
  // Sequencer.
  output logic                                     idle_o,
  input  logic                                     start_i,
  input  logic [SlotBits-1:0]                      slot_i,
  input  logic [InputSlotBits-1:0]                      input_slot_i,
  output logic                                     last_o,
  output logic                                     done_o,
  // Input buffer: the query's element at 0, lane l's at 1 + l.
  output logic                                     read_o,
  output logic [InputSlotBits-1:0]                      read_slot_o,
  output logic [(Lanes+1)*IndexBits-1:0]           read_index_o,
  input  logic [(Lanes+1)*(OperandBits+1)-1:0]     read_data_i,
  // Accumulator bank: one mean a cycle, output element e in row e / Lanes, column e % Lanes.
  output logic                                     add_o,
  output logic [SlotBits-1:0]                      add_slot_o,
  output logic [RowBits-1:0]                       add_row_o,
  output logic [Lanes*32-1:0]                      addends_o
);
  localparam int unsigned ReadBits = OperandBits + 1;
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  localparam logic [2:0] Scores = 3'd0;
  localparam logic [2:0] Largest = 3'd1;     // waits for the last scores and their largest
  localparam logic [2:0] Weights = 3'd2;
  localparam logic [2:0] Reciprocal = 3'd3;  // waits for the last weights and their sum's inverse
  localparam logic [2:0] Values = 3'd4;

  // What the settings come to; none of it moves while the tile runs.
  logic [IndexBits-1:0] width, part, group_step;
  assign width      = IndexBits'(32'(heads_i) * 32'(depth_i));
  assign part       = IndexBits'(32'(rows_i) * 32'(width));
  assign group_step = IndexBits'(32'(width) * Lanes);

  // --- The schedule of a sample.
  logic busy_q, active, column_end, group_end, stage_end, query_end, head_end;
  logic [2:0] stage, stage_q, wait_q;
  logic [GroupBits-1:0] group, group_q;
  logic [15:0] column, column_q;
  // First element of the group's first key (or value), of the query and of the head in their parts.
  logic [IndexBits-1:0] group_offset, group_offset_q, query, query_q, head, head_q;
  logic [SlotBits-1:0] slot, slot_q;
  logic [InputSlotBits-1:0] input_slot_q;
  logic [Lanes-1:0] used;

  assign idle_o       = !busy_q;
  assign active       = busy_q || start_i;
  assign stage        = busy_q ? stage_q : Scores;
  assign group        = busy_q ? group_q : '0;
  assign column       = busy_q ? column_q : '0;
  assign group_offset = busy_q ? group_offset_q : '0;
  assign query        = busy_q ? query_q : '0;
  assign head         = busy_q ? head_q : '0;
  assign column_end   = column == depth_i - 1'b1;
  assign group_end    = group == last_group_i;
  assign query_end    = query + width == part;
  assign head_end     = head + IndexBits'(depth_i) == width;
  assign last_o       = active && stage == Values && stage_end && query_end && head_end;
  assign read_o       = active && (stage == Scores || stage == Values);
  assign slot         = busy_q ? slot_q : slot_i;
  assign read_slot_o  = busy_q ? input_slot_q : input_slot_i;
  always_comb begin
    case (stage)
      Weights: stage_end = group_end;
      Largest: stage_end = wait_q == 3'd1;
      Reciprocal: stage_end = wait_q == 3'd4;
      default: stage_end = column_end && group_end;
    endcase
    for (int l = 0; l < Lanes; l++) used[l] = 32'(group) * Lanes + l < 32'(rows_i);
  end

  // Columns of a group of keys follow one another, groups of a column of values.
  logic next_group, next_column;
  assign next_group  = (stage == Scores) ? column_end : stage == Weights || stage == Values;
  assign next_column = (stage == Values) ? group_end : stage == Scores;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (active) busy_q <= !last_o;
  end
  always_ff @(posedge clk_i) begin
    if (active) begin
      slot_q  <= slot;
      input_slot_q <= read_slot_o;
      stage_q <= stage;
      if (stage_end) stage_q <= (stage == Values) ? Scores : stage + 1'b1;
      wait_q  <= (stage_end || stage == Scores || stage == Weights) ? '0 : wait_q + 1'b1;
      group_q        <= group;
      group_offset_q <= group_offset;
      if (next_group) begin
        group_q        <= group_end ? '0 : group + 1'b1;
        group_offset_q <= group_end ? '0 : group_offset + group_step;
      end
      column_q <= column;
      if (next_column) column_q <= column_end ? '0 : column + 1'b1;
      query_q <= query;
      head_q  <= head;
      if (stage == Values && stage_end) begin
        query_q <= query_end ? '0 : query + width;
        if (query_end) head_q <= head + IndexBits'(depth_i);
      end
    end
  end

  always_comb begin
    read_index_o = '0;
    if (read_o) begin
      read_index_o[0 +: IndexBits] = query + head + IndexBits'(column);
      for (int l = 0; l < Lanes; l++) begin
        if (used[l]) begin
          read_index_o[(l+1)*IndexBits +: IndexBits] =
              ((stage == Scores) ? part : part + part) + group_offset +
              IndexBits'(32'(width) * l) + head + IndexBits'(column);
        end
      end
    end
  end

  // --- Stage 1: products of query and key, of weight and value.
  logic [Lanes*16-1:0] weights_q [Groups];
  logic [Lanes*32-1:0] products_d, products_q;
  logic [16:0] factor;
  logic score1_q, value1_q, first1_q, end1_q;
  logic [GroupBits-1:0] group1_q;
  logic [Lanes-1:0] used1_q;
  logic [SlotBits-1:0] slot1_q, slot2_q, slot3_q, slot4_q;
  logic [IndexBits-1:0] output1_q, output2_q, output3_q;  // element of the output
  always_comb begin
    products_d = '0;
    factor = '0;
    if (read_o) begin
      for (int l = 0; l < Lanes; l++) begin
        if (stage == Scores) factor = 17'($signed(read_data_i[0 +: ReadBits]));
        else factor = {1'b0, weights_q[group][l*16 +: 16]};
        products_d[l*32 +: 32] = 32'($signed(factor)) *
                                 32'($signed(read_data_i[(l+1)*ReadBits +: ReadBits]));
      end
    end
  end

  // --- Stage 2: a lane's score; the sum of weight and value over lanes and groups. 32 bits hold
  // both: the model's proof of accumulator bounds (models/ops/integer_reference.h).
  logic [Lanes*32-1:0] sums_d, sums_q;
  logic [31:0] total_d, total_q;
  logic score2_q, value2_q, first2_q;
  logic [GroupBits-1:0] group2_q;
  logic [Lanes-1:0] used2_q;
  always_comb begin
    sums_d = '0;
    total_d = first1_q ? '0 : total_q;
    if (score1_q) begin
      for (int l = 0; l < Lanes; l++) begin
        sums_d[l*32 +: 32] = products_q[l*32 +: 32] + (first1_q ? '0 : sums_q[l*32 +: 32]);
      end
    end
    if (value1_q) begin
      for (int l = 0; l < Lanes; l++) begin
        if (used1_q[l]) total_d = total_d + products_q[l*32 +: 32];
      end
    end
  end

  // --- Stage 3 of the scores: their largest so far.
  logic [Lanes*32-1:0] scores_q [Groups];
  logic signed [31:0] largest_d, largest_q;
  always_comb begin
    // Lane 0 is always in use.
    largest_d = first2_q ? $signed(sums_q[0 +: 32]) : largest_q;
    if (score2_q) begin
      for (int l = 0; l < Lanes; l++) begin
        if (used2_q[l] && $signed(sums_q[l*32 +: 32]) > largest_d) begin
          largest_d = $signed(sums_q[l*32 +: 32]);
        end
      end
    end
  end

  // --- Weights, their sum and its reciprocal.
  logic weigh, weights_valid, sum_valid_q;
  logic [Lanes*32-1:0] distances;
  logic [Lanes*16-1:0] weights;
  logic [GroupBits-1:0] weight_group_q;
  logic [25:0] sum_d, sum_q;
  logic [4:0] exponent;
  logic [23:0] mantissa;
  assign weigh = active && stage == Weights;
  always_comb begin
    distances = '0;
    if (weigh) begin
      for (int l = 0; l < Lanes; l++) begin
        distances[l*32 +: 32] = largest_q - scores_q[group][l*32 +: 32];
      end
    end
    sum_d = (weight_group_q == '0) ? '0 : sum_q;
    if (weights_valid) begin
      for (int l = 0; l < Lanes; l++) sum_d = sum_d + 26'(weights[l*16 +: 16]);
    end
  end
  exponential #(
    .Lanes(Lanes)
  ) u_exponential (
    .clk_i,
    .rst_ni,
    .multiplier_i,
    .shift_i,
    .valid_i    (weigh),
    .used_i     (used),
    .distances_i(distances),
    .valid_o    (weights_valid),
    .weights_o  (weights)
  );
  reciprocal u_reciprocal (
    .clk_i,
    .rst_ni,
    .valid_i   (sum_valid_q),
    .z_i       (sum_q),
    .exponent_o(exponent),
    .mantissa_o(mantissa)
  );

  // --- Stage 3 and 4 of the values: the mean in units of 2^-8.
  logic value3_q, value4_q;
  logic signed [56:0] scaled_q, rounded;
  logic [31:0] mean_q;
  logic [RowBits-1:0] row_q;
  logic [LaneBits-1:0] lane_q;
  assign rounded = scaled_q + (57'sd1 <<< (6'(exponent) + 6'd15));

  logic last1_q, last2_q, last3_q, last4_q, last5_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      score1_q       <= 1'b0;
      score2_q       <= 1'b0;
      value1_q       <= 1'b0;
      value2_q       <= 1'b0;
      value3_q       <= 1'b0;
      value4_q       <= 1'b0;
      last1_q        <= 1'b0;
      last2_q        <= 1'b0;
      last3_q        <= 1'b0;
      last4_q        <= 1'b0;
      last5_q        <= 1'b0;
      weight_group_q <= '0;
      sum_valid_q    <= 1'b0;
    end else begin
      score1_q    <= active && stage == Scores;
      score2_q    <= score1_q && end1_q;
      value1_q    <= active && stage == Values;
      value2_q    <= value1_q && end1_q;
      value3_q    <= value2_q;
      value4_q    <= value3_q;
      last1_q     <= last_o;
      last2_q     <= last1_q;
      last3_q     <= last2_q;
      last4_q     <= last3_q;
      last5_q     <= last4_q;
      sum_valid_q <= weights_valid && weight_group_q == last_group_i;
      if (weights_valid) begin
        weight_group_q <= (weight_group_q == last_group_i) ? '0 : weight_group_q + 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (read_o) begin
      products_q <= products_d;
      first1_q   <= (stage == Scores) ? column == '0 : group == '0;
      end1_q     <= (stage == Scores) ? column_end : group_end;
      group1_q   <= group;
      used1_q    <= used;
      slot1_q    <= slot;
      output1_q  <= query + head + IndexBits'(column);
    end
    if (score1_q) begin
      sums_q   <= sums_d;
      group2_q <= group1_q;
      used2_q  <= used1_q;
      first2_q <= group1_q == '0;
    end
    if (score2_q) begin
      scores_q[group2_q] <= sums_q;
      largest_q          <= largest_d;
    end
    if (weights_valid) begin
      weights_q[weight_group_q] <= weights;
      sum_q                     <= sum_d;
    end
    if (value1_q) begin
      total_q   <= total_d;
      output2_q <= output1_q;
      slot2_q   <= slot1_q;
    end
    if (value2_q) begin
      scaled_q  <= 57'($signed(total_q)) * 57'($signed({1'b0, mantissa}));
      output3_q <= output2_q;
      slot3_q   <= slot2_q;
    end
    if (value3_q) begin
      mean_q  <= 32'(rounded >>> (6'(exponent) + 6'd16));
      row_q   <= RowBits'(32'(output3_q) / Lanes);
      lane_q  <= LaneBits'(32'(output3_q) % Lanes);
      slot4_q <= slot3_q;
    end
  end

  assign add_o      = value4_q;
  assign add_slot_o = slot4_q;
  assign add_row_o  = row_q;
  assign done_o     = last5_q;
  always_comb begin
    addends_o = '0;
    if (value4_q) addends_o[32'(lane_q)*32 +: 32] = mean_q;
  end
endmodule
