// SPDX-License-Identifier: Apache-2.0
// Generated chips, compiled and driven, against the simulator: every flit on every tile's wires, in
// cycle and payload, and every prediction.
#include "rtl/cosim/verilated_chip.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <tuple>

#include "rtl/gen/chip.h"
#include "sim/chip/simulate.h"
#include "testbenches/harness/random_chip.h"

namespace recpim {
namespace {

using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;
using Words = std::vector<std::uint32_t>;

/// {cycle in which it left, tile, direction} -> words.
using Flits = std::map<std::tuple<Cycle, int, int>, Words>;

class Recorder : public FlitObserver {
 public:
  explicit Recorder(int flit_bits) : flit_bits_(flit_bits) {}
  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override {
    flits[{left, tile, direction == Direction::kInjected ? 0 : 1}] =
        flit_words(packet, k, flit_bits_);
  }
  Flits flits;

 private:
  int flit_bits_;
};

std::string shown(const Words& words) {
  std::string text;
  for (const auto word : words) text += " " + std::to_string(word);
  return text;
}

/// The request beats that the host's payload flits came from.
std::vector<RequestBeat> beats_of(const Flits& flits) {
  std::vector<RequestBeat> beats;
  for (const auto& [key, words] : flits) {
    if (std::get<1>(key) != 0 || std::get<2>(key) != 0 || (words.back() & 2U) != 0) continue;
    beats.push_back({Words(words.begin(), words.end() - 1), (words.back() & 1U) != 0});
  }
  return beats;
}

/// Runs the RTL for `cycles` cycles with the beats as early as it takes them.
Flits run_rtl(VerilatedChip& chip, const std::vector<RequestBeat>& beats, Cycle cycles,
              std::vector<Cycle>& predictions) {
  Flits flits;
  std::size_t next = 0;
  const auto words = static_cast<std::size_t>(chip.flit_bits() / 32 + 1);
  while (chip.now() < cycles) {
    for (int tile = 0; tile < chip.tiles(); ++tile) {
      for (const auto d : {FlitObserver::Direction::kInjected, FlitObserver::Direction::kEjected}) {
        if (!chip.flit_valid(tile, d)) continue;
        const std::uint32_t* flit = chip.flit(tile, d);
        flits[{chip.now() - 1, tile, d == FlitObserver::Direction::kInjected ? 0 : 1}] =
            Words(flit, flit + words);
      }
    }
    if (chip.prediction_valid() && chip.prediction_last()) predictions.push_back(chip.now());
    const RequestBeat* beat = next < beats.size() ? &beats[next] : nullptr;
    if (beat != nullptr && chip.request_ready()) ++next;
    chip.step(beat);
  }
  EXPECT_EQ(next, beats.size());
  return flits;
}

std::string shown(const Flits& flits, const Flits::key_type& key) {
  const auto found = flits.find(key);
  return found == flits.end() ? " nothing" : shown(found->second);
}

/// Complains about the first differences.
void compare(const Design& design, const Flits& simulated, const Flits& rtl) {
  std::vector<std::string> kinds;
  for (const Tile& tile : design.tiles) {
    constexpr const char* kNames[] = {"host", "MVM", "embedding", "interaction"};
    kinds.emplace_back(kNames[static_cast<int>(tile.kind)]);
  }
  std::set<Flits::key_type> keys;
  for (const auto& each : simulated) keys.insert(each.first);
  for (const auto& each : rtl) keys.insert(each.first);
  int mismatches = 0;
  for (const auto& key : keys) {
    const std::string left = shown(simulated, key);
    const std::string right = shown(rtl, key);
    if (left == right || ++mismatches > 5) continue;
    ADD_FAILURE() << "cycle " << std::get<0>(key) << ", tile " << std::get<1>(key) << " ("
                  << kinds[static_cast<std::size_t>(std::get<1>(key))] << ")"
                  << (std::get<2>(key) == 0 ? " injected" : " ejected") << ": simulated" << left
                  << ", RTL" << right;
  }
  EXPECT_EQ(mismatches, 0);
}

class Chips : public ::testing::TestWithParam<int> {};

TEST_P(Chips, EveryFlitAsSimulated) {
  RandomChipOptions options;
  options.samples = 12;
  options.mlp = GetParam() % 3 == 2;
  const auto seed = static_cast<std::uint64_t>(GetParam());
  const RandomChip c = random_chip(seed, seed + 7, options);

  Recorder recorder(c.design.hardware.mesh.flit_bits);
  SimulateOptions simulation;
  simulation.observer = &recorder;
  const TraceReader trace(c.trace_path);
  const SimulationResult result = simulate(c.design, c.model, trace, simulation);
  ASSERT_FALSE(recorder.flits.empty());

  const std::string folder = ::testing::TempDir() + "/rtl_" + std::to_string(getpid());
  generate_rtl(c.design, c.model, folder);
  VerilatedOptions build;
  build.random_seed = 3;
  VerilatedChip chip(folder, build);
  chip.load(folder + "/images");
  std::vector<Cycle> predictions;
  const auto begin = std::chrono::steady_clock::now();
  const Cycle cycles = result.predictions.back().transferred + 500;
  const Flits rtl = run_rtl(chip, beats_of(recorder.flits), cycles, predictions);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::cout << "build " << chip.library().seconds << " s, " << chip.tiles() << " tiles, " << cycles
            << " cycles, " << static_cast<double>(cycles) / seconds / 1000 << " kcycles/s, "
            << recorder.flits.size() << " flits\n";
  std::filesystem::remove_all(folder);

  compare(c.design, recorder.flits, rtl);
  ASSERT_EQ(predictions.size(), result.predictions.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    EXPECT_EQ(predictions[i], result.predictions[i].transferred) << "prediction " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chips, ::testing::Range(0, 2));

}  // namespace
}  // namespace recpim
