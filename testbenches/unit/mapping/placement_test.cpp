// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/placement.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "models/mapping/clusters.h"
#include "testbenches/harness/scratch_folder.h"
#include "testbenches/unit/mapping/models.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

using testing::concat;
using testing::dot;
using testing::embedding;
using testing::model_of;

using Bags = std::vector<std::vector<std::uint32_t>>;

/// A trace of one or more tables; bags[t] has a bag a sample.
std::string trace_of(const std::string& name, const std::vector<Bags>& bags, std::uint64_t rows) {
  TraceInfo info;
  TraceChunk chunk;
  chunk.count = bags[0].size();
  for (std::size_t t = 0; t < bags.size(); ++t) {
    info.tables.push_back({"t" + std::to_string(t), rows});
    chunk.offsets.push_back({0});
    chunk.indices.emplace_back();
    for (const auto& bag : bags[t]) {
      chunk.indices[t].insert(chunk.indices[t].end(), bag.begin(), bag.end());
      chunk.offsets[t].push_back(chunk.indices[t].size());
    }
  }
  const std::string path = testing::scratch_folder() + "/" + name + ".h5";
  TraceWriter writer(path, info);
  writer.append(chunk);
  writer.finish();
  return path;
}

/// Two tables of 6 rows of 4 elements of 8 bits on one tile of 4 banks of 256 rows.
struct TwoTables {
  Model model = model_of(
      {embedding(0, 6, 4), embedding(1, 6, 4), concat("features", {0, 1}, 8, true), dot(2, 2)});
  Hardware hardware;
  Design design;
  explicit TwoTables(int rows_of_an_array = 128) {
    hardware.embedding_tile.banks = 4;
    hardware.embedding_tile.bank_kib = 1;
    hardware.crossbar.rows = rows_of_an_array;
    design = map_naive(model, hardware);
  }
  Tile& tile() { return design.tiles[1]; }
  BankShape shape() const { return bank_shape(design.tiles[1], model, hardware); }
  std::vector<std::uint32_t> places(std::size_t table, std::uint64_t row) {
    const RowPlaces all(tile(), shape());
    const auto range = all.of(table, row);
    return {range.begin(), range.end()};
  }
};

TEST(RowPlaces, NaiveIsTableAfterTable) {
  TwoTables t;
  EXPECT_EQ(t.shape().rows, 256U);
  EXPECT_EQ(t.places(0, 5), (std::vector<std::uint32_t>{5}));
  EXPECT_EQ(t.places(1, 0), (std::vector<std::uint32_t>{6}));
  EXPECT_EQ(RowPlaces(t.tile(), t.shape()).depth(), 12U);
}

TEST(RowPlaces, InterleavedDealsRowsToTheBanks) {
  TwoTables t;
  t.tile().layout = RowLayout::kInterleaved;
  EXPECT_EQ(t.places(0, 1), (std::vector<std::uint32_t>{256}));
  EXPECT_EQ(t.places(0, 5), (std::vector<std::uint32_t>{257}));
  EXPECT_EQ(t.places(1, 1), (std::vector<std::uint32_t>{3 * 256 + 1}));  // Tile row 7.
  EXPECT_EQ(RowPlaces(t.tile(), t.shape()).depth(), 3U);
}

// Table 1's row 0 (tile row 6) goes to local rows 0 and 256, whose rows 0 and 1 move: the first to
// the place that row 6 left (bank 2, row 1), the second beyond all rows (tile row 12: bank 0, row
// 3).
TEST(RowPlaces, DisplacedRowsTakeWhatIsLeftOver) {
  TwoTables t;
  t.tile().layout = RowLayout::kInterleaved;
  t.tile().placed = {{1, 0, 0}, {1, 0, 256}};
  EXPECT_EQ(t.places(1, 0), (std::vector<std::uint32_t>{0, 256}));
  EXPECT_EQ(t.places(0, 0), (std::vector<std::uint32_t>{2 * 256 + 1}));
  EXPECT_EQ(t.places(0, 1), (std::vector<std::uint32_t>{3}));
  const RowPlaces all(t.tile(), t.shape());
  EXPECT_EQ(all.replicas(), 1U);
  EXPECT_EQ(all.depth(), 4U);
  EXPECT_EQ(all.tile_row_at(256), 6U);
  EXPECT_EQ(all.tile_row_at(3), 1U);
  EXPECT_EQ(replicated_bytes(t.design, t.model), 4U);
  std::set<std::uint32_t> distinct;
  for (const auto& [row, place] : all.all()) {
    EXPECT_TRUE(distinct.insert(place).second) << place;
    EXPECT_EQ(all.tile_row_at(place), row);
  }
  EXPECT_EQ(distinct.size(), 13U);
}

