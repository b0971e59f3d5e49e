// SPDX-License-Identifier: Apache-2.0
// Cycles worked out by hand, in both modes.
#include "sim/noc/mesh.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "testbenches/harness/traffic_source.h"

namespace recpim {

void PrintTo(MeshMode mode, std::ostream* out) {
  *out << (mode == MeshMode::kCollapsed ? "collapsed" : "flit by flit");
}
void PrintTo(const FlitLog::Entry& e, std::ostream* out) {
  *out << "(" << e.left << ", packet " << e.id << ", flit " << e.k << ")";
}
void PrintTo(const TrafficSource::Arrival& a, std::ostream* out) {
  *out << "(" << a.at << ", packet " << a.id << ")";
}
void PrintTo(const TrafficSource::Tail& t, std::ostream* out) {
  *out << "(" << t.tail << ", " << t.before << ")";
}

namespace {

using Entries = std::vector<FlitLog::Entry>;
using Arrivals = std::vector<TrafficSource::Arrival>;
using Tails = std::vector<TrafficSource::Tail>;

// A mesh with a tile at every router, numbered row by row.
struct Bench {
  Bench(MeshMode mode, const MeshConfig& config)
      : mesh("mesh", config, mode, cycles), log(config.columns * config.rows) {
    for (int tile = 0; tile < config.columns * config.rows; ++tile) {
      const std::string name = "tile" + std::to_string(tile);
      tiles.push_back(std::make_unique<TrafficSource>(
          name.c_str(), cycles, mesh, tile, tile % config.columns, tile / config.columns));
    }
    mesh.observe(&log);
  }
  ~Bench() {
    for (const auto& tile : tiles) EXPECT_EQ(tile->broken(), 0);
    EXPECT_TRUE(mesh.blocked().empty());
  }
  CycleScheduler cycles{"cycles", 1'000'000'000};
  Mesh mesh;
  FlitLog log;
  std::vector<std::unique_ptr<TrafficSource>> tiles;
};

class MeshByHand : public testing::TestWithParam<MeshMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, MeshByHand,
                         testing::Values(MeshMode::kFlitByFlit, MeshMode::kCollapsed),
                         [](const auto& mode) {
                           return mode.param == MeshMode::kCollapsed ? "Collapsed" : "FlitByFlit";
                         });

TEST_P(MeshByHand, OnePacketOneRouter) {
  Bench bench(GetParam(), {1, 1, 4});
  bench.tiles[0]->queue(5, numbered_packet(9, 0, 0, 3));
  sc_core::sc_start();
  // Leaves the tile at 5, arrives at the router and is granted at 7, arrives at the tile at 9.
  EXPECT_EQ(bench.log.injected[0], (Entries{{5, 9, 0}, {6, 9, 1}, {7, 9, 2}}));
  EXPECT_EQ(bench.log.ejected[0], (Entries{{7, 9, 0}, {8, 9, 1}, {9, 9, 2}}));
  EXPECT_EQ(bench.tiles[0]->arrivals(), (Arrivals{{11, 9, 3}}));
  EXPECT_EQ(bench.tiles[0]->tails(), (Tails{{7, 6}}));
  EXPECT_EQ(bench.mesh.router_flits(), (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(bench.mesh.link_flits(), 0U);
}

TEST_P(MeshByHand, OnePacketThreeRouters) {
  Bench bench(GetParam(), {3, 1, 4});
  bench.tiles[0]->queue(0, numbered_packet(1, 2, 0, 3));
  bench.tiles[2]->queue(20, numbered_packet(2, 0, 0, 1));
  sc_core::sc_start();
  // Two cycles a link: out of the tile at 0, out of the routers at 2, 4, 6.
  EXPECT_EQ(bench.log.injected[0], (Entries{{0, 1, 0}, {1, 1, 1}, {2, 1, 2}}));
  EXPECT_EQ(bench.log.ejected[2], (Entries{{6, 1, 0}, {7, 1, 1}, {8, 1, 2}}));
  EXPECT_EQ(bench.tiles[2]->arrivals(), (Arrivals{{10, 1, 3}}));
  EXPECT_EQ(bench.tiles[0]->arrivals(), (Arrivals{{28, 2, 1}}));
  EXPECT_EQ(bench.tiles[2]->tails(), (Tails{{20, -1}}));
  EXPECT_EQ(bench.mesh.router_flits(), (std::vector<std::uint64_t>{4, 4, 4}));
  EXPECT_EQ(bench.mesh.link_flits(), 8U);
}

TEST_P(MeshByHand, GoesAlongXThenAlongY) {
  Bench bench(GetParam(), {3, 3, 4});
  bench.tiles[6]->queue(0, numbered_packet(1, 1, 0, 1));  // (0, 2) to (1, 0): E, N, N.
  bench.tiles[2]->queue(0, numbered_packet(2, 0, 1, 1));  // (2, 0) to (0, 1): W, W, S.
  sc_core::sc_start();
  EXPECT_EQ(bench.tiles[1]->arrivals(), (Arrivals{{10, 1, 1}}));
  EXPECT_EQ(bench.tiles[3]->arrivals(), (Arrivals{{10, 2, 1}}));
  EXPECT_EQ(bench.mesh.router_flits(), (std::vector<std::uint64_t>{1, 2, 1, 1, 1, 0, 1, 1, 0}));
}

TEST_P(MeshByHand, RoundRobinAmongThreeInputs) {
  Bench bench(GetParam(), {3, 1, 4});
  // Heads from the left (input W), from the right (input E) and from tile 1 itself (local) are all
  // at the front in router 1 in cycle 4. E, W, N, S, local from pointer 0: E, then pointer 1: W.
  // Then, with the pointer at 2, local goes before the second packet of E, there since 7.
  bench.tiles[0]->queue(0, numbered_packet(1, 1, 0, 3));
  bench.tiles[0]->queue(0, numbered_packet(2, 1, 0, 3));
  bench.tiles[2]->queue(0, numbered_packet(3, 1, 0, 3));
  bench.tiles[2]->queue(0, numbered_packet(4, 1, 0, 3));
  bench.tiles[1]->queue(2, numbered_packet(5, 1, 0, 3));
  sc_core::sc_start();
  EXPECT_EQ(bench.tiles[1]->arrivals(),
            (Arrivals{{8, 3, 3}, {11, 1, 3}, {14, 5, 3}, {17, 4, 3}, {20, 2, 3}}));
  EXPECT_EQ(bench.log.ejected[1], (Entries{{4, 3, 0},
                                           {5, 3, 1},
                                           {6, 3, 2},
                                           {7, 1, 0},
                                           {8, 1, 1},
                                           {9, 1, 2},
                                           {10, 5, 0},
                                           {11, 5, 1},
                                           {12, 5, 2},
                                           {13, 4, 0},
                                           {14, 4, 1},
                                           {15, 4, 2},
                                           {16, 2, 0},
                                           {17, 2, 1},
                                           {18, 2, 2}}));
  // Flit 4 after the tile's start would be the FIFO's fifth: in router 1, flit 0 of tile 0 leaves
  // at 7, so flit 4 leaves router 0 at 9, flit 0 of router 0's FIFO left at 2: the tile is not
  // held.
  EXPECT_EQ(bench.tiles[0]->tails(), (Tails{{2, 1}, {5, 4}}));
}

// A slot is used again at the earliest 4 cycles after it was filled: 2 on the wire, 2 for the
// credit. So B < 4 slots pass B flits in 4 cycles, on every link alike.
TEST_P(MeshByHand, BuffersOfLessThanFourFlitsLimitTheRate) {
  CycleScheduler cycles("cycles", 1'000'000'000);
  constexpr int kFlits = 21;
  std::vector<std::unique_ptr<Mesh>> meshes;
  std::vector<std::unique_ptr<FlitLog>> logs;
  std::vector<std::unique_ptr<TrafficSource>> tiles;
  for (int buffer = 1; buffer <= 5; ++buffer) {
    const std::string name = "mesh" + std::to_string(buffer);
    meshes.push_back(
        std::make_unique<Mesh>(name.c_str(), MeshConfig{2, 1, buffer}, GetParam(), cycles));
    logs.push_back(std::make_unique<FlitLog>(2));
    meshes.back()->observe(logs.back().get());
    for (int tile = 0; tile < 2; ++tile) {
      const std::string tile_name = name + "_tile" + std::to_string(tile);
      tiles.push_back(std::make_unique<TrafficSource>(tile_name.c_str(), cycles, *meshes.back(),
                                                      tile, tile, 0));
    }
    tiles[tiles.size() - 2]->queue(0, numbered_packet(buffer, 1, 0, kFlits));
  }
  sc_core::sc_start();
  for (int buffer = 1; buffer <= 5; ++buffer) {
    Entries injected, ejected;
    for (int k = 0; k < kFlits; ++k) {
      const Cycle left = buffer < 4 ? k / buffer * 4 + k % buffer : k;
      injected.push_back({left, buffer, k});
      ejected.push_back({left + 4, buffer, k});
    }
    const FlitLog& log = *logs[static_cast<std::size_t>(buffer - 1)];
    EXPECT_EQ(log.injected[0], injected) << "B = " << buffer;
    EXPECT_EQ(log.ejected[1], ejected) << "B = " << buffer;
  }
}

// Two packets in one FIFO of 2: the second's head is at the front in the cycle after the first's
// tail left, and tiles are told of credits that nobody knew when the tail left.
TEST_P(MeshByHand, PacketsBehindOneAnotherInASmallFifo) {
  Bench bench(GetParam(), {1, 1, 2});
  for (int id = 0; id < 4; ++id) bench.tiles[0]->queue(0, numbered_packet(id, 0, 0, 1));
  sc_core::sc_start();
  EXPECT_EQ(bench.log.injected[0], (Entries{{0, 0, 0}, {1, 1, 0}, {4, 2, 0}, {5, 3, 0}}));
  EXPECT_EQ(bench.log.ejected[0], (Entries{{2, 0, 0}, {3, 1, 0}, {6, 2, 0}, {7, 3, 0}}));
}

TEST_P(MeshByHand, SaysWhereAPacketIs) {
  Bench bench(GetParam(), {2, 1, 4});
  bench.tiles[0]->queue(0, numbered_packet(0, 1, 0, 40));
  bench.tiles[1]->queue(6, numbered_packet(1, 1, 0, 2));
  sc_core::sc_start(15, sc_core::SC_NS);
  std::vector<std::string> expected = {
      "data packet of 2 flits to (1, 0) port 0: in router (1, 0) input local: "
      "waits for its output"};
  if (GetParam() == MeshMode::kFlitByFlit) {  // The other mode knows its arrival since cycle 4.
    expected.emplace_back(
        "data packet of 40 flits to (1, 0) port 0: in router (1, 0) input W: waits for its tail");
  }
  EXPECT_EQ(bench.mesh.blocked(), expected);
  sc_core::sc_start();
}

TEST_P(MeshByHand, RefusesWhatBreaksTheRules) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
  CycleScheduler cycles("cycles", 1'000'000'000);
  EXPECT_THROW(Mesh("none", {0, 1, 4}, GetParam(), cycles), sc_core::sc_report);
  EXPECT_THROW(Mesh("shallow", {1, 1, 0}, GetParam(), cycles), sc_core::sc_report);
  Mesh mesh("mesh", {2, 1, 4}, GetParam(), cycles);
  TrafficSource tile("tile", cycles, mesh, 0, 0, 0);
  EXPECT_THROW(mesh.attach(1, 0, 0, tile), sc_core::sc_report);
  EXPECT_THROW(mesh.attach(1, 0, 1, tile), sc_core::sc_report);
  tile.queue(0, numbered_packet(0, 1, 0, 2));  // No tile there.
  EXPECT_THROW(sc_core::sc_start(), sc_core::sc_report);
}

}  // namespace
}  // namespace recpim
