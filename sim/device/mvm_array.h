// SPDX-License-Identifier: Apache-2.0
/// @file
/// The arithmetic of the crossbars of one MVM tile: from the input vector of a sample to its int32
/// accumulators, through cells, DACs, ADCs and shift-add. No SystemC: time is the engine's
/// business.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/mapping/encoding.h"

namespace recpim {

/// The crossbars of an MVM tile as programmed: [row block * column blocks + column block].
/// Needs the model's integer weights.
std::vector<EncodedBlock> encode_part(const Hardware& hardware, const Tile& tile,
                                      const Model& model);

class MvmArray {
 public:
  /// The part of an FC operator that `tile` holds; its weights are copied out of the model.
  MvmArray(const Design& design, const Tile& tile, const Model& model);

  /// acc[channel] for the part's rows of the input; x has tile.rows elements.
  void multiply(const std::int32_t* x, std::int32_t* acc);
  /// The same, column by column, whether or not the converters are lossless.
  void multiply_by_columns(const std::int32_t* x, std::int32_t* acc);

  /// Every column of every crossbar converts without loss (sim/README.md, "ADC"), so that the
  /// result is the plain integer product: multiply() then computes it as such.
  bool lossless() const { return lossless_; }
  int phases() const { return phases_; }
  int row_blocks() const { return row_blocks_; }
  int column_blocks() const { return column_blocks_; }
  int crossbars() const { return row_blocks_ * column_blocks_; }

 private:
  /// One stored column of a physical crossbar.
  struct Column {
    int channel = 0;  ///< Of the part.
    int weight = 1;   ///< What its digit counts: +-2^(digit * cell bits).
    bool inverted = false;
  };
  void program(const Hardware& hardware, const Tile& tile, const Model& model);
  void slice_inputs(const std::int32_t* x);
  void read_block(int row_block, int phase, std::int64_t phase_weight, std::int32_t* acc) const;

  int rows_, channels_, row_blocks_, column_blocks_;
  int block_rows_;  ///< Rows of a crossbar.
  int words_;       ///< 64-bit words that hold them.
  int cell_bits_, dac_bits_, input_bits_;
  bool input_signed_;
  int phases_;
  int adc_shift_;
  std::int64_t adc_max_;
  bool offset_;  ///< Offset encoding: 2^(b_w - 1) is subtracted for every input unit.
  std::int32_t offset_value_;
  bool lossless_ = false;

  // Plain product: weights by channel, rows padded to a multiple of 16.
  int padded_rows_;
  std::vector<std::int16_t> weights_, x16_;

  // By columns: columns_[row block][i], with cell bit planes planes_[...] of cell_bits x words.
  std::vector<std::vector<Column>> columns_;
  std::vector<std::vector<std::uint64_t>> planes_;
  std::vector<std::uint64_t> input_planes_;  ///< [row block][input bit][word].
};

}  // namespace recpim
