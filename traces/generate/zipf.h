// SPDX-License-Identifier: Apache-2.0
/// @file
/// Zipf-distributed ranks in constant memory.
#pragma once

#include <cstdint>

#include "traces/support/random.h"

namespace recpim {

/// Ranks 0 .. n-1, rank k with a probability in proportion to (k + 1)^-skew. Rejection-inversion
/// (W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
/// distributions", ACM TOMACS 6(3), 1996): no table, about one draw a rank.
class Zipf {
 public:
  /// n > 0, skew >= 0 (0 is uniform).
  Zipf(std::uint64_t n, double skew);
  std::uint64_t draw(Random& random) const;

 private:
  double integral(double x) const;  // Of x^-skew, from 1.
  double integral_inverse(double y) const;
  double density(double x) const;

  std::uint64_t n_;
  double skew_;
  double low_ = 0, high_ = 0, shortcut_ = 0;
};

}  // namespace recpim
