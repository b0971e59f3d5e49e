// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/equalise_joined.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/float_reference.h"
#include "models/ops/requantise.h"
#include "models/quantisation/formats.h"
#include "models/quantisation/quantise.h"

namespace recpim {
namespace {

class Finder {
 public:
  explicit Finder(const Model& model) : model_(model), readers_(model.operators.size()) {
    for (std::size_t p = 0; p < model.operators.size(); ++p) {
      for (const int input : model.operators[p].inputs) {
        readers_[static_cast<std::size_t>(input)].push_back(p);
      }
    }
  }

  std::optional<Joined> at(std::size_t position) const {
    const Operator& op = model_.operators[position];
    if (op.kind != OpKind::kEmbedding && op.kind != OpKind::kFc && op.kind != OpKind::kLayerNorm) {
      return {};
    }
    if (op.activation_bits == 16) return {};
    Joined joined;
    joined.op = position;
    if (!follow(position, 0, op.elements(), joined.readings) || joined.readings.empty()) return {};
    return joined;
  }

 private:
  // Elements [first, first + count) of `position` come from the operator in question: adds where
  // fcs read them. False where something else does.
  bool follow(std::size_t position, std::int64_t first, std::int64_t count,
              std::vector<Reading>& readings) const {
    if (position + 1 == model_.operators.size()) return false;  // What the user sees.
    for (const std::size_t r : readers_[position]) {
      const Operator& reader = model_.operators[r];
      if (reader.kind == OpKind::kFc) {
        const auto reading = read(r, first, count);
        if (!reading) return false;
        readings.push_back(*reading);
      } else if (reader.kind == OpKind::kPad) {
        if (!follow(r, first, count, readings)) return false;
      } else if (reader.kind == OpKind::kConcat) {
        std::int64_t at = 0;
        for (const int input : reader.inputs) {
          if (static_cast<std::size_t>(input) == position &&
              !follow(r, at + first, count, readings)) {
            return false;
          }
          at += model_.operators[static_cast<std::size_t>(input)].elements();
        }
      } else {
        return false;
      }
    }
    return true;
  }

  std::optional<Reading> read(std::size_t fc, std::int64_t first, std::int64_t count) const {
    const Operator& op = model_.operators[fc];
    const Operator& in = model_.operators[static_cast<std::size_t>(op.inputs[0])];
    switch (op.axis) {
      case Axis::kAll:
        return Reading{fc, first, count};
      case Axis::kRows:  // Whole rows of the input are columns of the weight.
        if (first % in.width != 0 || count % in.width != 0) return {};
        return Reading{fc, first / in.width, count / in.width};
      case Axis::kWidth:  // One weight for all rows: only what is all of the input can take a gain.
        if (count != in.elements()) return {};
        return Reading{fc, 0, in.width};
    }
    return {};
  }

  const Model& model_;
  std::vector<std::vector<std::size_t>> readers_;
};

void scale(std::vector<float>& values, double gain) {
  for (float& v : values) v = static_cast<float>(v * gain);
}

// The best scale of every operator's output in 8 bits on some samples, 0 where it was always 0.
std::vector<double> scales_of(const Model& model, const TraceReader& trace,
                              const std::vector<std::uint64_t>& samples,
                              const std::vector<bool>& wanted) {
  std::vector<std::vector<float>> seen(model.operators.size());
  FloatReference reference(model);
  for_each_chunk(trace, samples, [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto& outputs = reference.evaluate(chunk, i);
      for (std::size_t p = 0; p < seen.size(); ++p) {
        if (wanted[p]) seen[p].insert(seen[p].end(), outputs[p].begin(), outputs[p].end());
      }
    }
  });
  std::vector<double> scales(seen.size(), 0);
  for (std::size_t p = 0; p < seen.size(); ++p) {
    const bool silent = std::all_of(seen[p].begin(), seen[p].end(), [](float v) { return v == 0; });
    const OutputRange range = format_range(true, 8);
    if (!silent) scales[p] = best_scale(seen[p], -range.low, range.high);
  }
  return scales;
}

// The scale that the members of a group should have: of those that can take no gain the largest,
// else the geometric mean.
double target_of(const std::vector<std::size_t>& members, const std::vector<bool>& can_gain,
                 const std::vector<double>& scales) {
  double fixed = 0;
  double logs = 0;
  int counted = 0;
  for (const std::size_t m : members) {
    if (scales[m] == 0) continue;
    if (!can_gain[m]) fixed = std::max(fixed, scales[m]);
    logs += std::log(scales[m]);
    ++counted;
  }
  if (fixed > 0 || counted == 0) return fixed;
  return std::exp(logs / counted);
}

}  // namespace

std::vector<Joined> find_joined(const Model& model) {
  const std::vector<std::size_t> group = format_groups(model);
  std::vector<int> size(group.size(), 0);
  for (std::size_t p = 0; p < group.size(); ++p) {
    if (!is_wiring(model.operators[p].kind)) ++size[group[p]];
  }
  std::vector<Joined> all;
  const Finder finder(model);
  for (std::size_t p = 0; p < group.size(); ++p) {
    if (size[group[p]] < 2) continue;
    if (auto found = finder.at(p)) all.push_back(std::move(*found));
  }
  return all;
}

void apply_gain(Model& model, const Joined& joined, double gain) {
  if (!(gain > 0) || !std::isfinite(gain)) {
    throw std::invalid_argument("equalisation: a gain that is not above 0");
  }
  scale(model.operators[joined.op].weight, gain);
  scale(model.operators[joined.op].bias, gain);
  for (const Reading& reading : joined.readings) {
    Operator& fc = model.operators[reading.fc];
    const auto columns = static_cast<std::int64_t>(shape_of(model, fc).columns);
    for (std::size_t w = 0; w < fc.weight.size(); ++w) {
      const std::int64_t column = static_cast<std::int64_t>(w) % columns;
      if (column < reading.first || column >= reading.first + reading.columns) continue;
      fc.weight[w] = static_cast<float>(fc.weight[w] / gain);
    }
  }
}

void equalise_joined(Model& model, const TraceReader& trace,
                     const std::vector<std::uint64_t>& samples) {
  const std::vector<Joined> all = find_joined(model);
  if (all.empty()) return;
  const std::vector<std::size_t> group = format_groups(model);
  std::vector<bool> can_gain(group.size(), false);
  std::vector<bool> wanted(group.size(), false);
  for (const Joined& joined : all) can_gain[joined.op] = true;
  for (std::size_t p = 0; p < group.size(); ++p) {
    wanted[p] = !is_wiring(model.operators[p].kind) &&
                std::any_of(all.begin(), all.end(),
                            [&](const Joined& j) { return group[j.op] == group[p]; });
  }
  const std::vector<double> scales = scales_of(model, trace, samples, wanted);
  for (const Joined& joined : all) {
    std::vector<std::size_t> members;
    for (std::size_t p = 0; p < group.size(); ++p) {
      if (wanted[p] && group[p] == group[joined.op]) members.push_back(p);
    }
    const double target = target_of(members, can_gain, scales);
    if (target > 0 && scales[joined.op] > 0) {
      apply_gain(model, joined, target / scales[joined.op]);
    }
  }
}

}  // namespace recpim
