// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/technology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "sim/cost/node_scaling.h"
#include "sim/cost/steady_math.h"
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
  EXPECT_NEAR(technology.energy_pj("router", hardware), 42 / 2.16, 1e-9);
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
  EXPECT_NEAR(technology.energy_pj("router", hardware), 42 / 2.16 / 2, 1e-12);
}

TEST(Technology, WhatIsNotPublishedIsListed) {
  const auto missing = load_technology("isaac-32nm").not_published();
  const auto has = [&](const std::string& name) {
    return std::find(missing.begin(), missing.end(), name) != missing.end();
  };
  EXPECT_TRUE(has("link.area_mm2"));
  EXPECT_TRUE(has("sequencer.area_mm2"));
  EXPECT_TRUE(has("adc.leakage_mw"));
  EXPECT_FALSE(has("adc.energy_pj"));
  EXPECT_FALSE(has("max_pool.energy_pj"));  // Charged to nothing.
}

// A core and the sum of its matrix units, power with leakage. PUMA's own constants add up to 1.4 %
// more than the table that it prints: two matrix units 38.7 mW for 38.18.
TEST(Puma, CoreClosesWithinTwoPerCent) {
  const Technology technology = load_technology("puma-32nm");
  Sum core;
  for (const Component& c : technology.components()) {
    if (c.level != "unit") continue;
    core.power_mw += *c.row_power_mw + c.instances * c.leakage_mw.value_or(0);
    core.area_mm2 += *c.row_area_mm2;
  }
  const PublishedChip& published = technology.published().value();
  EXPECT_NEAR(core.power_mw, published.unit_power_mw, 0.02 * published.unit_power_mw);
  EXPECT_NEAR(core.area_mm2, published.unit_area_mm2, 0.02 * published.unit_area_mm2);
  // The abstract's 837 GOPS/W and 577 GOPS/mm2 are of one throughput.
  EXPECT_NEAR(837 * published.chip_power_w, 577 * published.chip_area_mm2, 100);
}

// 41.3 TOPS: 168 tiles of 96 crossbars, 128 rows x 16 weights of 16 bits (8 columns of 2), two
// operations each, in 16 phases of 100 ns. 128 conversions fit in one at 1.28 GS/s.
TEST(Isaac, PeakThatFollowsFromTableOne) {
  const Hardware hardware = load_hardware(RECPIM_SOURCE_DIR "/sim/technology/hardware/isaac.yaml");
  const PublishedChip published = load_technology(hardware.technology).published().value();
  EXPECT_EQ(hardware.initiation_interval(), 128);
  const double phase_ns =
      hardware.initiation_interval() * 1e9 / static_cast<double>(hardware.clock_hz);
  const double gops =
      published.tiles * hardware.mvm_tile.crossbars * 128 * 16 * 2 / (16 * phase_ns);
  EXPECT_NEAR(gops / 1000, 41.3, 0.413);
  EXPECT_NEAR(gops / published.chip_area_mm2, 483, 4.83);
  EXPECT_NEAR(gops / published.chip_power_w, 627, 6.27);
}

// The same 2 mW at 1.2 and at 1.28 GS/s.
TEST(Isaac, ConverterPowerIsConstantOverItsRates) {
  const Technology technology = load_technology("isaac-32nm");
  Hardware hardware;
  EXPECT_NEAR(technology.energy_pj("adc", hardware), 2 / 1.2, 1e-12);
  hardware.adc.samples_per_s = 1'280'000'000;
  EXPECT_NEAR(technology.energy_pj("adc", hardware), 2 / 1.28, 1e-12);
  hardware.adc.samples_per_s = 2'000'000'000;
  EXPECT_NEAR(technology.energy_pj("adc", hardware), 2 / 1.28, 1e-12);
}

// NeuroSim's SarADC.cpp at 32 nm HP: power (1.0157 b + 7.6286) uW + 0.083709 exp(-2.313 log10 R) W
// for b + 1 ns, at three columns.
TEST(AdcModels, NeurosimSarAtItsOwnPoints) {
  for (const double ohm : {1e3, 1e4, 1e5}) {
    for (const int bits : {4, 6, 8}) {
      AdcColumn model;
      model.constant_uw = 7.6286;
      model.per_bit_uw = 1.0157;
      model.column_w = 0.083709;
      model.column_exponent = 2.313;
      model.column_resistance_ohm = ohm;
      model.ns = model.ns_per_bit = 1;
      const double watts =
          (1.0157 * bits + 7.6286) * 1e-6 + 0.083709 * std::exp(-2.313 * std::log10(ohm));
      const double pj = watts * (bits + 1) * 1e-9 * 1e12;
      EXPECT_NEAR(adc_energy_pj(model, bits, 1e9, 0), pj, 1e-9 * pj);
    }
  }
}

