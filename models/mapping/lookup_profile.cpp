// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/lookup_profile.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "traces/support/error.h"
#include "traces/support/progress.h"

namespace recpim {
namespace {

constexpr std::uint64_t kChunk = 4096;                          // Samples read at a time.
constexpr std::uint64_t kBagLookups = std::uint64_t{1} << 26U;  // Kept of a tile.

/// One table of one tile, and the column of the trace that looks it up.
struct Source {
  std::size_t profile;
  std::uint32_t table;
  std::size_t column;
  TablePart part;
};

std::vector<Source> sources_of(const Design& design, const Model& model,
                               std::vector<TileProfile>& profiles) {
  std::vector<Source> sources;
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    const Tile& tile = design.tiles[t];
    if (tile.kind != TileKind::kEmbedding) continue;
    for (std::size_t i = 0; i < tile.tables.size(); ++i) {
      const Operator& op = model.operators[static_cast<std::size_t>(tile.tables[i].op)];
      sources.push_back({profiles.size(), static_cast<std::uint32_t>(i),
                         static_cast<std::size_t>(op.table), tile.tables[i]});
    }
    profiles.emplace_back();
    profiles.back().tile = static_cast<int>(t);
  }
  return sources;
}

/// Calls use(source, first row, one past the last row) for each bag.
void for_each_bag(
    const TraceReader& trace, const std::vector<Source>& sources, std::uint64_t first,
    std::uint64_t samples, const char* what,
    const std::function<void(const Source&, const std::uint32_t*, const std::uint32_t*)>& use) {
  TraceChunk chunk;
  Progress progress(what, samples);
  for (std::uint64_t done = 0; done < samples; done += kChunk) {
    trace.read(first + done, std::min(kChunk, samples - done), chunk);
    for (const Source& source : sources) {
      const std::uint32_t* rows = chunk.indices[source.column].data();
      const auto& offsets = chunk.offsets[source.column];
      for (std::uint64_t i = 0; i < chunk.count; ++i) {
        use(source, rows + offsets[i], rows + offsets[i + 1]);
      }
    }
    progress.update(done);
  }
}

bool holds(const Source& source, std::uint64_t row) {
  return row >= source.part.first_row && row - source.part.first_row < source.part.rows;
}

std::uint64_t tile_row(const Source& source, std::uint64_t row) {
  return source.part.base + row - source.part.first_row;
}

using Counts = std::unordered_map<std::uint64_t, ProfiledRow>;

void split(const Counts& counts, std::uint64_t hot_rows, TileProfile& profile) {
  std::vector<ProfiledRow> rows;
  rows.reserve(counts.size());
  for (const auto& [tile_row, row] : counts) rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [](const ProfiledRow& a, const ProfiledRow& b) {
    return a.lookups != b.lookups ? a.lookups > b.lookups : a.tile_row < b.tile_row;
  });
  const std::size_t hot = static_cast<std::size_t>(std::min<std::uint64_t>(hot_rows, rows.size()));
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(hot);
  profile.cold.assign(middle, rows.end());
  rows.erase(middle, rows.end());
  profile.hot = std::move(rows);
}

}  // namespace

std::vector<TileProfile> profile_lookups(const Design& design, const Model& model,
                                         const TraceReader& trace, std::uint64_t first,
                                         std::uint64_t samples, std::uint64_t hot_rows, bool bags) {
  std::vector<TileProfile> profiles;
  const std::vector<Source> sources = sources_of(design, model, profiles);
  std::vector<Counts> counts(profiles.size());
  for_each_bag(trace, sources, first, samples, "count lookups",
               [&](const Source& source, const std::uint32_t* row, const std::uint32_t* end) {
                 for (; row != end; ++row) {
                   if (!holds(source, *row)) continue;
                   const std::uint64_t at = tile_row(source, *row);
                   auto [found, fresh] = counts[source.profile].try_emplace(at);
                   if (fresh) found->second = {source.table, *row, at, 0};
                   ++found->second.lookups;
                 }
               });
  std::vector<std::unordered_map<std::uint64_t, std::uint32_t>> hot(profiles.size());
  for (std::size_t p = 0; p < profiles.size(); ++p) {
    split(counts[p], hot_rows, profiles[p]);
    counts[p] = {};
    for (std::size_t i = 0; bags && i < profiles[p].hot.size(); ++i) {
      hot[p][profiles[p].hot[i].tile_row] = static_cast<std::uint32_t>(i);
    }
  }
  if (!bags) return profiles;
  std::vector<std::uint32_t> bag;
  for_each_bag(trace, sources, first, samples, "find co-occurrence",
               [&](const Source& source, const std::uint32_t* row, const std::uint32_t* end) {
                 TileProfile& profile = profiles[source.profile];
                 if (profile.bag_rows.size() + static_cast<std::size_t>(end - row) > kBagLookups) {
                   return;
                 }
                 bag.clear();
                 for (; row != end; ++row) {
                   if (!holds(source, *row)) continue;
                   const auto found = hot[source.profile].find(tile_row(source, *row));
                   if (found != hot[source.profile].end()) bag.push_back(found->second);
                 }
                 std::sort(bag.begin(), bag.end());
                 bag.erase(std::unique(bag.begin(), bag.end()), bag.end());
                 if (bag.size() < 2) return;
                 profile.bag_rows.insert(profile.bag_rows.end(), bag.begin(), bag.end());
                 profile.bag_ends.push_back(profile.bag_rows.size());
               });
  return profiles;
}

}  // namespace recpim
