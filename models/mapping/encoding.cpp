// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/encoding.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "traces/support/math.h"

namespace recpim {

int channel_column(const Hardware& hardware, int weight_bits, int channel) {
  const int per_channel = hardware.columns_per_weight(weight_bits);
  const int per_group = hardware.adc.columns_per_adc / per_channel;
  return (channel / per_group) * hardware.adc.columns_per_adc + (channel % per_group) * per_channel;
}

std::vector<ColumnUse> column_layout(const Hardware& hardware, int weight_bits, int channels) {
  if (channels < 0 || channels > hardware.channels_per_crossbar(weight_bits)) {
    throw std::invalid_argument("column_layout: more channels than a crossbar holds");
  }
  const bool differential = hardware.crossbar.encoding == Encoding::kDifferential;
  const int per_channel = hardware.columns_per_weight(weight_bits);
  std::vector<ColumnUse> layout(static_cast<std::size_t>(hardware.crossbar.columns));
  for (int q = 0; q < channels; ++q) {
    const int first = channel_column(hardware, weight_bits, q);
    for (int i = 0; i < per_channel; ++i) {
      ColumnUse& use = layout[static_cast<std::size_t>(first + i)];
      use.channel = q;
      use.digit = differential ? i / 2 : i;
      use.negative = differential && i % 2 == 1;
    }
  }
  return layout;
}

EncodedBlock encode_block(const std::int8_t* weights, std::ptrdiff_t stride, int rows, int channels,
                          const Hardware& hardware, int weight_bits) {
  if (rows < 1 || rows > hardware.crossbar.rows) {
    throw std::invalid_argument("encode_block: more rows than a crossbar has, or none");
  }
  const auto layout = column_layout(hardware, weight_bits, channels);
  const int cell_bits = hardware.crossbar.cell_bits;
  const int top = (1 << cell_bits) - 1;
  const bool offset = hardware.crossbar.encoding == Encoding::kOffset;
  EncodedBlock block;
  block.rows = rows;
  block.columns = hardware.crossbar.columns;
  const auto n = static_cast<std::size_t>(rows);
  block.cells.assign(n * layout.size(), 0);
  block.inverted.assign(layout.size(), 0);
  block.column_sum.assign(layout.size(), 0);
  for (std::size_t c = 0; c < layout.size(); ++c) {
    const ColumnUse& use = layout[c];
    if (use.channel < 0) continue;
    const std::int8_t* column = weights + use.channel * stride;
    std::uint8_t* cells = block.cells.data() + c * n;
    std::int32_t sum = 0;
    for (int r = 0; r < rows; ++r) {
      const int w = column[r];
      int u = 0;
      if (offset) {
        u = w + (1 << (weight_bits - 1));
      } else if (use.negative == (w < 0)) {
        u = std::abs(w);
      }
      cells[r] = static_cast<std::uint8_t>((u >> (use.digit * cell_bits)) & top);
      sum += cells[r];
    }
    if (2 * sum > top * rows) {
      block.inverted[c] = 1;
      sum = top * rows - sum;
      for (int r = 0; r < rows; ++r) cells[r] = static_cast<std::uint8_t>(top - cells[r]);
    }
    block.column_sum[c] = sum;
  }
  return block;
}

std::int64_t max_column_sum(const Hardware& hardware, std::int64_t column_sum) {
  return ((std::int64_t{1} << hardware.dac_bits) - 1) * column_sum;
}

int least_adc_shift(const Hardware& hardware, std::int64_t max_sum) {
  const std::int64_t top = (std::int64_t{1} << hardware.adc.bits) - 1;
  int k = 0;
  while ((max_sum >> k) > top) ++k;
  return k;
}

int operator_adc_shift(const Hardware& hardware, const Operator& op) {
  const int per_block = hardware.channels_per_crossbar(op.weight_bits);
  const int outputs = fc_outputs(op);
  if (per_block < 1 || outputs < 1 || op.weight_q.empty()) {
    throw std::invalid_argument("operator_adc_shift: " + op.name + " has no integer weights");
  }
  const int inputs = static_cast<int>(op.weight_q.size() / static_cast<std::size_t>(outputs));
  std::int64_t greatest = 0;
  for (int row = 0; row < inputs; row += hardware.crossbar.rows) {
    for (int q = 0; q < outputs; q += per_block) {
      const EncodedBlock block =
          encode_block(op.weight_q.data() + static_cast<std::ptrdiff_t>(q) * inputs + row, inputs,
                       std::min(hardware.crossbar.rows, inputs - row),
                       std::min(per_block, outputs - q), hardware, op.weight_bits);
      for (const std::int32_t sum : block.column_sum) {
        greatest = std::max(greatest, max_column_sum(hardware, sum));
      }
    }
  }
  return least_adc_shift(hardware, greatest);
}

std::int64_t adc_value(std::int64_t sum, int adc_bits, int shift) {
  const std::int64_t half = shift == 0 ? 0 : std::int64_t{1} << (shift - 1);
  const std::int64_t top = (std::int64_t{1} << adc_bits) - 1;
  return std::min((sum + half) >> shift, top) << shift;
}

bool is_lossless(const EncodedBlock& block, const Hardware& hardware, int adc_shift) {
  if (adc_shift != 0) return false;
  const std::int64_t top = (std::int64_t{1} << hardware.adc.bits) - 1;
  return std::all_of(block.column_sum.begin(), block.column_sum.end(),
                     [&](std::int32_t sum) { return max_column_sum(hardware, sum) <= top; });
}

}  // namespace recpim
