// SPDX-License-Identifier: Apache-2.0
/// @file
/// Co-simulation: the generated RTL of a design against its simulation, every transfer on every
/// tile's port and every prediction, in cycle and payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rtl/cosim/expectation.h"
#include "rtl/cosim/verilated_build.h"

namespace recpim {

struct CosimOptions {
  SimulateOptions simulate;  ///< samples, first, arrivals.
  VerilatedOptions verilated;
  std::string rtl_folder;  ///< Where the generated chip goes (or already is).
  std::string waveform;    ///< FST file of the window around the first mismatch.
  bool progress = false;
};

struct CosimMismatch {
  std::string block;           ///< Tile, or the host.
  std::string port;            ///< "injection", "ejection", "prediction stream".
  Cycle cycle = 0;             ///< In which the transfers differ.
  std::string simulator, rtl;  ///< What each did in it: a payload, or "nothing ...".
};

struct CosimResult {
  Cycle cycles = 0;
  std::uint64_t transfers = 0;   ///< Compared: of the simulator, the RTL, or both.
  std::uint64_t mismatches = 0;  ///< Up to kAfterMismatch cycles after the first.
  std::optional<CosimMismatch> first;
  bool built = false;  ///< The chip was compiled (false: it was in the cache).
  double build_s = 0, run_s = 0;
};

/// Cycles that a run goes on after the first mismatch, and that the waveform begins before it.
constexpr Cycle kAfterMismatch = 64;
constexpr Cycle kBeforeMismatch = 256;

/// Compares an already generated chip (rtl_folder) with what the simulator expects.
CosimResult compare(const Design& design, const Model& model, const Expectation& expectation,
                    const CosimOptions& options);

/// Generates the RTL, simulates, compares; a mismatch leaves options.waveform, where given.
CosimResult cosimulate(const Design& design, const Model& model, const TraceReader& trace,
                       const CosimOptions& options);

Json cosim_json(const CosimResult& result);

}  // namespace recpim
