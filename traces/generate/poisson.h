// SPDX-License-Identifier: Apache-2.0
/// @file
/// Arrivals of a Poisson process, in units of the mean gap: the same sequence at every rate, so
/// that what is measured at two rates differs by the rate alone.
#pragma once

#include <cmath>
#include <cstdint>

#include "traces/support/random.h"

namespace recpim {

class PoissonArrivals {
 public:
  explicit PoissonArrivals(std::uint64_t seed) : seed_(seed) {}

  /// 0 first; then every arrival an exponential gap of mean 1 after the one before. Gap i is a
  /// function of the seed and i alone.
  double next() {
    const double now = time_;
    time_ -= std::log1p(-Random(seed_, kStream + gap_++).uniform());
    return now;
  }

 private:
  // Apart from the streams of generated samples (generator.cpp), which have the same seed.
  static constexpr std::uint64_t kStream = (std::uint64_t{1} << 63U) + (std::uint64_t{1} << 61U);

  std::uint64_t seed_, gap_ = 0;
  double time_ = 0;
};

}  // namespace recpim
