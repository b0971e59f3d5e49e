// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where outputs of the widest network lie one after the other: the columns of the shared weights.
#pragma once

#include <algorithm>

#include "models/supernet/subnetwork.h"

namespace recpim::supernet {

/// Block b reads outputs 0 (the raw input) ... b - 1, each at its full size.
class Layout {
 public:
  /// std::invalid_argument where the trace has no dense features or no tables.
  Layout(const SpaceDescription& space, const TraceInfo& trace);

  int widest() const { return widest_; }        ///< Of the dense outputs of blocks.
  int most_rows() const { return most_rows_; }  ///< Of their sparse operators.
  /// Rows of a block's sparse output: those of its operator, then those of its dense-to-sparse.
  int output_rows() const { return most_rows_ + kDsiRows; }

  /// Where output j starts among the dense or sparse outputs.
  int dense_start(int j) const { return j == 0 ? 0 : dense_ + (j - 1) * widest_; }
  int sparse_start(int j) const { return j == 0 ? 0 : tables_ + (j - 1) * output_rows(); }
  int dense_columns(int b) const { return dense_start(b); }
  int sparse_rows(int b) const { return sparse_start(b); }
  /// Width of two dense outputs that are padded to one another.
  int paired(int b) const { return b == 1 ? dense_ : std::max(dense_, widest_); }
  /// What the logit reads: the last block's dense output, then its sparse one, flattened.
  int output_columns() const { return widest_ + output_rows() * kEmbeddingDim; }

 private:
  int dense_, tables_, widest_, most_rows_;
};

}  // namespace recpim::supernet
