// SPDX-License-Identifier: Apache-2.0
// recpim search as a user runs it: on a small trained DLRM, with the real simulator in the workers.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "models/mapping/design.h"
#include "models/quantisation/quantise.h"
#include "search/score/simulated_score.h"
#include "search/store/store.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim::search {
namespace {

namespace fs = std::filesystem;

struct Result {
  int code = 0;
  std::string out, err;
};

// A folder with a trace of 600 samples and a model trained on it (60 of them validate).
class SearchCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "recpim-system-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    run("trace generate --tables 3 --rows 120 --dense 3 --samples 600 --seed 2 -o " + at("t.h5"),
        0);
    run("model create --kind dlrm --trace " + at("t.h5") +
            " --embedding-dim 8 --bottom 16-8 --top 16-1 --seed 1 -o " + at("m0"),
        0);
    run("train --model " + at("m0") + " --trace " + at("t.h5") + " --epochs 1 --seed 1 -o " +
            at("m"),
        0);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  Result run(const std::string& arguments, int expected) const {
    const std::string command =
        std::string(RECPIM_COMMAND) + " " + arguments + " >" + at("out") + " 2>" + at("err");
    Result result;
    result.code = WEXITSTATUS(std::system(command.c_str()));
    result.out = read_text_file(at("out"));
    result.err = read_text_file(at("err"));
    EXPECT_EQ(result.code, expected) << arguments << "\n" << result.err;
    return result;
  }

  std::string search(const std::string& more) const {
    return "search --model " + at("m") + " --trace " + at("t.h5") +
           " --evaluations 24 --samples 20 --seed 5 " + more;
  }

  // What must be equal for equal searches: the store without wall time, front.json without the
  // parts that say where and when.
  std::string content(const std::string& run_folder) const {
    Json front = read_json_file(at(run_folder) + "/front.json");
    front.erase("host");
    front.erase("provenance");
    const Store store(at(run_folder), front.at("configuration"), "", true);
    std::string text = front.dump() + "\n";
    for (const Evaluation& e : store.evaluations()) {
      text += Json({e.number, e.parent, e.same_as, e.genome, state_name(e.outcome.state),
                    e.outcome.reason, e.outcome.objectives, e.outcome.details})
                  .dump() +
              "\n";
    }
    return text;
  }

  std::string folder_;
};

TEST_F(SearchCommand, JobsChangeNothingAndTheBestRuns) {
  run(search("--jobs 1 -o " + at("one")), 0);
  run(search("--jobs 3 -o " + at("three")), 0);
  EXPECT_TRUE(content("one") == content("three"));
  const Json front = read_json_file(at("one") + "/front.json");
  EXPECT_EQ(front.at("reference").at("objective"), 1.0);
  ASSERT_FALSE(front.at("front").empty());
  // No point of the front dominates another one.
  for (const Json& a : front.at("front")) {
    for (const Json& b : front.at("front")) {
      bool nowhere_worse = true;
      for (const char* name : kObjectiveNames) nowhere_worse &= a.at(name) <= b.at(name);
      EXPECT_TRUE(!nowhere_worse || a == b);
    }
  }
  // The design that was written is the one that was scored.
  run("simulate " + at("one/best/design.json") + " --trace " + at("one/samples.h5") + " -o " +
          at("again"),
      0);
  const Json result = read_json_file(at("again") + "/result.json");
  const Json& best = front.at("best");
  EXPECT_EQ(result.at("quality").at("logloss"), best.at("logloss"));
  EXPECT_EQ(result.at("energy_pj").at("per_sample"), best.at("energy_pj"));
  EXPECT_EQ(result.at("area_mm2").at("total"), best.at("area_mm2"));
  EXPECT_EQ(result.at("latency_cycles").at("mean").get<double>(),
            best.at("details").at("latency_mean_cycles").get<double>());
}

