// SPDX-License-Identifier: Apache-2.0
#include "search/score/measurement.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "traces/support/error.h"

namespace recpim::search {
namespace {

// As the user writes them: without the unit.
constexpr std::array<const char*, kObjectives> kShort = {"logloss", "latency", "energy", "area"};
constexpr std::size_t kLogLoss = 0;
constexpr double kMaxWeight = 1e6;
constexpr const char* kAccepted =
    "name=weight joined by commas; names logloss, latency, energy, area, each once; weights from 0 "
    "to 1000000, one above 0";

std::string shortest(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? std::to_string(whole) : Json(value).dump();
}

}  // namespace

const char* state_name(State state) {
  switch (state) {
    case State::kDone:
      return "done";
    case State::kInfeasible:
      return "infeasible";
    default:
      return "failed";
  }
}

State state_of(const std::string& name) {
  for (const State state : {State::kDone, State::kInfeasible, State::kFailed}) {
    if (name == state_name(state)) return state;
  }
  throw std::invalid_argument("state " + name + " is unknown");
}

ScalarObjective ScalarObjective::parse(const std::string& text) {
  ScalarObjective objective;
  objective.weights = {};
  std::array<bool, kObjectives> given{};
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string term = text.substr(from, to - from);
    const std::size_t equals = std::min(term.find('='), term.size());
    const auto name = std::find(kShort.begin(), kShort.end(), term.substr(0, equals));
    const auto i = static_cast<std::size_t>(name - kShort.begin());
    double weight = -1;
    const char* begin = term.data() + std::min(equals + 1, term.size());
    const char* end = term.data() + term.size();
    const auto parsed = std::from_chars(begin, end, weight);
    if (i == kObjectives || given.at(i) || parsed.ec != std::errc() || parsed.ptr != end ||
        !(weight >= 0 && weight <= kMaxWeight)) {
      reject("", "--objective", text, kAccepted);
    }
    given.at(i) = true;
    objective.weights.at(i) = weight;
    from = to + 1;
  }
  if (*std::max_element(objective.weights.begin(), objective.weights.end()) <= 0) {
    reject("", "--objective", text, kAccepted);
  }
  return objective;
}

std::string ScalarObjective::formula() const {
  std::string text;
  for (std::size_t i = 0; i < kObjectives; ++i) {
    if (weights[i] == 0) continue;
    text += text.empty() ? "" : " * ";
    const std::string ratio = std::string(kObjectiveNames[i]) + " / reference";
    text += (i == kLogLoss ? "max(" + ratio + ", 1)" : "(" + ratio + ")") + "^";
    text += shortest(weights[i]);
  }
  return text;
}

Json ScalarObjective::to_json() const {
  Json json = Json::object();
  for (std::size_t i = 0; i < kObjectives; ++i) json[kShort[i]] = weights[i];
  return json;
}

double ScalarObjective::log_score(const Outcome& outcome, const Outcome& reference) const {
  if (outcome.state != State::kDone) return std::numeric_limits<double>::infinity();
  const bool relative = reference.state == State::kDone;
  double sum = 0;
  for (std::size_t i = 0; i < kObjectives; ++i) {
    if (weights[i] == 0) continue;
    double x = outcome.objectives[i];
    if (relative && i == kLogLoss) x = std::max(x, reference.objectives[i]);
    sum += weights[i] * std::log(relative ? x / reference.objectives[i] : x);
  }
  return sum;
}

bool dominates(const Objectives& a, const Objectives& b) {
  bool better = false;
  for (std::size_t i = 0; i < kObjectives; ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

}  // namespace recpim::search
