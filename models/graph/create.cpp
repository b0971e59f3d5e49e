// SPDX-License-Identifier: Apache-2.0
#include "models/graph/create.h"

#include <cmath>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

// Of every table: tuned with the optimiser, README.md of models/.
constexpr double kEmbeddingDeviation = 0.03;

class Builder {
 public:
  Builder(std::string kind, Precision precision, std::uint64_t seed) : precision_(precision) {
    model_.name = kind;
    model_.kind = std::move(kind);
    model_.seed = seed;
  }

  int add(std::string name, OpKind kind, std::vector<int> inputs, int rows, int width) {
    Operator op;
    op.name = std::move(name);
    op.kind = kind;
    op.inputs = std::move(inputs);
    op.rows = rows;
    op.width = width;
    op.weight_bits = precision_.weight_bits;
    op.activation_bits = precision_.activation_bits;
    model_.operators.push_back(std::move(op));
    return static_cast<int>(model_.operators.size()) - 1;
  }

  int dense(int width) { return add("dense", OpKind::kDenseInput, {}, 1, width); }

  int embedding(int table, std::uint64_t table_rows, int dim) {
    const int position = add("emb" + std::to_string(table), OpKind::kEmbedding, {}, 1, dim);
    Operator& op = at(position);
    op.table = table;
    op.table_rows = table_rows;
    return position;
  }

  // fcs one after the other, ReLU after each but (unless `relu_last`) the last.
  int chain(const std::string& name, int input, const std::vector<int>& widths, bool relu_last) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      input = add(name + std::to_string(i), OpKind::kFc, {input}, 1, widths[i]);
      at(input).relu = relu_last || i + 1 < widths.size();
    }
    return input;
  }

  int concat(const std::string& name, const std::vector<int>& inputs, bool as_rows) {
    int elements = 0;
    for (const int i : inputs) elements += at(i).elements();
    const int rows = as_rows ? static_cast<int>(inputs.size()) : 1;
    return add(name, OpKind::kConcat, inputs, rows, elements / rows);
  }

  Operator& at(int position) { return model_.operators[static_cast<std::size_t>(position)]; }

  Model finish() {
    for (std::size_t i = 0; i < model_.operators.size(); ++i) initialise(i);
    validate(model_);
    return std::move(model_);
  }

 private:
  // A random sequence of its own for every operator: inserting one leaves the others' weights.
  void initialise(std::size_t position) {
    Operator& op = model_.operators[position];
    const OperatorShape shape = shape_of(model_, op);
    Random random(model_.seed, position);
    op.weight.resize(shape.weights());
    op.bias.resize(shape.biases);
    const double deviation = initial_deviation(model_, op);
    for (float& w : op.weight) w = static_cast<float>(deviation * random.normal());
  }

  Precision precision_;
  Model model_;
};

void require(bool good, const std::string& message) {
  if (!good) throw std::invalid_argument(message);
}

}  // namespace

double initial_deviation(const Model& model, const Operator& op) {
  if (op.kind == OpKind::kEmbedding) return kEmbeddingDeviation;
  if (op.kind != OpKind::kFc) return 0;
  // He et al., "Delving deep into rectifiers", 2015, eq. 10; without ReLU half the variance.
  return std::sqrt((op.relu ? 2.0 : 1.0) / static_cast<double>(shape_of(model, op).columns));
}

Model create_dlrm(const TraceInfo& trace, const DlrmShape& shape, Precision precision,
                  std::uint64_t seed) {
  require(!shape.top.empty() && shape.top.back() == 1, "top: its last width must be 1");
  require(trace.tables.size() + (trace.dense > 0 ? 1 : 0) >= 2,
          "trace: a DLRM needs two tables, or one table and dense features");
  require(!trace.tables.empty(), "trace: a DLRM needs at least one table");
  Builder builder("dlrm", precision, seed);
  std::vector<int> features;
  std::vector<int> top_inputs;
  if (trace.dense > 0) {
    require(!shape.bottom.empty() && shape.bottom.back() == shape.embedding_dim,
            "bottom: its last width must be the embedding dimension");
    const int dense = builder.dense(static_cast<int>(trace.dense));
    features.push_back(builder.chain("bottom", dense, shape.bottom, true));
    top_inputs = features;
  }
  for (std::size_t t = 0; t < trace.tables.size(); ++t) {
    features.push_back(
        builder.embedding(static_cast<int>(t), trace.tables[t].rows, shape.embedding_dim));
  }
  const int rows = builder.concat("features", features, true);
  const auto n = static_cast<int>(features.size());
  const int dot = builder.add("dot", OpKind::kDot, {rows}, 1, n * (n - 1) / 2);
  top_inputs.push_back(dot);
  const int input = top_inputs.size() == 1 ? dot : builder.concat("interaction", top_inputs, false);
  const int logit = builder.chain("top", input, shape.top, false);
  builder.at(logit).activation_bits = 16;
  builder.at(builder.add("sigmoid", OpKind::kSigmoid, {logit}, 1, 1)).activation_bits = 16;
  return builder.finish();
}

Model create_mlp(const std::vector<int>& layers, Precision precision, std::uint64_t seed) {
  require(layers.size() >= 2, "layers: the input's width and at least one layer");
  Builder builder("mlp", precision, seed);
  const int dense = builder.dense(layers[0]);
  const int last = builder.chain("fc", dense, {layers.begin() + 1, layers.end()}, false);
  builder.at(last).activation_bits = 8;
  return builder.finish();
}

}  // namespace recpim
