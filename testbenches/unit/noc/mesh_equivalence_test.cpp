// SPDX-License-Identifier: Apache-2.0
// The collapsed mesh against the one that goes flit by flit: the same traffic in both, side by
// side in one simulation, and every flit on every tile's port in the same cycle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sim/noc/mesh.h"
#include "testbenches/harness/traffic_source.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

struct Scenario {
  int columns = 1, rows = 1, buffer = 4;
  int packets = 100;          ///< Of each tile.
  int longest = 70;           ///< Flits of a packet: 1 ... longest, half of them short.
  int gap = 0;                ///< Mean cycles between the packets of a tile; 0: all at once.
  int hot_percent = 0;        ///< Of the packets, to one tile.
  std::uint64_t shuffle = 0;  ///< Of the order of modules within a cycle.
};

std::ostream& operator<<(std::ostream& out, const Scenario& s) {
  return out << s.columns << " x " << s.rows << ", B = " << s.buffer << ", " << s.packets
             << " packets of 1 ... " << s.longest << " flits a tile, gap " << s.gap << ", hot "
             << s.hot_percent << " %, shuffle " << s.shuffle;
}

// One mesh, its tiles, and what they saw.
struct Side {
  Side(const std::string& name, MeshMode mode, const Scenario& s, CycleScheduler& cycles)
      : mesh(name.c_str(), {s.columns, s.rows, s.buffer}, mode, cycles), log(s.columns * s.rows) {
    for (int tile = 0; tile < s.columns * s.rows; ++tile) {
      const std::string tile_name = name + "_tile" + std::to_string(tile);
      tiles.push_back(std::make_unique<TrafficSource>(tile_name.c_str(), cycles, mesh, tile,
                                                      tile % s.columns, tile / s.columns));
    }
    mesh.observe(&log);
  }
  Mesh mesh;
  FlitLog log;
  std::vector<std::unique_ptr<TrafficSource>> tiles;
};

void fill(const Scenario& s, std::uint64_t seed, Side& first, Side& second) {
  Random random(seed, 1);
  const std::uint64_t tiles = first.tiles.size();
  const std::uint64_t hot = random.below(tiles);
  int id = 0;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    Cycle at = 0;
    for (int i = 0; i < s.packets; ++i) {
      if (s.gap > 0) at += static_cast<Cycle>(random.below(2 * static_cast<std::uint64_t>(s.gap)));
      const bool to_hot = random.below(100) < static_cast<std::uint64_t>(s.hot_percent);
      const auto to = static_cast<int>(to_hot ? hot : random.below(tiles));
      const auto most = random.below(2) == 0 ? std::min(s.longest, 4) : s.longest;
      const auto flits = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(most)));
      const Packet packet = numbered_packet(id++, to % s.columns, to / s.columns, flits);
      first.tiles[tile]->queue(at, packet);
      second.tiles[tile]->queue(at, packet);
    }
  }
}

// Where two lists differ first, for a message one can read.
template <typename Entry>
bool same(const std::vector<Entry>& expected, const std::vector<Entry>& got, std::string& where) {
  for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
    if (i < expected.size() && i < got.size() && expected[i] == got[i]) continue;
    where = "entry " + std::to_string(i) + " of " + std::to_string(expected.size()) + " and " +
            std::to_string(got.size());
    return false;
  }
  return true;
}

