// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small quantised models built by hand for the mapping tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/graph/graph.h"
#include "traces/support/random.h"

namespace recpim::testing {

inline Operator dense_input(int width, int bits = 8, bool is_signed = false) {
  Operator op;
  op.name = "dense";
  op.kind = OpKind::kDenseInput;
  op.width = width;
  op.output = {is_signed, bits, 1.0};
  return op;
}

/// Random weights over the whole range of weight_bits.
inline Operator fc(const std::string& name, int input, int inputs, int width, int weight_bits = 8,
                   std::uint64_t seed = 1) {
  Operator op;
  op.name = name;
  op.kind = OpKind::kFc;
  op.inputs = {input};
  op.width = width;
  op.relu = true;
  op.weight_bits = weight_bits;
  op.output = {false, 8, 1.0};
  const int top = (1 << (weight_bits - 1)) - 1;
  Random random(seed, static_cast<std::uint64_t>(inputs) * 65536U + static_cast<unsigned>(width));
  op.weight_q.resize(static_cast<std::size_t>(inputs) * static_cast<std::size_t>(width));
  for (auto& w : op.weight_q) {
    w = static_cast<std::int8_t>(
        static_cast<int>(random.below(2 * static_cast<unsigned>(top) + 1)) - top);
  }
  op.bias_q.assign(static_cast<std::size_t>(width), 0);
  op.weight_scale.assign(static_cast<std::size_t>(width), 1.0);
  op.requantiser.assign(static_cast<std::size_t>(width), {});
  return op;
}

inline Operator embedding(int table, std::uint64_t rows, int width, int weight_bits = 8) {
  Operator op;
  op.name = "table_" + std::to_string(table);
  op.kind = OpKind::kEmbedding;
  op.width = width;
  op.table = table;
  op.table_rows = rows;
  op.weight_bits = weight_bits;
  op.output = {true, 8, 1.0};
  op.requantiser.assign(1, {});
  op.weight_scale = {1.0};
  return op;
}

inline Operator concat(const std::string& name, std::vector<int> inputs, int elements,
                       bool is_signed) {
  Operator op;
  op.name = name;
  op.kind = OpKind::kConcat;
  op.inputs = std::move(inputs);
  op.width = elements;
  op.output = {is_signed, 8, 1.0};
  return op;
}

inline Operator dot(int input, int rows) {
  Operator op;
  op.name = "dot";
  op.kind = OpKind::kDot;
  op.inputs = {input};
  op.width = rows * (rows - 1) / 2;
  op.output = {true, 8, 1.0};
  op.requantiser.assign(1, {});
  return op;
}

inline Operator sigmoid(int input) {
  Operator op;
  op.name = "sigmoid";
  op.kind = OpKind::kSigmoid;
  op.inputs = {input};
  op.width = 1;
  op.activation_bits = 16;
  op.output = {false, 16, 1.0 / 65536};
  return op;
}

inline Model model_of(std::vector<Operator> operators) {
  Model model;
  model.name = "test";
  model.kind = "test";
  model.quantised = true;
  model.operators = std::move(operators);
  return model;
}

/// layers[0] inputs, then one FC a layer.
inline Model mlp(const std::vector<int>& layers, int weight_bits = 8) {
  std::vector<Operator> operators = {dense_input(layers[0])};
  for (std::size_t i = 1; i < layers.size(); ++i) {
    operators.push_back(fc("fc" + std::to_string(i), static_cast<int>(i) - 1, layers[i - 1],
                           layers[i], weight_bits));
  }
  return model_of(std::move(operators));
}

}  // namespace recpim::testing
