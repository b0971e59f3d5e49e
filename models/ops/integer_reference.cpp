// SPDX-License-Identifier: Apache-2.0
#include "models/ops/integer_reference.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/integer_layernorm.h"
#include "models/ops/integer_sigmoid.h"
#include "models/ops/integer_softmax.h"

namespace recpim {
namespace {

constexpr std::int64_t kInt32Max = INT32_MAX;
constexpr std::int64_t kOneInSoftmax = 32768;  // The largest weight, Q1.15.

std::int64_t largest_magnitude(const TensorFormat& format) {
  const OutputRange range = format_range(format.is_signed, format.bits);
  return std::max<std::int64_t>(range.high, -std::int64_t{range.low});
}

// Both factors fit 16 bits and the sum was proven to fit 32, so any order of additions gives the
// same result and compilers vectorise the loop.
std::int32_t inner_product(const std::int16_t* a, const std::int16_t* b, std::size_t n) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
  return sum;
}

// How far input i of an operator that joins its inputs is shifted left: the scale of an input of 4
// bits is 16 times that of one of 8.
int widening(const Model& model, const Operator& op, std::size_t i) {
  int widest = 0;
  for (const int input : op.inputs) {
    widest = std::max(widest, model.operators[static_cast<std::size_t>(input)].output.bits);
  }
  return widest - model.operators[static_cast<std::size_t>(op.inputs[i])].output.bits;
}

void require_integers(const Model& model, const Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  if (op.weight_q.size() != shape.weights() || op.bias_q.size() != shape.biases ||
      op.requantiser.size() != shape.requantisers) {
    throw std::invalid_argument("operator " + op.name + ": its integer weights are not loaded");
  }
}

}  // namespace

namespace {

std::int64_t fc_bound(const Operator& self, std::int64_t input_max) {
  if (self.bias_q.empty()) return 0;
  const std::size_t columns = self.weight_q.size() / self.bias_q.size();
  std::int64_t bound = 0;
  for (std::size_t o = 0; o < self.bias_q.size(); ++o) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < columns; ++i) sum += std::abs(int{self.weight_q[o * columns + i]});
    bound = std::max(bound, std::abs(std::int64_t{self.bias_q[o]}) + sum * input_max);
  }
  return bound;
}

}  // namespace

std::int64_t accumulator_bound(const Model& model, std::size_t op) {
  const Operator& self = model.operators.at(op);
  const auto input = [&](std::size_t i) -> const Operator& {
    return model.operators[static_cast<std::size_t>(self.inputs[i])];
  };
  const auto input_max = [&](std::size_t i) { return largest_magnitude(input(i).output); };
  switch (self.kind) {
    case OpKind::kFc:
      return fc_bound(self, input_max(0));
    case OpKind::kEmbedding:
      return (1 << (self.weight_bits - 1)) - 1;
    case OpKind::kDot:
      return input(0).width * input_max(0) * input_max(0);
    case OpKind::kLayerNorm: {
      std::int64_t bias = 0;
      for (const std::int32_t b : self.bias_q) bias = std::max(bias, std::abs(std::int64_t{b}));
      return bias + 32768;  // Q5.10 in 16 bits
    }
    case OpKind::kAdd: {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < self.inputs.size(); ++i) {
        sum += input_max(i) << widening(model, self, i);
      }
      return sum;
    }
    case OpKind::kMul:
      return input_max(0) * input_max(1);
    case OpKind::kFm: {
      const std::int64_t sum = input(0).rows * input_max(0);
      return sum * sum;
    }
    case OpKind::kAttention:
      return std::max(self.width / self.heads * input_max(0) * input_max(1),
                      std::int64_t{self.rows} * input_max(2) * kOneInSoftmax);
    default:
      return 0;
  }
}

IntegerReference::IntegerReference(const Model& model)
    : model_(model), weights_(model.operators.size()), outputs_(model.operators.size()) {
  if (!model.quantised) throw std::invalid_argument("the model is not quantised");
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Operator& op = model.operators[i];
    require_integers(model, op);
    if (accumulator_bound(model, i) > kInt32Max) {
      throw std::invalid_argument("operator " + op.name + ": its accumulator can exceed 32 bits");
    }
    if (op.kind == OpKind::kFc) weights_[i].assign(op.weight_q.begin(), op.weight_q.end());
    outputs_[i].resize(static_cast<std::size_t>(op.elements()));
  }
}

