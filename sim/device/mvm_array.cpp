// SPDX-License-Identifier: Apache-2.0
#include "sim/device/mvm_array.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "models/graph/kinds.h"
#include "traces/support/math.h"

// The loops below are integer loops: every instruction set gives the same result.
#define RECPIM_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))

namespace recpim {
namespace {

constexpr int kRowPadding = 16;  // int16 elements of a 256-bit register

// Four channels at a time, so that an input is loaded once for all of them.
RECPIM_CLONES
void product(const std::int16_t* weights, const std::int16_t* x, int rows, int channels,
             std::int32_t* acc) {
  const std::ptrdiff_t stride = rows;
  int c = 0;
  for (; c + 4 <= channels; c += 4) {
    const std::int16_t* w = weights + c * stride;
    std::int32_t sum0 = 0;
    std::int32_t sum1 = 0;
    std::int32_t sum2 = 0;
    std::int32_t sum3 = 0;
    for (std::ptrdiff_t r = 0; r < stride; ++r) {
      sum0 += static_cast<std::int32_t>(w[r]) * x[r];
      sum1 += static_cast<std::int32_t>(w[r + stride]) * x[r];
      sum2 += static_cast<std::int32_t>(w[r + 2 * stride]) * x[r];
      sum3 += static_cast<std::int32_t>(w[r + 3 * stride]) * x[r];
    }
    acc[c] = sum0;
    acc[c + 1] = sum1;
    acc[c + 2] = sum2;
    acc[c + 3] = sum3;
  }
  for (; c < channels; ++c) {
    const std::int16_t* w = weights + c * stride;
    std::int32_t sum = 0;
    for (std::ptrdiff_t r = 0; r < stride; ++r) sum += static_cast<std::int32_t>(w[r]) * x[r];
    acc[c] = sum;
  }
}

const TensorFormat& input_format(const Model& model, const Operator& op) {
  return model.operators[static_cast<std::size_t>(op.inputs[0])].output;
}

}  // namespace

MvmArray::MvmArray(const Design& design, const Tile& tile, const Model& model)
    : rows_(tile.rows),
      channels_(tile.channels),
      vectors_(tile.vectors),
      by_column_(tile.axis == Axis::kRows),
      hardware_(design.hardware),
      tile_(tile),
      model_(model) {
  const Hardware& hw = design.hardware;
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const TensorFormat& in = input_format(model, op);
  block_rows_ = hw.crossbar.rows;
  cell_bits_ = hw.crossbar.cell_bits;
  dac_bits_ = hw.dac_bits;
  input_bits_ = in.bits;
  input_signed_ = in.is_signed;
  phases_ = hw.phases(in.bits, in.is_signed);
  kernel_.adc_shift = tile.adc_shift;
  kernel_.adc_max = (1 << hw.adc.bits) - 1;
  offset_value_ = hw.crossbar.encoding == Encoding::kOffset ? 1 << (op.weight_bits - 1) : 0;
  row_blocks_ = ceil_div(rows_, block_rows_);
  column_blocks_ = ceil_div(channels_, hw.channels_per_crossbar(op.weight_bits));
  padded_rows_ = ceil_div(rows_, kRowPadding) * kRowPadding;
  weights_.assign(static_cast<std::size_t>(padded_rows_) * static_cast<std::size_t>(channels_), 0);
  x16_.assign(static_cast<std::size_t>(padded_rows_) * static_cast<std::size_t>(vectors_), 0);
  if (vectors_ > 1) paired_ = PairedMatrix(rows_, by_column_ ? vectors_ : channels_);
  const auto inputs = op.weight_q.size() / static_cast<std::size_t>(fc_outputs(op));
  for (int c = 0; c < channels_; ++c) {
    for (int r = 0; r < rows_; ++r) {
      const auto from = static_cast<std::size_t>(tile.first_channel + c) * inputs +
                        static_cast<std::size_t>(tile.first_row + r);
      weights_[static_cast<std::size_t>(c) * static_cast<std::size_t>(padded_rows_) +
               static_cast<std::size_t>(r)] = op.weight_q[from];
      if (vectors_ > 1 && !by_column_) paired_.set(r, c, op.weight_q[from]);
    }
  }
  set_phases();
  const auto blocks = encode_part(hw, tile, model);
  lossless_ = std::all_of(blocks.begin(), blocks.end(), [&](const EncodedBlock& block) {
    return is_lossless(block, hw, kernel_.adc_shift);
  });
  if (!lossless_) program(blocks);
}

std::vector<EncodedBlock> encode_part(const Hardware& hardware, const Tile& tile,
                                      const Model& model) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const auto stride = static_cast<std::ptrdiff_t>(op.weight_q.size()) / fc_outputs(op);
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

void MvmArray::set_phases() {
  const int low_bits = input_signed_ ? input_bits_ - 1 : input_bits_;
  for (int bit = 0; bit < low_bits; bit += dac_bits_) {
    kernel_.phases.push_back({bit, std::min(dac_bits_, low_bits - bit), 1 << bit});
  }
  if (input_signed_) kernel_.phases.push_back({low_bits, 1, -(1 << low_bits)});
}

void MvmArray::program(const std::vector<EncodedBlock>& blocks) {
  const Hardware& hw = hardware_;
  const Operator& op = model_.operators[static_cast<std::size_t>(tile_.op)];
  const int per_crossbar = hw.channels_per_crossbar(op.weight_bits);
  columns_per_channel_ = hw.columns_per_weight(op.weight_bits);
  strips_ = ceil_div(channels_ * columns_per_channel_, kStripColumns);
  choose_segments(blocks);
  const auto blocks_of_rows = static_cast<std::size_t>(row_blocks_);
  const auto columns = static_cast<std::size_t>(strips_) * kStripColumns;
  cells_.assign(blocks_of_rows * static_cast<std::size_t>(strips_) * kernel_.strip_bytes(), 0);
  code_weight_.assign(blocks_of_rows * columns, 0);
  input_weight_.assign(blocks_of_rows * static_cast<std::size_t>(channels_),
                       0U - static_cast<std::uint32_t>(offset_value_));
  driven_ = DrivenRows(input_bits_, kernel_.segments, kernel_.segment_rows);
  column_sum_.assign(columns, 0);
  input_sum_.assign(blocks_of_rows, 0);
  for (int b = 0; b < crossbars(); ++b) {
    const int first_channel = b % column_blocks_ * per_crossbar;
    const auto layout =
        column_layout(hw, op.weight_bits, std::min(per_crossbar, channels_ - first_channel));
    store_block(blocks[static_cast<std::size_t>(b)], layout, b / column_blocks_, first_channel);
  }
}

// The longest segments in which no column sums to more than a byte holds. Sixteen rows of the
// widest cells (4 bits) always do.
void MvmArray::choose_segments(const std::vector<EncodedBlock>& blocks) {
  const auto fits = [&](int rows) {
    for (const EncodedBlock& block : blocks) {
      for (int c = 0; c < block.columns; ++c) {
        for (int first = 0; first < block.rows; first += rows) {
          int sum = 0;
          for (int r = first; r < std::min(first + rows, block.rows); ++r) sum += block.cell(r, c);
          if (sum > 255) return false;
        }
      }
    }
    return true;
  };
  int rows = std::min(block_rows_, kMostSegmentRows);
  while (rows > 16 && !fits(rows)) rows /= 2;
  kernel_.segment_rows = rows;
  kernel_.segments = block_rows_ / rows;
}

void MvmArray::store_block(const EncodedBlock& block, const std::vector<ColumnUse>& layout,
                           int row_block, int first_channel) {
  const int top = (1 << cell_bits_) - 1;
  const auto strip_columns = static_cast<std::size_t>(kStripColumns);
  int column = first_channel * columns_per_channel_;
  for (int c = 0; c < block.columns; ++c) {
    const ColumnUse& use = layout[static_cast<std::size_t>(c)];
    if (use.channel < 0) continue;
    const std::int32_t weight = (use.negative ? -1 : 1) * (1 << (use.digit * cell_bits_));
    const bool inverted = block.inverted[static_cast<std::size_t>(c)] != 0;
    code_weight_[static_cast<std::size_t>(row_block * strips_) * strip_columns +
                 static_cast<std::size_t>(column)] =
        static_cast<std::uint32_t>(inverted ? -weight : weight) << kernel_.adc_shift;
    if (inverted) {
      input_weight_[static_cast<std::size_t>(row_block * channels_ + first_channel +
                                             use.channel)] +=
          static_cast<std::uint32_t>(top * weight);
    }
    std::uint8_t* cells = cells_of(row_block, column / kStripColumns) + column % kStripColumns;
    for (int r = 0; r < block.rows; ++r) {
      // A row of zeros follows each segment.
      cells[static_cast<std::size_t>(r + r / kernel_.segment_rows) * strip_columns] =
          block.cell(r, c);
    }
    ++column;
  }
}

void MvmArray::multiply(const std::int32_t* x, std::int32_t* acc) {
  if (!lossless_ || input_bits_ > (input_signed_ ? 16 : 15)) {  // What the plain product holds.
    multiply_by_columns(x, acc);
    return;
  }
  if (vectors_ > 1) {
    multiply_vectors(x, acc);
    return;
  }
  for (int r = 0; r < rows_; ++r) {
    x16_[static_cast<std::size_t>(r)] = static_cast<std::int16_t>(x[r]);
  }
  product(weights_.data(), x16_.data(), padded_rows_, channels_, acc);
}

void MvmArray::multiply_vectors(const std::int32_t* x, std::int32_t* acc) {
  if (by_column_) {
    for (int r = 0; r < rows_; ++r) paired_.set_row(r, x + std::ptrdiff_t{r} * vectors_);
    multiply_pairs(weights_.data(), padded_rows_, channels_, paired_, acc);
    return;
  }
  for (int v = 0; v < vectors_; ++v) {
    std::int16_t* to = x16_.data() + std::ptrdiff_t{v} * padded_rows_;
    for (int r = 0; r < rows_; ++r) to[r] = static_cast<std::int16_t>(*x++);
  }
  multiply_pairs(x16_.data(), padded_rows_, vectors_, paired_, acc);
}

// Sums are kept modulo 2^32: the mapper has proved that the accumulators themselves fit.
RECPIM_CLONES
static void add_weighted(const std::int32_t* codes, const std::uint32_t* weights,
                         std::uint32_t* sums) {
  for (int c = 0; c < kStripColumns; ++c) {
    sums[c] += static_cast<std::uint32_t>(codes[c]) * weights[c];
  }
}

void MvmArray::multiply_by_columns(const std::int32_t* x, std::int32_t* acc) {
  if (cells_.empty()) program(encode_part(hardware_, tile_, model_));
  if (!by_column_) {
    for (int v = 0; v < vectors_; ++v, x += rows_, acc += channels_) vector_by_columns(x, acc);
    return;
  }
  vector_.resize(static_cast<std::size_t>(rows_));
  products_.resize(static_cast<std::size_t>(channels_));
  for (int v = 0; v < vectors_; ++v) {
    for (int r = 0; r < rows_; ++r) {
      vector_[static_cast<std::size_t>(r)] = x[std::ptrdiff_t{r} * vectors_ + v];
    }
    vector_by_columns(vector_.data(), products_.data());
    for (int c = 0; c < channels_; ++c) {
      acc[std::ptrdiff_t{c} * vectors_ + v] = products_[static_cast<std::size_t>(c)];
    }
  }
}

void MvmArray::vector_by_columns(const std::int32_t* x, std::int32_t* acc) {
  std::fill(column_sum_.begin(), column_sum_.end(), 0);
  alignas(64) std::array<std::int32_t, kStripColumns> codes;
  for (int block = 0; block < row_blocks_; ++block) {
    const std::int32_t* from = x + std::ptrdiff_t{block} * block_rows_;
    const int rows = std::min(block_rows_, rows_ - block * block_rows_);
    driven_.set(from, rows);
    input_sum_[static_cast<std::size_t>(block)] =
        static_cast<std::uint32_t>(std::accumulate(from, from + rows, std::int32_t{0}));
    const std::uint32_t* weights =
        code_weight_.data() + std::ptrdiff_t{block} * strips_ * kStripColumns;
    for (int strip = 0; strip < strips_; ++strip) {
      const std::ptrdiff_t first = std::ptrdiff_t{strip} * kStripColumns;
      read_strip(isa_, kernel_, cells_of(block, strip), driven_, codes.data());
      add_weighted(codes.data(), weights + first, column_sum_.data() + first);
    }
  }
  const std::uint32_t* column = column_sum_.data();
  for (int c = 0; c < channels_; ++c) {
    std::uint32_t sum = 0;
    for (int i = 0; i < columns_per_channel_; ++i) sum += *column++;
    for (int block = 0; block < row_blocks_; ++block) {
      sum += input_weight_[static_cast<std::size_t>(block * channels_ + c)] *
             input_sum_[static_cast<std::size_t>(block)];
    }
    acc[c] = static_cast<std::int32_t>(sum);
  }
}

}  // namespace recpim
