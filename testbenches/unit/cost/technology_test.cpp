// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/technology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "traces/support/error.h"
#include "traces/support/yaml.h"

namespace recpim {
namespace {

/// Power and area of ISAAC's rows at one level of its table 1.
struct Sum {
  double power_mw = 0, area_mm2 = 0;
};

std::map<std::string, Sum> isaac_sums(const Technology& technology) {
  std::map<std::string, Sum> sums;
  for (const Component& c : technology.components()) {
    if (c.level.empty()) continue;
    sums[c.level].power_mw += *c.row_power_mw / c.shared_by;
    sums[c.level].area_mm2 += *c.row_area_mm2 / c.shared_by;
  }
  return sums;
}

// The rows of the technology file add up to what ISAAC's table 1 prints: a unit 24.1 mW (289 for
// 12), a tile 330 mW and 0.372 mm2, a chip of 168 tiles 65.8 W and 85.4 mm2.
TEST(Isaac, TableOneClosesOverTileAndChip) {
  const Technology technology = load_technology("isaac-32nm");
  const auto sums = isaac_sums(technology);
  const Sum unit = sums.at("unit");
  EXPECT_NEAR(12 * unit.power_mw, 289, 0.5);
  EXPECT_NEAR(12 * unit.area_mm2, 0.157, 0.0005);
  const Sum tile{12 * unit.power_mw + sums.at("tile").power_mw,
                 12 * unit.area_mm2 + sums.at("tile").area_mm2};
  EXPECT_NEAR(tile.power_mw, 330, 0.5);
  EXPECT_NEAR(tile.area_mm2, 0.372, 0.0005);
  const Sum chip{168 * tile.power_mw + sums.at("chip").power_mw,
                 168 * tile.area_mm2 + sums.at("chip").area_mm2};
  EXPECT_NEAR(chip.power_mw / 1000, 65.8, 0.05);
  EXPECT_NEAR(chip.area_mm2, 85.4, 0.05);
  const PublishedChip& published = technology.published().value();
  EXPECT_EQ(published.units_per_tile, 12);
  EXPECT_EQ(published.tiles, 168);
  EXPECT_EQ(published.chip_power_w, 65.8);
  EXPECT_EQ(published.chip_area_mm2, 85.4);
}

// A unit at full rate for one read of 100 ns spends its power: events of each row x energy an
// event.
TEST(Isaac, EnergyAnEventTimesRateIsThePublishedPower) {
  const Technology technology = load_technology("isaac-32nm");
  Hardware hardware;
  hardware.mesh.flit_bits = 256;  // Of the published figures.
  EXPECT_NEAR(technology.energy_pj("adc", hardware), 1.6667, 1e-4);
  EXPECT_NEAR(128 * technology.energy_pj("crossbar", hardware), 30, 1e-9);  // 0.3 mW x 100 ns.
  EXPECT_NEAR(technology.energy_pj("dac", hardware), 0.390625, 1e-12);
  EXPECT_NEAR(technology.energy_pj("shift_add", hardware), 0.0208333, 1e-6);
  EXPECT_NEAR(technology.energy_pj("router", hardware), 20.7407, 1e-4);
  EXPECT_NEAR(technology.area_mm2("adc", hardware), 0.0012, 1e-12);
  EXPECT_NEAR(technology.area_mm2("crossbar", hardware), 2.5e-5, 1e-12);
  EXPECT_NEAR(technology.area_mm2("router", hardware), 0.151 / 4, 1e-12);
}

TEST(Technology, FiguresScaleWithTheHardware) {
  const Technology technology = load_technology("isaac-32nm");
  Hardware hardware;
  const double adc = technology.energy_pj("adc", hardware);
  hardware.adc.bits = 9;
  EXPECT_NEAR(technology.energy_pj("adc", hardware) / adc, 1.969078145 / 1.67, 1e-12);
  hardware.adc.bits = 12;  // Two bits beyond the last point.
  EXPECT_NEAR(technology.energy_pj("adc", hardware) / adc, 4 * 2.379022742 / 1.67, 1e-12);
  hardware.adc.bits = 3;  // 0.79 - 0.20.
  EXPECT_NEAR(technology.energy_pj("adc", hardware) / adc, 0.59 / 1.67, 1e-12);
  hardware.crossbar.columns = 64;
  hardware.crossbar.rows = 256;
  hardware.crossbar.read_ps = 50'000;
  EXPECT_NEAR(technology.energy_pj("crossbar", hardware), 2.4 / 10.24 / 4, 1e-12);
  EXPECT_NEAR(technology.area_mm2("crossbar", hardware), 2.5e-5, 1e-15);
  hardware.dac_bits = 2;
  EXPECT_NEAR(technology.energy_pj("dac", hardware), 0.390625, 1e-12);  // Half the time, twice.
  hardware.mesh.flit_bits = 128;
  EXPECT_NEAR(technology.energy_pj("router", hardware), 42 / 2.025 / 2, 1e-12);
}

TEST(Technology, WhatIsNotPublishedIsListed) {
  const auto missing = load_technology("isaac-32nm").not_published();
  const auto has = [&](const std::string& name) {
    return std::find(missing.begin(), missing.end(), name) != missing.end();
  };
  EXPECT_TRUE(has("link.energy_pj"));
  EXPECT_TRUE(has("sequencer.area_mm2"));
  EXPECT_TRUE(has("adc.leakage_mw"));
  EXPECT_FALSE(has("adc.energy_pj"));
  EXPECT_FALSE(has("edram.energy_pj"));  // Charged to nothing.
}

std::string complaint(const std::function<void(Json&)>& change) {
  Json json = read_yaml_file(RECPIM_SOURCE_DIR "/sim/technology/isaac-32nm.yaml");
  change(json);
  try {
    technology_from_json(JsonView(json, "t.yaml"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Technology, ComplaintsNameFileAndPlace) {
  EXPECT_EQ(complaint([](Json&) {}), "accepted");
  EXPECT_EQ(complaint([](Json& t) { t["components"].erase("adc"); }),
            "t.yaml: components.adc: accepted: this key, which is missing");
  EXPECT_EQ(complaint([](Json& t) { t["components"]["adc"].erase("source"); }),
            "t.yaml: components.adc.source: accepted: this key, which is missing");
  EXPECT_EQ(complaint([](Json& t) { t["components"]["dac"]["row"]["power_mw"] = -1; }),
            "t.yaml: components.dac.row.power_mw = -1: accepted: a number from 0 to 1e+12");
  EXPECT_EQ(complaint([](Json& t) {
              t["components"]["dac"]["energy_scales_with"] = {{"adc.bits", 8}};
            }).substr(0, 65),
            "t.yaml: components.dac.energy_scales_with.adc.bits = unknown key:");
  EXPECT_EQ(complaint([](Json& t) { t["components"]["adc"]["adc_points"][1]["bits"] = 4; }),
            "t.yaml: components.adc.adc_points[1].bits = 4: accepted: a whole number from 5 to 32");
  try {
    load_technology("isaac-22nm");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "technology = isaac-22nm: accepted: isaac-32nm, or the path of a technology file "
                 "(.yaml)");
  }
}

}  // namespace
}  // namespace recpim
