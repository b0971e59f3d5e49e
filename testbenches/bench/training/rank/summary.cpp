// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/rank/summary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "models/ops/correlation.h"

namespace recpim::rank {
namespace {

using Losses = std::map<int, double>;  // By sub-network.
using BySeed = std::map<int, Losses>;

BySeed losses_of(const std::map<Key, Measured>& all, const std::string& data,
                 const std::string& mode, Source source) {
  BySeed found;
  for (const auto& [key, measured] : all) {
    if (key.data != data || key.mode != mode || key.source != source) continue;
    found[key.seed][key.network] = measured.quality.logloss;
  }
  return found;
}

struct Mean {
  double sum = 0;
  int count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  double value() const {
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }
};

std::string shown(const char* format, double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string row(const std::map<Key, Measured>& all, const std::string& data,
                const std::string& mode) {
  std::string text = "| " + data + ", " + mode;
  std::string agreements;
  for (const Source source : {Source::kInherited, Source::kTuned, Source::kScratch}) {
    Mean loss;
    double best = std::numeric_limits<double>::infinity();
    for (const auto& [seed, losses] : losses_of(all, data, mode, source)) {
      for (const auto& [network, value] : losses) {
        loss.add(value);
        best = std::min(best, value);
      }
    }
    text += " | " + std::to_string(loss.count) + " | " + shown("%.4f", loss.value()) + " / " +
            (loss.count > 0 ? shown("%.4f", best) : "-");
    const Agreement agreement = agreement_with_scratch(all, data, mode, source);
    agreements += " | " + shown("%.2f", agreement.tau) + " / " + shown("%.2f", agreement.r);
  }
  return text + agreements + " |\n";
}

}  // namespace

Agreement agreement_with_scratch(const std::map<Key, Measured>& all, const std::string& data,
                                 const std::string& mode, Source a) {
  constexpr std::size_t kLeast = 3;
  const BySeed ones = losses_of(all, data, mode, a);
  const BySeed others = losses_of(all, data, mode, Source::kScratch);
  Mean tau;
  Mean r;
  for (const auto& [seed, one] : ones) {
    for (const auto& [other_seed, other] : others) {
      if (a == Source::kScratch && seed >= other_seed) continue;
      std::vector<double> x, y;
      for (const auto& [network, loss] : one) {
        const auto found = other.find(network);
        if (found == other.end()) continue;
        x.push_back(loss);
        y.push_back(found->second);
      }
      if (x.size() < kLeast) continue;
      tau.add(kendall_tau(x, y));
      r.add(pearson_r(x, y));
    }
  }
  return {tau.value(), r.value(), tau.count};
}

std::string table(const std::map<Key, Measured>& all) {
  std::string text =
      "| Data, mode | inherited: runs | log loss, mean / best | tuned: runs | log loss | scratch: "
      "runs | log loss | tau / r, inherited | tuned | scratch seeds |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n";
  std::set<std::pair<std::string, std::string>> rows;
  for (const auto& [key, measured] : all) rows.emplace(key.data, key.mode);
  for (const auto& [data, mode] : rows) text += row(all, data, mode);
  return text;
}

}  // namespace recpim::rank
