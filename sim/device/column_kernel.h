// SPDX-License-Identifier: Apache-2.0
/// @file
/// The inner loop of lossy crossbars: what the ADCs of 128 columns make of an input vector, phase
/// by phase. A driven wordline adds its row of cells to the bitlines, so a read is the sum of the
/// driven rows, column beside column in bytes; a row that is not driven costs nothing. Then the ADC
/// transfer and the weight of the phase, for all columns at once. No SystemC, nothing allocated.
///
/// Every variant is the same source compiled for another instruction set: plain integer loops that
/// the compiler vectorises, with the same result on each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace recpim {

/// Instruction sets that the kernel is compiled for.
enum class KernelIsa {
  kBaseline,  ///< What the rest of the program is built for.
  kAvx2,      ///< x86-64-v3
  kAvx512,    ///< x86-64-v4
};
bool is_supported(KernelIsa isa);  ///< By this processor.
KernelIsa best_kernel_isa();       ///< The last supported one.

/// Columns that the kernel works on at a time, side by side in memory.
constexpr int kStripColumns = 128;
/// Most rows of a segment: rows whose cells are summed in bytes. Row numbers inside a segment, and
/// the number of its row of zeros, are bytes too.
constexpr int kMostSegmentRows = 128;
/// Rows that are added at a time: the rows of zeros make up the number.
constexpr int kRowsAtATime = 8;

/// Which rows of a row block an input vector drives: for each input bit and segment the numbers of
/// the rows in which that bit is 1, filled up to a multiple of kRowsAtATime by the row of zeros.
class DrivenRows {
 public:
  /// `segment_rows`: a multiple of 8, at most kMostSegmentRows.
  DrivenRows(int input_bits, int segments, int segment_rows);
  /// The levels of rows 0 ... rows - 1 are the low input_bits of x[0 ... rows - 1].
  void set(const std::int32_t* x, int rows);
  const std::uint8_t* list(int bit, int segment) const { return &lists_[index(bit, segment)]; }
  int count(int bit, int segment) const {
    return counts_[static_cast<std::size_t>(bit * segments_ + segment)];
  }

 private:
  // Eight bytes are written at a time: a list never ends further on than this.
  static constexpr std::size_t kListBytes = kMostSegmentRows + 2 * std::size_t{8};
  std::size_t index(int bit, int segment) const {
    return static_cast<std::size_t>(bit * segments_ + segment) * kListBytes;
  }
  void set_byte(const std::int32_t* x, int rows, int segment, int byte);

  int input_bits_, segments_, segment_rows_;
  std::vector<std::uint8_t> lists_;
  std::vector<int> counts_;
};

/// One phase: which input bits its levels are made of, and what it weighs.
struct KernelPhase {
  int first_bit = 0, bits = 1;
  std::int32_t weight = 1;  ///< Negative: the sign phase.
};

/// What is the same for every read of an array.
struct KernelArray {
  int segments = 1, segment_rows = kMostSegmentRows;
  int adc_shift = 0;
  std::int32_t adc_max = 255;  ///< Greatest code.
  std::vector<KernelPhase> phases;

  /// Bytes of a strip's cells: [segment][row of the segment, then one of zeros][column].
  std::size_t strip_bytes() const { return static_cast<std::size_t>(segments) * segment_bytes(); }
  std::size_t segment_bytes() const {
    return static_cast<std::size_t>(segment_rows + 1) * kStripColumns;
  }
};

/// codes[c] = sum over the phases of weight * code of column c, where
/// code = min((sum + floor(2^(shift-1))) >> shift, adc_max) and sum = sum over the rows of
/// cell * level. The cells of a column in a segment sum to at most 255. Codes are exact modulo 2^32
/// (the mapper proves that accumulators fit).
void read_strip(KernelIsa isa, const KernelArray& array, const std::uint8_t* cells,
                const DrivenRows& driven, std::int32_t* codes);

}  // namespace recpim
