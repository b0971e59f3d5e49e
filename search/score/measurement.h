// SPDX-License-Identifier: Apache-2.0
/// @file
/// What one evaluation yields, and how it becomes a scalar.
#pragma once

#include <array>
#include <string>

#include "traces/support/json.h"

namespace recpim::search {

/// The objectives, all to be made small, in the order used everywhere.
constexpr std::size_t kObjectives = 4;
constexpr std::array<const char*, kObjectives> kObjectiveNames = {"logloss", "latency_ns",
                                                                  "energy_pj", "area_mm2"};
using Objectives = std::array<double, kObjectives>;

/// Figures that are stored beside the objectives; an evaluator leaves out what it does not know.
constexpr std::array<const char*, 6> kDetailNames = {"latency_mean_cycles",
                                                     "latency_p50_cycles",
                                                     "latency_p99_cycles",
                                                     "throughput_samples_per_s",
                                                     "auc",
                                                     "cycles"};

enum class State {
  kDone,        ///< Scored.
  kInfeasible,  ///< The model does not fit the hardware: mapping said so.
  kFailed,      ///< The worker threw, crashed, was killed or ran out of time.
};
const char* state_name(State state);
State state_of(const std::string& name);  ///< std::invalid_argument for another word.

/// The outcome of one evaluation. Where it is not done, `reason` says why and nothing else counts.
struct Outcome {
  State state = State::kFailed;
  std::string reason;
  Objectives objectives{};
  Json details = Json::object();  ///< kDetailNames -> number.
  double wall_s = 0;
};

/// A weighted product of the objectives, each relative to the reference's:
/// prod_i (x_i / reference_i)^weight_i. A weight says how many per cent of the product one per cent
/// of that objective is worth. A log loss below the reference's counts as equal to it: fewer bits
/// and cheaper converters add no knowledge, so what lies below is the chance of a few samples, and
/// a search would chase it. Where the reference could not be scored it is 1 throughout.
struct ScalarObjective {
  /// Log loss moves by parts of a per cent where costs move by factors: 0.1 % of log loss weighs as
  /// much as 10 % of one cost.
  Objectives weights = {100, 1, 1, 1};

  /// "logloss=100,latency=1,energy=1,area=1"; a name left out weighs 0. InputError otherwise.
  static ScalarObjective parse(const std::string& text);
  std::string formula() const;
  Json to_json() const;
  /// The natural logarithm of the product: less is better, 0 is the reference's. Infinity where the
  /// outcome is not done.
  double log_score(const Outcome& outcome, const Outcome& reference) const;
};

/// True where a is nowhere worse than b and somewhere better.
bool dominates(const Objectives& a, const Objectives& b);

}  // namespace recpim::search
