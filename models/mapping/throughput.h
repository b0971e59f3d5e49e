// SPDX-License-Identifier: Apache-2.0
/// @file
/// How often each tile of a design could take a sample if it never waited: what a mapper balances.
/// An estimate from the closed forms of sim/README.md that knows no contention; what a design does
/// is what its simulation says.
#pragma once

#include <cstdint>

#include "models/mapping/design.h"

namespace recpim {

/// Elements a cycle of the vector unit of a kind of tile.
int vector_lanes(const Hardware& hardware, TileKind kind);

/// Cycles that a sample keeps each part of a tile busy.
struct TileCycles {
  std::int64_t engine = 0;
  std::int64_t vector_unit = 0;
  std::int64_t injection = 0;  ///< Flits that it sends, credits included.
  std::int64_t ejection = 0;   ///< Flits that it is sent.
  std::int64_t most() const;
};

/// @param lookups_a_table Mean lookups of a sample in each table, for embedding tiles: spread over
/// the banks evenly.
TileCycles cycles_of_sample(const Design& design, const Model& model, int tile,
                            double lookups_a_table);

}  // namespace recpim
