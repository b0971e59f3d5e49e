// SPDX-License-Identifier: Apache-2.0
/// @file
/// The float reference of every operator: what quantisation is measured against.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/ops/sample.h"
#include "traces/format/trace.h"

namespace recpim {

/// Evaluates a model's float weights, sample by sample, summing in the order of the inputs. Copies
/// the weights of fcs, so make one and use it often. The model must outlive it.
class FloatReference {
 public:
  /// std::invalid_argument where the float weights are not loaded.
  explicit FloatReference(const Model& model);

  /// All operators' outputs, row-major, in the order of Model::operators; valid until the next
  /// call. A sigmoid gives a probability. `dense` may be null where the model has no dense input.
  const std::vector<std::vector<float>>& evaluate(const float* dense, const std::vector<Bag>& bags);
  /// The same for sample `i` of a chunk.
  const std::vector<std::vector<float>>& evaluate(const TraceChunk& chunk, std::uint64_t i);

 private:
  const Model& model_;
  std::vector<std::vector<float>> weights_;  // kFc, as its loops take them.
  std::vector<std::vector<float>> outputs_;
};

/// The outputs of the last operator for samples [first, first + count) of a trace.
std::vector<float> float_outputs(const Model& model, const TraceReader& trace, std::uint64_t first,
                                 std::uint64_t count);
/// The same for the given samples, in their order.
std::vector<float> float_outputs(const Model& model, const TraceReader& trace,
                                 const std::vector<std::uint64_t>& samples);

}  // namespace recpim
