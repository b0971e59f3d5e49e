// SPDX-License-Identifier: Apache-2.0
/// @file
/// How large a model is and how much it computes.
#pragma once

#include <cstdint>

#include "models/graph/graph.h"

namespace recpim {

struct OperatorCost {
  std::uint64_t parameters = 0;  ///< Trained values; an unbiased fc has no biases.
  /// Of one sample. A dot product counts its strict lower triangle; table rows are added, not
  /// multiplied.
  std::uint64_t multiply_accumulates = 0;
  /// As fvcore's FlopCountAnalysis counts, which the literature on recommender search reports: one
  /// a multiply-accumulate, the whole square of a dot product, 5 an element of a LayerNorm, nothing
  /// for embeddings, activations, sums and element-wise products.
  std::uint64_t flops = 0;
};

OperatorCost cost_of(const Model& model, const Operator& op);

struct ModelCost {
  std::uint64_t table_parameters = 0;  ///< Of embeddings.
  std::uint64_t parameters = 0;        ///< Of everything else.
  std::uint64_t multiply_accumulates = 0, flops = 0;
};
ModelCost cost_of(const Model& model);

}  // namespace recpim
