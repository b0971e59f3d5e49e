// SPDX-License-Identifier: Apache-2.0
// Whole chips: the fast mode, the timing mode, the stepped reference mode and the integer reference
// agree on random small chips.
#include "sim/chip/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "models/mapping/block_reference.h"
#include "models/ops/integer_reference.h"
#include "sim/observe/timeline.h"
#include "sim/observe/wave.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/harness/scratch_folder.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using testing::in_child;
using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;

// How many random chips: 40, or RECPIM_SEEDS (the nightly target's).
int seeds() {
  const char* text = std::getenv("RECPIM_SEEDS");
  return text != nullptr ? std::atoi(text) : 40;
}

// Everything a run found, as text: cycles of every sample, values, and result.json without `host`.
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

// A DLRM, an MLP, or (two of four) a random graph of every kind of operator.
RandomChipOptions options_of(int seed) {
  RandomChipOptions options;
  options.mlp = seed % 4 == 3;
  options.operators = seed % 4 == 1 || seed % 4 == 2;
  if (options.operators) options.samples = 8;
  if (seed % 4 == 1) options.most_rows = 16;
  options.replicas = seed % 3 == 2;
  return options;
}

class RandomChips : public ::testing::TestWithParam<int> {
 protected:
  RandomChip chip(bool lossless) const {
    RandomChipOptions options = options_of(GetParam());
    options.lossless = lossless;
    const auto seed = static_cast<std::uint64_t>(GetParam());
    return random_chip(seed, seed + 1000, options);
  }
};

TEST_P(RandomChips, ReferenceModeEqualsFastMode) {
  const RandomChip c = chip(false);
  SimulateOptions fast;
  SimulateOptions stepped;
  stepped.reference = true;
  EXPECT_EQ(run(c, fast, true), run(c, stepped, true));
}

// No cycle of an engine or a vector unit is counted twice or left out.
TEST_P(RandomChips, PartsOfEveryTileSumToTheElapsedCycles) {
  const std::string text = run(chip(false), {}, false);
  const Json json = Json::parse(text.substr(text.find('{')));
  const auto cycles = json.at("cycles").get<std::int64_t>();
  const Json& tiles = json.at("utilisation").at("tiles");
  ASSERT_FALSE(tiles.empty());
  for (const Json& tile : tiles) {
    for (const char* unit : {"engine_cycles", "vector_unit_cycles"}) {
      std::int64_t sum = 0;
      for (const auto& part : tile.at(unit).items()) {
        EXPECT_GE(part.value().get<std::int64_t>(), 0) << unit << " " << part.key() << tile.dump();
        sum += part.value().get<std::int64_t>();
      }
      EXPECT_EQ(sum, cycles) << unit << tile.dump();
    }
  }
}

