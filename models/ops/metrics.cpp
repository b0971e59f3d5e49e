// SPDX-License-Identifier: Apache-2.0
#include "models/ops/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace recpim {

double log_loss(const std::vector<float>& labels, const std::vector<double>& probabilities) {
  if (labels.empty() || labels.size() != probabilities.size()) {
    throw std::invalid_argument("log_loss: needs one probability a label, at least one");
  }
  constexpr double kMargin = 0x1.0p-24;
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p = std::clamp(probabilities[i], kMargin, 1.0 - kMargin);
    sum -= labels[i] > 0.5F ? std::log(p) : std::log1p(-p);
  }
  return sum / static_cast<double>(labels.size());
}

double auc(const std::vector<float>& labels, const std::vector<double>& scores) {
  if (labels.size() != scores.size()) {
    throw std::invalid_argument("auc: needs one score a label");
  }
  // A score that is no number has no place in the order.
  if (std::any_of(scores.begin(), scores.end(), [](double s) { return std::isnan(s); })) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  // Twice the number of (click, other) pairs in the right order, ties counting one.
  std::uint64_t twice = 0;
  std::uint64_t others = 0;
  std::uint64_t clicks = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    std::uint64_t tied_clicks = 0;
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) {
      if (labels[order[end++]] > 0.5F) ++tied_clicks;
    }
    const std::uint64_t tied_others = end - begin - tied_clicks;
    twice += tied_clicks * (2 * others + tied_others);
    others += tied_others;
    clicks += tied_clicks;
    begin = end;
  }
  if (clicks == 0 || others == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(twice) /
         (2.0 * static_cast<double>(clicks) * static_cast<double>(others));
}

}  // namespace recpim