void compare(const Scenario& s, std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << s);
  // Two schedulers, each with an order of modules of its own, which no result may depend on.
  CycleScheduler first("first", 1'200'000'000), second("second", 1'200'000'000);
  first.shuffle(s.shuffle / 2);
  second.shuffle(s.shuffle);
  Side golden("golden", MeshMode::kFlitByFlit, s, first);
  Side collapsed("collapsed", MeshMode::kCollapsed, s, second);
  fill(s, seed, golden, collapsed);
  sc_core::sc_start();
  ASSERT_TRUE(first.idle() && second.idle());

  std::size_t arrived = 0;
  for (std::size_t tile = 0; tile < golden.tiles.size(); ++tile) {
    std::string where;
    const TrafficSource& a = *golden.tiles[tile];
    const TrafficSource& b = *collapsed.tiles[tile];
    ASSERT_TRUE(same(golden.log.injected[tile], collapsed.log.injected[tile], where))
        << "injected by tile " << tile << ", " << where;
    ASSERT_TRUE(same(golden.log.ejected[tile], collapsed.log.ejected[tile], where))
        << "ejected to tile " << tile << ", " << where;
    ASSERT_TRUE(same(a.arrivals(), b.arrivals(), where)) << "arrivals, tile " << tile << where;
    ASSERT_TRUE(same(a.tails(), b.tails(), where)) << "tails, tile " << tile << where;
    EXPECT_EQ(a.broken(), 0);
    EXPECT_EQ(b.broken(), 0);
    EXPECT_EQ(a.unsent() + b.unsent(), 0U);
    arrived += a.arrived();
  }
  EXPECT_EQ(arrived, golden.tiles.size() * static_cast<std::size_t>(s.packets));
  EXPECT_EQ(golden.mesh.router_flits(), collapsed.mesh.router_flits());
  EXPECT_EQ(golden.mesh.link_flits(), collapsed.mesh.link_flits());
  EXPECT_TRUE(golden.mesh.blocked().empty());
  EXPECT_TRUE(collapsed.mesh.blocked().empty());
}

TEST(MeshEquivalence, OneRouterIsASwitchOfOne) { compare({1, 1, 3, 200, 70, 0, 0, 0}, 1); }
TEST(MeshEquivalence, ALineUnderFullLoad) { compare({6, 1, 4, 100, 70, 0, 0, 0}, 2); }
TEST(MeshEquivalence, SixByFiveUnderFullLoad) { compare({6, 5, 4, 60, 70, 0, 0, 5}, 3); }
TEST(MeshEquivalence, SixByFiveAtModerateLoad) { compare({6, 5, 4, 100, 40, 150, 0, 6}, 4); }
TEST(MeshEquivalence, AllToOneTile) { compare({5, 5, 2, 30, 70, 0, 100, 7}, 5); }
TEST(MeshEquivalence, HalfToOneTile) { compare({5, 4, 8, 60, 70, 100, 50, 8}, 6); }
TEST(MeshEquivalence, LongPacketsThroughFifosOfOne) { compare({4, 4, 1, 40, 70, 0, 20, 9}, 7); }
TEST(MeshEquivalence, ManyShortPacketsInDeepFifos) { compare({4, 4, 8, 400, 2, 0, 30, 10}, 8); }
TEST(MeshEquivalence, PacketsOfHundredsOfFlits) { compare({4, 3, 3, 20, 700, 0, 30, 11}, 9); }

class MeshEquivalenceOver : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, MeshEquivalenceOver, testing::Range(0, 40));

// RECPIM_SEED_OFFSET moves the seeds: a nightly run goes over others.
TEST_P(MeshEquivalenceOver, RandomScenarios) {
  const char* offset = std::getenv("RECPIM_SEED_OFFSET");
  const auto seed = static_cast<std::uint64_t>(GetParam()) +
                    (offset == nullptr ? 0 : std::strtoull(offset, nullptr, 10));
  Random random(seed, 2);
  const auto draw = [&random](int low, int high) {
    const int choices = high - low + 1;
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(choices)));
  };
  Scenario s;
  s.columns = draw(1, 6);
  s.rows = draw(1, 5);
  s.buffer = draw(1, 8);
  s.packets = draw(20, 80);
  s.longest = draw(0, 3) == 0 ? draw(1, 6) : draw(7, 70);
  s.gap = draw(0, 2) == 0 ? 0 : draw(1, 200);
  s.hot_percent = draw(0, 1) == 0 ? 0 : draw(1, 100);
  s.shuffle = draw(0, 3) == 0 ? 0 : random.next64();
  compare(s, seed);
}

}  // namespace
}  // namespace recpim
