// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost_model.h"

#include <gtest/gtest.h>

#include "sim/cost/programming.h"
#include "testbenches/unit/mapping/models.h"

namespace recpim {
namespace {

using testing::concat;
using testing::dot;
using testing::embedding;
using testing::mlp;
using testing::model_of;

// 45 to 32 nm at 0.9 V, 40 to 32 nm in area: Stillmaker and Baas, by hand.
const double kDigital =
    (0.9559 * 0.81 - 0.7823 * 0.9 + 0.471) / (1.103 * 0.81 - 0.362 * 0.9 + 0.2767);
const double kDigitalArea = 1 / (1 + 1.2 * 8 / 13);

ChipEvents nothing(const Design& design) {
  ChipEvents events;
  events.tiles.resize(design.tiles.size());
  events.router_flits.assign(
      static_cast<std::size_t>(design.mesh_columns) * static_cast<std::size_t>(design.mesh_rows),
      0);
  return events;
}

// One crossbar: 128 inputs of 8 unsigned bits, 32 channels of 8 bits in 128 columns, 8 phases.
TEST(Energy, OneCrossbarProductByHand) {
  const Model model = mlp({128, 32});
  const Design design = map_naive(model, Hardware());
  const EventCounts counts = sample_events(design, model, 1);
  EXPECT_EQ(counts.crossbar_reads, 8U);
  EXPECT_EQ(counts.wordline_drives, 1024U);
  EXPECT_EQ(counts.adc_conversions, 1024U);
  EXPECT_EQ(counts.accumulations, 256U);
  EXPECT_EQ(counts.input_bits, 2048U);
  EXPECT_EQ(counts.output_bits, 512U);
  ChipEvents events = nothing(design);
  events.tiles[1] = counts;
  const CostTree energy = energy_of(design, model, events, load_technology("isaac-32nm"), 1000);
  const Json& tile = energy.parts["tile_1_fc1"];
  EXPECT_NEAR(tile["crossbar"].get<double>(), 240, 1e-9);    // 8 reads x 0.3 mW x 100 ns.
  EXPECT_NEAR(tile["dac"].get<double>(), 400, 1e-9);         // 128 x 3.9 uW x 800 ns.
  EXPECT_NEAR(tile["sample_hold"].get<double>(), 1, 1e-9);   // 128 x 9.8 nW x 800 ns.
  EXPECT_NEAR(tile["adc"].get<double>(), 1024 / 0.6, 1e-9);  // 2 mW / 1.2 GS/s each.
  EXPECT_NEAR(tile["shift_add"].get<double>(), 1024 / 48.0, 1e-9);
  EXPECT_NEAR(tile["accumulator"].get<double>(), 46, 1e-9);    // 256 x 0.23 mW x 100 ns / 128.
  EXPECT_NEAR(tile["input_buffer"].get<double>(), 124, 1e-9);  // 2048 bits, 20.48 a ns at 1.24 mW.
  EXPECT_NEAR(tile["output_buffer"].get<double>(), 28, 1e-9);  // 512 bits, 30.72 a ns at 1.68 mW.
  EXPECT_NEAR(tile["requantiser"].get<double>(), 105.6 * kDigital, 1e-9);
  // 1024 bits in, 256 out, each written and read, at 20.7 mW in 276.48 bits a ns; once on the bus.
  EXPECT_NEAR(tile["edram"].get<double>(), 2560 * 20.7 / 276.48, 1e-9);
  EXPECT_NEAR(tile["bus"].get<double>(), 1280 * 7 / 138.24, 1e-9);
  const double dynamic = 240 + 400 + 1 + 1024 / 0.6 + 1024 / 48.0 + 46 + 124 + 28 +
                         105.6 * kDigital + 2560 * 20.7 / 276.48 + 1280 * 7 / 138.24;
  // 16 lanes of a requantiser, 1,000 cycles of 1.2 GHz.
  const double leakage = 16 * 0.0848 * 1000 / 1.2;
  EXPECT_NEAR(energy.total, dynamic + leakage, 1e-6);
}

// A row of 16 x 8 bits lies in 64 cells; its ADC converts 128 columns.
TEST(Energy, OneLookupByHand) {
  const Model model = model_of({embedding(0, 1000, 16), embedding(1, 1000, 16),
                                concat("features", {0, 1}, 32, true), dot(2, 2)});
  const Design design = map_naive(model, Hardware());
  const EventCounts counts = lookup_events(design, model, 1, {1, 1, 1});
  EXPECT_EQ(counts.wordline_drives, 1U);
  EXPECT_EQ(counts.adc_conversions, 128U);
  EXPECT_EQ(counts.adds, 16U);
  ChipEvents events = nothing(design);
  events.tiles[1] = counts;
  const CostTree energy = energy_of(design, model, events, load_technology("isaac-32nm"), 1);
  const Json& tile = energy.parts["tile_1_table_0"];
  EXPECT_NEAR(tile["crossbar"].get<double>(), 0.234375, 1e-12);  // 30 pJ / 128 rows.
  EXPECT_NEAR(tile["dac"].get<double>(), 0.390625, 1e-12);
  EXPECT_NEAR(tile["sample_hold"].get<double>(), 0.125, 1e-12);
  EXPECT_NEAR(tile["adc"].get<double>(), 128 / 0.6, 1e-9);
  EXPECT_NEAR(tile["adder"].get<double>(), 1.6 * kDigital, 1e-12);
  EXPECT_NEAR(tile["accumulator"].get<double>(), 2.875, 1e-12);
  EXPECT_NEAR(tile["input_buffer"].get<double>(), 3.875, 1e-12);
  // 32 bits of the lookup written and read, once on the bus.
  EXPECT_NEAR(tile["edram"].get<double>(), 64 * 20.7 / 276.48, 1e-12);
  EXPECT_NEAR(tile["bus"].get<double>(), 32 * 7 / 138.24, 1e-12);
  EXPECT_FALSE(tile.contains("shift_add"));
  // The row is driven with a 1 whatever lies in it.
  const Json mean =
      energy_of(design, model, events, load_technology("isaac-32nm"), 1, Activity::kMean)
          .parts["tile_1_table_0"];
  EXPECT_NEAR(mean["crossbar"].get<double>(), 0.1171875, 1e-12);
  EXPECT_EQ(mean["dac"], tile["dac"]);
}

// Seven lookups in three reads: two of one row, in read mode at 2 of 8 bits, and one of five.
TEST(Energy, PoolingInTheArrayByHand) {
  const Model model = model_of({embedding(0, 1000, 16), embedding(1, 1000, 16),
                                concat("features", {0, 1}, 32, true), dot(2, 2)});
  Hardware hardware;
  hardware.embedding_tile.pooling = TablePooling::kArray;
  const Design design = map_naive(model, hardware);
  const EventCounts counts = lookup_events(design, model, 1, {7, 3, 2});
  EXPECT_EQ(counts.table_row_reads, 7U);
  EXPECT_EQ(counts.wordline_drives, 7U);
  EXPECT_EQ(counts.read_conversions, 256U);
  EXPECT_EQ(counts.adc_conversions, 128U);
  EXPECT_EQ(counts.shift_adds, 128U);
  EXPECT_EQ(counts.accumulations, 48U);
  EXPECT_EQ(counts.adds, 64U);  // Three sums of 16 elements, and an offset taken off one.
  EXPECT_EQ(counts.input_bits, 7U * 64);
  ChipEvents events = nothing(design);
  events.tiles[1] = counts;
  const CostTree energy = energy_of(design, model, events, load_technology("isaac-32nm"), 1);
  EXPECT_NEAR(energy.parts["tile_1_table_0"]["adc"].get<double>(), (128 + 64) / 0.6, 1e-9);
}

TEST(Energy, InteractionAndVectorUnitByHand) {
  const Model model = model_of({embedding(0, 10, 16), embedding(1, 10, 16), embedding(2, 10, 16),
                                concat("features", {0, 1, 2}, 48, true), dot(3, 3)});
  const Design design = map_naive(model, Hardware());
  const EventCounts counts = sample_events(design, model, 2);
  EXPECT_EQ(counts.macs, 48U);  // 3 pairs x 16.
  EXPECT_EQ(counts.vector_elements, 3U);
  EXPECT_EQ(counts.input_bits, 48U * 8 + 2 * 48 * 8);
  EXPECT_EQ(counts.output_bits, 2U * 3 * 8);
  EXPECT_EQ(counts.crossbar_reads, 0U);
}

TEST(Events, RowSplitCountsPartialSums) {
  Hardware hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.adc.columns_per_adc = 16;
  hardware.mvm_tile.crossbars = 1;
  const Model model = mlp({24, 4});
  const Design design = map_naive(model, hardware);
  const EventCounts home = sample_events(design, model, 1);
  const EventCounts raw = sample_events(design, model, 2);
  EXPECT_EQ(home.adds, 4U);
  EXPECT_EQ(home.input_bits, 2U * 16 * 8 + 2 * 4 * 32);
  EXPECT_EQ(raw.vector_elements, 0U);
  EXPECT_EQ(raw.output_bits, 2U * 4 * 32);
  EXPECT_EQ(raw.wordline_drives, 8U * 8);
}

TEST(Events, SumAndMultiple) {
  const Model model = mlp({128, 32});
  const Design design = map_naive(model, Hardware());
  const EventCounts once = sample_events(design, model, 1);
  EventCounts thrice = once;
  thrice += once;
  thrice += once;
  EXPECT_EQ(thrice, once * 3);
}

TEST(Energy, PartsSumToTheTotal) {
  const Model model = mlp({300, 40, 16});
  const Design design = map_naive(model, Hardware());
  const Technology technology = load_technology("isaac-32nm");
  ChipEvents events = nothing(design);
  for (int t = 0; t < 3; ++t) {
    events.tiles[static_cast<std::size_t>(t)] = sample_events(design, model, t) * 7;
    events.router_flits[static_cast<std::size_t>(t)] = 3;
  }
  events.link_flits = 5;
  const CostTree energy = energy_of(design, model, events, technology, 12345);
  EXPECT_EQ(tree_sum(energy.parts), energy.total);
  EXPECT_EQ(tree_sum(Json::parse(energy.parts.dump())), energy.total);
  EXPECT_NEAR(tree_sum(by_component(energy.parts)), energy.total, 1e-9 * energy.total);
  // The published router moves 256 bits a flit.
  EXPECT_NEAR(tree_sum(energy.parts["noc"]), 9 * 42 / 2.16 * 64 / 256 + 5 * 18.9 * 64 / 256, 1e-9);
  // What Aladdin publishes of a requantiser's and an adder's lanes.
  EXPECT_NEAR(energy.parts["leakage"].get<double>(),
              leakage_mw(design, model, technology) * 12345 / 1.2, 1e-6);
  EXPECT_GT(leakage_mw(design, model, technology), 0);
  const CostTree area = area_of(design, model, technology);
  EXPECT_EQ(tree_sum(area.parts), area.total);
  // 1,200 cycles of 1.2 GHz are 1 us: 5 nJ in it are 5 mW.
  EXPECT_DOUBLE_EQ(average_power_mw(5000, 1200, design.hardware), 5);
}

TEST(Area, InstancesOfATileByHand) {
  const Model model = mlp({128, 32});
  const Design design = map_naive(model, Hardware());
  const Technology technology = load_technology("isaac-32nm");
  const CostTree area = area_of(design, model, technology);
  const Json& tile = area.parts["tile_1_fc1"];
  EXPECT_NEAR(tile["crossbar"].get<double>(), 12 * 0.0002, 1e-12);  // 96 crossbars: ISAAC's tile.
  EXPECT_NEAR(tile["adc"].get<double>(), 12 * 0.0096, 1e-12);
  EXPECT_NEAR(tile["dac"].get<double>(), 12 * 0.00017, 1e-12);
  EXPECT_NEAR(tile["sample_hold"].get<double>(), 12 * 0.00004, 1e-12);
  EXPECT_NEAR(tile["shift_add"].get<double>(), 96 * 0.00006, 1e-12);
  EXPECT_NEAR(tile["input_buffer"].get<double>(), 2 * 1024 * 0.0021 / 16384, 1e-12);
  EXPECT_NEAR(tile["requantiser"].get<double>(), 16 * 6906e-6 * kDigitalArea, 1e-12);
  // Two routers in the design's mesh, 166 more on the chip.
  EXPECT_NEAR(tree_sum(area.parts["noc"]), 2 * 0.151 / 4 * 64 / 256, 1e-12);
  EXPECT_NEAR(unused_area_of(design, technology), 166 * 0.151 / 4 * 64 / 256, 1e-9);
}

TEST(Area, EmbeddingTileByHand) {
  const Model model = model_of({embedding(0, 1000, 16), embedding(1, 1000, 16),
                                concat("features", {0, 1}, 32, true), dot(2, 2)});
  const Design design = map_naive(model, Hardware());
  const Json tile = area_of(design, model, load_technology("isaac-32nm")).parts["tile_1_table_0"];
  // 8 banks of 1 MiB in 2-bit cells: 256 arrays each. One ADC a bank.
  EXPECT_NEAR(tile["crossbar"].get<double>(), 2048 * 2.5e-5, 1e-12);
  EXPECT_NEAR(tile["adc"].get<double>(), 8 * 0.0012, 1e-12);
  EXPECT_NEAR(tile["adder"].get<double>(), 16 * 278e-6 * kDigitalArea, 1e-12);
}

// Half of the one-bit digits are 1, cells are half on. Of two bits, digits 0 to 3: one in four is
// 0, and the mean square is 14 / 4 of 9.
TEST(Energy, MeanActivityByHand) {
  const Model model = mlp({128, 32});
  const Design design = map_naive(model, Hardware());
  const Technology technology = load_technology("isaac-32nm");
  ChipEvents events = nothing(design);
  events.tiles[1] = sample_events(design, model, 1);
  const Json worst = energy_of(design, model, events, technology, 1).parts["tile_1_fc1"];
  const Json mean =
      energy_of(design, model, events, technology, 1, Activity::kMean).parts["tile_1_fc1"];
  EXPECT_NEAR(mean["crossbar"].get<double>(), worst["crossbar"].get<double>() / 4, 1e-9);
  EXPECT_NEAR(mean["dac"].get<double>(), worst["dac"].get<double>() / 2, 1e-9);
  EXPECT_EQ(mean["adc"], worst["adc"]);
  Hardware wide;
  wide.dac_bits = 2;
  const Design two = map_naive(model, wide);
  const Json most = energy_of(two, model, events, technology, 1).parts["tile_1_fc1"];
  const Json half =
      energy_of(two, model, events, technology, 1, Activity::kMean).parts["tile_1_fc1"];
  EXPECT_NEAR(half["crossbar"].get<double>(), most["crossbar"].get<double>() / 2 * 14 / 36, 1e-9);
  EXPECT_NEAR(half["dac"].get<double>(), most["dac"].get<double>() * 3 / 4, 1e-9);
}

// 128 x 32 weights of 4 cells: 128 rows of 128 cells, one pulse of 85.7 ns and a read of 100 ns and
// 128 conversions each.
TEST(Programming, OneCrossbarByHand) {
  const Model model = mlp({128, 32});
  const Design design = map_naive(model, Hardware());
  const Programming p = programming_of(design, model, load_technology("isaac-32nm"));
  EXPECT_EQ(p.cells, 16384U);
  EXPECT_NEAR(*p.energy_pj, 16384 * 1.289, 1e-6);
  EXPECT_NEAR(*p.time_ns, 128 * (85.7 + 100 + 128 / 1.2), 1e-6);
  EXPECT_EQ(*p.cycles, static_cast<std::int64_t>(128 * (85.7 + 100) * 1.2 + 128 * 128) + 1);
  EXPECT_NEAR(p.verify_energy_pj, 128 * (0.234375 + 0.390625) + 16384 * (2 / 1.2 + 0.01 / 10.24),
              1e-6);
  EXPECT_FALSE(p.endurance_used);  // Nobody says.
  // A cell at a time, 8.52 pulses each, every one followed by a read of its row.
  const Technology technology = load_technology("rram-22nm");
  const Programming rram = programming_of(design, model, technology);
  EXPECT_NEAR(rram.pulses, 16384 * 8.52, 1e-6);
  double read_pj = 0;
  for (const char* component : {"crossbar", "dac", "sample_hold", "adc"}) {
    read_pj += technology.energy_pj(component, Hardware());
  }
  EXPECT_NEAR(rram.verify_energy_pj, 16384 * 8.52 * read_pj, 1e-9 * rram.verify_energy_pj);
  EXPECT_FALSE(rram.energy_pj);
  EXPECT_FALSE(rram.time_ns);
}

TEST(TileName, NamesOperatorAndPart) {
  Hardware hardware;
  hardware.mvm_tile.crossbars = 1;
  const Model model = mlp({128, 64, 16});
  const Design design = map_naive(model, hardware);
  EXPECT_EQ(tile_name(design, model, 0), "tile_0_host");
  EXPECT_EQ(tile_name(design, model, 1), "tile_1_fc1_part_0");
  EXPECT_EQ(tile_name(design, model, 2), "tile_2_fc1_part_1");
  EXPECT_EQ(tile_name(design, model, 3), "tile_3_fc2");
}

}  // namespace
}  // namespace recpim
