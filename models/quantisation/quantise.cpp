// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/quantise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/ops/requantise.h"

namespace recpim {
namespace {

// A scale is searched in steps of 2 % of the one that clips nothing; two-bit weights want to clip
// most, and a tenth of the maximum is below what any distribution met so far asks for.
constexpr std::size_t kScaleSteps = 46;
constexpr double kScaleStep = 0.02;
// Values beyond this many are sampled evenly in the search of a scale.
constexpr std::size_t kSearchValues = std::size_t{1} << 18U;
// A bias may take a quarter of the accumulator: a channel of tiny weights gets a coarser scale.
constexpr double kBiasRoom = 0x1.0p29;

// Squared error of every candidate scale at once: sums[k] += importance * (v - q(v) * scales[k])^2.
// Each sum runs over the values in order, as it would alone; side by side they fill vector lanes,
// and without contraction (-ffp-contract=off) the lanes' width changes no bit.
struct ScaleSearch {
  std::array<double, kScaleSteps> scales{}, inverses{}, sums{};
};

__attribute__((target_clones("default", "arch=x86-64-v3"))) void add_squared_errors(
    const float* values, const float* importance, std::size_t count, std::size_t stride, double low,
    double high, ScaleSearch& search) {
  for (std::size_t i = 0; i < count; i += stride) {
    const double v = values[i];
    const double weight = importance == nullptr ? 1.0 : static_cast<double>(importance[i]);
    for (std::size_t k = 0; k < kScaleSteps; ++k) {
      const double q = std::min(std::max(std::floor(v * search.inverses[k] + 0.5), low), high);
      const double error = v - q * search.scales[k];
      search.sums[k] += weight * error * error;
    }
  }
}

int weight_levels(const Operator& op) { return (1 << (op.weight_bits - 1)) - 1; }

std::int8_t quantise_weight(float w, double scale, int levels) {
  const double q = std::floor(static_cast<double>(w) / scale + 0.5);
  return static_cast<std::int8_t>(
      std::clamp(q, static_cast<double>(-levels), static_cast<double>(levels)));
}

// Far outside int32 the accumulator bound is broken anyway, and its proof says so.
std::int32_t quantise_bias(double bias, double scale) {
  return static_cast<std::int32_t>(
      std::clamp(std::floor(bias / scale + 0.5), -0x1.0p31 + 1, 0x1.0p31 - 1));
}

// Where an input is always 0 its weights do not matter; where all are, they all count alike.
void set_moments(Operator& op, const std::vector<float>& inputs, std::size_t columns) {
  std::vector<double> sum(columns, 0);
  std::vector<double> squares(columns, 0);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    sum[i % columns] += inputs[i];
    squares[i % columns] += static_cast<double>(inputs[i]) * inputs[i];
  }
  const std::size_t rows = std::max<std::size_t>(1, inputs.size() / columns);
  const auto samples = static_cast<double>(rows);
  const bool alike = std::all_of(squares.begin(), squares.end(), [](double s) { return s == 0; });
  op.input_mean.resize(columns);
  op.input_square.resize(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    op.input_mean[c] = static_cast<float>(sum[c] / samples);
    op.input_square[c] = alike ? 1.0F : static_cast<float>(squares[c] / samples);
  }
}

void quantise_fc(const Model& model, Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  const double input_scale = model.operators[static_cast<std::size_t>(op.inputs[0])].output.scale;
  const int levels = weight_levels(op);
  op.weight_q.resize(shape.weights());
  op.bias_q.resize(shape.biases);
  op.weight_scale.resize(shape.scales);
  op.requantiser.resize(shape.requantisers);
  for (std::size_t o = 0; o < shape.rows; ++o) {
    const auto begin = op.weight.begin() + static_cast<std::ptrdiff_t>(o * shape.columns);
    const std::vector<float> row(begin, begin + static_cast<std::ptrdiff_t>(shape.columns));
    const double bias = op.bias[o];
    const double scale = std::max(best_scale(row, levels, levels, op.input_square),
                                  std::abs(bias) / (input_scale * kBiasRoom));
    double mean_error = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::int8_t q = quantise_weight(row[i], scale, levels);
      op.weight_q[o * shape.columns + i] = q;
      if (!op.input_mean.empty()) mean_error += (q * scale - row[i]) * op.input_mean[i];
    }
    op.weight_scale[o] = scale;
    op.bias_q[o] = quantise_bias(bias - mean_error, input_scale * scale);
    op.requantiser[o] = make_requantiser(input_scale * scale / op.output.scale);
  }
}

void quantise_embedding(Operator& op) {
  const int levels = weight_levels(op);
  const double scale = best_scale(op.weight, levels, levels);
  op.weight_q.resize(op.weight.size());
  for (std::size_t i = 0; i < op.weight.size(); ++i) {
    op.weight_q[i] = quantise_weight(op.weight[i], scale, levels);
  }
  op.weight_scale = {scale};
  op.requantiser = {make_requantiser(scale / op.output.scale)};
}

// Operators whose outputs must share a format, as the position of one of them: the inputs of a
// concatenation and itself.
std::vector<std::size_t> format_groups(const Model& model) {
  std::vector<std::size_t> group(model.operators.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::size_t p = 0; p < group.size(); ++p) {
    if (model.operators[p].kind != OpKind::kConcat) continue;
    for (const int input : model.operators[p].inputs) {
      const std::size_t from = group[static_cast<std::size_t>(input)];
      const std::size_t to = group[p];
      std::replace(group.begin(), group.end(), from, to);
    }
  }
  return group;
}

