// SPDX-License-Identifier: Apache-2.0
#include "models/graph/builder.h"

#include <algorithm>
#include <cmath>

#include "models/graph/kinds.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

// Of every table: tuned with the optimiser, README.md of models/.
constexpr double kEmbeddingDeviation = 0.03;

}  // namespace

ModelBuilder::ModelBuilder(std::string kind, Precision precision, std::uint64_t seed)
    : precision_(precision) {
  model_.name = kind;
  model_.kind = std::move(kind);
  model_.seed = seed;
}

int ModelBuilder::add_operator(const std::string& name, OpKind kind, const std::vector<int>& inputs,
                               int rows, int width) {
  Operator op;
  op.name = name;
  op.kind = kind;
  op.inputs = inputs;
  op.rows = rows;
  op.width = width;
  op.weight_bits = precision_.weight_bits;
  op.activation_bits = precision_.activation_bits;
  model_.operators.push_back(std::move(op));
  return static_cast<int>(model_.operators.size()) - 1;
}

int ModelBuilder::dense(int width) {
  return add_operator("dense", OpKind::kDenseInput, {}, 1, width);
}

int ModelBuilder::embedding(const std::string& name, int table, std::uint64_t table_rows, int dim) {
  const int position = add_operator(name, OpKind::kEmbedding, {}, 1, dim);
  at(position).table = table;
  at(position).table_rows = table_rows;
  return position;
}

int ModelBuilder::fc(const std::string& name, int input, int width, bool relu) {
  const int position = add_operator(name, OpKind::kFc, {input}, 1, width);
  at(position).relu = relu;
  return position;
}

int ModelBuilder::fc_along(const std::string& name, int input, Axis axis, int outputs) {
  const bool by_row = axis == Axis::kWidth;
  const int position = add_operator(name, OpKind::kFc, {input}, by_row ? at(input).rows : outputs,
                                    by_row ? outputs : at(input).width);
  at(position).axis = axis;
  return position;
}

int ModelBuilder::chain(const std::string& name, int input, const std::vector<int>& widths,
                        bool relu_last) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    input = fc(name + std::to_string(i), input, widths[i], relu_last || i + 1 < widths.size());
  }
  return input;
}

int ModelBuilder::layer_norm(const std::string& name, int input, Axis axis, bool relu) {
  const int position =
      add_operator(name, OpKind::kLayerNorm, {input}, at(input).rows, at(input).width);
  at(position).axis = axis;
  at(position).relu = relu;
  return position;
}

int ModelBuilder::concat(const std::string& name, const std::vector<int>& inputs, int rows) {
  int elements = 0;
  int bits = 0;
  for (const int i : inputs) {
    elements += at(i).elements();
    bits = std::max(bits, at(i).activation_bits);
  }
  const int position = add_operator(name, OpKind::kConcat, inputs, rows, elements / rows);
  at(position).activation_bits = bits;
  return position;
}

int ModelBuilder::pad(const std::string& name, int input, int width) {
  const int position = add_operator(name, OpKind::kPad, {input}, 1, width);
  at(position).activation_bits = at(input).activation_bits;
  return position;
}

int ModelBuilder::dot(const std::string& name, int input) {
  const int n = at(input).rows;
  return add_operator(name, OpKind::kDot, {input}, 1, n * (n - 1) / 2);
}

int ModelBuilder::fm(const std::string& name, int input) {
  return add_operator(name, OpKind::kFm, {input}, 1, at(input).width);
}

int ModelBuilder::add(const std::string& name, const std::vector<int>& inputs) {
  return add_operator(name, OpKind::kAdd, inputs, at(inputs[0]).rows, at(inputs[0]).width);
}

int ModelBuilder::mul(const std::string& name, int left, int right) {
  return add_operator(name, OpKind::kMul, {left, right}, at(left).rows, at(left).width);
}

int ModelBuilder::attention(const std::string& name, int queries, int keys, int values, int heads) {
  const int position = add_operator(name, OpKind::kAttention, {queries, keys, values},
                                    at(queries).rows, at(queries).width);
  at(position).heads = heads;
  return position;
}

int ModelBuilder::sigmoid(const std::string& name, int input) {
  wide(input);
  return wide(add_operator(name, OpKind::kSigmoid, {input}, at(input).rows, at(input).width));
}

Model ModelBuilder::finish_without_weights(int output) {
  std::vector<bool> wanted(model_.operators.size(), false);
  wanted[static_cast<std::size_t>(output)] = true;
  for (std::size_t p = static_cast<std::size_t>(output) + 1; p-- > 0;) {
    if (!wanted[p]) continue;
    for (const int i : model_.operators[p].inputs) wanted[static_cast<std::size_t>(i)] = true;
  }
  Model whole = std::move(model_);
  std::vector<int> place(wanted.size(), -1);
  std::vector<Operator> kept;
  for (std::size_t p = 0; p < wanted.size(); ++p) {
    if (!wanted[p]) continue;
    Operator op = std::move(whole.operators[p]);
    for (int& i : op.inputs) i = place[static_cast<std::size_t>(i)];
    place[p] = static_cast<int>(kept.size());
    kept.push_back(std::move(op));
  }
  whole.operators = std::move(kept);
  validate(whole);
  return whole;
}

Model ModelBuilder::finish(int output) {
  Model model = finish_without_weights(output);
  initialise_weights(model);
  validate(model);
  return model;
}

double initial_deviation(const Model& model, const Operator& op) {
  if (op.kind == OpKind::kEmbedding) return kEmbeddingDeviation;
  if (op.kind != OpKind::kFc) return 0;
  // He et al., "Delving deep into rectifiers", 2015, eq. 10; without ReLU half the variance.
  return std::sqrt((op.relu ? 2.0 : 1.0) / static_cast<double>(shape_of(model, op).columns));
}

void initialise_weights(Model& model) {
  model.random_weights = true;
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    Operator& op = model.operators[p];
    const OperatorShape shape = shape_of(model, op);
    op.weight.resize(shape.weights());
    op.bias.assign(shape.biases, 0.0F);
    if (op.kind == OpKind::kLayerNorm) {
      std::fill(op.weight.begin(), op.weight.end(), op.initial_gain);
      continue;
    }
    Random random(model.seed, p);
    const double deviation = initial_deviation(model, op);
    for (float& w : op.weight) w = static_cast<float>(deviation * random.normal());
  }
}

}  // namespace recpim
