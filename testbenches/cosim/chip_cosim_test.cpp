// SPDX-License-Identifier: Apache-2.0
// Whole chips: the generated RTL against the simulator on random designs, and proof that the
// comparison sees a bug.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "rtl/cosim/cosim.h"
#include "rtl/gen/chip.h"
#include "testbenches/harness/random_chip.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using testing::in_child;
using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;

// Shapes, each compiled once: 3, or RECPIM_COSIM_SHAPES (the nightly target's).
int shapes() {
  const char* text = std::getenv("RECPIM_COSIM_SHAPES");
  return text != nullptr ? std::atoi(text) : 3;
}
constexpr int kDesignsOfAShape = 7;
// Shapes from here on are random graphs of operators, then graphs that have every kind of them.
constexpr int kFirstOfOperators = 1000, kFirstOfEvery = 2000;
// The same with replicas of some operators and copies of some weights.
constexpr int kFirstOfReplicas = 10000;

RandomChip chip_of(int shape, int design) {
  RandomChipOptions options;
  options.samples = 12;
  options.replicas = shape >= kFirstOfReplicas;
  shape %= kFirstOfReplicas;
  options.mlp = shape % 3 == 2 && shape < kFirstOfEvery;  // Whose embeddings need tables.
  options.operators = shape >= kFirstOfOperators && shape < kFirstOfEvery;
  options.every = shape >= kFirstOfEvery;
  return random_chip(static_cast<std::uint64_t>(shape), static_cast<std::uint64_t>(design + 7),
                     options);
}

std::string folder(const std::string& name) {
  return ::testing::TempDir() + "/recpim_" + name + "_" + std::to_string(getpid());
}

// Bursts, gaps and single samples.
std::vector<Cycle> random_arrivals(std::uint64_t seed, std::uint64_t samples) {
  Random random(seed, 3);
  std::vector<Cycle> arrivals;
  Cycle at = 0;
  for (std::uint64_t s = 0; s < samples; ++s) {
    if (random.below(3) == 0) at += static_cast<Cycle>(random.below(3000));
    arrivals.push_back(at);
  }
  return arrivals;
}

class ChipCosim : public ::testing::TestWithParam<int> {};

// Weights, lookups, arrivals and initial register values differ, the shape and so the compiled chip
// stay.
TEST_P(ChipCosim, EveryTransferAsSimulated) {
  std::uint64_t transfers = 0;
  for (int design = 0; design < kDesignsOfAShape; ++design) {
    const RandomChip c = chip_of(GetParam(), design);
    const std::string text = in_child([&] {
      CosimOptions options;
      options.rtl_folder = folder("cosim");
      if (design > 0) options.simulate.arrivals = random_arrivals(design, 12);
      options.verilated.random_seed = static_cast<std::uint32_t>(design % 4);
      const TraceReader trace(c.trace_path);
      const Json json = cosim_json(cosimulate(c.design, c.model, trace, options));
      std::filesystem::remove_all(options.rtl_folder);
      return json.dump();
    });
    const Json result = Json::parse(text);
    EXPECT_EQ(result["mismatches"], 0)
        << "shape " << GetParam() << ", design " << design << ": " << result["first_mismatch"];
    EXPECT_GT(result["transfers"], 100);
    transfers += result["transfers"].get<std::uint64_t>();
    if (design == 0) {
      std::cout << c.design.tiles.size() << " tiles, build " << result["host"]["build_s"] << " s, "
                << result["host"]["cycles_per_s"] << " cycles/s\n";
    }
  }
  std::cout << transfers << " transfers\n";
}

INSTANTIATE_TEST_SUITE_P(Shapes, ChipCosim, ::testing::Range(0, shapes()));
INSTANTIATE_TEST_SUITE_P(Operators, ChipCosim,
                         ::testing::Range(kFirstOfOperators, kFirstOfOperators + shapes()));
INSTANTIATE_TEST_SUITE_P(EveryOperator, ChipCosim,
                         ::testing::Range(kFirstOfEvery, kFirstOfEvery + shapes()));
INSTANTIATE_TEST_SUITE_P(Replicas, ChipCosim,
                         ::testing::Range(kFirstOfReplicas, kFirstOfReplicas + shapes()));
INSTANTIATE_TEST_SUITE_P(ReplicasOfOperators, ChipCosim,
                         ::testing::Range(kFirstOfReplicas + kFirstOfOperators,
                                          kFirstOfReplicas + kFirstOfOperators + shapes()));
