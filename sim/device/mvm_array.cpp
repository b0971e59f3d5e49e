// SPDX-License-Identifier: Apache-2.0
#include "sim/device/mvm_array.h"

#include <algorithm>

#include "traces/support/math.h"

// The loops below are integer loops: every instruction set gives the same result.
#define RECPIM_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))

namespace recpim {
namespace {

constexpr int kRowPadding = 16;  // int16 elements of a 256-bit register

RECPIM_CLONES
void product(const std::int16_t* weights, const std::int16_t* x, int rows, int channels,
             std::int32_t* acc) {
  for (int c = 0; c < channels; ++c) {
    const std::int16_t* w = weights + static_cast<std::ptrdiff_t>(c) * rows;
    std::int32_t sum = 0;
    for (int r = 0; r < rows; ++r) sum += static_cast<std::int32_t>(w[r]) * x[r];
    acc[c] = sum;
  }
}

const TensorFormat& input_format(const Model& model, const Operator& op) {
  return model.operators[static_cast<std::size_t>(op.inputs[0])].output;
}

}  // namespace

MvmArray::MvmArray(const Design& design, const Tile& tile, const Model& model)
    : rows_(tile.rows), channels_(tile.channels) {
  const Hardware& hw = design.hardware;
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const TensorFormat& in = input_format(model, op);
  block_rows_ = hw.crossbar.rows;
  words_ = ceil_div(block_rows_, 64);
  cell_bits_ = hw.crossbar.cell_bits;
  dac_bits_ = hw.dac_bits;
  input_bits_ = in.bits;
  input_signed_ = in.is_signed;
  phases_ = hw.phases(in.bits, in.is_signed);
  adc_shift_ = tile.adc_shift;
  adc_max_ = (std::int64_t{1} << hw.adc.bits) - 1;
  offset_ = hw.crossbar.encoding == Encoding::kOffset;
  offset_value_ = offset_ ? 1 << (op.weight_bits - 1) : 0;
  row_blocks_ = ceil_div(rows_, block_rows_);
  column_blocks_ = ceil_div(channels_, hw.channels_per_crossbar(op.weight_bits));
  padded_rows_ = ceil_div(rows_, kRowPadding) * kRowPadding;
  weights_.assign(static_cast<std::size_t>(padded_rows_) * static_cast<std::size_t>(channels_), 0);
  x16_.assign(static_cast<std::size_t>(padded_rows_), 0);
  if (op.weight_q.empty()) return;  // A timing run: no values.
  const auto inputs = op.weight_q.size() / static_cast<std::size_t>(op.elements());
  for (int c = 0; c < channels_; ++c) {
    for (int r = 0; r < rows_; ++r) {
      const auto from = static_cast<std::size_t>(tile.first_channel + c) * inputs +
                        static_cast<std::size_t>(tile.first_row + r);
      weights_[static_cast<std::size_t>(c) * static_cast<std::size_t>(padded_rows_) +
               static_cast<std::size_t>(r)] = op.weight_q[from];
    }
  }
  program(hw, tile, model);
}

std::vector<EncodedBlock> encode_part(const Hardware& hardware, const Tile& tile,
                                      const Model& model) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const auto stride = static_cast<std::ptrdiff_t>(op.weight_q.size()) / op.elements();
  const int per_crossbar = hardware.channels_per_crossbar(op.weight_bits);
  std::vector<EncodedBlock> blocks;
  for (int row = 0; row < tile.rows; row += hardware.crossbar.rows) {
    for (int channel = 0; channel < tile.channels; channel += per_crossbar) {
      const std::int8_t* weights =
          op.weight_q.data() + (tile.first_channel + channel) * stride + tile.first_row + row;
      blocks.push_back(
          encode_block(weights, stride, std::min(hardware.crossbar.rows, tile.rows - row),
                       std::min(per_crossbar, tile.channels - channel), hardware, op.weight_bits));
    }
  }
  return blocks;
}

// Lays the stored cells out as bit planes, a column's after another, leaving out unused columns.
void MvmArray::program(const Hardware& hw, const Tile& tile, const Model& model) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const auto blocks = encode_part(hw, tile, model);
  const int per_crossbar = hw.channels_per_crossbar(op.weight_bits);
  columns_.resize(static_cast<std::size_t>(row_blocks_));
  planes_.resize(static_cast<std::size_t>(row_blocks_));
  lossless_ = true;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const EncodedBlock& block = blocks[b];
    const auto column_block = static_cast<int>(b) % column_blocks_;
    const std::size_t row_block = b / static_cast<std::size_t>(column_blocks_);
    lossless_ = lossless_ && is_lossless(block, hw, adc_shift_);
    const auto layout = column_layout(
        hw, op.weight_bits, std::min(per_crossbar, channels_ - column_block * per_crossbar));
    auto& planes = planes_[row_block];
    for (int c = 0; c < block.columns; ++c) {
      const ColumnUse& use = layout[static_cast<std::size_t>(c)];
      if (use.channel < 0) continue;
      Column column;
      column.channel = column_block * per_crossbar + use.channel;
      column.weight = (use.negative ? -1 : 1) * (1 << (use.digit * cell_bits_));
      column.inverted = block.inverted[static_cast<std::size_t>(c)] != 0;
      columns_[row_block].push_back(column);
      const std::size_t at = planes.size();
      planes.resize(at + static_cast<std::size_t>(cell_bits_ * words_), 0);
      for (int r = 0; r < block.rows; ++r) {
        const auto cell = static_cast<std::uint64_t>(block.cell(r, c));
        for (int bit = 0; bit < cell_bits_; ++bit) {
          planes[at + static_cast<std::size_t>(bit * words_ + r / 64)] |= ((cell >> bit) & 1U)
                                                                          << (r % 64);
        }
      }
    }
  }
}

