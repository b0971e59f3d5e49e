// SPDX-License-Identifier: Apache-2.0
#include "models/ops/integer_reference.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/integer_sigmoid.h"

namespace recpim {
namespace {

constexpr std::int64_t kInt32Max = INT32_MAX;

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

void require_integers(const Model& model, const Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  if (op.weight_q.size() != shape.weights() || op.bias_q.size() != shape.biases ||
      op.requantiser.size() != shape.requantisers) {
    throw std::invalid_argument("operator " + op.name + ": its integer weights are not loaded");
  }
}

}  // namespace

std::int64_t accumulator_bound(const Model& model, std::size_t op) {
  const Operator& self = model.operators.at(op);
  const auto input_max = [&] {
    return largest_magnitude(model.operators[static_cast<std::size_t>(self.inputs[0])].output);
  };
  switch (self.kind) {
    case OpKind::kFc: {
      const std::size_t columns = shape_of(model, self).columns;
      std::int64_t bound = 0;
      for (std::size_t o = 0; o < self.bias_q.size(); ++o) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < columns; ++i) {
          sum += std::abs(int{self.weight_q[o * columns + i]});
        }
        bound = std::max(bound, std::abs(std::int64_t{self.bias_q[o]}) + sum * input_max());
      }
      return bound;
    }
    case OpKind::kEmbedding:
      return (1 << (self.weight_bits - 1)) - 1;
    case OpKind::kDot:
      return model.operators[static_cast<std::size_t>(self.inputs[0])].width * input_max() *
             input_max();
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
  const auto& x = outputs_[static_cast<std::size_t>(op.inputs[0])];
  input_.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) input_[i] = static_cast<std::int16_t>(x[i]);
  const OutputRange range = output_range(op);
  for (std::size_t o = 0; o < out.size(); ++o) {
    const std::int32_t acc = op.bias_q[o] + inner_product(weights_[position].data() + o * x.size(),
                                                          input_.data(), x.size());
    out[o] = requantise(acc, op.requantiser[o], range);
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
      case OpKind::kConcat: {
        auto to = out.begin();
        for (const int input : op.inputs) {
          const auto& from = outputs_[static_cast<std::size_t>(input)];
          to = std::copy(from.begin(), from.end(), to);
        }
        break;
      }
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
