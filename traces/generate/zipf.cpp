// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/zipf.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace recpim {
namespace {

// log1p(x) / x and expm1(x) / x, whole at 0.
double log1p_over(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }
double expm1_over(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }

}  // namespace

Zipf::Zipf(std::uint64_t n, double skew) : n_(n), skew_(skew) {
  if (n == 0 || !(skew >= 0)) throw std::invalid_argument("Zipf: needs n > 0 and skew >= 0");
  low_ = integral(1.5) - 1;
  high_ = integral(static_cast<double>(n) + 0.5);
  shortcut_ = 2 - integral_inverse(integral(2.5) - density(2));
}

double Zipf::density(double x) const { return std::exp(-skew_ * std::log(x)); }

double Zipf::integral(double x) const {
  const double log_x = std::log(x);
  return expm1_over((1 - skew_) * log_x) * log_x;
}

double Zipf::integral_inverse(double y) const {
  const double t = std::max(-1.0, y * (1 - skew_));
  return std::exp(log1p_over(t) * y);
}

std::uint64_t Zipf::draw(Random& random) const {
  if (skew_ == 0) return random.below(n_);
  while (true) {
    const double u = high_ + random.uniform() * (low_ - high_);
    const double x = integral_inverse(u);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n_));
    if (k - x <= shortcut_ || u >= integral(k + 0.5) - density(k)) {
      return static_cast<std::uint64_t>(k) - 1;
    }
  }
}

}  // namespace recpim
