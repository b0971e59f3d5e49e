// SPDX-License-Identifier: Apache-2.0
#include "search/score/simulated_score.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "models/quantisation/quantise.h"
#include "sim/chip/simulate.h"

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

bool all_at(const Model& model, int bits) {
  return std::all_of(model.operators.begin(), model.operators.end(), [bits](const Operator& op) {
    return !has_weights(op.kind) || op.weight_bits == bits;
  });
}

// Forking copies the page table: pages that no worker reads are left out of it. `advice`:
// MADV_DONTFORK, or MADV_DOFORK before the memory goes back to the allocator.
void advise(const std::vector<float>& values, int advice) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data());
  const std::uintptr_t end = (begin + values.size() * sizeof(float)) / page * page;
  const std::uintptr_t first = (begin + page - 1) / page * page;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, advice);
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

SimulatedScore::SimulatedScore(Model model, const DesignSpace& space, std::string trace,
                               int threads)
    : space_(space), trace_(std::move(trace)) {
  std::vector<std::size_t> wanted;
  for (std::size_t p = 0; p < kBits.size(); ++p) {
    if (used(space, kBits.at(p))) wanted.push_back(p);
  }
  // The model's own precision as it is; the others are new.
  const auto as_given = std::find_if(wanted.begin(), wanted.end(),
                                     [&](std::size_t p) { return all_at(model, kBits.at(p)); });
  if (as_given != wanted.end()) {
    take_quantised(model, quantised_.at(*as_given));
    wanted.erase(as_given);
  }
  // Side by side, for this is the part of a search that its workers can not share. Each thread has
  // its copy of the model before this one changes it.
  std::vector<std::future<void>> running;
  for (std::size_t i = 1; i < wanted.size() && static_cast<int>(i) < threads; ++i) {
    running.push_back(std::async(std::launch::async, [this, p = wanted[i], copy = model]() mutable {
      quantise_to(copy, p);
    }));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i == 0 || static_cast<int>(i) >= threads) quantise_to(model, wanted[i]);
  }
  for (auto& thread : running) thread.get();
  model_ = std::move(model);
  for (Operator& op : model_.operators) {
    floats_.push_back({std::move(op.weight), std::move(op.bias)});
    op.weight_q = {};
    advise(floats_.back().weight, MADV_DONTFORK);
  }
}

SimulatedScore::~SimulatedScore() {
  for (const Floats& floats : floats_) advise(floats.weight, MADV_DOFORK);
}

void SimulatedScore::quantise_to(Model& model, std::size_t precision) {
  for (Operator& op : model.operators) {
    if (has_weights(op.kind)) op.weight_bits = kBits.at(precision);
  }
  quantise_weights(model);
  take_quantised(model, quantised_.at(precision));
}

void SimulatedScore::take_quantised(Model& model, std::vector<Quantised>& into) {
  for (Operator& op : model.operators) {
    into.push_back(
        {std::move(op.weight_q), std::move(op.bias_q), std::move(op.weight_scale), op.requantiser});
  }
}

template <typename Take>
Model SimulatedScore::assemble(const Values& values, const Take& take) const {
  const std::vector<int> bits = space_.weight_bits(values);
  Model model = model_;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    Operator& op = model.operators[i];
    if (bits[i] == 0) continue;  // No weights: the same at every precision.
    op.weight_bits = bits[i];
    Quantised kept = take(precision_of(bits[i]), i);
    op.weight_q = std::move(kept.weight);
    op.bias_q = std::move(kept.bias);
    op.weight_scale = std::move(kept.scale);
    op.requantiser = std::move(kept.requantiser);
  }
  return model;
}

Model SimulatedScore::model(const Values& values) const {
  Model model =
      assemble(values, [this](std::size_t p, std::size_t i) { return quantised_.at(p).at(i); });
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    model.operators[i].weight = floats_[i].weight;
    model.operators[i].bias = floats_[i].bias;
  }
  return model;
}

Outcome SimulatedScore::score_once(const Values& values) {
  const Model candidate = assemble(
      values, [this](std::size_t p, std::size_t i) { return std::move(quantised_.at(p).at(i)); });
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

ScoredSamples gather_samples(const TraceReader& from, const std::vector<std::uint64_t>& samples) {
  ScoredSamples scored{from.info(), {}};
  scored.info.has_arrivals = false;  // Candidates are scored back to back.
  scored.info.provenance = Json{{"command", "search"}, {"samples", samples}}.dump();
  from.gather(samples, scored.chunk);
  return scored;
}

void write_samples(const ScoredSamples& samples, const std::string& to) {
  TraceWriter writer(to, samples.info);
  writer.append(samples.chunk);
  writer.finish();
}

}  // namespace recpim::search