TEST(RowPlaces, ContradictionsAreNamed) {
  TwoTables t;
  const auto problem = [&](std::vector<PlacedRow> placed) {
    t.tile().layout = RowLayout::kInterleaved;
    t.tile().placed = std::move(placed);
    return RowPlaces::problem(t.tile(), t.shape());
  };
  EXPECT_EQ(problem({{0, 1, 9}, {1, 5, 1023}}), "");
  EXPECT_NE(problem({{2, 1, 9}}), "");
  EXPECT_NE(problem({{0, 6, 9}}), "");
  EXPECT_NE(problem({{0, 1, 1024}}), "");
  EXPECT_NE(problem({{0, 1, 9}, {0, 2, 9}}), "");
  EXPECT_NE(problem({{0, 2, 9}, {0, 1, 8}}), "");
  t.tile().tables[1].base = 1017;  // 1023 of 1024 local rows: room for one replica.
  EXPECT_EQ(problem({{0, 1, 9}, {0, 1, 10}}), "");
  EXPECT_NE(problem({{0, 1, 9}, {0, 1, 10}, {0, 1, 11}}), "");
  EXPECT_THROW(validate_placement(t.design, t.model, "d.json"), InputError);
}

// Lookups: rows 0 x5, 1 x4, 2 x3, 3 x2, 4 x1 of table 0, row 0 x1 of table 1.
std::string counted_trace() {
  Bags first = {{0, 1, 2, 3, 4}, {0, 1, 2, 3}, {0, 1, 2}, {0, 1}, {0}};
  Bags second = {{0}, {}, {}, {}, {}};
  return trace_of("counted", {first, second}, 6);
}

