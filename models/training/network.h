// SPDX-License-Identifier: Apache-2.0
/// @file
/// A model's forward and backward pass over batches, by matrix products (Eigen).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// batch x elements, row by row.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Some samples of a chunk, by their position in it.
struct Batch {
  const TraceChunk* chunk = nullptr;
  std::vector<std::uint32_t> samples;
};

/// The gradient of one operator's weights. Of a table only the rows that the batch looked up.
struct Gradient {
  Matrix weight;                    ///< kFc: width x inputs. kEmbedding: rows.size() x width.
  Eigen::VectorXf bias;             ///< kFc.
  std::vector<std::uint32_t> rows;  ///< kEmbedding, in the order of their first lookup.
};

/// Computes on the float weights of a model that it does not own and that may change between calls.
class Network {
 public:
  /// std::invalid_argument where the last operator is no sigmoid of one logit: there is no loss.
  explicit Network(const Model& model);

  /// The logits of the batch (batch x 1); valid until the next call.
  const Matrix& forward(const Batch& batch);
  /// After forward(): from d loss / d logit (batch x 1) to the gradients of all weights.
  void backward(const Batch& batch, const Matrix& logit_gradient);
  const Gradient& gradient(std::size_t op) const { return gradients_[op]; }

 private:
  void embed(std::size_t op, const Batch& batch);
  void embed_backward(std::size_t op, const Batch& batch);
  void dot(std::size_t op);
  void dot_backward(std::size_t op);
  void fc_backward(std::size_t op);
  void concat_backward(std::size_t op);

  const Model& model_;
  std::size_t logit_;  // Position of the sigmoid's input.
  std::vector<Matrix> outputs_, output_gradients_;
  std::vector<Gradient> gradients_;
  std::vector<std::vector<std::int32_t>> slot_;  // kEmbedding: row -> place in rows, -1 outside.
};

}  // namespace recpim
