// SPDX-License-Identifier: Apache-2.0
/// @file
/// How far one ranking of sub-networks agrees with another, from the results so far.
#pragma once

#include <string>
#include <vector>

#include "testbenches/bench/training/rank/results.h"

namespace recpim::rank {

/// The mean over pairs of seeds; each pair over the sub-networks that both have.
struct Agreement {
  double tau = 0, r = 0;  ///< NaN where there is no pair.
  int pairs = 0;          ///< Of seeds.
};

/// The log losses of `a` beside those of scratch: all pairs of a seed of the one and a seed of the
/// other; of scratch itself the pairs of different seeds, each once. A pair counts once both have
/// measured at least three of the same sub-networks.
Agreement agreement_with_scratch(const std::map<Key, Measured>& all, const std::string& data,
                                 const std::string& mode, Source a);

/// The table of README.md, a row for each data and mode.
std::string table(const std::map<Key, Measured>& all);

}  // namespace recpim::rank
