// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/equalise.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/float_reference.h"
#include "models/ops/requantise.h"
#include "models/quantisation/equalise_joined.h"
#include "models/quantisation/quantise.h"

namespace recpim {
namespace {

std::vector<std::vector<std::size_t>> readers_of(const Model& model) {
  std::vector<std::vector<std::size_t>> readers(model.operators.size());
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    for (const int input : model.operators[p].inputs) {
      readers[static_cast<std::size_t>(input)].push_back(p);
    }
  }
  return readers;
}

class Finder {
 public:
  explicit Finder(const Model& model) : model_(model), readers_(readers_of(model)) {}

  std::optional<Interaction> around(std::size_t dot) const {
    Interaction found;
    found.dot = dot;
    const auto features = static_cast<std::size_t>(at(dot).inputs[0]);
    if (at(features).kind != OpKind::kConcat || readers_[features].size() != 1) return {};
    for (const int input : at(features).inputs) {
      const auto part = static_cast<std::size_t>(input);
      const OpKind kind = at(part).kind;
      if (at(part).rows != 1 || at(part).width != at(features).width) return {};
      if (kind != OpKind::kEmbedding && !is_plain_fc(at(part))) return {};
      found.parts.push_back(part);
    }
    if (readers_[dot].size() != 1 || !find_consumer(found)) return {};
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
      const std::size_t allowed = found.own_column[i] < 0 ? 1 : 2;
      if (readers_[found.parts[i]].size() != allowed) return {};
    }
    return found;
  }

 private:
  const Operator& at(std::size_t p) const { return model_.operators[p]; }
  static bool is_plain_fc(const Operator& op) {
    return op.kind == OpKind::kFc && op.axis == Axis::kAll;
  }

  bool find_consumer(Interaction& found) const {
    found.own_column.assign(found.parts.size(), -1);
    const std::size_t reader = readers_[found.dot][0];
    if (is_plain_fc(at(reader))) {
      found.consumer = reader;
      return true;
    }
    if (at(reader).kind != OpKind::kConcat || readers_[reader].size() != 1) return false;
    found.consumer = readers_[reader][0];
    if (!is_plain_fc(at(found.consumer))) return false;
    std::int64_t column = 0;
    for (const int i : at(reader).inputs) {
      const auto input = static_cast<std::size_t>(i);
      const auto part = std::find(found.parts.begin(), found.parts.end(), input);
      if (part != found.parts.end()) {
        found.own_column[static_cast<std::size_t>(part - found.parts.begin())] = column;
      } else if (input == found.dot) {
        found.dot_column = column;
      } else {
        return false;  // another input shares the scale: nothing to gain for sure
      }
      column += at(input).elements();
    }
    return true;
  }

  const Model& model_;
  std::vector<std::vector<std::size_t>> readers_;
};

void scale(std::vector<float>& values, double gain) {
  for (float& v : values) v = static_cast<float>(v * gain);
}

// What the parts and the dots of one interaction hold on some samples.
struct Seen {
  std::vector<std::vector<float>> parts;
  std::vector<float> dots;
};

Seen observe(const Model& model, const Interaction& interaction, const TraceReader& trace,
             const std::vector<std::uint64_t>& samples) {
  Seen seen;
  seen.parts.resize(interaction.parts.size());
  FloatReference reference(model);
  for_each_chunk(trace, samples, [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto& outputs = reference.evaluate(chunk, i);
      for (std::size_t t = 0; t < seen.parts.size(); ++t) {
        const auto& values = outputs[interaction.parts[t]];
        seen.parts[t].insert(seen.parts[t].end(), values.begin(), values.end());
      }
      const auto& dots = outputs[interaction.dot];
      seen.dots.insert(seen.dots.end(), dots.begin(), dots.end());
    }
  });
  return seen;
}

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

std::vector<double> equal_gains(const Seen& seen, OutputRange range) {
  const std::size_t n = seen.parts.size();
  std::vector<double> gains(n, 0);
  double logs = 0;
  int counted = 0;
  for (std::size_t t = 0; t < n; ++t) {
    if (all_zero(seen.parts[t])) continue;
    gains[t] = 1.0 / best_scale(seen.parts[t], -range.low, range.high);
    logs += std::log(gains[t]);
    ++counted;
  }
  // A part that was never seen takes the others' mean gain.
  const double mean = counted == 0 ? 1.0 : std::exp(logs / counted);
  std::replace(gains.begin(), gains.end(), 0.0, mean);
  std::vector<float> dots = seen.dots;
  const std::size_t pairs = n * (n - 1) / 2;
  for (std::size_t first = 0; first < dots.size(); first += pairs) {
    std::size_t pair = first;
    for (std::size_t i = 1; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j, ++pair) {
        dots[pair] = static_cast<float>(dots[pair] * gains[i] * gains[j]);
      }
    }
  }
  if (all_zero(dots)) return gains;
  // Parts now need the scale 1 and dots the scale s; with all gains times 1/s both need 1/s.
  const double s = best_scale(dots, -range.low, range.high);
  for (double& gain : gains) gain /= s;
  return gains;
}

}  // namespace

std::vector<Interaction> find_interactions(const Model& model) {
  std::vector<Interaction> all;
  const Finder finder(model);
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    if (model.operators[p].kind != OpKind::kDot) continue;
    if (auto found = finder.around(p)) all.push_back(std::move(*found));
  }
  return all;
}

void apply_gains(Model& model, const Interaction& interaction, const std::vector<double>& gains) {
  for (std::size_t t = 0; t < gains.size(); ++t) {
    if (!(gains[t] > 0) || !std::isfinite(gains[t])) {
      throw std::invalid_argument("equalisation: a gain that is not above 0");
    }
    Operator& part = model.operators[interaction.parts[t]];
    scale(part.weight, gains[t]);
    scale(part.bias, gains[t]);
  }
  Operator& consumer = model.operators[interaction.consumer];
  const std::size_t columns = shape_of(model, consumer).columns;
  std::vector<double> factor(columns, 1.0);
  auto dot = static_cast<std::size_t>(interaction.dot_column);
  for (std::size_t i = 0; i < gains.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) factor[dot++] = 1.0 / (gains[i] * gains[j]);
    if (interaction.own_column[i] < 0) continue;
    const int width = model.operators[interaction.parts[i]].elements();
    for (int k = 0; k < width; ++k) {
      factor[static_cast<std::size_t>(interaction.own_column[i] + k)] = 1.0 / gains[i];
    }
  }
  for (std::size_t w = 0; w < consumer.weight.size(); ++w) {
    consumer.weight[w] = static_cast<float>(consumer.weight[w] * factor[w % columns]);
  }
}

void equalise(Model& model, const TraceReader& trace, const std::vector<std::uint64_t>& samples) {
  const std::vector<std::uint64_t> used(
      samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                             samples.size(), kCalibrationSamples)));
  for (const Interaction& interaction : find_interactions(model)) {
    const Seen seen = observe(model, interaction, trace, used);
    const OutputRange range = format_range(true, model.operators[interaction.dot].activation_bits);
    apply_gains(model, interaction, equal_gains(seen, range));
  }
  equalise_joined(model, trace, used);
}

}  // namespace recpim