// Signed where the operator's outputs can be negative whatever the calibration saw.
bool always_signed(const Operator& op) {
  return op.kind == OpKind::kEmbedding || op.kind == OpKind::kDot ||
         (op.kind == OpKind::kFc && !op.relu);
}

TensorFormat choose_format(const Model& model, const std::vector<std::size_t>& members,
                           const std::vector<std::vector<float>>& seen) {
  const Operator& first = model.operators[members[0]];
  if (first.kind == OpKind::kSigmoid) return {false, 16, kProbabilityScale};
  if (first.activation_bits == 16) return {true, 16, kLogitScale};
  TensorFormat format;
  format.bits = first.activation_bits;
  format.is_signed = false;
  std::vector<float> values;
  for (const std::size_t m : members) {
    const Operator& op = model.operators[m];
    format.is_signed = format.is_signed || always_signed(op) ||
                       std::any_of(seen[m].begin(), seen[m].end(), [](float v) { return v < 0; });
    // A concatenation repeats what its inputs hold.
    if (op.kind != OpKind::kConcat) values.insert(values.end(), seen[m].begin(), seen[m].end());
  }
  const OutputRange range = format_range(format.is_signed, format.bits);
  format.scale = best_scale(values, -range.low, range.high);
  return format;
}

}  // namespace

Requantiser make_requantiser(double ratio) {
  if (!(ratio >= 0 && ratio < 0x1.0p29)) {
    throw std::invalid_argument("requantiser: a ratio of scales from 0 to 2^29, not " +
                                std::to_string(ratio));
  }
  if (ratio == 0) return {0, 1};
  int exponent = 0;
  std::frexp(ratio, &exponent);  // ratio in [2^(e-1), 2^e)
  int shift = std::min(31 - exponent, 62);
  auto multiplier = static_cast<std::int64_t>(std::floor(std::ldexp(ratio, shift) + 0.5));
  if (multiplier > INT32_MAX) {
    multiplier = std::int64_t{1} << 30U;
    --shift;
  }
  return {static_cast<std::int32_t>(multiplier), static_cast<std::uint8_t>(shift)};
}

double best_scale(const std::vector<float>& values, int low_levels, int levels,
                  const std::vector<float>& importance) {
  double largest = 0;
  for (const float v : values) {
    // A negative value reaches one level further in two's complement.
    const double reach = v < 0 && low_levels > 0 ? -static_cast<double>(v) * levels / low_levels
                                                 : static_cast<double>(v);
    largest = std::max(largest, reach);
  }
  const double full = largest / levels;
  if (!(full > 0) || !std::isfinite(1.0 / full)) return 1.0;
  const std::size_t stride = 1 + values.size() / kSearchValues;
  ScaleSearch search;
  for (std::size_t k = 0; k < kScaleSteps; ++k) {
    search.scales[k] = full * (1.0 - kScaleStep * static_cast<double>(k));
    search.inverses[k] = 1.0 / search.scales[k];
  }
  add_squared_errors(values.data(), importance.empty() ? nullptr : importance.data(), values.size(),
                     stride, -low_levels, levels, search);
  // The first of the least.
  const auto least = std::min_element(search.sums.begin(), search.sums.end());
  return search.scales[static_cast<std::size_t>(least - search.sums.begin())];
}

void quantise_weights(Model& model) {
  for (Operator& op : model.operators) {
    if (op.kind == OpKind::kFc) {
      quantise_fc(model, op);
    } else if (op.kind == OpKind::kEmbedding) {
      quantise_embedding(op);
    } else if (op.kind == OpKind::kDot) {
      const double s = model.operators[static_cast<std::size_t>(op.inputs[0])].output.scale;
      op.requantiser = {make_requantiser(s * s / op.output.scale)};
    }
  }
  model.quantised = true;
  validate(model);
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    if (accumulator_bound(model, i) > INT32_MAX) {
      throw std::invalid_argument("operator " + model.operators[i].name +
                                  ": its accumulator can exceed 32 bits");
    }
  }
}

void quantise(Model& model, const TraceReader& trace, const std::vector<std::uint64_t>& samples) {
  const std::vector<std::uint64_t> used(
      samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                             samples.size(), kCalibrationSamples)));
  std::vector<std::vector<float>> seen(model.operators.size());
  FloatReference reference(model);
  for_each_chunk(trace, used, [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto& outputs = reference.evaluate(chunk, i);
      for (std::size_t p = 0; p < seen.size(); ++p) {
        seen[p].insert(seen[p].end(), outputs[p].begin(), outputs[p].end());
      }
    }
  });
  const std::vector<std::size_t> group = format_groups(model);
  for (std::size_t g = 0; g < group.size(); ++g) {
    std::vector<std::size_t> members;
    for (std::size_t p = 0; p < group.size(); ++p) {
      if (group[p] == g) members.push_back(p);
    }
    if (members.empty()) continue;
    const TensorFormat format = choose_format(model, members, seen);
    for (const std::size_t m : members) model.operators[m].output = format;
  }
  for (Operator& op : model.operators) {
    if (op.kind != OpKind::kFc) continue;
    set_moments(op, seen[static_cast<std::size_t>(op.inputs[0])], shape_of(model, op).columns);
  }
  quantise_weights(model);
}

std::vector<std::uint64_t> spread_samples(std::uint64_t samples) {
  const std::uint64_t count = std::min(samples, kCalibrationSamples);
  std::vector<std::uint64_t> spread(count);
  for (std::uint64_t i = 0; i < count; ++i) spread[i] = i * samples / count;
  return spread;
}

}  // namespace recpim
