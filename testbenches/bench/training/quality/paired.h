// SPDX-License-Identifier: Apache-2.0
/// @file
/// Differences between models that were trained and tested on the same splits.
#pragma once

#include <cstdint>
#include <vector>

namespace recpim::quality {

/// One measured value of a training: the split says which rows it was trained and tested on.
struct Measured {
  std::uint64_t split = 0, initialisation = 0;
  double value = 0;
};

struct Estimate {
  double mean = 0;
  double error = 0;  ///< Standard error; NaN where there are less than two splits.
  int splits = 0, runs = 0;
};

/// Values of one model. The mean is that of the splits' means, and the standard error is clustered
/// by split: initialisations on one split share their test rows, so they count as one observation.
/// With S splits of means m_s: sqrt(sum of (m_s - mean)^2 / (S (S - 1))).
Estimate estimate(const std::vector<Measured>& values);

/// `values` minus `base`, each with its partner of the same split and initialisation; a value
/// without one is left out. The variation that both share (an easy or a hard split) cancels.
Estimate paired_difference(const std::vector<Measured>& values, const std::vector<Measured>& base);

/// Standard deviation between initialisations on the same split, pooled over the splits: what
/// chance in training alone does. NaN where no split has two.
double initialisation_deviation(const std::vector<Measured>& values);

}  // namespace recpim::quality