INSTANTIATE_TEST_SUITE_P(ReplicasOfEveryOperator, ChipCosim,
                         ::testing::Range(kFirstOfReplicas + kFirstOfEvery,
                                          kFirstOfReplicas + kFirstOfEvery + shapes()));

// Bags of several rows, placed by frequency and by co-occurrence with replicas, pooled in the
// array.
class PlacedChipCosim : public ::testing::TestWithParam<int> {};

TEST_P(PlacedChipCosim, EveryTransferAsSimulated) {
  RandomChipOptions drawn;
  drawn.samples = 16;
  drawn.pooling_in_array = true;
  drawn.placement = static_cast<PlacementKind>(1 + GetParam() % 2);
  // The first chip from this seed on that has replicas and sums rows in its arrays.
  auto seed = static_cast<std::uint64_t>(GetParam());
  RandomChip c = random_chip(seed, seed + 3, drawn);
  while (replicated_bytes(c.design, c.model) == 0 || c.design.hardware.rows_of_a_read() < 2) {
    ++seed;
    c = random_chip(seed, seed + 3, drawn);
  }
  const Json result = Json::parse(in_child([&] {
    CosimOptions options;
    options.rtl_folder = folder("placed");
    const TraceReader trace(c.trace_path);
    const Json json = cosim_json(cosimulate(c.design, c.model, trace, options));
    std::filesystem::remove_all(options.rtl_folder);
    return json.dump();
  }));
  EXPECT_EQ(result["mismatches"], 0) << result["first_mismatch"];
  EXPECT_GT(result["transfers"], 100);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlacedChipCosim, ::testing::Values(4, 7));

// A bug planted in the generated sources: the comparison must name it and leave a waveform.
Json cosim_with_bug(const std::string& module, const std::string& right, const std::string& wrong,
                    bool waveform) {
  const RandomChip c = chip_of(1, 0);
  return Json::parse(in_child([&] {
    CosimOptions options;
    options.rtl_folder = folder("bug");
    if (waveform) options.waveform = options.rtl_folder + "/mismatch.fst";
    std::filesystem::create_directories(options.rtl_folder);
    generate_rtl(c.design, c.model, options.rtl_folder);
    const std::string file = options.rtl_folder + "/rtl/" + module;
    std::string source = read_text_file(file);
    const std::size_t at = source.find(right);
    if (at == std::string::npos) throw std::runtime_error(module + " has no " + right);
    write_text_file(file, source.replace(at, right.size(), wrong));
    const TraceReader trace(c.trace_path);
    const Expectation expectation = expect(c.design, c.model, trace, options.simulate);
    Json json = cosim_json(compare(c.design, c.model, expectation, options));
    if (waveform) json["waveform_bytes"] = std::filesystem::file_size(options.waveform);
    std::filesystem::remove_all(options.rtl_folder);
    return json.dump();
  }));
}

TEST(PlantedBug, AShiftThatIsOffByOneIsCaught) {
  const Json result = cosim_with_bug("requantise.sv", ">>> shifts_q[l*6 +: 6]",
                                     ">>> (shifts_q[l*6 +: 6] + 6'd1)", true);
  EXPECT_GT(result["mismatches"], 0);
  const Json& first = result["first_mismatch"];
  EXPECT_EQ(first["port"], "injection") << first;
  // In the cycle both send something: the payload differs.
  EXPECT_EQ(first["simulator"].get<std::string>().find("nothing"), std::string::npos) << first;
  EXPECT_NE(first["rtl"], "nothing") << first;
  EXPECT_GT(result["waveform_bytes"], 0);
}

TEST(PlantedBug, ALateValidIsCaught) {
  const Json result = cosim_with_bug("product_engine.sv", "assign done_o     = done_q;",
                                     "logic late_q;\n"
                                     "  always_ff @(posedge clk_i) late_q <= done_q;\n"
                                     "  assign done_o     = late_q;",
                                     false);
  EXPECT_GT(result["mismatches"], 0);
  const Json& first = result["first_mismatch"];
  EXPECT_NE(first["block"].get<std::string>().find("dot"), std::string::npos) << first;
  EXPECT_EQ(first["rtl"], "nothing") << first;  // A cycle late.
}

}  // namespace
}  // namespace recpim
