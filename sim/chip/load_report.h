// SPDX-License-Identifier: Apache-2.0
/// @file
/// Latency and load of a run, from the cycles of its samples. Definitions: README.md.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/chip/simulate.h"
#include "traces/support/json.h"

namespace recpim {

/// `latency_cycles`: from arrival to prediction.
Json latency_of(const std::vector<Prediction>& predictions);
/// Samples a second between the first and the last prediction after the warm-up; null where there
/// are fewer than two or no time passes.
Json throughput_of(const std::vector<Prediction>& predictions, std::uint64_t warmup,
                   std::int64_t clock_hz);
/// `arrival`: the process as asked for.
Json arrival_of(const SimulateOptions& options);
/// `load`: offered and achieved rate, queueing at the host and service.
Json load_of(const std::vector<Prediction>& predictions, const SimulateOptions& options,
             std::int64_t clock_hz);

}  // namespace recpim
