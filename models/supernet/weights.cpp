// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/weights.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/graph/builder.h"
#include "models/graph/kinds.h"
#include "traces/support/random.h"

namespace recpim::supernet {
namespace {

// Random sequences of weights, apart from those of splits, architectures and orders.
constexpr std::uint64_t kWeightStream = std::uint64_t{0x77656967} << 32U;  // "weig"

std::size_t place(std::uint64_t n) { return static_cast<std::size_t>(n); }

// Parameters whose fc has a ReLU of its own. The full path has every one of them.
std::vector<bool> with_relu(const SubnetworkBuilder& builder) {
  std::vector<bool> relu(builder.parameters().size(), false);
  const Subnetwork path = builder.build_full_path();
  for (const Slice& slice : path.slices) {
    const Operator& op = path.model.operators[slice.op];
    if (op.kind == OpKind::kFc) relu[slice.parameter] = op.relu;
  }
  return relu;
}

double deviation(const Parameter& parameter, bool relu) {
  if (parameter.table >= 0) {
    Operator table;
    table.kind = OpKind::kEmbedding;
    return initial_deviation({}, table);
  }
  return std::sqrt((relu ? 2.0 : 1.0) / static_cast<double>(parameter.columns));
}

bool covers(const Slice& slice, const OperatorShape& shape) {
  std::uint64_t columns = 0;
  for (const Run& run : slice.columns) columns += run.count;
  return slice.rows == shape.rows && columns == shape.columns;
}

double sum_of_squares(const float* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += double{values[i]} * double{values[i]};
  return sum;
}

// What one call of SharedWeights::step() applies.
struct Pace {
  float gradient = 1;  // Factor of every gradient, from clipping.
  float rate = 0;
  float epsilon = 0;
};

void adagrad(float* weights, float* sums, const float* gradient, std::size_t count,
             const Pace& pace) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = pace.gradient * gradient[i];
    sums[i] += g * g;
    weights[i] -= pace.rate * g / (std::sqrt(sums[i]) + pace.epsilon);
  }
}

void step_table(SharedValues& values, const Gradient& gradient, std::size_t width,
                const Pace& pace) {
  for (std::size_t r = 0; r < gradient.rows.size(); ++r) {
    const float* from = gradient.weight.data() + r * width;
    float squares = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const float g = pace.gradient * from[i];
      squares += g * g;
    }
    float& sum = values.weight_sum[gradient.rows[r]];
    sum += squares / static_cast<float>(width);
    const float factor = pace.rate * pace.gradient / (std::sqrt(sum) + pace.epsilon);
    float* row = values.weight.data() + gradient.rows[r] * width;
    for (std::size_t i = 0; i < width; ++i) row[i] -= factor * from[i];
  }
}

void step_matrix(SharedValues& values, std::uint64_t columns, const Slice& slice,
                 const Gradient& gradient, const Pace& pace) {
  const float* from = gradient.weight.data();
  for (std::uint64_t row = 0; row < slice.rows; ++row) {
    for (const Run& run : slice.columns) {
      const std::size_t at = place(row * columns + run.first);
      adagrad(values.weight.data() + at, values.weight_sum.data() + at, from, place(run.count),
              pace);
      from += run.count;
    }
  }
  if (values.bias.empty()) return;
  adagrad(values.bias.data(), values.bias_sum.data(), gradient.bias.data(), place(slice.rows),
          pace);
}

}  // namespace

std::uint64_t SharedWeights::biases(const Parameter& parameter) {
  return parameter.norm || parameter.biased ? parameter.rows : 0;
}

std::uint64_t SharedWeights::sums(const Parameter& parameter) {
  return parameter.table >= 0 ? parameter.rows : parameter.rows * parameter.columns;
}

SharedWeights::SharedWeights(std::vector<Parameter> parameters)
    : parameters_(std::move(parameters)), values_(parameters_.size()) {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    values_[p].weight.assign(place(parameters_[p].rows * parameters_[p].columns), 0.0F);
    values_[p].bias.assign(place(biases(parameters_[p])), 0.0F);
  }
}

