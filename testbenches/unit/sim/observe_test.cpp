// SPDX-License-Identifier: Apache-2.0
// Timeline and wave of the three samples of ChipByHand.ThreeSamplesOfOneLayer. Their cycles are
// worked out there; beside them:
// - A flit injected at t is ejected at t + 4: it arrives at its router at t + 2, leaves for the
//   next one, arrives there at t + 4 and leaves for the tile.
// - The engine is busy from 8, 136 and 264 for 128 cycles; the vector unit for one from 149, 277,
//   405; the output is visible, and its head leaves, 4 cycles after that.
// - The tile gives the input's credit back when the engine is free: 136, 264, 392. The host gives
//   the prediction's back as it is transferred: 161, 289, 417.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "sim/chip/simulate.h"
#include "sim/observe/timeline.h"
#include "sim/observe/wave.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/unit/sim/small_chip.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using testing::scratch_folder;
using testing::small_hardware;
using testing::small_model;
using testing::small_trace;

/// (name, from, to)
using Slice = std::tuple<std::string, Cycle, Cycle>;
using Slices = std::vector<Slice>;

struct Seen {
  Json events;
  SimulationResult result;
};

Seen watch(Window window, SimulateOptions options = {}) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(3));
  const std::string path = scratch_folder() + "/timeline.json";
  Timeline timeline(path, design, model, window);
  options.observer = &timeline;
  options.tile_observer = &timeline;
  options.host_observer = &timeline;
  Seen seen;
  seen.result = simulate(design, model, trace, options);
  timeline.finish();
  seen.events = read_json_file(path).at("traceEvents");
  return seen;
}

std::string process_of(const Json& events, int pid) {
  for (const Json& e : events) {
    if (e["name"] == "process_name" && e["pid"] == pid) return e["args"]["name"];
  }
  return "";
}

std::pair<int, int> track_of(const Json& event) {
  return {event["pid"].get<int>(), event["tid"].get<int>()};
}

/// The slices of a thread of a process, in the order of time.
Slices slices(const Json& events, const std::string& process, const std::string& thread) {
  std::set<std::pair<int, int>> tracks;
  for (const Json& e : events) {
    if (e["name"] == "thread_name" && e["args"]["name"] == thread &&
        process_of(events, e["pid"]) == process) {
      tracks.insert(track_of(e));
    }
  }
  Slices found;
  for (const Json& e : events) {
    if (e["ph"] != "X" || tracks.count(track_of(e)) == 0) continue;
    const Cycle start = e["ts"];
    found.emplace_back(e["name"], start, start + e["dur"].get<Cycle>());
  }
  std::sort(found.begin(), found.end(),
            [](const Slice& a, const Slice& b) { return std::get<1>(a) < std::get<1>(b); });
  return found;
}

/// The spans (pairs of begin and end) of a process: name and sample, from, to.
Slices spans(const Json& events, const std::string& process) {
  Slices found;
  for (const Json& b : events) {
    if (b["ph"] != "b" || process_of(events, b["pid"]) != process) continue;
    for (const Json& e : events) {
      if (e["ph"] == "e" && e["pid"] == b["pid"] && e["id"] == b["id"] && e["name"] == b["name"]) {
        found.emplace_back(b["name"].get<std::string>() + " " + b["args"]["sample"].dump(), b["ts"],
                           e["ts"]);
      }
    }
  }
  return found;
}

TEST(TimelineByHand, EveryEventOfThreeSamples) {
  const Json events = watch({0, 1000}).events;
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "engine"),
            (Slices{{"sample 0", 8, 136}, {"sample 1", 136, 264}, {"sample 2", 264, 392}}));
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "vector unit"),
            (Slices{{"sample 0", 149, 150}, {"sample 1", 277, 278}, {"sample 2", 405, 406}}));
  EXPECT_EQ(slices(events, "tile 0: host", "packets out"),
            (Slices{{"data to tile 1 port 0", 1, 3},
                    {"data to tile 1 port 0", 3, 5},
                    {"data to tile 1 port 0", 142, 144},
                    {"credit to tile 1 send 0", 161, 162},
                    {"credit to tile 1 send 0", 289, 290},
                    {"credit to tile 1 send 0", 417, 418}}));
  const Slices in = slices(events, "tile 1: fc0.0", "packets in");
  ASSERT_GE(in.size(), 5U);
  EXPECT_EQ(Slices(in.begin(), in.begin() + 4), (Slices{{"data port 0", 5, 7},
                                                        {"data port 0", 7, 9},
                                                        {"data port 0", 146, 148},
                                                        {"credit send 0", 165, 166}}));
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "packets out"),
            (Slices{{"credit to tile 0 send 0", 136, 137},
                    {"data to tile 0 port 0", 153, 155},
                    {"credit to tile 0 send 0", 264, 265},
                    {"data to tile 0 port 0", 281, 283},
                    {"credit to tile 0 send 0", 392, 393},
                    {"data to tile 0 port 0", 409, 411}}));
  EXPECT_EQ(spans(events, "samples"),
            (Slices{{"sample 0", 0, 162}, {"sample 1", 1, 290}, {"sample 2", 3, 418}}));
  EXPECT_EQ(spans(events, "operators"),
            (Slices{{"fc0 0", 8, 150}, {"fc0 1", 136, 278}, {"fc0 2", 264, 406}}));
}

TEST(TimelineByHand, SamplesBeginAtTheirArrival) {
  SimulateOptions options;
  options.arrivals = {0, 1, 2};
  EXPECT_EQ(
      spans(watch({0, 1000}, options).events, "samples"),
      (Slices{
          {"sample 0", 0, 162}, {"sample 1", 1, 290}, {"sample 2", 2, 418}, {"queue 2", 2, 3}}));
}

