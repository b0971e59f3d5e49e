// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small functions that every folder needs.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace recpim {

/// ceil(a / b) for a >= 0, b > 0. Throws std::invalid_argument otherwise.
template <typename T>
constexpr T ceil_div(T a, T b) {
  if (b <= 0 || a < 0) throw std::invalid_argument("ceil_div: needs a >= 0 and b > 0");
  return static_cast<T>(a / b + (a % b != 0 ? 1 : 0));
}

/// Number of bits that hold the unsigned value v: 0 -> 0, 1 -> 1, 255 -> 8, 256 -> 9.
constexpr int bit_width(std::uint64_t v) {
  int n = 0;
  while (v != 0) {
    ++n;
    v >>= 1U;
  }
  return n;
}

/// log(1 + e^x), for any x: the log loss of a logit x on the label 0, of -x on the label 1.
inline double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The entropy, in nats, of a label that is 1 with the log odds x.
inline double label_entropy(double x) {
  const double p = sigmoid(x);
  return p * softplus(-x) + (1 - p) * softplus(x);
}

constexpr bool is_power_of_two(std::uint64_t v) { return v != 0 && (v & (v - 1)) == 0; }

}  // namespace recpim
