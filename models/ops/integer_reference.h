// SPDX-License-Identifier: Apache-2.0
/// @file
/// The integer reference of every operator: what the simulator and the RTL must equal bit for bit.
/// Plain loops over plain integers; definitions and error bounds in README.md of this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/ops/integer_softmax.h"
#include "models/ops/requantise.h"
#include "models/ops/sample.h"
#include "traces/format/trace.h"

namespace recpim {

/// The largest |accumulator| that operator `op` can reach, from its actual weights and the range
/// of its inputs; the formula of each kind is in README.md. kEmbedding: of one looked-up row. 0 for
/// kinds without an accumulator.
std::int64_t accumulator_bound(const Model& model, std::size_t op);

/// Evaluates a quantised model, sample by sample. Holds the FC weights in a form that compilers
/// vectorise, so make one and use it often. The model must outlive it.
class IntegerReference {
 public:
  /// Proves every operator's accumulator bound: std::invalid_argument where one can exceed int32,
  /// where the model is not quantised or its integers are not loaded.
  explicit IntegerReference(const Model& model);

  /// All operators' outputs, row-major, in the order of Model::operators; valid until the next
  /// call. `dense` are the quantised features (empty where the model has none), `bags` one a table.
  /// std::invalid_argument for a value or row out of range and for a bag so long that its sum
  /// could exceed int32.
  const std::vector<std::vector<std::int32_t>>& evaluate(const std::vector<std::int32_t>& dense,
                                                         const std::vector<Bag>& bags);
  /// The same for sample `i` of a chunk, whose dense features it quantises.
  const std::vector<std::vector<std::int32_t>>& evaluate(const TraceChunk& chunk, std::uint64_t i);

  /// The quantised dense features of sample `i` of a chunk.
  std::vector<std::int32_t> dense_of(const TraceChunk& chunk, std::uint64_t i) const;

 private:
  void embed(const Operator& op, const Bag& bag, std::vector<std::int32_t>& out);
  void multiply(std::size_t position, std::vector<std::int32_t>& out);
  void dot(const Operator& op, std::vector<std::int32_t>& out);
  void normalise(const Operator& op, std::vector<std::int32_t>& out);
  void join(const Operator& op, std::vector<std::int32_t>& out) const;
  void add(const Operator& op, std::vector<std::int32_t>& out);
  void factorise(const Operator& op, std::vector<std::int32_t>& out) const;
  void attend(const Operator& op, std::vector<std::int32_t>& out);
  const Operator& input_of(const Operator& op, std::size_t i = 0) const {
    return model_.operators[static_cast<std::size_t>(op.inputs[i])];
  }
  const std::vector<std::int32_t>& output_of(const Operator& op, std::size_t i = 0) const {
    return outputs_[static_cast<std::size_t>(op.inputs[i])];
  }

  const Model& model_;
  std::vector<std::vector<std::int16_t>> weights_;  // kFc: weight_q widened.
  std::vector<std::int16_t> input_, normalised_;
  std::vector<std::int32_t> sums_;
  SoftmaxWeights softmax_;
  std::vector<std::vector<std::int32_t>> outputs_;
};

/// The outputs of the last operator for samples [first, first + count) of a trace, one after the
/// other. The trace must fit (require_fit).
std::vector<std::int32_t> integer_outputs(const Model& model, const TraceReader& trace,
                                          std::uint64_t first, std::uint64_t count);
/// The same for the given samples, in their order.
std::vector<std::int32_t> integer_outputs(const Model& model, const TraceReader& trace,
                                          const std::vector<std::uint64_t>& samples);

}  // namespace recpim
