// SPDX-License-Identifier: Apache-2.0
// The input buffer of an MVM tile: Slots samples as bit planes, so that a phase reads whole planes.
// A payload flit is transposed and inserted at any element; elements that no packet brings stay 0.
// With one vector a sample (Vectors 1) element r drives row r. With more, row r of vector v is
// driven by element v * Length + r (along the width) or r * Vectors + v (along the rows), and rows
// from Length on read 0. The elements lie as they come: the vectors are told apart by a multiplexer
// of Vectors inputs on each row. Copies vectors are read at once, from a first one on; those behind the
// sample's last read 0.
module input_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Elements = 32,  // rows that are driven
  parameter int unsigned Planes = 8,     // most bits of an element: 4, 8 or 16
  parameter int unsigned Reads = 1,      // planes read at once
  parameter int unsigned Vectors = 1,    // of a sample (along the width: most)
  parameter int unsigned Length = 32,    // elements of a vector, where there are several
  parameter int unsigned AlongRows = 0,  // 1: vectors lie along the rows
  parameter int unsigned Copies = 1,     // vectors read at once
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned PlaneBits = $clog2(Planes),
  parameter int unsigned VectorBits = (Vectors > 1) ? $clog2(Vectors) : 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // A payload flit, as the network interface tells it; visible in the next cycle.
  input  logic                       write_i,
  input  logic [SlotBits-1:0]        write_slot_i,
  /* verilator lint_off UNUSED */  // its upper bits: for larger buffers
  input  logic [23:0]                write_base_i,       // element of its first value
  /* verilator lint_on UNUSED */
  input  logic [23:0]                write_elements_i,   // values that count, from this flit on
  input  logic [2:0]                 write_bits_log2_i,  // bits of a value: 2 is 4, 3 is 8, 4 is 16
  input  logic                       write_shift_i,      // 4 bits among 8: shifted left by 4
  input  logic [FlitBits-1:0]        write_data_i,
  // Planes of some vectors of one slot, combinational.
  input  logic                       read_i,
  input  logic [SlotBits-1:0]        read_slot_i,
  /* verilator lint_off UNUSED */  // one vector a sample needs no number
  input  logic [VectorBits-1:0]      read_vector_i,      // the first one
  input  logic [VectorBits-1:0]      last_vector_i,      // of a sample
  /* verilator lint_on UNUSED */
  input  logic [Reads*PlaneBits-1:0] read_plane_i,
  // Vector c of read r at (r * Copies + c) * Elements; 0 where read_i is not set.
  output logic [Reads*Copies*Elements-1:0] read_data_o
);
  localparam int unsigned Insert = FlitBits / 4;  // most elements of a flit
  localparam int unsigned Held = (Vectors > 1) ? Vectors * Length : Elements;
  localparam int unsigned Stored = Held + Insert;
  localparam int unsigned OffsetBits = $clog2(Stored);
  localparam int unsigned WordBits = $clog2(Slots * Planes);
  localparam int unsigned CountBits = $clog2(Insert + 1);

  logic [Stored-1:0] plane_q [Slots*Planes];
  logic [OffsetBits-1:0] offset;
  logic [CountBits-1:0] in_flit, count;
  logic [Insert-1:0] mask;
  logic [Planes*Insert-1:0] transposed;

  assign offset = OffsetBits'(write_base_i);

  always_comb begin
    in_flit = CountBits'(FlitBits >> write_bits_log2_i);
    count = (write_elements_i < 24'(in_flit)) ? write_elements_i[CountBits-1:0] : in_flit;
    mask = '0;
    transposed = '0;
    if (write_i) begin
      mask = ~({Insert{1'b1}} << count);
      for (int b = 0; b < Planes; b++) begin
        for (int i = 0; i < Insert; i++) begin
          if (write_bits_log2_i == 3'd2 && b < 4) begin
            transposed[b*Insert + i] = write_data_i[(4*i + b) % FlitBits];
          end else if (write_bits_log2_i == 3'd3 && b < 8 && i < Insert / 2) begin
            transposed[b*Insert + i] = write_data_i[(8*i + b) % FlitBits];
          end else if (write_bits_log2_i == 3'd4 && i < Insert / 4) begin
            transposed[b*Insert + i] = write_data_i[(16*i + b) % FlitBits];
          end
        end
      end
      // A tensor of 4 bits that is joined with ones of 8 has 16 times their scale.
      if (write_shift_i) transposed = transposed << (4 * Insert);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int w = 0; w < Slots * Planes; w++) plane_q[w] <= '0;
    end else if (write_i) begin
      for (int b = 0; b < Planes; b++) begin
        plane_q[WordBits'(32'(write_slot_i) * Planes + b)][offset +: Insert] <=
            (plane_q[WordBits'(32'(write_slot_i) * Planes + b)][offset +: Insert] & ~mask) |
            (transposed[b*Insert +: Insert] & mask);
      end
    end
  end

  for (genvar r = 0; r < Reads; r++) begin : gen_read
    logic [WordBits-1:0] word;
    /* verilator lint_off UNUSED */  // what lies behind the last element of a slot
    logic [Stored-1:0] plane;
    /* verilator lint_on UNUSED */
    assign word = WordBits'(32'(read_slot_i) * Planes + 32'(read_plane_i[r*PlaneBits +: PlaneBits]));
    always_comb begin
      plane = '0;
      if (read_i) plane = plane_q[word];
    end
    if (Vectors == 1) begin : gen_one
      assign read_data_o[r*Elements +: Elements] = plane[Elements-1:0];
    end else begin : gen_vectors
      for (genvar c = 0; c < Copies; c++) begin : gen_copy
        logic [31:0] vector;
        logic [Elements-1:0] rows;
        assign vector = 32'(read_vector_i) + c;
        assign read_data_o[(r*Copies + c)*Elements +: Elements] = rows;
        always_comb begin
          rows = '0;
          if (read_i && vector <= 32'(last_vector_i)) begin
            if (AlongRows == 0) begin
              rows[Length-1:0] = plane[OffsetBits'(vector * Length) +: Length];
            end else begin
              for (int i = 0; i < Length; i++) begin
                rows[i] = plane[OffsetBits'(32'(i) * Vectors + vector)];
              end
            end
          end
        end
      end
    end
  end
endmodule
