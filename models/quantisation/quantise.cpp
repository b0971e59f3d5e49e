// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/quantise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/ops/integer_softmax.h"
#include "models/ops/requantise.h"
#include "models/quantisation/formats.h"

namespace recpim {
namespace {

// A scale is searched in steps of 2 % of the one that clips nothing; two-bit weights want to clip
// most, and a tenth of the maximum is below what any distribution met so far asks for.
constexpr std::size_t kScaleSteps = 46;
constexpr double kScaleStep = 0.02;
// Values beyond this many are sampled evenly in the search of a scale.
constexpr std::size_t kSearchValues = std::size_t{1} << 18U;
// Scales of fixed-point numbers inside operators: y of a LayerNorm (Q5.10), the exponent of a
// softmax (base 2, Q5.16; scores come in natural units), the mean that it weighs (8 fraction bits).
constexpr double kNormalisedScale = 0x1.0p-10;
constexpr double kLog2E = 1.4426950408889634;
constexpr double kSoftmaxExponentUnits = kLog2E * (1 << kExponentFraction);
constexpr double kSoftmaxValueScale = 0x1.0p-8;
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
// `inputs`: the matrices that the fc has read, one sample after the other.
void set_moments(const Model& model, Operator& op, const std::vector<float>& inputs) {
  const FcShape fc = fc_shape(model, op);
  const auto columns = static_cast<std::size_t>(fc.inputs);
  const std::size_t run = op.axis == Axis::kRows ? static_cast<std::size_t>(fc.vectors) : 1;
  std::vector<double> sum(columns, 0);
  std::vector<double> squares(columns, 0);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t column = i / run % columns;
    sum[column] += inputs[i];
    squares[column] += static_cast<double>(inputs[i]) * inputs[i];
  }
  const auto seen = static_cast<double>(std::max<std::size_t>(1, inputs.size() / columns));
  const bool alike = std::all_of(squares.begin(), squares.end(), [](double s) { return s == 0; });
  op.input_mean.resize(columns);
  op.input_square.resize(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    op.input_mean[c] = static_cast<float>(sum[c] / seen);
    op.input_square[c] = alike ? 1.0F : static_cast<float>(squares[c] / seen);
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

// out = requantise(sign * y + bias), y in Q5.10: |gain| goes into the multiplier. A gain so small
// that its bias would not fit is as good as none, and is raised until it fits.
void quantise_layer_norm(const Model& model, Operator& op) {
  const Operator& in = model.operators[static_cast<std::size_t>(op.inputs[0])];
  const std::size_t n = op.weight.size();
  op.weight_q.resize(n);
  op.bias_q.resize(n);
  op.requantiser.resize(n);
  for (std::size_t c = 0; c < n; ++c) {
    const double bias = op.bias[c];
    const double gain = std::max(std::abs(static_cast<double>(op.weight[c])),
                                 std::max(std::abs(bias) * 0x1.0p-16, 1e-30));
    op.weight_q[c] = static_cast<std::int8_t>(op.weight[c] < 0 ? -1 : 1);
    op.bias_q[c] = quantise_bias(bias, gain * kNormalisedScale);
    op.requantiser[c] = make_requantiser(gain * kNormalisedScale / op.output.scale);
  }
  const auto count = static_cast<double>(n);
  const double epsilon = count * count * kLayerNormEpsilon / (in.output.scale * in.output.scale);
  op.epsilon_q = static_cast<std::int64_t>(std::clamp(std::floor(epsilon + 0.5), 1.0, 0x1.0p60));
}

// What has no weights but takes integers of one scale to another.
void set_requantiser(const Model& model, Operator& op) {
  const auto scale = [&](std::size_t i) {
    return model.operators[static_cast<std::size_t>(op.inputs[i])].output.scale;
  };
  switch (op.kind) {
    case OpKind::kDot:
    case OpKind::kFm:
      op.requantiser = {make_requantiser(scale(0) * scale(0) / op.output.scale)};
      break;
    case OpKind::kMul:
      op.requantiser = {make_requantiser(scale(0) * scale(1) / op.output.scale)};
      break;
    case OpKind::kAdd: {
      double finest = scale(0);  // Of the widest input; the others are shifted to it.
      for (std::size_t i = 1; i < op.inputs.size(); ++i) finest = std::min(finest, scale(i));
      op.requantiser = {make_requantiser(finest / op.output.scale)};
      break;
    }
    case OpKind::kAttention: {
      const int depth = op.width / op.heads;
      op.requantiser = {
          make_requantiser(scale(0) * scale(1) / std::sqrt(static_cast<double>(depth)) *
                           kSoftmaxExponentUnits),
          make_requantiser(scale(2) * kSoftmaxValueScale / op.output.scale)};
      break;
    }
    default:
      break;
  }
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
    } else if (op.kind == OpKind::kLayerNorm) {
      quantise_layer_norm(model, op);
    } else {
      set_requantiser(model, op);
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
  choose_formats(model, seen);
  for (Operator& op : model.operators) {
    if (op.kind != OpKind::kFc) continue;
    set_moments(model, op, seen[static_cast<std::size_t>(op.inputs[0])]);
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
