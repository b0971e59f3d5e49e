// SPDX-License-Identifier: Apache-2.0
// The kernel of lossy crossbars on each instruction set, against a sum of products and the ADC
// transfer as sim/README.md states it.
#include "sim/device/column_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "traces/support/random.h"

namespace recpim {
namespace {

const std::vector<KernelIsa> kAll = {KernelIsa::kBaseline, KernelIsa::kAvx2, KernelIsa::kAvx512};

TEST(ColumnKernel, DrivenRowsAreThoseWhoseBitIsSet) {
  DrivenRows driven(9, 2, 16);
  std::vector<std::int32_t> x(20, 0);
  x[3] = 1;
  x[8] = 0x101;
  x[17] = 1;
  driven.set(x.data(), 20);
  ASSERT_EQ(driven.count(0, 0), 8);  // Rows 3 and 8, then the row of zeros, number 16.
  EXPECT_EQ(std::vector<int>(driven.list(0, 0), driven.list(0, 0) + 8),
            (std::vector<int>{3, 8, 16, 16, 16, 16, 16, 16}));
  ASSERT_EQ(driven.count(0, 1), 8);
  EXPECT_EQ(driven.list(0, 1)[0], 1);
  EXPECT_EQ(driven.list(0, 1)[1], 16);
  EXPECT_EQ(driven.count(1, 0), 0);
  ASSERT_EQ(driven.count(8, 0), 8);
  EXPECT_EQ(driven.list(8, 0)[0], 8);
  // All rows of a segment, and the lists of another sample leave nothing behind.
  driven.set(std::vector<std::int32_t>(32, 0x1ff).data(), 32);
  EXPECT_EQ(driven.count(8, 1), 16);
  driven.set(std::vector<std::int32_t>(32, 0).data(), 32);
  EXPECT_EQ(driven.count(8, 1), 0);
}

// By hand: three rows of cells 3, 2, 1 (the same in every column) and levels 255, 0, 1. Bit 0
// drives rows 0 and 2: 4; the others row 0: 3. With k = 1: (4 + 1) >> 1 = 2, (3 + 1) >> 1 = 2, and
// 2 * (1 + 2 + ... + 64 - 128) = -2 with a sign bit; a greatest code of 1 gives -1.
TEST(ColumnKernel, ByHand) {
  KernelArray array;
  array.segment_rows = 8;
  array.adc_shift = 1;
  for (int bit = 0; bit < 7; ++bit) array.phases.push_back({bit, 1, 1 << bit});
  array.phases.push_back({7, 1, -128});
  std::vector<std::uint8_t> cells(array.strip_bytes(), 0);
  for (std::size_t row = 0; row < 3; ++row) {
    std::fill_n(cells.begin() + static_cast<std::ptrdiff_t>(row * kStripColumns), kStripColumns,
                static_cast<std::uint8_t>(3 - row));
  }
  DrivenRows driven(8, 1, 8);
  const std::vector<std::int32_t> x = {255, 0, 1};
  driven.set(x.data(), 3);
  for (const KernelIsa isa : kAll) {
    if (!is_supported(isa)) continue;
    std::vector<std::int32_t> codes(kStripColumns);
    array.adc_max = 255;
    read_strip(isa, array, cells.data(), driven, codes.data());
    EXPECT_EQ(codes, std::vector<std::int32_t>(kStripColumns, -2));
    array.adc_max = 1;
    read_strip(isa, array, cells.data(), driven, codes.data());
    EXPECT_EQ(codes, std::vector<std::int32_t>(kStripColumns, -1));
  }
}

struct Shape {
  int rows, segment_rows, cell_bits, input_bits, dac_bits, shift, adc_bits;
};
void PrintTo(const Shape& s, std::ostream* out) {
  *out << s.rows << " rows, segments of " << s.segment_rows << ", cells of " << s.cell_bits
       << " bits, inputs " << s.input_bits << ", DAC " << s.dac_bits << ", k " << s.shift
       << ", ADC " << s.adc_bits;
}

class ColumnKernelShapes : public ::testing::TestWithParam<Shape> {};

TEST_P(ColumnKernelShapes, EqualsTheSumOfProducts) {
  const Shape& s = GetParam();
  Random random(11);
  const auto below = [&](int n) {
    return static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  KernelArray array;
  array.segment_rows = s.segment_rows;
  array.segments = s.rows / s.segment_rows;
  array.adc_shift = s.shift;
  array.adc_max = (1 << s.adc_bits) - 1;
  for (int bit = 0; bit < s.input_bits; bit += s.dac_bits) {
    array.phases.push_back({bit, std::min(s.dac_bits, s.input_bits - bit), 1 << bit});
  }
  std::vector<std::vector<int>> cell(static_cast<std::size_t>(s.rows),
                                     std::vector<int>(kStripColumns));
  std::vector<std::uint8_t> cells(array.strip_bytes(), 0);
  std::vector<std::int32_t> x(static_cast<std::size_t>(s.rows));
  for (std::size_t r = 0; r < x.size(); ++r) {
    x[r] = below(1 << s.input_bits);
    const std::size_t stored = r + r / static_cast<std::size_t>(s.segment_rows);
    for (std::size_t c = 0; c < kStripColumns; ++c) {
      cell[r][c] = below(1 << s.cell_bits);
      cells[stored * kStripColumns + c] = static_cast<std::uint8_t>(cell[r][c]);
    }
  }
  std::vector<std::int32_t> expected(kStripColumns, 0);
  for (std::size_t c = 0; c < kStripColumns; ++c) {
    for (const KernelPhase& phase : array.phases) {
      std::int64_t sum = 0;
      for (std::size_t r = 0; r < x.size(); ++r) {
        sum += cell[r][c] * (x[r] >> phase.first_bit & ((1 << phase.bits) - 1));
      }
      const std::int64_t half = s.shift == 0 ? 0 : std::int64_t{1} << (s.shift - 1);
      const std::int64_t code = std::min<std::int64_t>((sum + half) >> s.shift, array.adc_max);
      expected[c] += static_cast<std::int32_t>(code * phase.weight);
    }
  }
  DrivenRows driven(s.input_bits, array.segments, s.segment_rows);
  driven.set(x.data(), s.rows);
  for (const KernelIsa isa : kAll) {
    if (!is_supported(isa)) continue;
    std::vector<std::int32_t> codes(kStripColumns, -1);
    read_strip(isa, array, cells.data(), driven, codes.data());
    EXPECT_EQ(codes, expected) << "instruction set " << static_cast<int>(isa);
  }
}

// 85 rows of 2-bit cells could not overflow a byte; random ones of 128 rows sum to about 192.
INSTANTIATE_TEST_SUITE_P(
    All, ColumnKernelShapes,
    ::testing::Values(Shape{8, 8, 1, 4, 1, 0, 3}, Shape{64, 64, 2, 8, 1, 2, 6},
                      Shape{128, 64, 2, 8, 1, 1, 8}, Shape{128, 128, 1, 8, 2, 0, 8},
                      Shape{128, 16, 4, 8, 2, 5, 6}, Shape{1024, 16, 4, 16, 2, 10, 5},
                      Shape{256, 128, 1, 9, 2, 3, 12}, Shape{16, 16, 4, 16, 1, 0, 12}));

}  // namespace
}  // namespace recpim
