// SPDX-License-Identifier: Apache-2.0
/// @file
/// The hidden function that generated labels follow: what a recommender model can learn.
#pragma once

#include <cstdint>
#include <vector>

#include "traces/format/trace.h"

namespace recpim {

/// Hidden parameters, all a function of the seed alone and none of them stored by row:
///   u[t][r]   first-order weight of row r of table t   (uniform, mean 0, variance 1)
///   v[t][r]   hidden embedding of that row, kHidden wide  (the same distribution)
///   w, A, B   of the D dense features: a weight, and two projections to kHidden (normal)
/// A sample with pooled rows R_t (bag size n_t) and standardised dense features z has
///   e_t   = sum over r in R_t of v[t][r] / sqrt(n_t),  e_D = A z / sqrt(D)
///   first = sum over t, r of u[t][r] / sqrt(n_t T)
///   dense = w z / sqrt(D)
///   pairs = sum over pairs of fields f < g of <e_f, e_g> / sqrt(kHidden pairs), fields: the T
///           tables and, where D > 0, the dense features
///   self  = <A z, B z> / (D sqrt(kHidden))
///   score = first + kDenseWeight dense + kPairWeight pairs + kSelfWeight self
/// and P(label = 1) = sigmoid(kOffset + kGain (score - mean) / deviation), where mean and deviation
/// of the score come from a pilot run (calibrate()).
class PlantedLabels {
 public:
  static constexpr std::size_t kHidden = 4;
  static constexpr double kDenseWeight = 0.7;
  static constexpr double kPairWeight = 0.7;
  static constexpr double kSelfWeight = 0.5;
  static constexpr double kOffset = -1.2;  ///< About 28 % of the labels are 1.
  static constexpr double kGain = 1.5;     ///< Standard deviation of the logit.

  PlantedLabels(std::uint64_t seed, std::size_t tables, std::uint32_t dense);

  /// Fixes the scale: standardisation of the dense features and of the score from this chunk.
  void calibrate(const TraceChunk& pilot);
  /// Logit of sample b of a chunk.
  double logit(const TraceChunk& chunk, std::uint64_t b) const;

  double score_mean() const { return mean_; }
  double score_deviation() const { return deviation_; }

 private:
  double score(const TraceChunk& chunk, std::uint64_t b) const;

  std::uint64_t seed_;
  std::size_t tables_;
  std::uint32_t dense_;
  std::vector<double> w_, a_, b_;  // a_ and b_: kHidden values a feature.
  double dense_mean_ = 0, dense_deviation_ = 1;
  double mean_ = 0, deviation_ = 1;
};

}  // namespace recpim
