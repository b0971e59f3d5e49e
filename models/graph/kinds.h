// SPDX-License-Identifier: Apache-2.0
/// @file
/// What each kind of operator has: its name in files, the shape of its arrays, fixed formats.
#pragma once

#include <cstdint>

#include "models/graph/graph.h"

namespace recpim {

/// A logit is signed Q4.11: 16 bits in units of 2^-11, so within [-16, 16).
constexpr double kLogitScale = 1.0 / 2048.0;
/// A probability is an unsigned 16-bit number of 2^-16.
constexpr double kProbabilityScale = 1.0 / 65536.0;

/// The name of a kind in model.json: "dense_input", "embedding", "fc", "concat", "dot", "sigmoid".
const char* kind_name(OpKind kind);

constexpr bool has_weights(OpKind kind) {
  return kind == OpKind::kFc || kind == OpKind::kEmbedding;
}

/// How many values each array of an operator has; 0 where the kind has none.
struct OperatorShape {
  std::uint64_t rows = 0, columns = 0;  ///< Of weight and weight_q. kFc: outputs x inputs.
  std::uint64_t biases = 0;
  std::uint64_t moments = 0;  ///< Of input_mean and input_square.
  std::uint64_t scales = 0;   ///< Of weight_scale.
  std::uint64_t requantisers = 0;
  std::uint64_t weights() const { return rows * columns; }
};
/// The inputs of `op` must be in range.
OperatorShape shape_of(const Model& model, const Operator& op);

}  // namespace recpim
