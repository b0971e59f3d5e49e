// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/formats.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/graph/kinds.h"
#include "models/ops/requantise.h"
#include "models/quantisation/quantise.h"

namespace recpim {
namespace {

// Signed where the operator's outputs can be negative whatever the calibration saw.
bool can_be_negative(const Operator& op) {
  const bool linear = op.kind == OpKind::kFc || op.kind == OpKind::kLayerNorm;
  return always_signed(op.kind) || (linear && !op.relu);
}

bool feeds_sigmoid(const Model& model, std::size_t position) {
  return std::any_of(model.operators.begin(), model.operators.end(), [&](const Operator& op) {
    return op.kind == OpKind::kSigmoid && static_cast<std::size_t>(op.inputs[0]) == position;
  });
}

// 16 bits: the scale of a logit and of a probability is fixed; what a LayerNorm reads gets a
// quarter more than the largest value seen, for its steps are fine enough.
TensorFormat wide_format(const Model& model, std::size_t position,
                         const std::vector<float>& values) {
  const Operator& op = model.operators[position];
  if (op.kind == OpKind::kSigmoid) return {false, 16, kProbabilityScale};
  if (feeds_sigmoid(model, position)) return {true, 16, kLogitScale};
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::abs(v));
  const double scale = 1.25 * static_cast<double>(largest) / 32767;
  return {true, 16, scale > 0 && std::isfinite(1 / scale) ? scale : 1.0};
}

void choose_format(Model& model, const std::vector<std::size_t>& members,
                   const std::vector<std::vector<float>>& seen) {
  if (members.size() == 1 && model.operators[members[0]].activation_bits == 16) {
    Operator& op = model.operators[members[0]];
    op.output = wide_format(model, members[0], seen[members[0]]);
    return;
  }
  int bits = 0;
  bool is_signed = false;
  std::vector<float> values;
  for (const std::size_t m : members) {
    const Operator& op = model.operators[m];
    bits = std::max(bits, op.activation_bits);
    is_signed = is_signed || can_be_negative(op) ||
                std::any_of(seen[m].begin(), seen[m].end(), [](float v) { return v < 0; });
    // Wiring repeats what its inputs hold.
    if (!is_wiring(op.kind)) values.insert(values.end(), seen[m].begin(), seen[m].end());
  }
  const OutputRange range = format_range(is_signed, bits);
  const double scale = best_scale(values, -range.low, range.high);
  for (const std::size_t m : members) {
    Operator& op = model.operators[m];
    op.output = {is_signed, op.activation_bits, std::ldexp(scale, bits - op.activation_bits)};
  }
}

}  // namespace

std::vector<std::size_t> format_groups(const Model& model) {
  std::vector<std::size_t> group(model.operators.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::size_t p = 0; p < group.size(); ++p) {
    const Operator& op = model.operators[p];
    if (!joins_inputs(op.kind)) continue;
    const std::size_t first = static_cast<std::size_t>(op.inputs[0]);
    const std::size_t to = group[is_wiring(op.kind) ? p : first];
    for (const int input : op.inputs) {
      const std::size_t from = group[static_cast<std::size_t>(input)];
      std::replace(group.begin(), group.end(), from, to);
    }
  }
  return group;
}

void choose_formats(Model& model, const std::vector<std::vector<float>>& seen) {
  const std::vector<std::size_t> group = format_groups(model);
  for (std::size_t g = 0; g < group.size(); ++g) {
    std::vector<std::size_t> members;
    for (std::size_t p = 0; p < group.size(); ++p) {
      if (group[p] == g) members.push_back(p);
    }
    if (!members.empty()) choose_format(model, members, seen);
  }
}

}  // namespace recpim