// Timeline (its lines in any order) and wave of a run.
std::string watched(const RandomChip& chip, SimulateOptions options) {
  return in_child([&] {
    const std::string folder = testing::scratch_folder();
    const TraceReader trace(chip.trace_path);
    const Window window{100, 20'000};
    Timeline timeline(folder + "/timeline.json", chip.design, chip.model, window);
    Wave wave(folder + "/wave.vcd", chip.design, chip.model, window);
    FlitFork flits;
    flits.add(timeline);
    flits.add(wave);
    options.observer = &flits;
    options.tile_observer = &timeline;
    options.host_observer = &timeline;
    simulate(chip.design, chip.model, trace, options);
    timeline.finish();
    wave.finish();
    const Json events = read_json_file(folder + "/timeline.json").at("traceEvents");
    std::vector<std::string> lines;
    for (const Json& event : events) lines.push_back(event.dump());
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text + read_text_file(folder + "/wave.vcd");
  });
}

TEST_P(RandomChips, ReferenceModeHasTheSameTimelineAndWave) {
  const RandomChip c = chip(false);
  SimulateOptions fast;
  SimulateOptions stepped;
  stepped.reference = true;
  stepped.shuffle_wakeups = 7;
  const std::string seen = watched(c, fast);
  EXPECT_GT(seen.size(), 2000U);
  EXPECT_TRUE(seen == watched(c, stepped));
}

TEST_P(RandomChips, TheDesignIsSoundAndItsFileSaysAllOfIt) {
  const RandomChip c = chip(false);
  const Json json = design_to_json(c.design);
  const Design again = design_from_json(JsonView(json, "design"));  // Validates.
  EXPECT_EQ(design_to_json(again), json);
  validate(again, c.model, "design");
}

TEST_P(RandomChips, TimingModeHasTheSameCyclesAndCosts) {
  const RandomChip c = chip(false);
  SimulateOptions functional;
  SimulateOptions timing;
  timing.mode = SimulationMode::kTiming;
  EXPECT_EQ(run(c, functional, false), run(c, timing, false));
}

TEST_P(RandomChips, OrderOfWakeUpsChangesNothing) {
  const RandomChip c = chip(false);
  SimulateOptions plain;
  plain.arrivals = {0, 0, 500, 501, 502, 5000};
  plain.samples = plain.arrivals.size();
  SimulateOptions shuffled = plain;
  shuffled.shuffle_wakeups = 99;
  EXPECT_EQ(run(c, plain, true), run(c, shuffled, true));
}

TEST_P(RandomChips, LosslessPredictionsEqualTheIntegerReference) {
  const RandomChip c = chip(true);
  for (const Tile& tile : c.design.tiles) ASSERT_EQ(tile.adc_shift, 0);
  const std::string got = in_child([&] {
    const TraceReader trace(c.trace_path);
    const SimulationResult result = simulate(c.design, c.model, trace, {});
    const auto expected = integer_outputs(c.model, trace, 0, result.predictions.size());
    std::vector<std::int32_t> values;
    for (const auto& p : result.predictions) {
      values.insert(values.end(), p.values.begin(), p.values.end());
    }
    return values.size() == expected.size() && values == expected ? "equal" : "different";
  });
  EXPECT_EQ(got, "equal");
}

// What random graphs of operators have to reach.
struct DrawnCases {
  std::map<OpKind, int> operators;
  std::map<std::string, int> cases;

  void add(const RandomChip& chip) {
    for (const Operator& op : chip.model.operators) ++operators[op.kind];
    for (const Tile& tile : chip.design.tiles) {
      if (tile.axis == Axis::kWidth) ++cases["fc along the width"];
      if (tile.axis == Axis::kRows) ++cases["fc along the rows"];
      if (tile.axis == Axis::kWidth && tile.part > 0) ++cases["split fc along the width"];
      if (tile.axis == Axis::kRows && tile.raw) ++cases["fc along the rows split by rows"];
      if (tile.norm >= 0 && tile.norm != tile.op) {
        ++cases[tile.kind == TileKind::kMvm ? "LayerNorm behind an fc"
                                            : "LayerNorm behind an interaction"];
      }
      if (tile.norm >= 0 && tile.norm == tile.op) ++cases["LayerNorm by itself"];
      int filled = 0;
      for (const Port& port : tile.ports) {
        if (port.shift != 0) ++cases["4 bits among 8"];
        if (!port.partial) filled += port.elements;
      }
      if (filled < tile.input_elements()) ++cases["padding"];
    }
  }

  void expect_all() const {
    for (int kind = 0; kind <= static_cast<int>(OpKind::kPad); ++kind) {
      EXPECT_TRUE(operators.count(static_cast<OpKind>(kind)) > 0) << "kind " << kind;
    }
    for (const char* name :
         {"fc along the width", "fc along the rows", "split fc along the width",
          "fc along the rows split by rows", "LayerNorm behind an fc",
          "LayerNorm behind an interaction", "LayerNorm by itself", "4 bits among 8", "padding"}) {
      EXPECT_TRUE(cases.count(name) > 0) << name;
    }
    for (const auto& [name, times] : cases) std::cout << times << " " << name << "\n";
  }
};

// The draws must reach what is rare: operators over several tiles with partial sums, tables over
// several tiles, lossy converters, both encodings.
TEST(RandomChipDraws, CoverTheRareCases) {
  int row_splits = 0;
  int table_splits = 0;
  int lossy = 0;
  int differential = 0;
  int replicated = 0;  // Tiles that other tiles share their operator's samples with.
  DrawnCases drawn;
  for (int seed = 0; seed < seeds(); ++seed) {
    const auto s = static_cast<std::uint64_t>(seed);
    const RandomChip c = random_chip(s, s + 1000, options_of(seed));
    bool shifted = false;
    drawn.add(c);
    for (const Tile& tile : c.design.tiles) {
      if (tile.raw) ++(tile.kind == TileKind::kMvm ? row_splits : table_splits);
      shifted = shifted || tile.adc_shift > 0;
      replicated += tile.stride > 1 ? 1 : 0;
    }
    lossy += shifted ? 1 : 0;
    differential += c.design.hardware.crossbar.encoding == Encoding::kDifferential ? 1 : 0;
  }
  EXPECT_GT(row_splits, 0);
  EXPECT_GT(table_splits, 0);
  EXPECT_GT(lossy, 0);
  EXPECT_GT(differential, 0);
  EXPECT_GT(replicated, 0);
  std::cout << row_splits << " row splits, " << table_splits << " table splits, " << lossy
            << " lossy, " << differential << " differential, " << replicated << " replicas\n";
  drawn.expect_all();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChips, ::testing::Range(0, seeds()));

}  // namespace
}  // namespace recpim
