// SPDX-License-Identifier: Apache-2.0
/// @file
/// How signed weights become cells, and cells columns. The arithmetic that mapping, simulator and
/// RTL generator share; rules in sim/README.md, "Numbers". No state, no SystemC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/hardware.h"

namespace recpim {

/// What one column of a crossbar holds.
struct ColumnUse {
  int channel = -1;       ///< Of the block; -1: left over, holds 0.
  int digit = 0;          ///< Weighs 2^(digit * cell_bits).
  bool negative = false;  ///< Differential encoding: subtracted.
};

/// The use of every column of a crossbar that holds the block's first `channels` channels (at most
/// hardware.channels_per_crossbar(weight_bits); std::invalid_argument otherwise). Channel q starts
/// at column channel_column(hardware, weight_bits, q).
std::vector<ColumnUse> column_layout(const Hardware& hardware, int weight_bits, int channels);
int channel_column(const Hardware& hardware, int weight_bits, int channel);

/// The cells of one physical crossbar.
struct EncodedBlock {
  int rows = 0;                          ///< In use; the crossbar's other rows hold 0, undriven.
  int columns = 0;                       ///< Of the crossbar, all of them.
  std::vector<std::uint8_t> cells;       ///< As stored, column by column: cells[c * rows + r].
  std::vector<std::uint8_t> inverted;    ///< One a column: 1 where 2^b_cell - 1 - u is stored.
  std::vector<std::int32_t> column_sum;  ///< One a column: the sum of its stored cells.

  std::uint8_t cell(int row, int column) const {
    return cells[static_cast<std::size_t>(column) * static_cast<std::size_t>(rows) +
                 static_cast<std::size_t>(row)];
  }
};

/// Encodes `rows` x `channels` weights: that of input row r and channel q is
/// weights[q * stride + r], within +-(2^(weight_bits-1) - 1).
EncodedBlock encode_block(const std::int8_t* weights, std::ptrdiff_t stride, int rows, int channels,
                          const Hardware& hardware, int weight_bits);

/// Greatest sum that the ADC can see of a column with that sum of cells: every row driven with the
/// greatest level.
std::int64_t max_column_sum(const Hardware& hardware, std::int64_t column_sum);
/// The least k with max_sum >> k <= 2^adc.bits - 1.
int least_adc_shift(const Hardware& hardware, std::int64_t max_sum);
/// The k of a kFc operator with integer weights: its blocks are the crossbar's rows by
/// channels_per_crossbar channels, from (0, 0). (A mapping that cuts elsewhere asks block by
/// block.)
int operator_adc_shift(const Hardware& hardware, const Operator& op);

/// ADC transfer of an ideal converter: code = min((sum + floor(2^(k-1))) >> k, 2^bits - 1),
/// returned as code << k.
std::int64_t adc_value(std::int64_t sum, int adc_bits, int shift);

/// Whether every column of the block converts without loss at that k: k = 0 and its greatest sum
/// at most 2^adc.bits - 1. Then the block's product is the plain integer product.
bool is_lossless(const EncodedBlock& block, const Hardware& hardware, int adc_shift);

}  // namespace recpim