// What lies in the window in part is kept whole.
TEST(TimelineByHand, TheWindowBoundsIt) {
  const Json events = watch({137, 149}).events;
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "engine"), (Slices{{"sample 1", 136, 264}}));
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "vector unit"), Slices{});
  EXPECT_EQ(slices(events, "tile 0: host", "packets out"),
            (Slices{{"data to tile 1 port 0", 142, 144}}));
  EXPECT_EQ(spans(events, "samples").size(), 3U);
  EXPECT_EQ(spans(events, "operators"), (Slices{{"fc0 0", 8, 150}, {"fc0 1", 136, 278}}));
}

TEST(TimelineByHand, IsTheSameOfEveryPhaseStepped) {
  SimulateOptions options;
  options.reference = true;
  const Json events = watch({0, 1000}, options).events;
  EXPECT_EQ(slices(events, "tile 1: fc0.0", "engine"),
            (Slices{{"sample 0", 8, 136}, {"sample 1", 136, 264}, {"sample 2", 264, 392}}));
  EXPECT_EQ(spans(events, "operators"),
            (Slices{{"fc0 0", 8, 150}, {"fc0 1", 136, 278}, {"fc0 2", 264, 406}}));
}

TEST(Timeline, LeavesNothingWithoutFinish) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const std::string folder = scratch_folder() + "/empty";
  std::filesystem::create_directories(folder);
  {
    const Timeline timeline(folder + "/timeline.json", design, model, {});
    const Wave wave(folder + "/wave.vcd", design, model, {});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

/// A VCD as (cycle, value) of each signal "scope.name", at 1 GHz.
std::map<std::string, std::vector<std::pair<Cycle, int>>> read_vcd(const std::string& path) {
  std::istringstream text(read_text_file(path));
  std::map<std::string, std::string> names;  // Identifier to name.
  std::map<std::string, std::vector<std::pair<Cycle, int>>> changes;
  std::string scope;
  std::string line;
  Cycle now = 0;
  while (std::getline(text, line)) {
    std::istringstream words(line);
    std::string first;
    std::string word;
    words >> first;
    if (first == "$scope") words >> word >> scope;
    if (first == "$var") {
      std::string id;
      std::string name;
      words >> word >> word >> id >> name;
      names[id] = scope + "." + name;
    }
    if (first[0] == '#') {
      EXPECT_EQ(std::stoll(first.substr(1)) % 1'000'000, 0);
      EXPECT_TRUE(now == 0 || std::stoll(first.substr(1)) / 1'000'000 > now);
      now = std::stoll(first.substr(1)) / 1'000'000;
    }
    if (first[0] == '0' || first[0] == '1') {
      changes[names.at(first.substr(1))].emplace_back(now, first[0] - '0');
    }
    if (first[0] == 'b') {
      words >> word;
      changes[names.at(word)].emplace_back(now, std::stoi(first.substr(1), nullptr, 2));
    }
  }
  return changes;
}

// A flit is on the wire in the cycle after it left.
TEST(WaveByHand, HandshakesOfThreeSamples) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(3));
  const std::string path = scratch_folder() + "/wave.vcd";
  Wave wave(path, design, model, {0, 200});
  SimulateOptions options;
  options.observer = &wave;
  simulate(design, model, trace, options);
  wave.finish();
  auto vcd = read_vcd(path);
  using Changes = std::vector<std::pair<Cycle, int>>;
  EXPECT_EQ(vcd["tile_1_fc0.in_valid"],
            (Changes{{0, 0}, {6, 1}, {10, 0}, {147, 1}, {149, 0}, {166, 1}, {167, 0}}));
  EXPECT_EQ(vcd["tile_1_fc0.port0_valid"], (Changes{{0, 0}, {6, 1}, {10, 0}, {147, 1}, {149, 0}}));
  EXPECT_EQ(vcd["tile_1_fc0.port0_id"], (Changes{{0, 0}, {8, 1}, {147, 2}}));
  EXPECT_EQ(vcd["tile_1_fc0.in_tail"],
            (Changes{{0, 0}, {7, 1}, {8, 0}, {9, 1}, {147, 0}, {148, 1}}));
  EXPECT_EQ(vcd["tile_1_fc0.in_credit"], (Changes{{0, 0}, {166, 1}}));
  EXPECT_EQ(vcd["host.out_valid"],
            (Changes{{0, 0}, {2, 1}, {6, 0}, {143, 1}, {145, 0}, {162, 1}, {163, 0}}));
  EXPECT_EQ(vcd["host.in_valid"], (Changes{{0, 0}, {141, 1}, {142, 0}, {158, 1}, {160, 0}}));
  EXPECT_EQ(vcd["tile_1_fc0.out_valid"], (Changes{{0, 0}, {137, 1}, {138, 0}, {154, 1}, {156, 0}}));
}

// Every figure of a run that is watched, beside the one that is not.
TEST(Observers, ChangeNoResult) {
  const auto run = [](bool watched) {
    return Json::parse(testing::in_child([watched] {
      SimulateOptions options;
      const Model model = small_model();
      const Design design = map_naive(model, small_hardware());
      const TraceReader trace(small_trace(3));
      Json json =
          watched ? watch({0, 1000}).result.json : simulate(design, model, trace, options).json;
      json.erase("host");
      return json.dump();
    }));
  };
  EXPECT_EQ(run(true), run(false));
}

}  // namespace
}  // namespace recpim
