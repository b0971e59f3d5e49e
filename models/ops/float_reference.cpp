// SPDX-License-Identifier: Apache-2.0
#include "models/ops/float_reference.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"

namespace recpim {
namespace {

void embed(const Operator& op, const Bag& bag, std::vector<float>& out) {
  const auto width = static_cast<std::size_t>(op.width);
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t r = 0; r < bag.count; ++r) {
    if (bag.rows[r] >= op.table_rows) {
      throw std::invalid_argument("operator " + op.name + ": row " + std::to_string(bag.rows[r]) +
                                  " is past its table");
    }
    const float* row = op.weight.data() + bag.rows[r] * width;
    for (std::size_t i = 0; i < width; ++i) out[i] += row[i];
  }
}

void multiply(const Operator& op, const std::vector<float>& x, std::vector<float>& out) {
  for (std::size_t o = 0; o < out.size(); ++o) {
    const float* w = op.weight.data() + o * x.size();
    float sum = op.bias[o];
    for (std::size_t i = 0; i < x.size(); ++i) sum += w[i] * x[i];
    out[o] = op.relu ? std::max(sum, 0.0F) : sum;
  }
}

void dot(const Operator& input, const std::vector<float>& x, std::vector<float>& out) {
  const auto width = static_cast<std::size_t>(input.width);
  std::size_t pair = 0;
  for (std::size_t i = 1; i < static_cast<std::size_t>(input.rows); ++i) {
    for (std::size_t j = 0; j < i; ++j, ++pair) {
      float sum = 0;
      for (std::size_t k = 0; k < width; ++k) sum += x[i * width + k] * x[j * width + k];
      out[pair] = sum;
    }
  }
}

}  // namespace

FloatReference::FloatReference(const Model& model)
    : model_(model), outputs_(model.operators.size()) {
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Operator& op = model.operators[i];
    const OperatorShape shape = shape_of(model, op);
    if (op.weight.size() != shape.weights() || op.bias.size() != shape.biases) {
      throw std::invalid_argument("operator " + op.name + ": its float weights are not loaded");
    }
    outputs_[i].resize(static_cast<std::size_t>(op.elements()));
  }
}

const std::vector<std::vector<float>>& FloatReference::evaluate(const float* dense,
                                                                const std::vector<Bag>& bags) {
  const auto output = [&](int i) -> const std::vector<float>& {
    return outputs_[static_cast<std::size_t>(i)];
  };
  for (std::size_t p = 0; p < model_.operators.size(); ++p) {
    const Operator& op = model_.operators[p];
    std::vector<float>& out = outputs_[p];
    switch (op.kind) {
      case OpKind::kDenseInput:
        out.assign(dense, dense + out.size());
        break;
      case OpKind::kEmbedding:
        embed(op, bags.at(static_cast<std::size_t>(op.table)), out);
        break;
      case OpKind::kFc:
        multiply(op, output(op.inputs[0]), out);
        break;
      case OpKind::kConcat: {
        auto to = out.begin();
        for (const int i : op.inputs) to = std::copy(output(i).begin(), output(i).end(), to);
        break;
      }
      case OpKind::kDot:
        dot(model_.operators[static_cast<std::size_t>(op.inputs[0])], output(op.inputs[0]), out);
        break;
      case OpKind::kSigmoid:
        std::transform(output(op.inputs[0]).begin(), output(op.inputs[0]).end(), out.begin(),
                       [](float z) { return 1.0F / (1.0F + std::exp(-z)); });
        break;
    }
  }
  return outputs_;
}

const std::vector<std::vector<float>>& FloatReference::evaluate(const TraceChunk& chunk,
                                                                std::uint64_t i) {
  const auto width = static_cast<std::size_t>(model_.dense_features());
  return evaluate(width == 0 ? nullptr : chunk.dense.data() + i * width, bags_of(chunk, i));
}

namespace {

auto appender(FloatReference& reference, std::vector<float>& outputs) {
  return [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto& last = reference.evaluate(chunk, i).back();
      outputs.insert(outputs.end(), last.begin(), last.end());
    }
  };
}

}  // namespace

std::vector<float> float_outputs(const Model& model, const TraceReader& trace, std::uint64_t first,
                                 std::uint64_t count) {
  FloatReference reference(model);
  std::vector<float> outputs;
  for_each_chunk(trace, first, count, appender(reference, outputs));
  return outputs;
}

std::vector<float> float_outputs(const Model& model, const TraceReader& trace,
                                 const std::vector<std::uint64_t>& samples) {
  FloatReference reference(model);
  std::vector<float> outputs;
  for_each_chunk(trace, samples, appender(reference, outputs));
  return outputs;
}

}  // namespace recpim
