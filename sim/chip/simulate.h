// SPDX-License-Identifier: Apache-2.0
/// @file
/// The simulator's library interface: design + trace -> result. A process can elaborate one chip
/// only (SystemC), so a second call in one process throws std::logic_error: fork first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/chip/arrivals.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/host/host_observer.h"
#include "sim/host/host_port.h"
#include "sim/noc/mesh.h"
#include "sim/tile/tile_observer.h"
#include "traces/format/trace.h"

namespace recpim {

enum class SimulationMode {
  kFunctional,  ///< Values flow.
  kTiming,      ///< No values, the same cycles.
};

struct SimulateOptions {
  std::uint64_t first = 0;    ///< First sample of the trace.
  std::uint64_t samples = 0;  ///< 0: to the end of the trace.
  SimulationMode mode = SimulationMode::kFunctional;
  bool reference = false;  ///< No shortcut, no collapse: every flit and phase is stepped.
  bool compare = true;     ///< Also run the integer reference for quality.reference_logloss.
  std::uint64_t shuffle_wakeups = 0;  ///< Seed; 0 is off.
  std::uint64_t warmup = 0;           ///< Samples left out of the throughput.
  ArrivalOptions arrival;
  /// Arrival of sample i (cycle its first beat is valid), instead of `arrival`; empty: as that
  /// says.
  std::vector<Cycle> arrivals;
  // What watches the run; no result depends on it.
  FlitObserver* observer = nullptr;
  TileObserver* tile_observer = nullptr;
  HostObserver* host_observer = nullptr;
  bool progress = false;
};

/// One finished sample.
struct Prediction {
  Cycle arrival = 0;                 ///< Back to back: when it was accepted.
  Cycle accepted = 0;                ///< First request beat.
  Cycle transferred = 0;             ///< Last prediction beat.
  std::vector<std::int32_t> values;  ///< Empty in timing mode.
};

struct SimulationResult {
  Json json;  ///< result.json without provenance.command and git, which the command adds.
  std::vector<Prediction> predictions;
};

/// Runs the chip. `model` needs its integer weights in functional mode only. A trace that does not
/// fit the design (tables, dense features, an index past its table, bags too large, too few
/// samples) is an InputError; a deadlock a CheckError that lists every blocked operator and what it
/// waits for.
SimulationResult simulate(const Design& design, const Model& model, const TraceReader& trace,
                          const SimulateOptions& options);

}  // namespace recpim
