// SPDX-License-Identifier: Apache-2.0
// recpim simulate under load and watched, as a user calls it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

namespace fs = std::filesystem;

class LoadCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "recpim-load-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    run("trace generate --tables 2 --rows 50 --dense 4 --samples 400 --seed 1 "
        "--arrival-rate 200000 -o t.h5");
    run("model create --kind dlrm --trace t.h5 --embedding-dim 4 --bottom 8-4 --top 8-1 -o m");
    run("map --model m -o d.json");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string run(const std::string& arguments) const {
    const std::string command =
        "cd '" + folder_ + "' && '" RECPIM_COMMAND "' " + arguments + " >out 2>err </dev/null";
    const int status = std::system(command.c_str());
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << arguments << "\n"
                                                               << read_text_file(at("err"));
    return read_text_file(at("out"));
  }
  std::string simulate(const std::string& arguments) const {
    return run("simulate d.json --trace t.h5 --mode timing " + arguments);
  }
  Json result(const std::string& run_folder) const {
    Json json = read_json_file(at(run_folder + "/result.json"));
    for (const char* key : {"host", "provenance", "quality"}) json.erase(key);
    return json;
  }

  std::string folder_;
};

TEST_F(LoadCommand, ACurveIsTheSameForAnyJobsAndItsPointsAreSingleRuns) {
  const std::string poisson = "--arrival poisson --seed 4 ";
  const std::string table = simulate(poisson + "--sweep 2e5:1.4e6:4 --jobs 1 -o one");
  EXPECT_NE(table.find("knee: "), std::string::npos) << table;
  simulate(poisson + "--rate 2e5,6e5,1e6,1.4e6 --jobs 3 -o three");
  EXPECT_EQ(read_text_file(at("one/curve.csv")), read_text_file(at("three/curve.csv")));
  const Json curve = read_json_file(at("three/curve.json"));
  EXPECT_EQ(curve["schema"], "recpim.curve/1");
  EXPECT_EQ(curve["mode"], "timing");
  EXPECT_EQ(curve["provenance"]["seed"], 4);
  ASSERT_EQ(curve["points"].size(), 4U);
  simulate(poisson + "--rate 1e6 -o single");
  const Json single = result("single");
  EXPECT_EQ(curve["points"][2]["latency_cycles"], single["latency_cycles"]);
  EXPECT_EQ(curve["points"][2]["queue_cycles"], single["load"]["queue_cycles"]);
  EXPECT_EQ(single["arrival"]["seed"], 4);
  // More load, longer tails; beyond the throughput of a sample in 1024 cycles nothing is gained.
  const Json& points = curve["points"];
  EXPECT_LT(points[0]["latency_cycles"]["p99"], points[3]["latency_cycles"]["p99"]);
  EXPECT_LT(points[3]["achieved_samples_per_s"].get<double>(), 1.2e9 / 1024 * 1.001);
}

TEST_F(LoadCommand, RecordedArrivalsAreTheGeneratedProcess) {
  simulate("--arrival trace -o recorded");
  simulate("--arrival poisson --rate 200000 --seed 1 -o poisson");
  const Json recorded = result("recorded");
  const Json poisson = result("poisson");
  EXPECT_EQ(recorded["arrival"]["process"], "trace");
  // The trace rounds to ns.
  EXPECT_NEAR(recorded["latency_cycles"]["mean"].get<double>(),
              poisson["latency_cycles"]["mean"].get<double>(), 2);
  simulate("--arrival trace --rate 1e6 -o fast");
  EXPECT_NEAR(result("fast")["load"]["offered_samples_per_s"].get<double>(), 1e6, 10);
}

TEST_F(LoadCommand, TimelineAndWaveChangeNoResult) {
  simulate("--samples 20 -o plain");
  const std::string said =
      simulate("--samples 20 -o watched --timeline watched/t.json --wave w.vcd --window 0:3000");
  EXPECT_NE(said.find("timeline: watched/t.json\nwave: w.vcd\n"), std::string::npos) << said;
  EXPECT_EQ(result("plain"), result("watched"));
  EXPECT_GT(read_json_file(at("watched/t.json"))["traceEvents"].size(), 50U);
  EXPECT_EQ(read_text_file(at("w.vcd")).substr(0, 8), "$version");
  simulate("--samples 20 -o watched");  // A later run's folder keeps what is not its own.
  EXPECT_TRUE(fs::exists(at("watched/t.json")));
}

}  // namespace
}  // namespace recpim