// Survey, 8 bits at 1.2 GS/s: FOMS 302.7387 - 6.46079 ln 1.2e9 = 167.67 dB, SNDR 49.93 dB.
TEST(AdcModels, SurveyFlashAndRampByHand) {
  const Technology technology = load_technology("rram-22nm");
  Hardware hardware;
  const double foms = 302.738701905 - 6.46079093427 * std::log(1.2e9);
  const double sndr = 8 * 20 * std::log10(2.0) + 10 * std::log10(1.5);
  const double pj = 1e12 / (2 * std::pow(10, (foms - sndr) / 10));
  EXPECT_NEAR(technology.energy_pj("adc", hardware), pj, 1e-9 * pj);
  EXPECT_NEAR(pj, 0.84, 0.01);
  hardware.adc.samples_per_s = 100'000'000;  // The best figure of merit, at any lower rate.
  EXPECT_NEAR(technology.energy_pj("adc", hardware),
              1e12 / (2 * std::pow(10, (180.141590789 - sndr) / 10)), 1e-9);
  hardware.adc.samples_per_s = 1'000'000'000;
  const double column_mw = 1e3 * 0.073 * std::exp(-2.311 * std::log10(186.0));
  EXPECT_NEAR(technology.energy_pj("adc_flash", hardware), 1.8939e-3 * 255 + column_mw, 1e-9);
  const double ramp = technology.energy_pj("adc_ramp", hardware);
  hardware.adc.bits = 9;  // Twice the steps of a counter one bit longer.
  EXPECT_GT(technology.energy_pj("adc_ramp", hardware), 2 * ramp * 0.9);
}

TEST(Technology, MemoriesBySize) {
  const Technology technology = load_technology("isaac-32nm");
  const double f = technology.memory("sram", 8192).energy_pj_per_bit / 0.15625;
  EXPECT_NEAR(f, 0.641, 0.001);
  EXPECT_NEAR(technology.memory("sram", 20480).energy_pj_per_bit, f * 0.234375, 1e-12);
  EXPECT_NEAR(technology.memory("sram", 4096).energy_pj_per_bit, f * 0.15625, 1e-12);
  EXPECT_NEAR(technology.memory("sram", 4096).leakage_mw, 5.75335 / 2, 1e-9);
  EXPECT_NEAR(technology.memory("sram", 2097152).leakage_mw, 2 * 736.4288, 1e-6);
  EXPECT_EQ(technology.cell_write().cells_at_once, 128);
}

TEST(Technology, ScaledFiguresAreMarked) {
  const auto scaled = load_technology("isaac-32nm").scaled();
  EXPECT_NE(std::find(scaled.begin(), scaled.end(), "adder.energy_pj: 45 nm, x 0.641"),
            scaled.end());
  EXPECT_NEAR(node_area_factor(32, 22), 0.46 + 0.54 * 2 / 12, 1e-12);
  EXPECT_NEAR(node_energy_factor(45, 0.9, 45, 0.9), 1, 1e-12);
}

TEST(SteadyMath, EqualsTheLibrary) {
  for (double x = 1e-6; x < 1e12; x *= 1.7) {
    EXPECT_NEAR(steady_log(x), std::log(x), 1e-13 * (1 + std::abs(std::log(x))));
  }
  for (double x = -40; x < 40; x += 0.37) {
    EXPECT_NEAR(steady_exp(x), std::exp(x), 1e-12 * std::exp(x));
  }
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
  EXPECT_EQ(
      complaint([](Json& t) { t["components"]["adc"]["adc_model"]["points"][1]["bits"] = 4; }),
      "t.yaml: components.adc.adc_model.points[1].bits = 4: accepted: a whole number from 5 to 32");
  try {
    load_technology("isaac-22nm");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "technology = isaac-22nm: accepted: isaac-32nm, puma-32nm, rram-22nm, or the path of "
        "a technology file (.yaml)");
  }
}

}  // namespace
}  // namespace recpim
