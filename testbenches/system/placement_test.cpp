// SPDX-License-Identifier: Apache-2.0
// Random small chips with every placement of table rows, with adders and with pooling in the array:
// predictions are those of the integer reference, the stepped mode is the fast one, the timing mode
// has the same cycles and costs, and the order of wake-ups changes nothing.
#include <gtest/gtest.h>

#include <iostream>

#include "models/ops/integer_reference.h"
#include "sim/chip/simulate.h"
#include "testbenches/harness/random_chip.h"

namespace recpim {
namespace {

using testing::in_child;
using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;

constexpr int kSeeds = 36;

RandomChip chip_of(int seed, bool lossless) {
  RandomChipOptions options;
  options.lossless = lossless;
  options.placement = static_cast<PlacementKind>(seed % 3);
  options.pooling_in_array = seed / 3 % 2 == 0;
  return random_chip(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(seed + 500),
                     options);
}

std::string run(const RandomChip& chip, const SimulateOptions& options, bool with_values) {
  return in_child([&] {
    const TraceReader trace(chip.trace_path);
    const SimulationResult result = simulate(chip.design, chip.model, trace, options);
    std::string text;
    for (const Prediction& p : result.predictions) {
      text += std::to_string(p.accepted) + " " + std::to_string(p.transferred);
      for (const auto v : p.values) text += with_values ? " " + std::to_string(v) : "";
      text += "\n";
    }
    Json json = result.json;
    json.erase("host");
    json.erase("mode");
    if (!with_values) json.erase("quality");
    return text + json.dump();
  });
}

class PlacedChips : public ::testing::TestWithParam<int> {};

TEST_P(PlacedChips, ReferenceModeEqualsFastMode) {
  const RandomChip c = chip_of(GetParam(), false);
  validate(c.design, c.model, "placed");
  SimulateOptions stepped;
  stepped.reference = true;
  SimulateOptions shuffled;
  shuffled.shuffle_wakeups = 7;
  const std::string fast = run(c, {}, true);
  EXPECT_EQ(fast, run(c, stepped, true));
  EXPECT_EQ(fast, run(c, shuffled, true));
}

TEST_P(PlacedChips, TimingModeHasTheSameCyclesAndCosts) {
  const RandomChip c = chip_of(GetParam(), false);
  SimulateOptions timing;
  timing.mode = SimulationMode::kTiming;
  EXPECT_EQ(run(c, {}, false), run(c, timing, false));
}

TEST_P(PlacedChips, LosslessPredictionsEqualTheIntegerReference) {
  const RandomChip c = chip_of(GetParam(), true);
  const std::string got = in_child([&] {
    const TraceReader trace(c.trace_path);
    const SimulationResult result = simulate(c.design, c.model, trace, {});
    const auto expected = integer_outputs(c.model, trace, 0, result.predictions.size());
    std::vector<std::int32_t> values;
    for (const auto& p : result.predictions) {
      values.insert(values.end(), p.values.begin(), p.values.end());
    }
    return values == expected ? "equal" : "different";
  });
  EXPECT_EQ(got, "equal");
}

// The draws must reach what is rare.
TEST(PlacedChipDraws, CoverTheRareCases) {
  int replicas = 0;
  int split = 0;
  int several_tables = 0;
  int in_array = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const RandomChip c = chip_of(seed, false);
    replicas += replicated_bytes(c.design, c.model) > 0 ? 1 : 0;
    EXPECT_LE(replicated_bytes(c.design, c.model), 100U + 37 * ((seed + 500) % 40));
    in_array += c.design.hardware.rows_of_a_read() > 1 ? 1 : 0;
    for (const Tile& tile : c.design.tiles) {
      if (tile.placed.empty()) continue;
      split += tile.raw ? 1 : 0;
      several_tables += tile.tables.size() > 1 ? 1 : 0;
    }
  }
  std::cout << replicas << " with replicas, " << split << " parts of split tables, "
            << several_tables << " tiles of several tables, " << in_array << " in the array\n";
  EXPECT_GT(replicas, 5);
  EXPECT_GT(split, 0);
  EXPECT_GT(several_tables, 3);
  EXPECT_GT(in_array, 5);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlacedChips, ::testing::Range(0, kSeeds));

}  // namespace
}  // namespace recpim
