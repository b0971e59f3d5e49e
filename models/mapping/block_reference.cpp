// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/block_reference.h"

#include <algorithm>
#include <cstddef>

#include "models/graph/kinds.h"

namespace recpim {
namespace {

/// Calls visit(block, first row, first channel, channels) for each physical crossbar of a tile,
/// rows and channels counted from the tile's first.
template <typename Visit>
void for_each_block(const Tile& tile, const Hardware& hardware, const Operator& op, Visit visit) {
  const auto inputs = static_cast<std::ptrdiff_t>(op.weight_q.size()) / fc_outputs(op);
  const int per_block = hardware.channels_per_crossbar(op.weight_bits);
  for (int row = 0; row < tile.rows; row += hardware.crossbar.rows) {
    const int rows = std::min(hardware.crossbar.rows, tile.rows - row);
    for (int q = 0; q < tile.channels; q += per_block) {
      const int channels = std::min(per_block, tile.channels - q);
      const std::int8_t* first =
          op.weight_q.data() + (tile.first_channel + q) * inputs + tile.first_row + row;
      visit(encode_block(first, inputs, rows, channels, hardware, op.weight_bits), row, q,
            channels);
    }
  }
}

}  // namespace

int phase_level(std::int32_t x, const InputFormat& format, int dac_bits, int phase) {
  const int magnitude_bits = format.is_signed ? format.bits - 1 : format.bits;
  const auto bits = static_cast<std::uint32_t>(x);
  const int low = phase * dac_bits;
  if (low >= magnitude_bits) return static_cast<int>((bits >> (format.bits - 1)) & 1U);
  const int width = std::min(dac_bits, magnitude_bits - low);
  return static_cast<int>((bits >> low) & ((1U << width) - 1U));
}

std::int64_t phase_weight(const InputFormat& format, int dac_bits, int phase) {
  const int low = phase * dac_bits;
  if (format.is_signed && low >= format.bits - 1) return -(std::int64_t{1} << (format.bits - 1));
  return std::int64_t{1} << low;
}

void block_product_reference(const EncodedBlock& block, const Hardware& hardware, int weight_bits,
                             int adc_shift, const std::int32_t* x, const InputFormat& format,
                             int channels, std::int32_t* acc) {
  const auto layout = column_layout(hardware, weight_bits, channels);
  const int cell_bits = hardware.crossbar.cell_bits;
  const std::int64_t top = (1 << cell_bits) - 1;
  const int phases = hardware.phases(format.bits, format.is_signed);
  std::vector<std::int64_t> sum(static_cast<std::size_t>(channels), 0);
  for (int p = 0; p < phases; ++p) {
    const std::int64_t weight = phase_weight(format, hardware.dac_bits, p);
    std::int64_t driven = 0;
    for (int r = 0; r < block.rows; ++r) driven += phase_level(x[r], format, hardware.dac_bits, p);
    for (int c = 0; c < block.columns; ++c) {
      const ColumnUse& use = layout[static_cast<std::size_t>(c)];
      if (use.channel < 0) continue;
      std::int64_t analogue = 0;
      for (int r = 0; r < block.rows; ++r) {
        analogue += block.cell(r, c) * phase_level(x[r], format, hardware.dac_bits, p);
      }
      std::int64_t value = adc_value(analogue, hardware.adc.bits, adc_shift);
      if (block.inverted[static_cast<std::size_t>(c)] != 0) value = top * driven - value;
      value *= std::int64_t{1} << (use.digit * cell_bits);
      sum[static_cast<std::size_t>(use.channel)] += weight * (use.negative ? -value : value);
    }
    if (hardware.crossbar.encoding == Encoding::kOffset) {
      for (auto& channel : sum) {
        channel -= weight * (std::int64_t{1} << (weight_bits - 1)) * driven;
      }
    }
  }
  for (int q = 0; q < channels; ++q) {
    acc[q] = static_cast<std::int32_t>(acc[q] + sum[static_cast<std::size_t>(q)]);
  }
}

std::vector<std::int32_t> mvm_reference(const Tile& tile, const Hardware& hardware,
                                        const Operator& op, const InputFormat& format,
                                        const std::int32_t* x) {
  std::vector<std::int32_t> acc(static_cast<std::size_t>(tile.channels), 0);
  for_each_block(tile, hardware, op, [&](const EncodedBlock& block, int row, int q, int channels) {
    block_product_reference(block, hardware, op.weight_bits, tile.adc_shift, x + row, format,
                            channels, acc.data() + q);
  });
  return acc;
}

bool is_lossless(const Tile& tile, const Hardware& hardware, const Operator& op) {
  bool lossless = true;
  for_each_block(tile, hardware, op, [&](const EncodedBlock& block, int, int, int) {
    lossless = lossless && is_lossless(block, hardware, tile.adc_shift);
  });
  return lossless;
}

}  // namespace recpim
