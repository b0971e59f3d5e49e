// SPDX-License-Identifier: Apache-2.0
// Tiles of ISAAC and PUMA that are simulated with all crossbars busy: the events that the simulator
// counts, at the figures of the technology, draw the published power.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "models/graph/builder.h"
#include "models/mapping/balanced.h"
#include "sim/chip/simulate.h"
#include "sim/cost/explain.h"
#include "sim/cost/technology.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/unit/cost/quantised.h"

namespace recpim {
namespace {

struct Busy {
  Json tile, result;
  std::vector<Charge> sample;  ///< What explain-cost says of one.
  double router_pj = 0;
  double busy_ns = 0;  ///< Of the engine.
};

/// `vectors` x 128 inputs through 128 x `outputs` weights, as often as the tile has crossbars for.
/// 8 bits in 8 phases and, encoded differentially, 8 columns a weight: bits, conversions and
/// outputs a second are those of 16-bit weights and inputs in 16 phases.
Busy busy_tile(const std::string& hardware_name, int vectors, int outputs) {
  ModelBuilder b("busy", {}, 1);
  const int x = b.concat("x", {b.dense(vectors * 128)}, vectors);
  const Model model =
      testing::quantised(b.finish_without_weights(b.fc_along("fc", x, Axis::kWidth, outputs)));
  const Hardware hardware =
      load_hardware(RECPIM_SOURCE_DIR "/sim/technology/hardware/" + hardware_name + ".yaml");
  BalanceOptions balance;
  balance.fits = [](const Design& design) { return design.tiles.size() <= 2; };
  const Design design = map_balanced(model, hardware, balance);
  const Json result = Json::parse(testing::in_child([&] {
    const std::string path = std::filesystem::temp_directory_path() /
                             ("recpim-busy-" + std::to_string(getpid()) + ".h5");
    TraceInfo info;
    info.dense = static_cast<std::uint32_t>(vectors) * 128;
    TraceWriter writer(path, info);
    TraceChunk chunk;
    chunk.count = 8;
    chunk.dense.assign(chunk.count * info.dense, 1.0F);
    writer.append(chunk);
    writer.finish();
    SimulateOptions options;
    options.mode = SimulationMode::kTiming;
    const TraceReader trace(path);
    const Json json = simulate(design, model, trace, options).json;
    std::filesystem::remove(path);
    return json.dump();
  }));
  Busy busy;
  busy.result = result;
  busy.sample =
      chip_charges(design, one_sample(design, model, 0), load_technology(hardware.technology), 0);
  busy.tile = result["energy_pj"]["parts"]["tile_1_fc"];
  const Tile& tile = design.tiles[1];
  busy.router_pj = result["energy_pj"]["parts"]["noc"]["routers"]
                         ["router_" + std::to_string(tile.x) + "_" + std::to_string(tile.y)]
                             .get<double>();
  busy.busy_ns = result["utilisation"]["tiles"][0]["engine"].get<double>() *
                 result["cycles"].get<double>() * 1e9 / static_cast<double>(hardware.clock_hz);
  return busy;
}

// Table 1's rows of a tile: 330 mW. Sigmoid, max-pool and the tile's own shift-add (0.97 mW) have
// nothing to do here; the requantiser, which ISAAC does not have, is left out.
TEST(Isaac, BusySimulatedTileDrawsItsPower) {
  const Busy busy = busy_tile("isaac", 96, 16);
  double pj = busy.router_pj;
  for (const char* component : {"crossbar", "dac", "sample_hold", "adc", "shift_add",
                                "input_buffer", "accumulator", "output_buffer", "edram", "bus"}) {
    ASSERT_TRUE(busy.tile.contains(component)) << component << busy.tile.dump();
    pj += busy.tile[component].get<double>();
  }
  const double mw = pj / busy.busy_ns;
  EXPECT_NEAR(mw, 330, 3.3) << busy.tile.dump();
  EXPECT_NEAR(busy.tile["adc"].get<double>() / busy.busy_ns, 12 * 16, 0.01);
  EXPECT_NEAR(busy.tile["crossbar"].get<double>() / busy.busy_ns, 12 * 2.4, 0.01);
  // Phases of 100 ns: the chip's peak is 41.3 TOPS of 16 bits.
  const double phase_ns = busy.busy_ns / (8 * 8);
  EXPECT_NEAR(168 * 96 * 128 * 16 * 2 / (16 * phase_ns) / 1000, 41.3, 0.413);
  // Hardly ever idle in a run of eight samples.
  const double total_ns = busy.result["cycles"].get<double>() / 1.28;
  EXPECT_GT(busy.busy_ns, 0.7 * total_ns);
}

// What explain-cost counts of one sample is an eighth of what the simulator counted of eight.
TEST(Explain, OneSampleIsWhatTheSimulatorCounts) {
  const Busy busy = busy_tile("isaac", 96, 16);
  const Json& run = busy.result["energy_pj"]["charges"];
  ASSERT_EQ(run.size(), busy.sample.size());
  double total = busy.result["energy_pj"]["parts"]["leakage"].get<double>();
  for (std::size_t i = 0; i < run.size(); ++i) {
    EXPECT_EQ(run[i]["component"], busy.sample[i].component);
    EXPECT_EQ(run[i]["count"].get<double>(), 8 * busy.sample[i].count) << run[i].dump();
    total += run[i]["count"].get<double>() * run[i]["figure_pj"].get<double>();
  }
  EXPECT_NEAR(total, busy.result["energy_pj"]["total"].get<double>(), 1e-9 * total);
}

// 16 matrix units, each of 8 crossbars that share inputs: 19.09 mW each with leakage, of which
// PUMA's constants give 19.4.
TEST(Puma, BusySimulatedMatrixUnitsDrawTheirPower) {
  const Busy busy = busy_tile("puma", 16, 128);
  const Technology technology = load_technology("puma-32nm");
  double mw = 0;
  for (const char* component :
       {"crossbar", "dac", "sample_hold", "adc", "shift_add", "input_buffer", "accumulator"}) {
    ASSERT_TRUE(busy.tile.contains(component)) << component << busy.tile.dump();
    const Component& row = technology.component(component);
    mw += busy.tile[component].get<double>() / busy.busy_ns;
    mw += 8 * row.instances * *row.leakage_mw;
  }
  EXPECT_NEAR(mw, 16 * 19.09, 0.02 * 16 * 19.09) << busy.tile.dump();
}

}  // namespace
}  // namespace recpim
