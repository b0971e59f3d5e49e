// SPDX-License-Identifier: Apache-2.0
/// @file
/// What it takes to write a design's weights and tables into its cells, once.
#pragma once

#include <cstdint>
#include <optional>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/cost/technology.h"

namespace recpim {

/// Write-verify: every pulse is followed by a read of the row's cells that were written. In a tile
/// one group of cells at a time, tiles side by side. Unused cells are not written.
struct Programming {
  std::uint64_t cells = 0;
  double pulses = 0;                ///< Of cells.
  std::optional<double> energy_pj;  ///< Pulses; absent where the technology has no figure.
  double verify_energy_pj = 0;      ///< Crossbar, DAC, sample-and-hold and ADC of the reads.
  std::optional<double> time_ns;    ///< Absent where a pulse's length is not published.
  std::optional<std::int64_t> cycles;
  std::optional<double> endurance_used;  ///< Share of a cell's writes that one programming takes.
};

Programming programming_of(const Design& design, const Model& model, const Technology& technology);
/// For result.json: `programming`.
Json programming_json(const Programming& programming);

}  // namespace recpim
