// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "models/graph/builder.h"
#include "models/graph/kinds.h"
#include "models/supernet/training_streams.h"

namespace recpim::supernet {
namespace {

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

// The logit's deviation at the start: small beside the effect of the click rate, not 0, which would
// keep gradients from all other weights.
constexpr double kLogitDeviation = 0.1;

double deviation(const Parameter& parameter, bool relu) {
  if (parameter.table >= 0) {
    Operator table;
    table.kind = OpKind::kEmbedding;
    return initial_deviation({}, table);
  }
  const double part = parameter.name == kLogit ? kLogitDeviation : 1.0;
  return part * std::sqrt((relu ? 2.0 : 1.0) / static_cast<double>(parameter.columns));
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

// Some rows of an operator's gradient: what one thread works on at a time. Their number depends on
// shapes alone, so that the sum over them does not depend on threads.
struct Piece {
  const Slice* slice = nullptr;
  std::size_t first = 0, count = 0;
};
constexpr std::size_t kPieceElements = 16384;

std::vector<Piece> pieces_of(const Subnetwork& network, const Network& of) {
  std::vector<Piece> pieces;
  for (const Slice& slice : network.slices) {
    const Gradient& gradient = of.gradient(slice.op);
    const auto rows = static_cast<std::size_t>(gradient.weight.rows());
    const auto columns = static_cast<std::size_t>(gradient.weight.cols());
    const std::size_t at_once = std::max<std::size_t>(1, kPieceElements / columns);
    for (std::size_t first = 0; first < rows; first += at_once) {
      pieces.push_back({&slice, first, std::min(at_once, rows - first)});
    }
  }
  return pieces;
}

double squares_of(const Piece& piece, const Gradient& gradient, bool biased) {
  const auto columns = static_cast<std::size_t>(gradient.weight.cols());
  const double weights =
      sum_of_squares(gradient.weight.data() + piece.first * columns, piece.count * columns);
  if (!biased) return weights;
  return weights + sum_of_squares(gradient.bias.data() + piece.first, piece.count);
}

void step_table(const Piece& piece, const Gradient& gradient, std::size_t width, const Pace& pace,
                SharedValues& values) {
  for (std::size_t r = piece.first; r < piece.first + piece.count; ++r) {
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

void step_matrix(const Piece& piece, const Gradient& gradient, std::size_t columns,
                 const Pace& pace, SharedValues& values) {
  const float* from =
      gradient.weight.data() + piece.first * static_cast<std::size_t>(gradient.weight.cols());
  for (std::size_t row = piece.first; row < piece.first + piece.count; ++row) {
    for (const Run& run : piece.slice->columns) {
      const std::size_t at = row * columns + place(run.first);
      adagrad(values.weight.data() + at, values.weight_sum.data() + at, from, place(run.count),
              pace);
      from += run.count;
    }
  }
  if (values.bias.empty()) return;
  adagrad(values.bias.data() + piece.first, values.bias_sum.data() + piece.first,
          gradient.bias.data() + piece.first, piece.count, pace);
}

}  // namespace

bool operator==(const StepOptions& a, const StepOptions& b) {
  return a.rate == b.rate && a.epsilon == b.epsilon && a.clip == b.clip &&
         a.table_rate == b.table_rate && a.initial == b.initial &&
         a.table_initial == b.table_initial;
}

Pace pace_of(const StepOptions& options, double norm) {
  return {static_cast<float>(norm > options.clip ? options.clip / norm : 1.0),
          static_cast<float>(options.rate), static_cast<float>(options.epsilon)};
}

void adagrad(float* weights, float* sums, const float* gradient, std::size_t count,
             const Pace& pace) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = pace.gradient * gradient[i];
    sums[i] += g * g;
    weights[i] -= pace.rate * g / (std::sqrt(sums[i]) + pace.epsilon);
  }
}

std::uint64_t SharedWeights::biases(const Parameter& parameter) {
  return parameter.norm || parameter.biased ? parameter.rows : 0;
}

std::uint64_t SharedWeights::sums(const Parameter& parameter) {
  return parameter.table >= 0 ? parameter.rows : parameter.rows * parameter.columns;
}

SharedWeights::SharedWeights(std::vector<Parameter> parameters)
    : parameters_(std::move(parameters)), values_(parameters_.size()) {}

SharedWeights SharedWeights::random(const SubnetworkBuilder& builder, std::uint64_t seed) {
  return random(builder.parameters(), with_relu(builder), seed);
}

SharedWeights SharedWeights::random(std::vector<Parameter> parameters,
                                    const std::vector<bool>& relu, std::uint64_t seed) {
  SharedWeights weights(std::move(parameters));
  for (std::size_t p = 0; p < weights.parameters_.size(); ++p) {
    const Parameter& parameter = weights.parameters_[p];
    std::vector<float>& values = weights.values_[p].weight;
    values.resize(place(parameter.rows * parameter.columns));
    weights.values_[p].bias.assign(place(biases(parameter)), 0.0F);
    if (parameter.norm) {
      std::fill(values.begin(), values.end(), parameter.initial_gain);
      continue;
    }
    Random random = random_of(seed, Draw::kWeights, p);
    const double scale = deviation(parameter, relu[p]);
    for (float& value : values) value = static_cast<float>(scale * random.normal());
  }
  return weights;
}

void SharedWeights::start_sums(const StepOptions& options) {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const auto first =
        static_cast<float>(parameters_[p].table >= 0 ? options.table_initial : options.initial);
    values_[p].weight_sum.assign(place(sums(parameters_[p])), first);
    values_[p].bias_sum.assign(values_[p].bias.size(), first);
  }
}

void SharedWeights::drop_sums() {
  for (SharedValues& values : values_) {
    values.weight_sum = {};
    values.bias_sum = {};
  }
}

bool SharedWeights::finite() const {
  const auto all = [](const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  };
  return std::all_of(values_.begin(), values_.end(), [&](const SharedValues& values) {
    return all(values.weight) && all(values.bias) && all(values.weight_sum) && all(values.bias_sum);
  });
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
  const std::vector<Piece> pieces = pieces_of(network, of);
  std::vector<double> squares(pieces.size());
  of.team().run(pieces.size(), [&](std::size_t p, int) {
    const Slice& slice = *pieces[p].slice;
    squares[p] =
        squares_of(pieces[p], of.gradient(slice.op), !values_[slice.parameter].bias.empty());
  });
  const double norm = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  if (!std::isfinite(norm)) return norm;
  const Pace pace = pace_of(options, norm);
  Pace table_pace = pace;
  table_pace.rate = static_cast<float>(options.table_rate);
  of.team().run(pieces.size(), [&](std::size_t p, int) {
    const Slice& slice = *pieces[p].slice;
    const Parameter& parameter = parameters_[slice.parameter];
    const std::size_t columns = place(parameter.columns);
    const bool table = parameter.table >= 0;
    (table ? step_table : step_matrix)(pieces[p], of.gradient(slice.op), columns,
                                       table ? table_pace : pace, values_[slice.parameter]);
  });
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
