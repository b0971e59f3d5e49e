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

/// Added to the variance (Ba et al., "Layer normalization", 2016, leave it open; the value of
/// PyTorch).
constexpr double kLayerNormEpsilon = 1e-5;

/// The name of a kind in model.json: "dense_input", "embedding", "fc", ...
const char* kind_name(OpKind kind);
/// "all", "width", "rows".
const char* axis_name(Axis axis);

constexpr bool has_weights(OpKind kind) {
  return kind == OpKind::kFc || kind == OpKind::kEmbedding;
}

/// Kinds without hardware of their own: their consumer's input is assembled so.
constexpr bool is_wiring(OpKind kind) { return kind == OpKind::kConcat || kind == OpKind::kPad; }

/// Kinds whose inputs share one scale: the integers are joined or added as they are. An input of 4
/// bits among others of 8 has 16 times the scale and is shifted left by 4.
constexpr bool joins_inputs(OpKind kind) { return is_wiring(kind) || kind == OpKind::kAdd; }

/// Kinds whose output can be negative whatever their inputs are. An fc or LayerNorm can where it
/// has no ReLU; sums and products are held signed for their readers' sake.
constexpr bool always_signed(OpKind kind) {
  return kind == OpKind::kEmbedding || kind == OpKind::kDot || kind == OpKind::kFm ||
         kind == OpKind::kAdd || kind == OpKind::kMul || kind == OpKind::kAttention;
}

/// An fc multiplies `vectors` vectors of `inputs` elements by one matrix of outputs x inputs.
struct FcShape {
  int outputs = 0, inputs = 0, vectors = 1;
};
/// The inputs of `op` must be in range.
FcShape fc_shape(const Model& model, const Operator& op);

/// `outputs` of fc_shape(), which the fc's own shape says.
inline int fc_outputs(const Operator& op) { return op.axis == Axis::kRows ? op.rows : op.width; }

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
