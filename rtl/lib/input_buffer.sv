// SPDX-License-Identifier: Apache-2.0
// The input buffer of an MVM tile: Slots samples as bit planes, so that a phase reads whole planes.
// A payload flit is transposed and inserted at any element; elements that no packet brings stay 0.
module input_buffer #(
  parameter int unsigned FlitBits = 32,
  parameter int unsigned Slots = 2,
  parameter int unsigned Elements = 32,  // of a slot
  parameter int unsigned Planes = 8,     // most bits of an element: 4, 8 or 16
  parameter int unsigned Reads = 1,      // planes read at once
  parameter int unsigned SlotBits = (Slots > 1) ? $clog2(Slots) : 1,
  parameter int unsigned PlaneBits = $clog2(Planes)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic [2:0]                 bits_log2_i,       // bits of an element: 2 is 4, 3 is 8, 4 is 16
  // A payload flit, as the network interface tells it; visible in the next cycle.
  input  logic                       write_i,
  input  logic [SlotBits-1:0]        write_slot_i,
  /* verilator lint_off UNUSED */  // its upper bits: for larger buffers
  input  logic [23:0]                write_base_i,      // element of its first value
  /* verilator lint_on UNUSED */
  input  logic [23:0]                write_elements_i,  // values that count, from this flit on
  input  logic [FlitBits-1:0]        write_data_i,
  // Planes of one slot, combinational.
  input  logic                       read_i,
  input  logic [SlotBits-1:0]        read_slot_i,
  input  logic [Reads*PlaneBits-1:0] read_plane_i,
  output logic [Reads*Elements-1:0]  read_data_o        // 0 where read_i is not set
);
  localparam int unsigned Insert = FlitBits / 4;  // most elements of a flit
  localparam int unsigned Stored = Elements + Insert;
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
    in_flit = CountBits'(FlitBits >> bits_log2_i);
    count = (write_elements_i < 24'(in_flit)) ? write_elements_i[CountBits-1:0] : in_flit;
    mask = '0;
    transposed = '0;
    if (write_i) begin
      mask = ~({Insert{1'b1}} << count);
      for (int b = 0; b < Planes; b++) begin
        for (int i = 0; i < Insert; i++) begin
          if (bits_log2_i == 3'd2 && b < 4) begin
            transposed[b*Insert + i] = write_data_i[(4*i + b) % FlitBits];
          end else if (bits_log2_i == 3'd3 && b < 8 && i < Insert / 2) begin
            transposed[b*Insert + i] = write_data_i[(8*i + b) % FlitBits];
          end else if (bits_log2_i == 3'd4 && i < Insert / 4) begin
            transposed[b*Insert + i] = write_data_i[(16*i + b) % FlitBits];
          end
        end
      end
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

  always_comb begin
    read_data_o = '0;
    if (read_i) begin
      for (int r = 0; r < Reads; r++) begin
        read_data_o[r*Elements +: Elements] =
            plane_q[WordBits'(32'(read_slot_i) * Planes + 32'(read_plane_i[r*PlaneBits +: PlaneBits]))]
                   [Elements-1:0];
      end
    end
  end
endmodule
