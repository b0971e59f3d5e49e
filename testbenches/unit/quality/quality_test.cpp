// SPDX-License-Identifier: Apache-2.0
// The quality table: its statistics by hand, its configuration, its file of results.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "testbenches/bench/training/quality/contender.h"
#include "testbenches/bench/training/quality/paired.h"
#include "testbenches/bench/training/quality/results.h"
#include "testbenches/bench/training/quality/table.h"
#include "testbenches/bench/training/quality/training_run.h"
#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"
#include "traces/support/output.h"

namespace recpim::quality {
namespace {

// Split means 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, error sqrt(26 / (3 * 2)). The mean of the
// five values is another: splits count alike, however many runs they have.
TEST(Estimate, IsClusteredBySplit) {
  const Estimate e = estimate({{1, 1, 1}, {1, 2, 3}, {2, 1, 4}, {3, 1, 8}, {3, 2, 10}});
  EXPECT_DOUBLE_EQ(e.mean, 5);
  EXPECT_DOUBLE_EQ(e.error, std::sqrt(26.0 / 6));
  EXPECT_EQ(e.splits, 3);
  EXPECT_EQ(e.runs, 5);
}

TEST(Estimate, OneSplitHasNoError) {
  const Estimate e = estimate({{7, 1, 1}, {7, 2, 2}});
  EXPECT_DOUBLE_EQ(e.mean, 1.5);
  EXPECT_TRUE(std::isnan(e.error));
  EXPECT_EQ(estimate({}).runs, 0);
}

// Splits 10 apart, models 0.5 and 0.7 apart: the difference is 0.6, its error that of {0.5, 0.7}:
// sqrt(2 * 0.01 / 2) = 0.1. What has no partner counts nothing.
TEST(PairedDifference, SplitsCancel) {
  const std::vector<Measured> base = {{1, 1, 10}, {2, 1, 20}, {4, 1, 99}};
  const std::vector<Measured> values = {{2, 1, 20.7}, {1, 1, 10.5}, {3, 1, 5}, {1, 2, 77}};
  const Estimate e = paired_difference(values, base);
  EXPECT_EQ(e.runs, 2);
  EXPECT_EQ(e.splits, 2);
  EXPECT_NEAR(e.mean, 0.6, 1e-12);
  EXPECT_NEAR(e.error, 0.1, 1e-12);
}

// Split 1: 1, 3 about 2 (squares 2, one degree); split 2: 4, 4, 7 about 5 (1 + 1 + 4, two degrees);
// split 3 alone says nothing. sqrt(8 / 3).
TEST(InitialisationDeviation, IsPooledWithinSplits) {
  EXPECT_DOUBLE_EQ(
      initialisation_deviation({{1, 1, 1}, {1, 2, 3}, {2, 1, 4}, {2, 2, 4}, {2, 3, 7}, {3, 1, 50}}),
      std::sqrt(8.0 / 3));
  EXPECT_TRUE(std::isnan(initialisation_deviation({{1, 1, 1}, {2, 1, 2}})));
}

constexpr const char* kConfig = R"({"data": "small", "base": "fm", "splits": [1, 2],
  "initialisations": [1], "tuning_splits": [3], "models": [
  {"kind": "lr", "epochs": 1, "rate": 0.1, "try": [{"table_rate": 0.5}, {"batch": 16}]},
  {"kind": "fm", "embedding_dim": 4},
  {"name": "truth", "kind": "bayes"}]})";

TEST(QualityConfig, SettingsAreDefaultsAndWhatIsSaid) {
  const Scratch scratch;
  write_text_file(scratch.at("c.json"), kConfig);
  const QualityConfig config = read_config(scratch.at("c.json"));
  ASSERT_EQ(config.models.size(), 3U);
  EXPECT_EQ(config.models[0].chosen.train.epochs, 1);
  EXPECT_EQ(config.models[0].chosen.train.adagrad.rate, 0.1);
  EXPECT_EQ(config.models[0].chosen.train.batch, TrainOptions{}.batch);
  // A try starts from the defaults, not from what was chosen.
  ASSERT_EQ(config.models[0].tried.size(), 2U);
  EXPECT_EQ(config.models[0].tried[0].train.epochs, TrainOptions{}.epochs);
  EXPECT_EQ(config.models[0].tried[1].train.batch, 16);
  EXPECT_EQ(settings_of(config.models[1].chosen)["embedding_dim"], 4);
  EXPECT_EQ(config.models[2].chosen.name, "truth");
  EXPECT_EQ(config.splits, (std::vector<std::uint64_t>{1, 2}));
}

