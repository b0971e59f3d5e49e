// SPDX-License-Identifier: Apache-2.0
// Sum and reciprocal of n standard deviations of every vector of a sample, for the normaliser:
// S = sum of x, Q = n * sum of x^2 - S^2 + epsilon, 1 / sqrt(Q). A block of Lanes elements a cycle;
// a vector's S is visible three cycles after its last block, its root seven cycles after.
module norm_statistics #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Vectors = 4,  // most of them
  parameter int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  // Settings.
  input  logic [10:0]                 length_i,     // n, 2 ... 1024
  input  logic [63:0]                 epsilon_i,
  // A block. Vectors come in order, from 0 on after each final block.
  input  logic                        valid_i,
  input  logic                        first_i,      // of its vector
  input  logic                        last_i,
  input  logic                        final_i,      // the last of the last vector
  input  logic [Lanes*16-1:0]         values_i,     // two's complement; 0 behind a vector's end
  output logic                        done_o,       // all are visible from this cycle on
  // What is known of the vectors of Lanes elements, combinational; 0 where read_i is not set.
  input  logic                        read_i,
  input  logic [Lanes*VectorBits-1:0] read_vectors_i,
  output logic [Lanes*26-1:0]         sums_o,       // two's complement
  output logic [Lanes*24-1:0]         mantissas_o,
  output logic [Lanes*6-1:0]          shifts_o
);
  // Stage 0: values and squares. Stage 1: sums over a vector. Stage 2: Q.
  logic [Lanes*16-1:0] values_q;
  logic [Lanes*31-1:0] squares_d, squares_q;
  logic signed [25:0] sum_d, sum_q;
  logic [40:0] square_sum_d, square_sum_q;
  logic [51:0] sum_square;
  logic [63:0] q_q;
  logic first_q, valid_q;
  logic [2:0] last_q;
  logic [6:0] final_q;
  always_comb begin
    squares_d = '0;
    if (valid_i) begin
      for (int l = 0; l < Lanes; l++) begin
        squares_d[l*31 +: 31] = 31'(32'($signed(values_i[l*16 +: 16])) *
                                    32'($signed(values_i[l*16 +: 16])));
      end
    end
  end
  always_comb begin
    sum_d = '0;
    square_sum_d = '0;
    if (valid_q) begin
      if (!first_q) begin
        sum_d = sum_q;
        square_sum_d = square_sum_q;
      end
      for (int l = 0; l < Lanes; l++) begin
        sum_d = sum_d + 26'($signed(values_q[l*16 +: 16]));
        square_sum_d = square_sum_d + 41'(squares_q[l*31 +: 31]);
      end
    end
  end
  assign sum_square = 52'(sum_q) * 52'(sum_q);

  // Stages 3 to 6: the root.
  logic root_valid;
  logic [23:0] mantissa;
  logic [5:0] shift;
  rsqrt u_rsqrt (
    .clk_i,
    .rst_ni,
    .valid_i   (last_q[2]),
    .q_i       (q_q),
    .valid_o   (root_valid),
    .mantissa_o(mantissa),
    .shift_o   (shift)
  );

  logic [25:0] sums_q [Vectors];
  logic [29:0] roots_q [Vectors];  // {shift, mantissa}
  logic [VectorBits-1:0] sum_vector_q, root_vector_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q       <= 1'b0;
      last_q        <= '0;
      final_q       <= '0;
      sum_vector_q  <= '0;
      root_vector_q <= '0;
    end else begin
      valid_q <= valid_i;
      last_q  <= {last_q[1:0], valid_i && last_i};
      final_q <= {final_q[5:0], valid_i && final_i};
      if (last_q[1]) sum_vector_q <= final_q[1] ? '0 : sum_vector_q + 1'b1;
      if (root_valid) root_vector_q <= final_q[5] ? '0 : root_vector_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      first_q   <= first_i;
      values_q  <= values_i;
      squares_q <= squares_d;
    end
    if (valid_q) begin
      sum_q        <= sum_d;
      square_sum_q <= square_sum_d;
    end
    if (last_q[1]) begin
      sums_q[sum_vector_q] <= sum_q;
      q_q <= 64'(length_i) * 64'(square_sum_q) - 64'(sum_square) + epsilon_i;
    end
    if (root_valid) roots_q[root_vector_q] <= {shift, mantissa};
  end
  assign done_o = final_q[6];

  always_comb begin
    sums_o = '0;
    mantissas_o = '0;
    shifts_o = '0;
    if (read_i) begin
      for (int l = 0; l < Lanes; l++) begin
        sums_o[l*26 +: 26] = sums_q[read_vectors_i[l*VectorBits +: VectorBits]];
        {shifts_o[l*6 +: 6], mantissas_o[l*24 +: 24]} =
            roots_q[read_vectors_i[l*VectorBits +: VectorBits]];
      end
    end
  end
endmodule