void MvmArray::multiply(const std::int32_t* x, std::int32_t* acc) {
  if (!lossless_) {
    multiply_by_columns(x, acc);
    return;
  }
  for (int r = 0; r < rows_; ++r) {
    x16_[static_cast<std::size_t>(r)] = static_cast<std::int16_t>(x[r]);
  }
  product(weights_.data(), x16_.data(), padded_rows_, channels_, acc);
}

void MvmArray::slice_inputs(const std::int32_t* x) {
  const auto stride = static_cast<std::size_t>(input_bits_ * words_);
  input_planes_.assign(stride * static_cast<std::size_t>(row_blocks_), 0);
  for (int r = 0; r < rows_; ++r) {
    const auto bits = static_cast<std::uint32_t>(x[r]);
    const int in_block = r % block_rows_;
    std::uint64_t* plane =
        input_planes_.data() + stride * static_cast<std::size_t>(r / block_rows_) + in_block / 64;
    for (int bit = 0; bit < input_bits_; ++bit) {
      plane[bit * words_] |= static_cast<std::uint64_t>((bits >> bit) & 1U) << (in_block % 64);
    }
  }
}

namespace {

// Sum over the rows of cell x level of one column: AND and popcount a pair of bit planes.
inline std::int64_t column_sum(const std::uint64_t* cells, int cell_bits,
                               const std::uint64_t* levels, int level_bits, int words) {
  std::int64_t sum = 0;
  for (int i = 0; i < cell_bits; ++i) {
    for (int j = 0; j < level_bits; ++j) {
      int ones = 0;
      for (int w = 0; w < words; ++w) {
        ones += __builtin_popcountll(cells[i * words + w] & levels[j * words + w]);
      }
      sum += static_cast<std::int64_t>(ones) << (i + j);
    }
  }
  return sum;
}

struct ReadStep {
  const std::uint64_t* planes;
  const std::uint64_t* levels;
  int cell_bits, level_bits, words;
  int adc_shift;
  std::int64_t adc_max;
  std::int64_t input_sum;  ///< Sum of the levels driven: exact, digital.
  std::int64_t inverse;    ///< (2^cell_bits - 1) * input_sum.
};

}  // namespace

RECPIM_CLONES
static void read_columns(const ReadStep& step, std::size_t columns, std::int64_t* undone,
                         const std::uint8_t* inverted) {
  const std::int64_t half = (std::int64_t{1} << step.adc_shift) >> 1;
  const auto stride = static_cast<std::size_t>(step.cell_bits * step.words);
  for (std::size_t c = 0; c < columns; ++c) {
    const std::int64_t sum = column_sum(step.planes + c * stride, step.cell_bits, step.levels,
                                        step.level_bits, step.words);
    const std::int64_t code = std::min((sum + half) >> step.adc_shift, step.adc_max);
    const std::int64_t value = code << step.adc_shift;
    undone[c] = inverted[c] != 0 ? step.inverse - value : value;
  }
}

void MvmArray::read_block(int row_block, int phase, std::int64_t phase_weight,
                          std::int32_t* acc) const {
  const auto block = static_cast<std::size_t>(row_block);
  const int low_bits = input_signed_ ? input_bits_ - 1 : input_bits_;
  const bool sign_phase = input_signed_ && phase == phases_ - 1;
  const int first_bit = sign_phase ? input_bits_ - 1 : phase * dac_bits_;
  const int level_bits = sign_phase ? 1 : std::min(dac_bits_, low_bits - first_bit);
  ReadStep step{};
  step.planes = planes_[block].data();
  step.levels = input_planes_.data() + static_cast<std::size_t>(input_bits_ * words_) * block +
                static_cast<std::size_t>(first_bit * words_);
  step.cell_bits = cell_bits_;
  step.level_bits = level_bits;
  step.words = words_;
  step.adc_shift = adc_shift_;
  step.adc_max = adc_max_;
  for (int bit = 0; bit < level_bits; ++bit) {
    for (int w = 0; w < words_; ++w) {
      step.input_sum +=
          static_cast<std::int64_t>(__builtin_popcountll(step.levels[bit * words_ + w])) << bit;
    }
  }
  step.inverse = ((std::int64_t{1} << cell_bits_) - 1) * step.input_sum;
  const auto& columns = columns_[block];
  std::vector<std::int64_t> undone(columns.size());
  std::vector<std::uint8_t> inverted(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) inverted[c] = columns[c].inverted ? 1 : 0;
  read_columns(step, columns.size(), undone.data(), inverted.data());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    acc[columns[c].channel] +=
        static_cast<std::int32_t>(phase_weight * columns[c].weight * undone[c]);
  }
  if (offset_) {
    for (int c = 0; c < channels_; ++c) {
      acc[c] -= static_cast<std::int32_t>(phase_weight * offset_value_ * step.input_sum);
    }
  }
}

void MvmArray::multiply_by_columns(const std::int32_t* x, std::int32_t* acc) {
  slice_inputs(x);
  std::fill(acc, acc + channels_, 0);
  for (int phase = 0; phase < phases_; ++phase) {
    const bool sign_phase = input_signed_ && phase == phases_ - 1;
    const std::int64_t weight = sign_phase ? -(std::int64_t{1} << (input_bits_ - 1))
                                           : std::int64_t{1} << (phase * dac_bits_);
    for (int block = 0; block < row_blocks_; ++block) read_block(block, phase, weight, acc);
  }
}

}  // namespace recpim
