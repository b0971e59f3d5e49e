// SPDX-License-Identifier: Apache-2.0
#include "search/score/simulated_score.h"

#include <algorithm>
#include <future>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "models/quantisation/quantise.h"
#include "sim/chip/simulate.h"
#include "traces/format/trace.h"

namespace recpim::search {
namespace {

constexpr std::array<int, 3> kBits = {2, 4, 8};

std::size_t precision_of(int bits) {
  const auto found = std::find(kBits.begin(), kBits.end(), bits);
  if (found == kBits.end()) throw std::invalid_argument("weight bits must be 2, 4 or 8");
  return static_cast<std::size_t>(found - kBits.begin());
}

bool used(const DesignSpace& space, int bits) {
  const auto& genes = space.space().genes();
  return std::any_of(genes.begin(), genes.end(), [&](const Gene& gene) {
    return gene.group == DesignSpace::kWeightBits &&
           std::find(gene.values.begin(), gene.values.end(), bits) != gene.values.end();
  });
}

Outcome outcome_of(const Json& result) {
  const double clock_mhz = result.at("clock_mhz").get<double>();
  const Json& latency = result.at("latency_cycles");
  const Json& logloss = result.at("quality").at("logloss");
  if (!logloss.is_number()) throw std::runtime_error("the simulation gave no log loss");
  Outcome outcome;
  outcome.state = State::kDone;
  outcome.objectives = {logloss.get<double>(), latency.at("mean").get<double>() * 1e3 / clock_mhz,
                        result.at("energy_pj").at("per_sample").get<double>(),
                        result.at("area_mm2").at("total").get<double>()};
  outcome.details = {{"latency_mean_cycles", latency.at("mean")},
                     {"latency_p50_cycles", latency.at("p50")},
                     {"latency_p99_cycles", latency.at("p99")},
                     {"throughput_samples_per_s", result.at("throughput_samples_per_s")},
                     {"auc", result.at("quality").at("auc")},
                     {"cycles", result.at("cycles")}};
  return outcome;
}

}  // namespace

SimulatedScore::SimulatedScore(const Model& model, const DesignSpace& space, std::string trace,
                               int threads)
    : model_(model), space_(space), trace_(std::move(trace)) {
  // Precisions side by side: this is the part of a search that its workers can not share.
  std::vector<std::size_t> wanted;
  for (std::size_t p = 0; p < kBits.size(); ++p) {
    if (used(space, kBits.at(p))) wanted.push_back(p);
  }
  for (std::size_t first = 0; first < wanted.size(); first += static_cast<std::size_t>(threads)) {
    std::vector<std::pair<std::size_t, std::future<std::vector<Quantised>>>> running;
    const std::size_t end = std::min(wanted.size(), first + static_cast<std::size_t>(threads));
    for (std::size_t i = first; i < end; ++i) {
      const int bits = kBits.at(wanted[i]);
      const auto policy = i + 1 < end ? std::launch::async : std::launch::deferred;
      running.emplace_back(wanted[i],
                           std::async(policy, [&model, bits] { return at(model, bits); }));
    }
    for (auto it = running.rbegin(); it != running.rend(); ++it) {
      quantised_.at(it->first) = it->second.get();  // The last one here, in this thread.
    }
  }
  for (Operator& op : model_.operators) {
    op.weight = {};
    op.bias = {};
    op.weight_q = {};
  }
}

std::vector<SimulatedScore::Quantised> SimulatedScore::at(Model model, int bits) {
  const bool as_given = std::all_of(
      model.operators.begin(), model.operators.end(),
      [bits](const Operator& op) { return !has_weights(op.kind) || op.weight_bits == bits; });
  if (!as_given) {
    for (Operator& op : model.operators) op.weight_bits = bits;
    quantise_weights(model);
  }
  std::vector<Quantised> kept(model.operators.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    Operator& op = model.operators[i];
    kept[i] = {std::move(op.weight_q), std::move(op.bias_q), std::move(op.weight_scale),
               std::move(op.requantiser)};
  }
  return kept;
}

Model SimulatedScore::model(const Values& values) const {
  const std::vector<int> bits = space_.weight_bits(values);
  Model model = model_;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    Operator& op = model.operators[i];
    if (bits[i] == 0) continue;  // No weights: the same at every precision.
    const Quantised& kept = quantised_.at(precision_of(bits[i])).at(i);
    op.weight_bits = bits[i];
    op.weight_q = kept.weight;
    op.bias_q = kept.bias;
    op.weight_scale = kept.scale;
    op.requantiser = kept.requantiser;
  }
  return model;
}

Outcome SimulatedScore::score(const Values& values) const {
  const Model candidate = model(values);
  Design design;
  try {
    design = map_naive(candidate, space_.hardware(values));
  } catch (const DoesNotFit& error) {
    Outcome outcome;
    outcome.state = State::kInfeasible;
    outcome.reason = error.what();
    return outcome;
  }
  const TraceReader trace(trace_);
  SimulateOptions options;
  options.compare = false;  // The search wants the chip's own predictions.
  return outcome_of(simulate(design, candidate, trace, options).json);
}

void write_samples(const std::string& from, const std::vector<std::uint64_t>& samples,
                   const std::string& to) {
  const TraceReader reader(from);
  TraceChunk chunk;
  reader.gather(samples, chunk);
  TraceInfo info = reader.info();
  info.provenance = Json{{"command", "search"}, {"samples", samples}}.dump();
  TraceWriter writer(to, info);
  writer.append(chunk);
  writer.finish();
}

}  // namespace recpim::search
