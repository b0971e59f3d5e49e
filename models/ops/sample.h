// SPDX-License-Identifier: Apache-2.0
/// @file
/// One sample as the references take it, and the check that a trace fits a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// The rows of one table that one sample looks up; may be empty. Points into a TraceChunk.
struct Bag {
  const std::uint32_t* rows = nullptr;
  std::size_t count = 0;
};

/// The bags of sample `i` of a chunk (0 is the chunk's first), one a table of the trace.
std::vector<Bag> bags_of(const TraceChunk& chunk, std::uint64_t i);

/// InputError, naming the trace, where it lacks a table of the model, has a table of more rows, or
/// another number of dense features.
void require_fit(const Model& model, const TraceReader& trace);

}  // namespace recpim
