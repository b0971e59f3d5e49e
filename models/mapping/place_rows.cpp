// SPDX-License-Identifier: Apache-2.0
// Access-aware placement of table rows. README.md of this folder, "Placement", has the rules.
#include <algorithm>
#include <numeric>
#include <queue>

#include "models/mapping/clusters.h"
#include "models/mapping/lookup_profile.h"
#include "models/mapping/placement.h"
#include "models/ops/sample.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

/// What is placed as a whole: a row, or rows that go to one array.
struct Item {
  std::vector<std::uint32_t> rows;  ///< Positions in TileProfile::hot.
  double reads = 0;
  std::uint64_t copies = 1;
  double load() const { return reads / static_cast<double>(copies); }
};

/// A tile under way.
struct TilePlan {
  TileProfile profile;
  BankShape shape;
  std::uint64_t rows = 0;      ///< Tile rows, gaps between tables included.
  std::uint64_t free = 0;      ///< Local rows that replicas can take.
  std::uint64_t row_bits = 0;  ///< Of the table, not of its cells: replicated_bytes.
  std::vector<Item> items;
};

std::vector<Item> items_of(const TilePlan& plan, PlacementKind kind) {
  std::vector<Item> items;
  if (kind == PlacementKind::kFrequency) {
    for (std::uint32_t i = 0; i < plan.profile.hot.size(); ++i) {
      items.push_back({{i}, static_cast<double>(plan.profile.hot[i].lookups), 1});
    }
    return items;
  }
  for (Cluster& cluster :
       cluster_rows(plan.profile, std::min(plan.shape.array_rows, plan.shape.rows))) {
    items.push_back({std::move(cluster.rows), static_cast<double>(cluster.reads), 1});
  }
  return items;
}

/// Gives copies, one by one, to the item whose copies are read most, while room and budget last. An
/// item whose copies would be read less than once each has enough.
void replicate(std::vector<TilePlan>& plans, std::uint64_t budget_bits) {
  struct Candidate {
    double load;
    std::size_t plan, item;
    bool operator<(const Candidate& other) const {
      if (load != other.load) return load < other.load;
      return std::make_pair(plan, item) > std::make_pair(other.plan, other.item);
    }
  };
  std::priority_queue<Candidate> queue;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    for (std::size_t i = 0; i < plans[p].items.size(); ++i) {
      queue.push({plans[p].items[i].load(), p, i});
    }
  }
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    TilePlan& plan = plans[best.plan];
    Item& item = plan.items[best.item];
    const std::uint64_t bits = item.rows.size() * plan.row_bits;
    if (item.reads < static_cast<double>(item.copies + 1)) break;
    if (item.copies == plan.shape.banks || item.rows.size() > plan.free || bits > budget_bits) {
      continue;
    }
    ++item.copies;
    plan.free -= item.rows.size();
    budget_bits -= bits;
    queue.push({item.load(), best.plan, best.item});
  }
}

/// Puts items into banks, longest first, each into the least loaded banks that have room.
class BankFiller {
 public:
  explicit BankFiller(const TilePlan& plan)
      : plan_(plan), next_(plan.shape.banks, 0), load_(plan.shape.banks, 0) {
    for (const ProfiledRow& row : plan.profile.cold) {
      load_[row.tile_row % plan.shape.banks] += static_cast<double>(row.lookups);
    }
  }

  std::vector<PlacedRow> run() {
    std::vector<std::size_t> order(plan_.items.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return plan_.items[a].load() > plan_.items[b].load();
    });
    for (const std::size_t i : order) put(plan_.items[i]);
    std::sort(placed_.begin(), placed_.end(), [](const PlacedRow& a, const PlacedRow& b) {
      return std::tie(a.table, a.row, a.place) < std::tie(b.table, b.row, b.place);
    });
    return std::move(placed_);
  }

 private:
  /// First row of a bank where `rows` rows lie in one array; past the bank where there are none.
  std::uint64_t position(std::uint64_t bank, std::uint64_t rows) const {
    const std::uint64_t in_array = next_[bank] % plan_.shape.array_rows;
    if (in_array + rows <= plan_.shape.array_rows) return next_[bank];
    return next_[bank] - in_array + plan_.shape.array_rows;
  }

  void put(const Item& item) {
    std::vector<std::uint64_t> banks(next_.size());
    std::iota(banks.begin(), banks.end(), 0);
    std::stable_sort(banks.begin(), banks.end(),
                     [&](std::uint64_t a, std::uint64_t b) { return load_[a] < load_[b]; });
    std::uint64_t left = item.copies;
    for (const std::uint64_t bank : banks) {
      if (left == 0) break;
      const std::uint64_t first = position(bank, item.rows.size());
      if (first + item.rows.size() > plan_.shape.rows) continue;
      for (std::size_t i = 0; i < item.rows.size(); ++i) {
        const ProfiledRow& row = plan_.profile.hot[item.rows[i]];
        placed_.push_back(
            {row.table, row.row, static_cast<std::uint32_t>(bank * plan_.shape.rows + first + i)});
      }
      next_[bank] = first + item.rows.size();
      load_[bank] += item.load();
      --left;
    }
    // No bank has room: the rows lie where the layout puts them.
  }

  const TilePlan& plan_;
  std::vector<std::uint64_t> next_;  ///< First row of a bank that is not given away.
  std::vector<double> load_;
  std::vector<PlacedRow> placed_;
};

}  // namespace

void place_rows(Design& design, const Model& model, const TraceReader& profile,
                const PlacementOptions& options) {
  design.placement = placement_names()[static_cast<std::size_t>(options.kind)];
  for (Tile& tile : design.tiles) {
    tile.layout = RowLayout::kPacked;
    tile.placed.clear();
  }
  if (options.kind == PlacementKind::kNaive) return;
  require_fit(model, profile);
  const std::uint64_t there = profile.info().samples;
  const std::uint64_t samples =
      options.samples != 0 ? options.samples : there - std::min(there, options.first);
  if (samples == 0 || options.first >= there || samples > there - options.first) {
    reject(profile.path(), "samples",
           std::to_string(samples) + " from " + std::to_string(options.first),
           "a profile of 1 to " + std::to_string(there) + " samples inside the trace");
  }
  std::vector<TilePlan> plans;
  for (TileProfile& each :
       profile_lookups(design, model, profile, options.first, samples, options.hot_rows,
                       options.kind == PlacementKind::kCoOccurrence)) {
    TilePlan plan;
    const Tile& tile = design.tiles[static_cast<std::size_t>(each.tile)];
    plan.profile = std::move(each);
    plan.shape = bank_shape(tile, model, design.hardware);
    plan.rows = tile.tables.back().base + tile.tables.back().rows;
    // More rows than whole banks that a lookup can name: they stay as they are.
    if (plan.rows > plan.shape.capacity()) continue;
    plan.free = plan.shape.capacity() - plan.rows;
    const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
    plan.row_bits =
        static_cast<std::uint64_t>(tile.width) * static_cast<std::uint64_t>(op.weight_bits);
    plan.items = items_of(plan, options.kind);
    plans.push_back(std::move(plan));
  }
  replicate(plans, options.replicate_bytes * 8);
  for (const TilePlan& plan : plans) {
    Tile& tile = design.tiles[static_cast<std::size_t>(plan.profile.tile)];
    tile.layout = RowLayout::kInterleaved;
    tile.placed = BankFiller(plan).run();
  }
}

}  // namespace recpim
