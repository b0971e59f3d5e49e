// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/quality/paired.h"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace recpim::quality {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? kNone : sum / static_cast<double>(values.size());
}

double squares_about(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum;
}

std::map<std::uint64_t, std::vector<double>> by_split(const std::vector<Measured>& values) {
  std::map<std::uint64_t, std::vector<double>> splits;
  for (const Measured& m : values) splits[m.split].push_back(m.value);
  return splits;
}

}  // namespace

Estimate estimate(const std::vector<Measured>& values) {
  std::vector<double> means;
  for (const auto& [split, of_split] : by_split(values)) means.push_back(mean_of(of_split));
  Estimate result;
  result.runs = static_cast<int>(values.size());
  result.splits = static_cast<int>(means.size());
  result.mean = mean_of(means);
  const double n = result.splits;
  result.error = n < 2 ? kNone : std::sqrt(squares_about(means, result.mean) / (n * (n - 1)));
  return result;
}

Estimate paired_difference(const std::vector<Measured>& values, const std::vector<Measured>& base) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, double> partners;
  for (const Measured& m : base) partners[{m.split, m.initialisation}] = m.value;
  std::vector<Measured> differences;
  for (const Measured& m : values) {
    const auto partner = partners.find({m.split, m.initialisation});
    if (partner == partners.end()) continue;
    differences.push_back({m.split, m.initialisation, m.value - partner->second});
  }
  return estimate(differences);
}

double initialisation_deviation(const std::vector<Measured>& values) {
  double squares = 0;
  std::size_t freedom = 0;
  for (const auto& [split, of_split] : by_split(values)) {
    squares += squares_about(of_split, mean_of(of_split));
    freedom += of_split.size() - 1;
  }
  return freedom == 0 ? kNone : std::sqrt(squares / static_cast<double>(freedom));
}

}  // namespace recpim::quality