void IntegerReference::embed(const Operator& op, const Bag& bag, std::vector<std::int32_t>& out) {
  const auto width = static_cast<std::size_t>(op.width);
  const std::int64_t row_max = (1 << (op.weight_bits - 1)) - 1;
  if (static_cast<std::int64_t>(bag.count) > kInt32Max / row_max) {
    throw std::invalid_argument("operator " + op.name + ": a bag of " + std::to_string(bag.count) +
                                " rows can exceed 32 bits");
  }
  sums_.assign(width, 0);
  for (std::size_t r = 0; r < bag.count; ++r) {
    if (bag.rows[r] >= op.table_rows) {
      throw std::invalid_argument("operator " + op.name + ": row " + std::to_string(bag.rows[r]) +
                                  " is past its table");
    }
    const std::int8_t* row = op.weight_q.data() + bag.rows[r] * width;
    for (std::size_t i = 0; i < width; ++i) sums_[i] += row[i];
  }
  const OutputRange range = output_range(op);
  for (std::size_t i = 0; i < width; ++i) {
    out[i] = requantise(sums_[i], op.requantiser[0], range);
  }
}

void IntegerReference::multiply(std::size_t position, std::vector<std::int32_t>& out) {
  const Operator& op = model_.operators[position];
  const std::vector<std::int32_t>& x = output_of(op);
  const FcShape shape = fc_shape(model_, op);
  const auto inputs = static_cast<std::size_t>(shape.inputs);
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const bool by_column = op.axis == Axis::kRows;
  const auto width = static_cast<std::size_t>(op.width);
  const OutputRange range = output_range(op);
  input_.resize(inputs);
  for (std::size_t v = 0; v < static_cast<std::size_t>(shape.vectors); ++v) {
    for (std::size_t i = 0; i < inputs; ++i) {
      input_[i] = static_cast<std::int16_t>(by_column ? x[i * width + v] : x[v * inputs + i]);
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      const std::int32_t acc = op.bias_q[o] + inner_product(weights_[position].data() + o * inputs,
                                                            input_.data(), inputs);
      out[by_column ? o * width + v : v * outputs + o] = requantise(acc, op.requantiser[o], range);
    }
  }
}

void IntegerReference::normalise(const Operator& op, std::vector<std::int32_t>& out) {
  const std::vector<std::int32_t>& x = output_of(op);
  input_.assign(x.size(), 0);
  normalised_.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) input_[i] = static_cast<std::int16_t>(x[i]);
  const std::size_t n = op.bias_q.size();
  const std::size_t width = op.axis == Axis::kRows ? static_cast<std::size_t>(op.width) : 1;
  const std::size_t vectors = x.size() / n;
  const OutputRange range = output_range(op);
  for (std::size_t v = 0; v < vectors; ++v) {
    const std::size_t first = op.axis == Axis::kRows ? v : v * n;
    integer_normalise(input_.data() + first, static_cast<int>(n), static_cast<int>(width),
                      op.epsilon_q, normalised_.data() + first, static_cast<int>(width));
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = first + i * width;
      const std::int32_t acc = op.weight_q[i] * normalised_[k] + op.bias_q[i];
      out[k] = requantise(acc, op.requantiser[i], range);
    }
  }
}

// What a pad adds has been 0 from the start.
void IntegerReference::join(const Operator& op, std::vector<std::int32_t>& out) const {
  auto to = out.begin();
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const int factor = 1 << widening(model_, op, i);
    for (const std::int32_t v : output_of(op, i)) *to++ = v * factor;
  }
}

void IntegerReference::add(const Operator& op, std::vector<std::int32_t>& out) {
  sums_.assign(out.size(), 0);
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const int factor = 1 << widening(model_, op, i);
    const std::vector<std::int32_t>& x = output_of(op, i);
    for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += x[k] * factor;
  }
  const OutputRange range = output_range(op);
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k] = requantise(sums_[k], op.requantiser[0], range);
  }
}

void IntegerReference::factorise(const Operator& op, std::vector<std::int32_t>& out) const {
  const std::vector<std::int32_t>& x = output_of(op);
  const OutputRange range = output_range(op);
  for (std::size_t c = 0; c < out.size(); ++c) {
    std::int32_t sum = 0;
    std::int32_t squares = 0;
    for (std::size_t k = c; k < x.size(); k += out.size()) {
      sum += x[k];
      squares += x[k] * x[k];
    }
    out[c] = requantise(sum * sum - squares, op.requantiser[0], range);
  }
}

void IntegerReference::dot(const Operator& op, std::vector<std::int32_t>& out) {
  const Operator& input = model_.operators[static_cast<std::size_t>(op.inputs[0])];
  const auto& x = outputs_[static_cast<std::size_t>(op.inputs[0])];
  const auto width = static_cast<std::size_t>(input.width);
  const OutputRange range = output_range(op);
  std::size_t pair = 0;
  for (std::size_t i = 1; i < static_cast<std::size_t>(input.rows); ++i) {
    for (std::size_t j = 0; j < i; ++j, ++pair) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < width; ++k) sum += x[i * width + k] * x[j * width + k];
      out[pair] = requantise(sum, op.requantiser[0], range);
    }
  }
}

