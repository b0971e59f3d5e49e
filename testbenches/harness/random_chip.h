// SPDX-License-Identifier: Apache-2.0
/// @file
/// Small random chips for system tests and co-simulation: a hardware, a trace, a quantised model
/// and its mapping, all from one seed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/mapping/placement.h"
#include "traces/support/random.h"

namespace recpim::testing {

struct RandomChip {
  std::string trace_path;  ///< In a temporary folder of this process.
  Model model;
  Design design;
};

/// Bounds of the draw. A shape (what RTL is compiled for) follows from `shape_seed` alone, weights,
/// trace and lookups from `seed`.
struct RandomChipOptions {
  std::uint64_t samples = 24;
  bool mlp = false;          ///< An MLP instead of a DLRM.
  bool operators = false;    ///< A random graph of every kind of operator instead.
  bool every = false;        ///< One graph that has every kind of operator instead.
  bool lossless = false;     ///< ADC bits as many as it takes.
  bool differential = true;  ///< May draw the differential encoding.
  int most_rows = 128;       ///< Of a crossbar.
  /// Operators may be there up to eight times, weights several times on a tile; places by
  /// annealing.
  bool replicas = false;
  /// Of table rows, from the chip's trace, with replicas.
  PlacementKind placement = PlacementKind::kNaive;
  bool pooling_in_array = false;
};

/// Draws until the mapper accepts. Deterministic.
RandomChip random_chip(std::uint64_t shape_seed, std::uint64_t seed,
                       const RandomChipOptions& options = {});

/// Runs a function in a child process and returns what it returned: SystemC elaborates once a
/// process. An exception or crash there is a std::runtime_error here.
std::string in_child(const std::function<std::string()>& function);

}  // namespace recpim::testing
