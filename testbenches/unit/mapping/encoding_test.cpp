// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/encoding.h"

#include <gtest/gtest.h>

#include "models/mapping/block_reference.h"
#include "testbenches/unit/mapping/models.h"

namespace recpim {
namespace {

Hardware small(Encoding encoding, int cell_bits, int columns_per_adc = 16) {
  Hardware hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.crossbar.cell_bits = cell_bits;
  hardware.crossbar.encoding = encoding;
  hardware.adc.columns_per_adc = columns_per_adc;
  return hardware;
}

TEST(Encoding, OffsetDigitsByHand) {
  // w = -3, 5 of 4 bits: u = 5 = 01 01, 13 = 11 01. Digit 0: 1, 1; digit 1: 1, 3 (sum 4 > 3:
  // inverted to 2, 0).
  const std::int8_t weights[] = {-3, 5};
  const EncodedBlock block = encode_block(weights, 2, 2, 1, small(Encoding::kOffset, 2), 4);
  EXPECT_EQ(block.rows, 2);
  EXPECT_EQ(block.columns, 16);
  EXPECT_EQ(block.cell(0, 0), 1);
  EXPECT_EQ(block.cell(1, 0), 1);
  EXPECT_EQ(block.inverted[0], 0);
  EXPECT_EQ(block.inverted[1], 1);
  EXPECT_EQ(block.cell(0, 1), 2);
  EXPECT_EQ(block.cell(1, 1), 0);
  EXPECT_EQ(block.column_sum[0], 2);
  EXPECT_EQ(block.column_sum[1], 2);
  EXPECT_EQ(block.column_sum[2], 0);
  EXPECT_EQ(block.inverted[2], 0);
}

TEST(Encoding, DifferentialDigitsByHand) {
  // |w| of 3 bits in 2 digits of 2 bits, columns: +d0, -d0, +d1, -d1. -7 = 11 1, 6 = 10 1.
  const std::int8_t weights[] = {-7, 6};
  const EncodedBlock block = encode_block(weights, 2, 2, 1, small(Encoding::kDifferential, 2), 4);
  const int expected[4][2] = {{0, 2}, {3, 0}, {0, 1}, {1, 0}};
  for (int c = 0; c < 4; ++c) {
    EXPECT_EQ(block.inverted[static_cast<std::size_t>(c)], 0);
    for (int r = 0; r < 2; ++r) EXPECT_EQ(block.cell(r, c), expected[c][r]) << c << " " << r;
  }
}

TEST(Encoding, AChannelNeverStraddlesTwoAdcs) {
  // 6 columns a channel (4 bits, differential, 1-bit cells), ADCs of 8: one channel an ADC.
  const Hardware hardware = small(Encoding::kDifferential, 1, 8);
  EXPECT_EQ(channel_column(hardware, 4, 1), 8);
  const auto layout = column_layout(hardware, 4, 2);
  EXPECT_EQ(layout[5].channel, 0);
  EXPECT_EQ(layout[5].digit, 2);
  EXPECT_TRUE(layout[5].negative);
  EXPECT_EQ(layout[6].channel, -1);
  EXPECT_EQ(layout[8].channel, 1);
  EXPECT_THROW(column_layout(hardware, 4, 3), std::invalid_argument);
}

TEST(Encoding, IsaacArrayIsLosslessOnlyThroughInversion) {
  // 128 rows of 2-bit cells: a column sums up to 384, inverted at most 192 <= 255.
  const Hardware hardware;
  const std::vector<std::int8_t> weights(128, 127);
  const EncodedBlock block = encode_block(weights.data(), 128, 128, 1, hardware, 8);
  EXPECT_EQ(block.column_sum[0], 0);  // 255 = 11 11 11 11.
  EXPECT_EQ(block.inverted[0], 1);
  EXPECT_TRUE(is_lossless(block, hardware, 0));
  EXPECT_FALSE(is_lossless(block, hardware, 1));
}

TEST(Adc, TransferByHand) {
  EXPECT_EQ(adc_value(255, 8, 0), 255);
  EXPECT_EQ(adc_value(256, 8, 0), 255);
  EXPECT_EQ(adc_value(5, 8, 2), 4);        // (5 + 2) >> 2 = 1.
  EXPECT_EQ(adc_value(6, 8, 2), 8);        // (6 + 2) >> 2 = 2: ties up.
  EXPECT_EQ(adc_value(1023, 8, 2), 1020);  // (1025) >> 2 = 256, held at 255.
  Hardware hardware;
  EXPECT_EQ(least_adc_shift(hardware, 255), 0);
  EXPECT_EQ(least_adc_shift(hardware, 256), 1);
  EXPECT_EQ(least_adc_shift(hardware, 1023), 2);
  hardware.dac_bits = 2;
  EXPECT_EQ(max_column_sum(hardware, 100), 300);
}

TEST(BlockReference, PhasesByHand) {
  const InputFormat format{8, true};
  // -3 = 1111 1101: phases of 2 bits 01, 11, 11, 1 (bit 6), then the sign.
  const int levels[] = {1, 3, 3, 1, 1};
  std::int64_t sum = 0;
  for (int p = 0; p < 5; ++p) {
    EXPECT_EQ(phase_level(-3, format, 2, p), levels[p]);
    sum += phase_level(-3, format, 2, p) * phase_weight(format, 2, p);
  }
  EXPECT_EQ(sum, -3);
  EXPECT_EQ(phase_weight(format, 2, 4), -128);
}

/// Every encoding that is lossless gives the plain integer product, over shapes and formats.
TEST(BlockReference, LosslessIsThePlainProduct) {
  Random random(7);
  int tried = 0;
  for (const Encoding encoding : {Encoding::kOffset, Encoding::kDifferential}) {
    for (const int cell_bits : {1, 2, 4}) {
      for (const int weight_bits : {2, 4, 8}) {
        for (const int activation_bits : {4, 8}) {
          for (const bool is_signed : {false, true}) {
            Hardware hardware = small(encoding, cell_bits);
            hardware.dac_bits = 1 + (tried % 2);
            hardware.adc.bits = 9;  // 15 * 16 * 3 / 2 = 360: enough.
            const int channels = 2 * hardware.channels_per_crossbar(weight_bits) - 1;
            const Operator op = testing::fc("fc", 0, 23, channels, weight_bits);
            Tile tile;
            tile.first_row = 2;
            tile.rows = 21;  // Two row blocks.
            tile.first_channel = 1;
            tile.channels = channels - 1;
            ASSERT_TRUE(is_lossless(tile, hardware, op));
            std::vector<std::int32_t> x(21);
            for (auto& each : x) {
              each = static_cast<std::int32_t>(random.below(1U << activation_bits)) -
                     (is_signed ? 1 << (activation_bits - 1) : 0);
            }
            const auto acc =
                mvm_reference(tile, hardware, op, {activation_bits, is_signed}, x.data());
            for (int q = 0; q < tile.channels; ++q) {
              std::int32_t expected = 0;
              for (int r = 0; r < 21; ++r) {
                expected += x[static_cast<std::size_t>(r)] *
                            op.weight_q[static_cast<std::size_t>((q + 1) * 23 + r + 2)];
              }
              ASSERT_EQ(acc[static_cast<std::size_t>(q)], expected) << tried << " " << q;
            }
            ++tried;
          }
        }
      }
    }
  }
  EXPECT_EQ(tried, 72);
}

TEST(BlockReference, LossyByHand) {
  // One input of 1 bit... 16 rows of 4-bit cells, w = 7 (u = 15: inverted, stores 0) beside
  // w = -1 (u = 7, sum 112 > 7: k = 4 with a 3-bit ADC). x = 1 in all rows, one phase counts.
  Hardware hardware = small(Encoding::kOffset, 4);
  hardware.adc.bits = 3;
  Operator op = testing::fc("fc", 0, 16, 2, 4);
  for (std::size_t i = 0; i < 16; ++i) {
    op.weight_q[i] = 7;
    op.weight_q[16 + i] = -1;
  }
  EXPECT_EQ(operator_adc_shift(hardware, op), 4);  // 112 >> 4 = 7.
  Tile tile;
  tile.rows = 16;
  tile.channels = 2;
  tile.adc_shift = 4;
  EXPECT_FALSE(is_lossless(tile, hardware, op));
  const std::vector<std::int32_t> x(16, 1);
  const auto acc = mvm_reference(tile, hardware, op, {4, false}, x.data());
  EXPECT_EQ(acc[0], 16 * 7);     // Stored zeros convert exactly: 240 - 0 - 8 * 16.
  EXPECT_EQ(acc[1], 112 - 128);  // (112 + 8) >> 4 = 7, held: 112.
  const std::vector<std::int32_t> few = {1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto rounded = mvm_reference(tile, hardware, op, {4, false}, few.data());
  EXPECT_EQ(rounded[1], 16 - 24);  // 21 converts to 16; exact would be -3.
}

}  // namespace
}  // namespace recpim
