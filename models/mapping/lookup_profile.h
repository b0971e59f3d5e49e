// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a trace looks up, tile by tile of a mapped design: how often each row, and which hot rows
/// come in one bag.
#pragma once

#include <cstdint>
#include <vector>

#include "models/mapping/design.h"
#include "traces/format/trace.h"

namespace recpim {

/// A row that the profile looks up.
struct ProfiledRow {
  std::uint32_t table = 0;     ///< Of the tile.
  std::uint64_t row = 0;       ///< Of the table.
  std::uint64_t tile_row = 0;  ///< base + row - first_row.
  std::uint64_t lookups = 0;
};

struct TileProfile {
  int tile = 0;                   ///< Position in Design::tiles.
  std::vector<ProfiledRow> hot;   ///< The most looked-up rows, most first, ties by tile row.
  std::vector<ProfiledRow> cold;  ///< The other rows that are looked up, in the same order.
  /// Bags with two hot rows or more, each a run of positions in `hot` without repetition.
  std::vector<std::uint32_t> bag_rows;
  std::vector<std::uint64_t> bag_ends;
};

/// Profiles samples [first, first + samples) (0: to the end) of a trace that fits the model.
/// `hot_rows`: at most so many a tile. Memory: some 50 bytes for each row that is looked up; with
/// bags, 4 for each lookup of a hot row, of the first 2^26 such lookups.
std::vector<TileProfile> profile_lookups(const Design& design, const Model& model,
                                         const TraceReader& trace, std::uint64_t first,
                                         std::uint64_t samples, std::uint64_t hot_rows, bool bags);

}  // namespace recpim