SharedWeights SharedWeights::random(const SubnetworkBuilder& builder, std::uint64_t seed) {
  SharedWeights weights(builder.parameters());
  const std::vector<bool> relu = with_relu(builder);
  for (std::size_t p = 0; p < weights.parameters_.size(); ++p) {
    const Parameter& parameter = weights.parameters_[p];
    std::vector<float>& values = weights.values_[p].weight;
    if (parameter.norm) {
      std::fill(values.begin(), values.end(), parameter.initial_gain);
      continue;
    }
    Random random(seed, kWeightStream + p);
    const double scale = deviation(parameter, relu[p]);
    for (float& value : values) value = static_cast<float>(scale * random.normal());
  }
  return weights;
}

void SharedWeights::start_sums() {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    values_[p].weight_sum.assign(place(sums(parameters_[p])), 0.0F);
    values_[p].bias_sum.assign(values_[p].bias.size(), 0.0F);
  }
}

void SharedWeights::drop_sums() {
  for (SharedValues& values : values_) {
    values.weight_sum = {};
    values.bias_sum = {};
  }
}

void SharedWeights::gather(Subnetwork& network) const {
  for (const Slice& slice : network.slices) {
    const Parameter& parameter = parameters_[slice.parameter];
    if (parameter.table >= 0) continue;
    const SharedValues& values = values_[slice.parameter];
    Operator& op = network.model.operators[slice.op];
    const OperatorShape shape = shape_of(network.model, op);
    if (!covers(slice, shape)) throw std::logic_error("slice of " + op.name);
    op.weight.resize(place(shape.weights()));
    float* to = op.weight.data();
    for (std::uint64_t row = 0; row < slice.rows; ++row) {
      for (const Run& run : slice.columns) {
        const float* from = values.weight.data() + row * parameter.columns + run.first;
        to = std::copy(from, from + run.count, to);
      }
    }
    op.bias.assign(place(shape.biases), 0.0F);
    std::copy_n(values.bias.begin(), values.bias.empty() ? 0 : place(slice.rows), op.bias.begin());
  }
}

void SharedWeights::gather_all(Subnetwork& network) const {
  gather(network);
  for (const Slice& slice : network.slices) {
    if (parameters_[slice.parameter].table < 0) continue;
    network.model.operators[slice.op].weight = values_[slice.parameter].weight;
  }
}

double SharedWeights::step(const Subnetwork& network, const Network& of,
                           const StepOptions& options) {
  double squares = 0;
  for (const Slice& slice : network.slices) {
    const Gradient& gradient = of.gradient(slice.op);
    squares +=
        sum_of_squares(gradient.weight.data(), static_cast<std::size_t>(gradient.weight.size()));
    if (values_[slice.parameter].bias.empty()) continue;
    squares += sum_of_squares(gradient.bias.data(), static_cast<std::size_t>(gradient.bias.size()));
  }
  const double norm = std::sqrt(squares);
  if (!std::isfinite(norm)) return norm;
  const Pace pace = {static_cast<float>(norm > options.clip ? options.clip / norm : 1.0),
                     static_cast<float>(options.rate), static_cast<float>(options.epsilon)};
  for (const Slice& slice : network.slices) {
    const Parameter& parameter = parameters_[slice.parameter];
    SharedValues& values = values_[slice.parameter];
    if (parameter.table >= 0) {
      step_table(values, of.gradient(slice.op), place(parameter.columns), pace);
    } else {
      step_matrix(values, parameter.columns, slice, of.gradient(slice.op), pace);
    }
  }
  return norm;
}

BorrowedTables::BorrowedTables(SharedWeights& weights, Subnetwork& network)
    : weights_(weights), network_(network) {
  exchange();
}

BorrowedTables::~BorrowedTables() { exchange(); }

void BorrowedTables::exchange() {
  for (const Slice& slice : network_.slices) {
    if (weights_.parameters_[slice.parameter].table < 0) continue;
    network_.model.operators[slice.op].weight.swap(weights_.values_[slice.parameter].weight);
  }
}

}  // namespace recpim::supernet