TEST(QualityConfig, BadOnesAreNamedWithTheirPlace) {
  const Scratch scratch;
  const std::string path = scratch.at("c.json");
  const auto says = [&](const std::string& from, const std::string& to) {
    std::string text = kConfig;
    text.replace(text.find(from), from.size(), to);
    write_text_file(path, text);
    return complaint([&] { read_config(path); });
  };
  EXPECT_NE(says("\"base\": \"fm\"", "\"base\": \"x\"").find("base"), std::string::npos);
  EXPECT_NE(says("0.1", "-1").find("models[0].rate = -1"), std::string::npos);
  EXPECT_NE(says("table_rate", "table_speed").find("models[0].try[0]"), std::string::npos);
  EXPECT_NE(says("\"truth\"", "\"lr\"").find("models[2].name"), std::string::npos);
}

// A line cut short by a killed run is dropped from the file, and the next one starts a line.
TEST(Results, AKilledRunLeavesWholeLines) {
  const Scratch scratch;
  const std::string path = scratch.at("r.jsonl");
  EXPECT_TRUE(read_results(path).empty());
  append_result(path, {{"a", 1}});
  append_result(path, {{"a", 2}});
  std::ofstream(path, std::ios::app) << "{\"a\": 3, \"b";
  ASSERT_EQ(read_results(path).size(), 2U);
  append_result(path, {{"a", 4}});
  const auto lines = read_results(path);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2]["a"], 4);
  std::ofstream(path, std::ios::app) << "junk\n{}\n";
  EXPECT_EQ(complaint([&] { read_results(path); }),
            path + ": line 4 = junk: accepted: a JSON object");
}

// Bias, weights and training on 400 samples, twice: the same line; then the table of both models
// and of the true probabilities.
TEST(Quality, RunsRepeatAndMakeATable) {
  const Scratch scratch;
  GenerateOptions options;
  options.rows = {5, 6, 7};
  options.pooling = {1, 1, 1};
  options.dense = 2;
  options.samples = 400;
  options.planted = PlantedOptions{1, 1, 0, 2, {0, 1, 2}, {}, 0.4};
  generate_trace(options, scratch.at("t.h5"));
  write_text_file(scratch.at("c.json"), kConfig);
  const QualityConfig config = read_config(scratch.at("c.json"));
  const TraceReader trace(scratch.at("t.h5"));
  const std::string hash = sha256_of_samples(scratch.at("t.h5"));
  std::vector<Json> lines;
  for (const Entry& entry : config.models) {
    for (const std::uint64_t split : config.splits) {
      lines.push_back(key_of(hash, entry.chosen, split, 1));
      lines.back().update(run_once(entry.chosen, trace, split, 1));
      EXPECT_TRUE(answers(lines.back(), key_of(hash, entry.chosen, split, 1)));
      EXPECT_FALSE(answers(lines.back(), key_of(hash, entry.chosen, split, 2)));
    }
  }
  const Contender& fm = config.models[1].chosen;
  EXPECT_EQ(run_once(fm, trace, 1, 1)["test"], lines[2]["test"]);
  EXPECT_EQ(validate_once(fm, trace, 1, 1)["validation"], lines[2]["validation"]);
  EXPECT_NE(lines[2]["test"]["int8"], lines[2]["test"]["int4"]);
  EXPECT_EQ(lines[2]["test"]["samples"], 40);

  const std::string table = quality_table(config, lines);
  EXPECT_NE(table.find("| lr | 4 / 8 | 2 |"), std::string::npos) << table;
  EXPECT_NE(table.find("| truth | true probabilities | 2 |"), std::string::npos) << table;
  // The base is 0 from itself.
  EXPECT_NE(table.find("+0.00000 ± 0.00000"), std::string::npos) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2 + 3 + 3 + 1) << table;
}

TEST(TuningTable, RanksByValidationAndMarksTheChosen) {
  const Scratch scratch;
  write_text_file(scratch.at("c.json"), kConfig);
  const QualityConfig config = read_config(scratch.at("c.json"));
  std::vector<Json> lines;
  const auto add = [&](const Contender& c, double loss) {
    lines.push_back(key_of("", c, 3, 1));
    lines.back()["validation"] = {{"logloss", loss}, {"auc", 0.7}};
  };
  add(config.models[0].chosen, 0.5);
  add(config.models[0].tried[0], 0.4);
  add(config.models[0].tried[1], 0.6);
  const std::string table = tuning_table(config, lines, 1);
  EXPECT_NE(table.find("| lr, 1 of 3 | epochs 2"), std::string::npos) << table;
  EXPECT_NE(table.find("| lr, 2 of 3 | **epochs 1"), std::string::npos) << table;
  EXPECT_EQ(table.find("3 of 3"), std::string::npos) << table;
}

}  // namespace
}  // namespace recpim::quality