TEST_F(SearchCommand, KilledAndResumedEndsAsUninterrupted) {
  run(search("--jobs 2 -o " + at("whole")), 0);
  int kills = 0;
  for (const int milliseconds : {20, 60, 120, 200}) {
    const std::string command =
        std::string(RECPIM_COMMAND) + " " + search("--jobs 2 --resume -o " + at("cut"));
    const pid_t child = fork();
    if (child == 0) {
      execl("/bin/sh", "sh", "-c", ("exec " + command + " >/dev/null 2>&1").c_str(), nullptr);
      _exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    kills += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GT(kills, 0);
  run(search("--jobs 2 --resume -o " + at("cut")), 0);
  EXPECT_TRUE(content("cut") == content("whole"));
}

TEST_F(SearchCommand, ResumeNeedsTheSameSearch) {
  run(search("-o " + at("run")), 0);
  const std::string before = content("run");
  EXPECT_NE(run(search("-o " + at("run")), 2).err.find("--resume"), std::string::npos);
  const Result other = run("search --model " + at("m") + " --trace " + at("t.h5") +
                               " --evaluations 24 --samples 20 --seed 6 --resume -o " + at("run"),
                           2);
  EXPECT_NE(other.err.find("seed = 6: accepted: 5, as in the store"), std::string::npos)
      << other.err;
  // The population follows from the evaluations: the option is named, not what follows from it.
  const Result fewer = run("search --model " + at("m") + " --trace " + at("t.h5") +
                               " --evaluations 12 --samples 20 --seed 5 --resume -o " + at("run"),
                           2);
  EXPECT_NE(fewer.err.find("--resume: evaluations = 12: accepted: 24, as in the store"),
            std::string::npos)
      << fewer.err;
  run(search("--resume -o " + at("run")), 0);
  EXPECT_TRUE(content("run") == before);
  // Another process writes there.
  const Json front = read_json_file(at("run") + "/front.json");
  const Store held(at("run"), front.at("configuration"), "", true);
  EXPECT_NE(run(search("--resume -o " + at("run")), 2).err.find("no other search"),
            std::string::npos);
}

TEST_F(SearchCommand, AChipTooSmallIsInfeasible) {
  write_text_file(at("space.yaml"),
                  "mesh: {columns: 1, rows: 2}\nadc: {bits: [7, 8]}\nweight_bits: [4, 8]\n");
  const Result result = run(search("--hardware-space " + at("space.yaml") + " -o " + at("run")), 1);
  EXPECT_NE(result.err.find("no candidate could be scored"), std::string::npos) << result.err;
  const Json front = read_json_file(at("run") + "/front.json");
  EXPECT_EQ(front.at("evaluations").at("infeasible"), 24);
  EXPECT_EQ(front.at("best"), Json());
}

TEST_F(SearchCommand, BadInputIsOneLineAndLeavesNothing) {
  write_text_file(at("bad.yaml"), "crossbar: {rows: [100]}\n");
  write_text_file(at("foreign.yaml"), "technology: vacuum-tubes\n");
  run("trace generate --tables 0 --dense 3 --samples 50 --seed 2 -o " + at("mlp.h5"), 0);
  run("model create --kind mlp --trace " + at("mlp.h5") + " --layers 3-4-2 --seed 1 -o " +
          at("mlp"),
      0);
  const std::string with = "--model " + at("m") + " --trace " + at("t.h5");
  for (const std::string& words : std::vector<std::string>{
           "",
           "--model " + at("m"),
           "--trace " + at("t.h5"),
           with + " --evaluations 0",
           with + " --evaluations many",
           with + " --samples 61",
           with + " --jobs 0",
           with + " --lag 0",
           with + " --seed -1",
           with + " --timeout 0",
           with + " --algorithm annealing",
           with + " --objective speed=1",
           with + " --population 0",
           with + " --hardware-space " + at("bad.yaml"),
           with + " --hardware-space " + at("absent.yaml"),
           with + " --hardware-space " + at("foreign.yaml"),
           with + " surplus",
           "--model " + at("absent") + " --trace " + at("t.h5"),
           "--model " + at("m") + " --trace " + at("absent.h5"),
           "--model " + at("m") + " --trace " + at("mlp.h5"),
           "--model " + at("mlp") + " --trace " + at("mlp.h5"),
       }) {
    const Result result = run("search " + words + " -o " + at("none"), 2);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << words << result.err;
    EXPECT_FALSE(fs::exists(at("none"))) << words;
  }
  EXPECT_EQ(run("search " + with, 2).out, "");
  write_text_file(at("file"), "x");
  run("search " + with + " -o " + at("file"), 2);
}

TEST_F(SearchCommand, CountsTheSpace) {
  // search/README.md has the lists: 6 * 26 pairs * 3 * 2 * 7 * 6 * 5 = 196560; 7 operators.
  const Result small = run("search --count --model " + at("m"), 0);
  EXPECT_NE(small.out.find("together 196560"), std::string::npos) << small.out;
  EXPECT_NE(small.out.find("size of the space: 429876720\n"), std::string::npos) << small.out;
  // 196560 * 3^31
  EXPECT_NE(run("search --count", 0).out.find("size of the space: 121409882773572622320\n"),
            std::string::npos);
}

TEST_F(SearchCommand, QuantisedApartEqualsQuantisedTogether) {
  const Model model = load_model(at("m"));
  const DesignSpace space(model);
  const SimulatedScore score(model, space, at("t.h5"), 2);
  Random random(9);
  for (int i = 0; i < 20; ++i) {
    const Values values = space.space().values(space.space().sample(random));
    Model together = model;
    const std::vector<int> bits = space.weight_bits(values);
    for (std::size_t o = 0; o < bits.size(); ++o) {
      if (bits[o] != 0) together.operators[o].weight_bits = bits[o];
    }
    quantise_weights(together);
    const Model apart = score.model(values);
    for (std::size_t o = 0; o < bits.size(); ++o) {
      const Operator& a = apart.operators[o];
      const Operator& b = together.operators[o];
      EXPECT_EQ(a.weight_bits, b.weight_bits);
      EXPECT_EQ(a.weight_q, b.weight_q) << a.name;
      EXPECT_EQ(a.bias_q, b.bias_q) << a.name;
      EXPECT_EQ(a.weight, b.weight) << a.name;
      EXPECT_EQ(a.weight_scale, b.weight_scale) << a.name;
      ASSERT_EQ(a.requantiser.size(), b.requantiser.size());
      for (std::size_t c = 0; c < a.requantiser.size(); ++c) {
        EXPECT_EQ(a.requantiser[c].multiplier, b.requantiser[c].multiplier);
        EXPECT_EQ(a.requantiser[c].shift, b.requantiser[c].shift);
      }
    }
  }
}

}  // namespace
}  // namespace recpim::search
