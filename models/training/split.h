// SPDX-License-Identifier: Apache-2.0
/// @file
/// Which samples train, validate and test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"

namespace recpim {

/// Sample numbers, each list ascending.
struct SplitSamples {
  std::vector<std::uint64_t> train, validation, test;
};

/// Every sample falls in one list; validation and test take a tenth each, rounded down, drawn
/// without replacement by the seed.
SplitSamples split_samples(const Split& split);

}  // namespace recpim
