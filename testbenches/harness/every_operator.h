// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small models that have every kind of operator at once.
#pragma once

#include <cstdint>

#include "models/graph/graph.h"
#include "traces/format/trace.h"
#include "traces/support/random.h"

namespace recpim::testing {

/// Every kind of operator at least once, some read by several, fcs and LayerNorms along both axes,
/// each output of 4 or 8 bits by itself, LayerNorms of either sign. Shapes and precisions come from
/// `shape`, weights from `seed`. The trace has dense features and tables.
Model every_operator(const TraceInfo& info, std::uint64_t seed, Random& shape);

}  // namespace recpim::testing
