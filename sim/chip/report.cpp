// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "models/mapping/placement.h"
#include "models/ops/integer_reference.h"
#include "models/ops/metrics.h"
#include "sim/chip/load_report.h"
#include "sim/chip/utilisation_report.h"
#include "sim/cost/explain.h"
#include "sim/cost/programming.h"
#include "sim/tile/mvm_engine.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr double kProbabilityUnit = 1.0 / 65536.0;  // of the integer sigmoid's output

const char* mode_name(const SimulateOptions& options) {
  if (options.reference) return "reference";
  return options.mode == SimulationMode::kTiming ? "timing" : "functional";
}

std::vector<float> labels_of(const TraceReader& trace, std::uint64_t first, std::uint64_t count) {
  std::vector<float> labels;
  constexpr std::uint64_t kChunk = 4096;
  TraceChunk chunk;
  for (std::uint64_t done = 0; done < count; done += kChunk) {
    trace.read(first + done, std::min(kChunk, count - done), chunk);
    labels.insert(labels.end(), chunk.labels.begin(), chunk.labels.end());
  }
  return labels;
}

Json quality_of(const Model& model, const TraceReader& trace, const SimulateOptions& options,
                const std::vector<Prediction>& predictions) {
  Json quality = {{"logloss", nullptr}, {"auc", nullptr}, {"reference_logloss", nullptr}};
  if (options.mode == SimulationMode::kTiming || !trace.info().has_labels ||
      model.output().kind != OpKind::kSigmoid) {
    return quality;
  }
  const auto labels = labels_of(trace, options.first, predictions.size());
  std::vector<double> probabilities;
  probabilities.reserve(predictions.size());
  for (const Prediction& p : predictions) probabilities.push_back(p.values[0] * kProbabilityUnit);
  quality["logloss"] = log_loss(labels, probabilities);
  const double area = auc(labels, probabilities);
  if (std::isfinite(area)) quality["auc"] = area;
  if (options.compare) {
    const auto reference = integer_outputs(model, trace, options.first, predictions.size());
    std::vector<double> expected;
    expected.reserve(reference.size());
    for (const std::int32_t value : reference) expected.push_back(value * kProbabilityUnit);
    quality["reference_logloss"] = log_loss(labels, expected);
  }
  return quality;
}

void add_costs(const Design& design, const Model& model, const Chip& chip, Cycle cycles,
               double samples, Json& json) {
  const Technology technology = load_technology(design.hardware.technology);
  const CostTree energy = energy_of(design, model, chip.events(), technology, cycles);
  const CostTree area = area_of(design, model, technology);
  Json charges = Json::array();
  for (const Charge& each : chip_charges(design, chip.events(), technology, cycles)) {
    charges.push_back({{"component", each.component},
                       {"figure_of", each.figure_of},
                       {"count", each.count},
                       {"figure_pj", each.figure_pj}});
  }
  json["energy_pj"] = {
      {"total", energy.total},
      {"per_sample", energy.total / samples},
      {"activity",
       {{"counted", activity_name(Activity::kWorst)},
        {"worst", energy.total},
        {"mean",
         energy_of(design, model, chip.events(), technology, cycles, Activity::kMean).total}}},
      {"by_component", by_component(energy.parts)},
      {"charges", charges},
      {"parts", energy.parts}};
  json["area_mm2"] = {{"total", area.total},
                      {"by_component", by_component(area.parts)},
                      {"unused", unused_area_of(design, technology)},
                      {"parts", area.parts}};
  const Json leakage = leakage_by_component(design, model, technology);
  json["power_mw"] = {{"average", average_power_mw(energy.total, cycles, design.hardware)},
                      {"leakage", tree_sum(leakage)},
                      {"leakage_by_component", leakage}};
  json["programming"] = programming_json(programming_of(design, model, technology));
  json["technology"] = {{"name", technology.name()},
                        {"not_published", technology.not_published()},
                        {"scaled", technology.scaled()}};
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::uint64_t crossbar_products(const Design& design, const Chip& chip) {
  std::uint64_t products = 0;
  for (std::size_t i = 1; i < design.tiles.size(); ++i) {
    const auto* mvm = dynamic_cast<const MvmEngine*>(&chip.tiles()[i]->engine());
    if (mvm != nullptr) {
      products += mvm->samples() * static_cast<std::uint64_t>(mvm->shape().crossbars());
    }
  }
  return products;
}

}  // namespace

Json make_report(const Design& design, const Model& model, const TraceReader& trace,
                 const SimulateOptions& options, const Chip& chip,
                 const std::vector<Prediction>& predictions, double wall_s) {
  const Cycle cycles = predictions.back().transferred + 1;
  const std::uint64_t products = crossbar_products(design, chip);
  const auto n = static_cast<double>(predictions.size());
  Json json;
  json["schema"] = "recpim.result/1";
  json["design"] = {{"name", design.name},
                    {"model_sha256", design.model_sha256},
                    {"hardware_sha256", hardware_sha256(design.hardware)}};
  json["mode"] = mode_name(options);
  json["samples"] = predictions.size();
  json["cycles"] = cycles;
  json["clock_mhz"] = static_cast<double>(design.hardware.clock_hz) / 1e6;
  json["arrival"] = arrival_of(options);
  json["latency_cycles"] = latency_of(predictions);
  json["throughput_samples_per_s"] =
      throughput_of(predictions, options.warmup, design.hardware.clock_hz);
  json["load"] = load_of(predictions, options, design.hardware.clock_hz);
  add_costs(design, model, chip, cycles, n, json);
  json["quality"] = quality_of(model, trace, options, predictions);
  json["utilisation"] = utilisation_of(design, model, chip, cycles);
  json["memory"] = {{"table_bytes", table_bytes(model)},
                    {"replicated_bytes", replicated_bytes(design, model)}};
  json["host"] = {{"wall_s", wall_s},
                  {"peak_rss_mb", peak_rss_mb()},
                  {"samples_per_s", n / wall_s},
                  {"crossbar_mvms", products},
                  {"crossbar_mvms_per_s", static_cast<double>(products) / wall_s},
                  {"kernel_wakeups", chip.cycles().wakeups()}};
  json["provenance"] = Json::object();
  return json;
}

}  // namespace recpim
