// SPDX-License-Identifier: Apache-2.0
// A whole chip in cycles worked out by hand from the rules of sim/README.md.
#include <gtest/gtest.h>

#include <systemc>

#include "models/mapping/mesh_places.h"
#include "models/mapping/replicas.h"
#include "sim/chip/chip.h"
#include "sim/chip/simulate.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/unit/sim/small_chip.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

using testing::small_hardware;
using testing::small_model;
using testing::small_trace;

// Phases 8, II = max(10, 16) = 16, busy 128, latency 10 + 7*16 + 16 + 3 = 141; vector unit 1 + 3.
// Sample 0: beat accepted 0, head leaves 1, tail 2; two routers and the tile: + 2 each, so the tail
// has arrived at 8. Start 8, done 149, output visible 153, head leaves 153, tail 154, arrived at
// the host at 160, transferred 161.
// Sample 1: accepted 1, head 3, tail 4, arrived 10; the engine is free at 136: 128 later than
// sample 0 all the way: 289.
// Sample 2: accepted when the beat of sample 0 has left: 3. Its head needs a credit: the one of
// sample 0 leaves the tile at 136, arrives at 142. Tail 143, arrived 149; the engine is free at
// 264: transferred 417.
TEST(ChipByHand, ThreeSamplesOfOneLayer) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  ASSERT_EQ(design.tiles.size(), 2U);
  const TraceReader trace(small_trace(3));
  const SimulationResult result = simulate(design, model, trace, {});
  ASSERT_EQ(result.predictions.size(), 3U);
  EXPECT_EQ(result.predictions[0].accepted, 0);
  EXPECT_EQ(result.predictions[0].transferred, 161);
  EXPECT_EQ(result.predictions[1].accepted, 1);
  EXPECT_EQ(result.predictions[1].transferred, 289);
  EXPECT_EQ(result.predictions[2].accepted, 3);
  EXPECT_EQ(result.predictions[2].transferred, 417);
  // acc = [300 + 5, 20 - 5, -2540]; (acc + 1) >> 1 = 153, 8, -1270 (ties up), saturated.
  const std::vector<std::int32_t> expected = {127, 8, -128};
  for (const auto& p : result.predictions) EXPECT_EQ(p.values, expected);
  EXPECT_EQ(result.json["cycles"], 418);
  EXPECT_EQ(result.json["latency_cycles"]["max"], 417 - 3);
  // One sample more in 128 cycles of 1 ns.
  EXPECT_DOUBLE_EQ(result.json["throughput_samples_per_s"].get<double>(), 1e9 / 128);
}

// The same run. Engine: starts 8, 136, 264, each time 8 phases of a 10-cycle read and 6 cycles by
// which the conversions outlast it. Until 8 it waits for what the host has from cycle 0 on: host
// stream and links, which is NoC. Free from 392 of 418 on. Vector unit: one cycle at 149, 277, 405
// each.
TEST(ChipByHand, WhereTheCyclesWent) {
  const Model model = small_model();
  const TraceReader trace(small_trace(3));
  const SimulationResult result = simulate(map_naive(model, small_hardware()), model, trace, {});
  const Json& tile = result.json.at("utilisation").at("tiles").at(0);
  const Json engine = {{"compute", 240}, {"adc", 144}, {"lookups", 0}, {"banks", 0},
                       {"input", 0},     {"noc", 8},   {"output", 0},  {"idle", 26}};
  EXPECT_EQ(tile.at("engine_cycles"), engine) << tile.dump();
  const Json vector_unit = {{"busy", 3}, {"input", 403}, {"noc", 0}, {"output", 0}, {"idle", 12}};
  EXPECT_EQ(tile.at("vector_unit_cycles"), vector_unit) << tile.dump();
  const Json& limit = result.json.at("utilisation").at("limit");
  EXPECT_EQ(limit.at("operator"), "fc0");
  EXPECT_EQ(limit.at("unit"), "engine");
  EXPECT_DOUBLE_EQ(limit.at("busy").get<double>(), 384.0 / 418);
}