void IntegerReference::attend(const Operator& op, std::vector<std::int32_t>& out) {
  const std::vector<std::int32_t>& q = output_of(op, 0);
  const std::vector<std::int32_t>& k = output_of(op, 1);
  const std::vector<std::int32_t>& v = output_of(op, 2);
  const auto rows = static_cast<std::size_t>(op.rows);
  const auto width = static_cast<std::size_t>(op.width);
  const std::size_t depth = width / static_cast<std::size_t>(op.heads);
  const OutputRange range = output_range(op);
  sums_.resize(rows);
  for (std::size_t first = 0; first < width; first += depth) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) {
        sums_[j] = 0;
        for (std::size_t c = first; c < first + depth; ++c) {
          sums_[j] += q[i * width + c] * k[j * width + c];
        }
      }
      integer_softmax(sums_.data(), op.rows, op.requantiser[0], softmax_);
      const BinaryFraction reciprocal = integer_reciprocal(softmax_.sum);
      for (std::size_t c = first; c < first + depth; ++c) {
        std::int64_t acc = 0;
        for (std::size_t j = 0; j < rows; ++j) acc += softmax_.e[j] * v[j * width + c];
        out[i * width + c] = requantise(softmax_mean(acc, reciprocal), op.requantiser[1], range);
      }
    }
  }
}

const std::vector<std::vector<std::int32_t>>& IntegerReference::evaluate(
    const std::vector<std::int32_t>& dense, const std::vector<Bag>& bags) {
  for (std::size_t p = 0; p < model_.operators.size(); ++p) {
    const Operator& op = model_.operators[p];
    std::vector<std::int32_t>& out = outputs_[p];
    switch (op.kind) {
      case OpKind::kDenseInput: {
        const OutputRange range = output_range(op);
        const auto inside = [&](auto v) { return v >= range.low && v <= range.high; };
        if (dense.size() != out.size() || !std::all_of(dense.begin(), dense.end(), inside)) {
          throw std::invalid_argument("operator " + op.name + ": dense features of another shape");
        }
        out = dense;
        break;
      }
      case OpKind::kEmbedding:
        embed(op, bags.at(static_cast<std::size_t>(op.table)), out);
        break;
      case OpKind::kFc:
        multiply(p, out);
        break;
      case OpKind::kPad:
      case OpKind::kConcat:
        join(op, out);
        break;
      case OpKind::kLayerNorm:
        normalise(op, out);
        break;
      case OpKind::kAdd:
        add(op, out);
        break;
      case OpKind::kMul:
        for (std::size_t k = 0; k < out.size(); ++k) {
          out[k] = requantise(output_of(op, 0)[k] * output_of(op, 1)[k], op.requantiser[0],
                              output_range(op));
        }
        break;
      case OpKind::kFm:
        factorise(op, out);
        break;
      case OpKind::kAttention:
        attend(op, out);
        break;
      case OpKind::kDot:
        dot(op, out);
        break;
      case OpKind::kSigmoid: {
        const auto& logits = outputs_[static_cast<std::size_t>(op.inputs[0])];
        for (std::size_t i = 0; i < out.size(); ++i) {
          out[i] = integer_sigmoid(static_cast<std::int16_t>(logits[i]));
        }
        break;
      }
    }
  }
  return outputs_;
}

std::vector<std::int32_t> IntegerReference::dense_of(const TraceChunk& chunk,
                                                     std::uint64_t i) const {
  std::vector<std::int32_t> dense;
  for (const Operator& op : model_.operators) {
    if (op.kind != OpKind::kDenseInput) continue;
    const auto n = static_cast<std::size_t>(op.elements());
    for (std::size_t k = 0; k < n; ++k) {
      dense.push_back(quantise_dense(chunk.dense[i * n + k], op.output));
    }
  }
  return dense;
}

const std::vector<std::vector<std::int32_t>>& IntegerReference::evaluate(const TraceChunk& chunk,
                                                                         std::uint64_t i) {
  return evaluate(dense_of(chunk, i), bags_of(chunk, i));
}

namespace {

// Appends the last operator's outputs for every sample of a chunk.
auto appender(IntegerReference& reference, std::vector<std::int32_t>& outputs) {
  return [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto& last = reference.evaluate(chunk, i).back();
      outputs.insert(outputs.end(), last.begin(), last.end());
    }
  };
}

}  // namespace

std::vector<std::int32_t> integer_outputs(const Model& model, const TraceReader& trace,
                                          std::uint64_t first, std::uint64_t count) {
  IntegerReference reference(model);
  std::vector<std::int32_t> outputs;
  for_each_chunk(trace, first, count, appender(reference, outputs));
  return outputs;
}

std::vector<std::int32_t> integer_outputs(const Model& model, const TraceReader& trace,
                                          const std::vector<std::uint64_t>& samples) {
  IntegerReference reference(model);
  std::vector<std::int32_t> outputs;
  for_each_chunk(trace, samples, appender(reference, outputs));
  return outputs;
}

}  // namespace recpim
