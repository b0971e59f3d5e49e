// SPDX-License-Identifier: Apache-2.0
/// @file
/// When samples arrive at the host: the open-loop load that a run is put under.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/cycle_scheduler.h"
#include "traces/format/trace.h"

namespace recpim {

enum class ArrivalProcess {
  kBackToBack,  ///< All at cycle 0: the chip is never short of work.
  kPoisson,     ///< Exponential gaps, traces/generate/poisson.h.
  kTrace,       ///< As the trace records them.
};
const std::vector<std::string>& arrival_names();  ///< In the order of ArrivalProcess.

struct ArrivalOptions {
  ArrivalProcess process = ArrivalProcess::kBackToBack;
  /// Samples a second; kPoisson needs it. kTrace: gaps are scaled to this mean rate, 0: as they
  /// are.
  double rate = 0;
  std::uint64_t seed = 1;  ///< kPoisson.
};

/// The cycle of every sample's arrival: the first that starts at its time or later; the first
/// sample arrives in cycle 0. Empty for kBackToBack. InputError where the trace records no arrivals
/// or they can't be scaled, or where the last one is beyond what a simulation can reach (18,000 s).
std::vector<Cycle> arrival_cycles(const ArrivalOptions& options, const TraceReader& trace,
                                  std::uint64_t first, std::uint64_t samples,
                                  std::int64_t clock_hz);

}  // namespace recpim
