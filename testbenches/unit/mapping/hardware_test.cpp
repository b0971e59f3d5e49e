// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/hardware.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

class HardwareFile : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Hardware load(const std::string& yaml) const {
    write_text_file(path(), yaml);
    return load_hardware(path());
  }
  std::string path() const { return folder_ + "/hw.yaml"; }
  /// The complaint about a file, without the folder.
  std::string complaint(const std::string& yaml) const {
    try {
      load(yaml);
    } catch (const InputError& error) {
      return std::string(error.what()).substr(folder_.size() + 1);
    }
    return "accepted";
  }
  std::string folder_ =
      (std::filesystem::temp_directory_path() /
       ("recpim-hw-" +
        std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())))
          .string();
};

TEST_F(HardwareFile, DefaultsWhereNothingIsSaid) {
  const Hardware hardware = load("name: mine\n");
  EXPECT_EQ(hardware.name, "mine");
  EXPECT_EQ(hardware.crossbar.rows, 128);
  EXPECT_EQ(hardware.clock_hz, 1'200'000'000);
}

TEST_F(HardwareFile, DecimalsAreExact) {
  const Hardware hardware = load(
      "clock_mhz: 1333.333333\n"
      "crossbar: {read_ns: 29.31, encoding: differential}\n"
      "adc: {rate_gs_per_s: 1.28}\n");
  EXPECT_EQ(hardware.clock_hz, 1'333'333'333);
  EXPECT_EQ(hardware.crossbar.read_ps, 29'310);
  EXPECT_EQ(hardware.adc.samples_per_s, 1'280'000'000);
  // 29.31 ns * 1.333333333 GHz = 39.08: 40 cycles. 1.3333 / 1.28 = 1.04: 2 cycles.
  EXPECT_EQ(hardware.read_cycles(), 40);
  EXPECT_EQ(hardware.conversion_cycles(), 2);
  EXPECT_EQ(hardware_from_json(JsonView(hardware_to_json(hardware), "copy")), hardware);
  EXPECT_EQ(Json::parse(hardware_to_json(hardware).dump()), hardware_to_json(hardware));
}

TEST(Hardware, ResolvedOfTheDefault) {
  const Hardware hardware;
  EXPECT_EQ(hardware.read_cycles(), 120);  // 100 ns at 1.2 GHz.
  EXPECT_EQ(hardware.conversion_cycles(), 1);
  EXPECT_EQ(hardware.initiation_interval(), 128);  // max(120, 128 columns).
  EXPECT_EQ(hardware.columns_per_weight(8), 4);
  EXPECT_EQ(hardware.columns_per_weight(2), 1);
  EXPECT_EQ(hardware.channels_per_crossbar(8), 32);
  EXPECT_EQ(hardware.phases(8, false), 8);
  EXPECT_EQ(hardware.phases(8, true), 8);         // 7 + the sign.
  EXPECT_EQ(hardware.bank_rows(16 * 8), 65'536);  // 1 MiB / 16 bytes.
}

TEST(Hardware, ColumnsOfOtherCells) {
  Hardware hardware;
  hardware.dac_bits = 2;
  hardware.crossbar.cell_bits = 4;
  hardware.crossbar.encoding = Encoding::kDifferential;
  EXPECT_EQ(hardware.columns_per_weight(8), 4);  // 7 bits: two digits, a pair each.
  EXPECT_EQ(hardware.columns_per_weight(2), 2);
  EXPECT_EQ(hardware.phases(8, true), 5);  // ceil(7 / 2) + 1.
  EXPECT_EQ(hardware.phases(8, false), 4);
  hardware.crossbar.cell_bits = 1;
  EXPECT_EQ(hardware.columns_per_weight(4), 6);
  hardware.adc.columns_per_adc = 8;  // One weight of 6 columns an ADC: 16 ADCs.
  EXPECT_EQ(hardware.channels_per_crossbar(4), 16);
  hardware.adc.columns_per_adc = 4;
  EXPECT_EQ(hardware.channels_per_crossbar(4), 0);
}

TEST_F(HardwareFile, ComplaintsNamePlaceValueAndWhatIsAccepted) {
  EXPECT_EQ(complaint("adc: {bits: 0}"),
            "hw.yaml: adc.bits = 0: accepted: a whole number from 3 to 12");
  EXPECT_EQ(complaint("mesh: {flit_bits: 7}"),
            "hw.yaml: mesh.flit_bits = 7: accepted: a power of two from 32 to 512");
  EXPECT_EQ(complaint("crossbar: {rows: 100}"),
            "hw.yaml: crossbar.rows = 100: accepted: a power of two from 8 to 1024");
  EXPECT_EQ(complaint("crossbar: {rows: 128.0}"),
            "hw.yaml: crossbar.rows = 128.0: accepted: a power of two from 8 to 1024");
  EXPECT_EQ(complaint("crossbar: {encoding: twos}"),
            "hw.yaml: crossbar.encoding = \"twos\": accepted: offset, differential");
  EXPECT_EQ(complaint("crossbar: {read_ns: 0.0001}"),
            "hw.yaml: crossbar.read_ns = 0.0001: accepted: a decimal from 0.001 to 1000000, in "
            "whole picoseconds");
  EXPECT_EQ(complaint("clock_mhz: \"1200\""),
            "hw.yaml: clock_mhz = \"1200\": accepted: a decimal from 1 to 100000, in whole "
            "hertz");
  EXPECT_EQ(complaint("dac: {bit: 1}"), "hw.yaml: dac.bit = unknown key: accepted: bits");
  EXPECT_EQ(complaint("adc: {bits: 8}\nadc: {bits: 7}"),
            "hw.yaml: adc = line 2: accepted: each key once");
  EXPECT_EQ(complaint("crossbar: {columns: 64}"),
            "hw.yaml: adc.columns_per_adc = 128: accepted: a divisor of crossbar.columns, which "
            "is 64");
  EXPECT_EQ(complaint("clock_mhz: 1200.00000000000001"),
            "hw.yaml: clock_mhz = 1200.00000000000001: accepted: a number of at most 15 "
            "significant digits");
  EXPECT_EQ(complaint("a: [1, 2").substr(0, 13), "hw.yaml: line");
  EXPECT_EQ(complaint("- 1").substr(0, 18), "hw.yaml: top level");
  EXPECT_EQ(complaint("a: &x [*x]").substr(0, 8), "hw.yaml:");
  EXPECT_EQ(complaint("").substr(0, 18), "hw.yaml: top level");
}

TEST_F(HardwareFile, TechnologyFileIsRelativeToTheHardwareFile) {
  EXPECT_EQ(load("technology: isaac-32nm").technology, "isaac-32nm");
  EXPECT_EQ(load("technology: my.yaml").technology, folder_ + "/my.yaml");
}

}  // namespace
}  // namespace recpim