// The layer twice, one router away from the host each. Samples 0 and 1 as above but that each finds
// a free engine: 161 and, 2 later all the way, 163. Sample 2 has a credit at its replica: head 5,
// tail 6, arrived 12; the engine is free at 136, 128 later than for sample 0; sample 3 likewise.
TEST(ChipByHand, TwoReplicasShareTheSamples) {
  const Model model = small_model();
  Design design = replicate(map_naive(model, small_hardware()), {1, 2});
  design.tiles[2].x = 0;
  design.tiles[2].y = 1;
  design.mesh_rows = 2;
  const TraceReader trace(small_trace(4));
  const SimulationResult result = simulate(design, model, trace, {});
  ASSERT_EQ(result.predictions.size(), 4U);
  const Cycle accepted[] = {0, 1, 3, 5};
  const Cycle transferred[] = {161, 163, 289, 291};
  const std::vector<std::int32_t> expected = {127, 8, -128};
  for (std::size_t s = 0; s < 4; ++s) {
    EXPECT_EQ(result.predictions[s].accepted, accepted[s]);
    EXPECT_EQ(result.predictions[s].transferred, transferred[s]);
    EXPECT_EQ(result.predictions[s].values, expected);
  }
}

// The layer 64 times: a sample every 2 cycles, the host's beat and head. A prediction arrives in
// the very cycle in which another one is to be handed over.
TEST(ChipByHand, ManyReplicasInAnyOrderOfWakeUps) {
  const auto run = [](std::uint64_t shuffle) {
    return testing::in_child([&] {
      const Model model = small_model();
      Hardware hardware = small_hardware();
      Design design = replicate(map_naive(model, hardware), {1, 64});
      place_by_annealing(design, 1);
      const TraceReader trace(small_trace(400));
      SimulateOptions options;
      options.shuffle_wakeups = shuffle;
      std::string cycles;
      for (const Prediction& p : simulate(design, model, trace, options).predictions) {
        cycles += std::to_string(p.accepted) + " " + std::to_string(p.transferred) + "; ";
      }
      return cycles;
    });
  };
  const std::string plain = run(0);
  for (std::uint64_t seed = 1; seed < 6; ++seed) EXPECT_EQ(run(seed), plain) << seed;
}

// One at a time: the host's software has the prediction in cycle 161 and its next beat is valid in
// 162, when the chip is as it was at the start.
TEST(ChipByHand, OneSampleAtATime) {
  const Model model = small_model();
  Design design = map_naive(model, small_hardware());
  design.samples_in_flight = 1;
  const TraceReader trace(small_trace(3));
  const SimulationResult result = simulate(design, model, trace, {});
  ASSERT_EQ(result.predictions.size(), 3U);
  for (std::size_t s = 0; s < 3; ++s) {
    const Cycle start = 162 * static_cast<Cycle>(s);
    EXPECT_EQ(result.predictions[s].accepted, start);
    EXPECT_EQ(result.predictions[s].transferred, start + 161);
  }
}

TEST(ChipByHand, AnArrivalInTheFutureDelaysItsSample) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(2));
  SimulateOptions options;
  options.arrivals = {50, 1000};
  const SimulationResult result = simulate(design, model, trace, options);
  EXPECT_EQ(result.predictions[0].accepted, 50);
  EXPECT_EQ(result.predictions[0].transferred, 50 + 161);
  EXPECT_EQ(result.predictions[1].accepted, 1000);
  EXPECT_EQ(result.predictions[1].transferred, 1000 + 161);
}

// A producer whose credit never comes back: the host's port is said to be fed by another send.
TEST(ChipByHand, DeadlockNamesTheOperatorAndWhatItWaitsFor) {
  const Model model = small_model();
  Design design = map_naive(model, small_hardware());
  design.tiles[1].ports.push_back(design.tiles[1].ports[0]);  // A port that nobody feeds.
  const TraceReader trace(small_trace(3));
  try {
    simulate(design, model, trace, {});
    FAIL() << "no deadlock";
  } catch (const CheckError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("deadlock: 0 of 3 samples"), std::string::npos) << text;
    EXPECT_NE(text.find("tile 1 (fc0, part 0): waits for a packet from tile 0 on port 1"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("host: waits for a free slot at tile 1 port 0"), std::string::npos) << text;
  }
}

TEST(ChipByHand, ASecondChipInOneProcessIsRefused) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(1));
  simulate(design, model, trace, {});
  EXPECT_THROW(simulate(design, model, trace, {}), std::logic_error);
}

}  // namespace
}  // namespace recpim
