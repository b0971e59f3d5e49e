// SPDX-License-Identifier: Apache-2.0
#include "models/ops/float_reference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
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

// Where element i of vector v lies in a matrix along an axis: v * vector + i * element.
struct Stride {
  std::size_t vector, element;
};
Stride stride_of(Axis axis, int width) {
  const auto w = static_cast<std::size_t>(width);
  return axis == Axis::kRows ? Stride{1, w} : Stride{w, 1};
}

// y[o] += w * x[o]: compilers fill vector lanes with outputs, so that every sum keeps the order of
// its inputs and has the same bits on every instruction set.
__attribute__((target_clones("default", "arch=x86-64-v3"))) void add_multiple(const float* x,
                                                                              float w, float* y,
                                                                              std::size_t n) {
  for (std::size_t o = 0; o < n; ++o) y[o] += w * x[o];
}

// All columns at once for an fc along the rows (`weight` outputs x inputs), else vector by vector
// (`weight` transposed, inputs x outputs).
void multiply(const Model& model, const Operator& op, const std::vector<float>& weight,
              const std::vector<float>& x, std::vector<float>& out) {
  const FcShape shape = fc_shape(model, op);
  const auto inputs = static_cast<std::size_t>(shape.inputs);
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto vectors = static_cast<std::size_t>(shape.vectors);
  if (op.axis == Axis::kRows) {
    for (std::size_t o = 0; o < outputs; ++o) {
      float* y = out.data() + o * vectors;
      std::fill_n(y, vectors, op.bias[o]);
      for (std::size_t i = 0; i < inputs; ++i) {
        add_multiple(x.data() + i * vectors, weight[o * inputs + i], y, vectors);
      }
    }
  } else {
    for (std::size_t v = 0; v < vectors; ++v) {
      float* y = out.data() + v * outputs;
      std::copy_n(op.bias.data(), outputs, y);
      for (std::size_t i = 0; i < inputs; ++i) {
        add_multiple(weight.data() + i * outputs, x[v * inputs + i], y, outputs);
      }
    }
  }
  if (!op.relu) return;
  for (float& y : out) y = std::max(y, 0.0F);
}

// The weights of an fc in the order in which multiply() takes them.
std::vector<float> arranged(const Model& model, const Operator& op) {
  if (op.axis == Axis::kRows) return op.weight;
  const FcShape shape = fc_shape(model, op);
  const auto inputs = static_cast<std::size_t>(shape.inputs);
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  std::vector<float> transposed(op.weight.size());
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) {
      transposed[i * outputs + o] = op.weight[o * inputs + i];
    }
  }
  return transposed;
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

void normalise(const Operator& op, const std::vector<float>& x, std::vector<float>& out) {
  const Stride at = stride_of(op.axis, op.width);
  const std::size_t n = op.weight.size();
  for (std::size_t v = 0; v < x.size() / n; ++v) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double value = x[v * at.vector + i * at.element];
      sum += value;
      squares += value * value;
    }
    const auto count = static_cast<double>(n);
    const double mean = sum / count;
    const double variance = std::max(squares / count - mean * mean, 0.0);
    const double scale = 1.0 / std::sqrt(variance + kLayerNormEpsilon);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = v * at.vector + i * at.element;
      const auto y = static_cast<float>((x[k] - mean) * scale) * op.weight[i] + op.bias[i];
      out[k] = op.relu ? std::max(y, 0.0F) : y;
    }
  }
}

void factorise(const Operator& input, const std::vector<float>& x, std::vector<float>& out) {
  const auto width = static_cast<std::size_t>(input.width);
  for (std::size_t c = 0; c < width; ++c) {
    float sum = 0;
    float squares = 0;
    for (std::size_t k = c; k < x.size(); k += width) {
      sum += x[k];
      squares += x[k] * x[k];
    }
    out[c] = sum * sum - squares;
  }
}

void attend(const Operator& op, const std::vector<float>& q, const std::vector<float>& k,
            const std::vector<float>& v, std::vector<float>& out) {
  const auto rows = static_cast<std::size_t>(op.rows);
  const auto width = static_cast<std::size_t>(op.width);
  const std::size_t depth = width / static_cast<std::size_t>(op.heads);
  const float factor = 1.0F / std::sqrt(static_cast<float>(depth));
  std::vector<float> weight(rows);
  for (std::size_t first = 0; first < width; first += depth) {
    for (std::size_t i = 0; i < rows; ++i) {
      float largest = -std::numeric_limits<float>::infinity();
      for (std::size_t j = 0; j < rows; ++j) {
        float score = 0;
        for (std::size_t c = first; c < first + depth; ++c) {
          score += q[i * width + c] * k[j * width + c];
        }
        weight[j] = score * factor;
        largest = std::max(largest, weight[j]);
      }
      float total = 0;
      for (float& w : weight) total += w = std::exp(w - largest);
      for (std::size_t c = first; c < first + depth; ++c) {
        float sum = 0;
        for (std::size_t j = 0; j < rows; ++j) sum += weight[j] * v[j * width + c];
        out[i * width + c] = sum / total;
      }
    }
  }
}

}  // namespace

FloatReference::FloatReference(const Model& model)
    : model_(model), weights_(model.operators.size()), outputs_(model.operators.size()) {
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Operator& op = model.operators[i];
    const OperatorShape shape = shape_of(model, op);
    if (op.weight.size() != shape.weights() || op.bias.size() != shape.biases) {
      throw std::invalid_argument("operator " + op.name + ": its float weights are not loaded");
    }
    if (op.kind == OpKind::kFc) weights_[i] = arranged(model, op);
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
        multiply(model_, op, weights_[p], output(op.inputs[0]), out);
        break;
      case OpKind::kLayerNorm:
        normalise(op, output(op.inputs[0]), out);
        break;
      case OpKind::kAdd:
        out = output(op.inputs[0]);
        for (std::size_t i = 1; i < op.inputs.size(); ++i) {
          const auto& more = output(op.inputs[i]);
          std::transform(out.begin(), out.end(), more.begin(), out.begin(), std::plus<>());
        }
        break;
      case OpKind::kMul:
        std::transform(output(op.inputs[0]).begin(), output(op.inputs[0]).end(),
                       output(op.inputs[1]).begin(), out.begin(), std::multiplies<>());
        break;
      case OpKind::kFm:
        factorise(model_.operators[static_cast<std::size_t>(op.inputs[0])], output(op.inputs[0]),
                  out);
        break;
      case OpKind::kAttention:
        attend(op, output(op.inputs[0]), output(op.inputs[1]), output(op.inputs[2]), out);
        break;
      case OpKind::kPad:  // What lies beyond the input has been 0 from the start.
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
