// SPDX-License-Identifier: Apache-2.0
/// @file
/// A model's forward and backward pass over batches, by matrix products.
///
/// Every tensor is batch x elements of float, a sample after the other, each as the float reference
/// has it (rows x width, row-major). Results are the same, bit for bit, for any number of threads;
/// they depend on the build and on the instruction set (float sums differ in their last bits),
/// which the integers of a quantised model never do.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/graph/graph.h"
#include "models/training/kernels/kernels.h"
#include "models/training/team.h"
#include "traces/format/trace.h"

namespace recpim {

/// batch x elements, row by row.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Some samples of a chunk, by their position in it.
struct Batch {
  const TraceChunk* chunk = nullptr;
  std::vector<std::uint32_t> samples;
};

/// The gradient of one operator's weights, in memory of the network. Of a table only the rows that
/// the batch looked up. A copy looks at the same memory; nothing is assigned.
struct Gradient {
  /// kFc: outputs x inputs. kLayerNorm: n x 1, of the gains. kEmbedding: rows.size() x width.
  Eigen::Map<Matrix> weight{nullptr, 0, 0};
  /// kFc (empty where it has no bias), kLayerNorm: one an output or place.
  Eigen::Map<Eigen::VectorXf> bias{nullptr, 0};
  std::vector<std::uint32_t> rows;  ///< kEmbedding, in the order of their first lookup.
};

struct Tape;  // tape.h

struct NetworkOptions {
  int threads = 1;
  /// Computes with weights and activations rounded to the bits that the model asks of them, and
  /// passes gradients straight through: fake_quantise.h says how.
  bool fake_quantised = false;
  FloatIsa isa = best_float_isa();
};

/// Computes on the float weights of a model that it does not own and that may change between calls.
class Network {
 public:
  /// std::invalid_argument where the last operator is no sigmoid of one logit: there is no loss.
  explicit Network(const Model& model, const NetworkOptions& options = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// From now on the network of another model (which may have other operators). Memory and threads
  /// stay: this is how to train many graphs in turn.
  void rebind(const Model& model);

  /// The logits of the batch (batch x 1); valid until the next call.
  const Matrix& forward(const Batch& batch);
  /// After forward() of the same batch: from d loss / d logit (batch x 1) to the gradients of all
  /// weights, valid until the next forward() or rebind().
  void backward(const Batch& batch, const Matrix& logit_gradient);
  const Gradient& gradient(std::size_t op) const { return gradients_[op]; }

  /// For work beside the passes: the optimiser's.
  Team& team() const;
  const Kernels& kernels() const;

 private:
  std::unique_ptr<Tape> tape_;
  std::vector<Gradient> gradients_;
  Matrix logits_;
};

}  // namespace recpim