// Longest first, to the least loaded bank, ties the lowest: 0 to bank 0 (5), 1 to bank 1 (4), 2 to
// bank 2 (3), 3 to bank 3 (2), 4 to bank 3 (3), table 1's row 0 to bank 2 (4).
TEST(Frequency, LongestProcessingTimeByHand) {
  TwoTables t;
  PlacementOptions options;
  options.kind = PlacementKind::kFrequency;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  EXPECT_EQ(t.design.placement, "frequency");
  EXPECT_EQ(t.places(0, 0), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(t.places(0, 1), (std::vector<std::uint32_t>{256}));
  EXPECT_EQ(t.places(0, 2), (std::vector<std::uint32_t>{512}));
  EXPECT_EQ(t.places(0, 3), (std::vector<std::uint32_t>{768}));
  EXPECT_EQ(t.places(0, 4), (std::vector<std::uint32_t>{769}));
  EXPECT_EQ(t.places(1, 0), (std::vector<std::uint32_t>{513}));
  EXPECT_EQ(replicated_bytes(t.design, t.model), 0U);
  validate(t.design, t.model, "d.json");
}

// 12 bytes are three rows: row 0 (5), then row 1 (4), then row 2 (3).
TEST(Frequency, ReplicasGoToTheHottestWithinTheBudget) {
  TwoTables t;
  PlacementOptions options;
  options.kind = PlacementKind::kFrequency;
  options.replicate_bytes = 15;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  EXPECT_EQ(replicated_bytes(t.design, t.model), 12U);
  for (std::uint64_t row = 0; row < 3; ++row) {
    const auto places = t.places(0, row);
    ASSERT_EQ(places.size(), 2U) << row;
    EXPECT_NE(places[0] / 256, places[1] / 256) << row;
  }
  EXPECT_EQ(t.places(0, 3).size(), 1U);
  validate(t.design, t.model, "d.json");
}

TEST(Frequency, OnlyTheSamplesOfTheProfileCount) {
  TwoTables t;
  PlacementOptions options;
  options.kind = PlacementKind::kFrequency;
  options.first = 3;
  options.samples = 2;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  EXPECT_EQ(t.tile().placed.size(), 2U);  // Rows 0 and 1.
  options.first = 4;
  EXPECT_THROW(place_rows(t.design, t.model, TraceReader(counted_trace()), options), InputError);
  options.first = 0;
  options.samples = 0;
  options.hot_rows = 3;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  EXPECT_EQ(t.tile().placed.size(), 3U);
}

// Rows 0 3 5 come together, and 1 4; row 2 alone. With arrays of 4 rows (the least is 8, so
// clusters are asked for directly).
TEST(CoOccurrence, ClustersByHand) {
  TwoTables t;
  const Bags bags = {{0, 3, 5}, {5, 3, 0}, {0, 3}, {1, 4}, {4, 1}, {2}, {0, 0}};
  const std::string path = trace_of("together", {bags, Bags(7)}, 6);
  const auto profiles = profile_lookups(t.design, t.model, TraceReader(path), 0, 7, 100, true);
  ASSERT_EQ(profiles.size(), 1U);
  const auto& hot = profiles[0].hot;
  ASSERT_EQ(hot.size(), 6U);
  EXPECT_EQ(hot[0].row, 0U);
  EXPECT_EQ(hot[0].lookups, 5U);
  const auto rows = [&](const Cluster& cluster) {
    std::vector<std::uint64_t> out;
    for (const std::uint32_t row : cluster.rows) out.push_back(hot[row].row);
    return out;
  };
  const auto clusters = cluster_rows(profiles[0], 128);
  ASSERT_EQ(clusters.size(), 3U);
  EXPECT_EQ(rows(clusters[0]), (std::vector<std::uint64_t>{0, 3, 5}));
  EXPECT_EQ(clusters[0].reads, 5U);  // Three bags, and row 0 twice by itself.
  EXPECT_EQ(rows(clusters[1]), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(clusters[1].reads, 2U);
  EXPECT_EQ(rows(clusters[2]), (std::vector<std::uint64_t>{2}));
  const auto small = cluster_rows(profiles[0], 2);
  EXPECT_EQ(rows(small[0]), (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(small.size(), 4U);
}

TEST(CoOccurrence, AClusterLiesInOneArray) {
  TwoTables t(8);
  const Bags bags = {{0, 3, 5}, {5, 3, 0}, {0, 3}, {1, 4}, {4, 1}, {2}};
  PlacementOptions options;
  options.kind = PlacementKind::kCoOccurrence;
  options.replicate_bytes = 12;
  place_rows(t.design, t.model, TraceReader(trace_of("array", {bags, Bags(6)}, 6)), options);
  validate(t.design, t.model, "d.json");
  EXPECT_EQ(replicated_bytes(t.design, t.model), 12U);  // The hottest cluster once more.
  for (std::size_t copy = 0; copy < 2; ++copy) {
    const auto array = t.shape().array_of(t.places(0, 0)[copy]);
    EXPECT_EQ(t.shape().array_of(t.places(0, 3)[copy]), array);
    EXPECT_EQ(t.shape().array_of(t.places(0, 5)[copy]), array);
  }
  EXPECT_EQ(t.shape().array_of(t.places(0, 1)[0]), t.shape().array_of(t.places(0, 4)[0]));
}

TEST(Placement, IsReadAsItWasSaved) {
  TwoTables t;
  PlacementOptions options;
  options.kind = PlacementKind::kFrequency;
  options.replicate_bytes = 15;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  const std::string path = testing::scratch_folder() + "/placed.json";
  save_design(t.design, path);
  const Design again = load_design(path, nullptr);
  ASSERT_EQ(again.tiles[1].placed.size(), t.tile().placed.size());
  for (std::size_t i = 0; i < t.tile().placed.size(); ++i) {
    EXPECT_EQ(again.tiles[1].placed[i].row, t.tile().placed[i].row);
    EXPECT_EQ(again.tiles[1].placed[i].place, t.tile().placed[i].place);
  }
  // A placement of another design, and none.
  const std::string file = testing::scratch_folder() + "/placed.placement.h5";
  const Design naive = map_naive(t.model, t.hardware);
  options.replicate_bytes = 0;
  place_rows(t.design, t.model, TraceReader(counted_trace()), options);
  save_design(t.design, testing::scratch_folder() + "/other.json");
  std::filesystem::copy_file(testing::scratch_folder() + "/other.placement.h5", file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(load_design(path, nullptr), InputError);
  std::filesystem::remove(file);
  EXPECT_THROW(load_design(path, nullptr), InputError);
}

TEST(TableRows, PooledInTheArrayNoCellHoldsTwoElements) {
  Hardware hardware;
  hardware.crossbar.cell_bits = 4;
  EXPECT_EQ(hardware.table_row_bits(16, 2), 32);
  EXPECT_EQ(hardware.rows_of_a_read(), 1);
  hardware.embedding_tile.pooling = TablePooling::kArray;
  EXPECT_EQ(hardware.table_row_bits(16, 2), 64);
  EXPECT_EQ(hardware.rows_of_a_read(), 17);  // 255 / 15.
  hardware.crossbar.cell_bits = 2;
  EXPECT_EQ(hardware.rows_of_a_read(), 85);
  hardware.adc.bits = 12;
  EXPECT_EQ(hardware.rows_of_a_read(), 128);  // The rows of an array.
  hardware.crossbar.cell_bits = 4;
  hardware.adc.bits = 3;
  EXPECT_THROW(validate(hardware, "chip.yaml"), InputError);
}

}  // namespace
}  // namespace recpim
