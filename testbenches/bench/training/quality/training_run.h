// SPDX-License-Identifier: Apache-2.0
/// @file
/// One training of one model on one split, and what it measures.
#pragma once

#include <cstdint>

#include "testbenches/bench/training/quality/contender.h"
#include "traces/format/trace.h"
#include "traces/support/json.h"

namespace recpim::quality {

/// Validation alone, in float: what settings are chosen by. Test rows are not touched.
Json validate_once(const Contender& contender, const TraceReader& trace, std::uint64_t split,
                   std::uint64_t initialisation);

/// Validation in float; the test rows in float, with weights of 8 bits and of 4 (activations of 8),
/// both rounded after training. For the kind bayes, the true probabilities on the test rows.
Json run_once(const Contender& contender, const TraceReader& trace, std::uint64_t split,
              std::uint64_t initialisation);

}  // namespace recpim::quality
