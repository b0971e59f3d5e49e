// SPDX-License-Identifier: Apache-2.0
/// @file
/// Random graphs of every kind of operator, each with a precision of its own: what random chips are
/// made of where a DLRM or an MLP does not reach.
#pragma once

#include <cstdint>

#include "models/graph/graph.h"
#include "traces/format/trace.h"
#include "traces/support/random.h"

namespace recpim::testing {

/// The graph follows from `random`, its weights from `seed`.
Model random_operators(const TraceInfo& info, std::uint64_t seed, Random& random);

}  // namespace recpim::testing
