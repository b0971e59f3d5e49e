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
#include "sim/device/column_kernel.h"
#include "sim/device/pair_product.h"

namespace recpim {

/// The crossbars of an MVM tile as programmed: [row block * column blocks + column block].
/// Needs the model's integer weights.
std::vector<EncodedBlock> encode_part(const Hardware& hardware, const Tile& tile,
                                      const Model& model);

class MvmArray {
 public:
  /// The part of an FC operator that `tile` holds. Design, tile and model must outlive it and have
  /// the integer weights.
  MvmArray(const Design& design, const Tile& tile, const Model& model);

  /// The accumulators of a sample, tile.outputs of them, from its input vector: rows x vectors
  /// elements (sim/README.md, "Fc along an axis").
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
  /// For multiply_by_columns; the best supported one unless told otherwise. No result depends on
  /// it.
  void use_isa(KernelIsa isa) { isa_ = isa; }

 private:
  void multiply_vectors(const std::int32_t* x, std::int32_t* acc);
  void vector_by_columns(const std::int32_t* x, std::int32_t* acc);
  void set_phases();
  void program(const std::vector<EncodedBlock>& blocks);
  void choose_segments(const std::vector<EncodedBlock>& blocks);
  void store_block(const EncodedBlock& block, const std::vector<ColumnUse>& layout, int row_block,
                   int first_channel);
  std::uint8_t* cells_of(int row_block, int strip) {
    return cells_.data() +
           static_cast<std::size_t>(row_block * strips_ + strip) * kernel_.strip_bytes();
  }

  int rows_, channels_, vectors_, row_blocks_, column_blocks_;
  bool by_column_;  ///< Vector v is column v of the input vector, and of the accumulators.
  int block_rows_;  ///< Rows of a crossbar.
  int cell_bits_, dac_bits_, input_bits_;
  bool input_signed_;
  int phases_;
  // What columns are made of, when they are.
  const Hardware& hardware_;
  const Tile& tile_;
  const Model& model_;
  std::int32_t offset_value_;  ///< Offset encoding: 2^(b_w - 1), subtracted for every input unit.
  bool lossless_ = false;

  // Plain product: weights by channel, rows padded to a multiple of 16.
  int padded_rows_;
  std::vector<std::int16_t> weights_, x16_;
  /// Several vectors: the factor whose rows lie side by side. The weights, or (along the rows) the
  /// input.
  PairedMatrix paired_;

  // By columns, modulo 2^32: there from the start where they are lossy, else once asked for. Each
  // row block holds the same columns: channel by channel, columns_per_channel_ of each, in the
  // order of its crossbar's columns; unused columns are left out. A strip is kStripColumns of them.
  KernelIsa isa_ = best_kernel_isa();
  KernelArray kernel_;
  int columns_per_channel_ = 0, strips_ = 0;
  std::vector<std::uint8_t> cells_;  ///< [row block][strip], as KernelArray says.
  /// [row block][column]: what a code counts, +-2^(digit * cell bits + k), negative where the
  /// column is negative or inverted (not both).
  std::vector<std::uint32_t> code_weight_;
  /// [row block][channel]: what has to be added for each input unit. Inversion is undone by
  /// (2^b_cell - 1) * sum of the levels - value, column by column, and the offset taken away by
  /// 2^(b_w - 1) * sum of the levels; over all phases the levels sum to the inputs themselves.
  std::vector<std::uint32_t> input_weight_;
  DrivenRows driven_{1, 1, 8};
  std::vector<std::uint32_t> column_sum_;        ///< [column]: weighted codes of all row blocks.
  std::vector<std::uint32_t> input_sum_;         ///< [row block]: sum of its inputs.
  std::vector<std::int32_t> vector_, products_;  ///< One of several vectors.
};

}  // namespace recpim
