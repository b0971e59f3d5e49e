// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"
#include "traces/generate/locality.h"
#include "traces/generate/permutation.h"
#include "traces/generate/planted_labels.h"
#include "traces/generate/zipf.h"
#include "traces/profile/profile.h"
#include "traces/support/json.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim {
namespace {

GenerateOptions small_options() {
  GenerateOptions options;
  options.rows = {100, 200, 300};
  options.pooling = {1, 1, 1};
  options.dense = 4;
  options.samples = 2000;
  options.seed = 7;
  return options;
}

TraceChunk whole(const std::string& path) {
  const TraceReader trace(path);
  TraceChunk chunk;
  trace.read(0, trace.info().samples, chunk);
  return chunk;
}

// Shares of ranks against (k+1)^-s / H: within five standard deviations of 200,000 draws.
TEST(Zipf, FollowsItsLaw) {
  for (const double skew : {0.0, 0.5, 1.0, 1.05, 2.5}) {
    constexpr std::uint64_t kRanks = 50;
    constexpr int kDraws = 200000;
    const Zipf zipf(kRanks, skew);
    Random random(3);
    std::vector<int> counts(kRanks, 0);
    for (int i = 0; i < kDraws; ++i) ++counts.at(zipf.draw(random));
    double total = 0;
    for (std::uint64_t k = 1; k <= kRanks; ++k) total += std::pow(static_cast<double>(k), -skew);
    for (std::uint64_t k = 1; k <= kRanks; ++k) {
      const double p = std::pow(static_cast<double>(k), -skew) / total;
      EXPECT_NEAR(counts[k - 1], kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)))
          << "skew " << skew << " rank " << k;
    }
  }
}

TEST(Zipf, OneRankAndManyRanks) {
  Random random(1);
  EXPECT_EQ(Zipf(1, 1.05).draw(random), 0U);
  const Zipf large(std::uint64_t{1} << 40U, 0.8);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(large.draw(random), std::uint64_t{1} << 40U);
}

TEST(Permutation, IsOne) {
  for (const std::uint64_t n : {1U, 2U, 3U, 5U, 16U, 17U, 1000U, 65536U}) {
    const Permutation permutation(n, 11, 1);
    std::vector<bool> seen(n, false);
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t to = permutation.at(i);
      ASSERT_LT(to, n);
      ASSERT_FALSE(seen[to]) << n;
      seen[to] = true;
    }
    EXPECT_THROW(permutation.at(n), std::out_of_range);
  }
}

TEST(Generate, SameSeedSameBytesOtherSeedOthers) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  generate_trace(options, scratch.at("a.h5"));
  generate_trace(options, scratch.at("b.h5"));
  EXPECT_EQ(sha256_of_file(scratch.at("a.h5")), sha256_of_file(scratch.at("b.h5")));
  options.seed = 8;
  generate_trace(options, scratch.at("c.h5"));
  EXPECT_NE(whole(scratch.at("a.h5")).indices, whole(scratch.at("c.h5")).indices);
}

TEST(Generate, AShorterTraceIsAPrefix) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  generate_trace(options, scratch.at("long.h5"));
  options.samples = 100;
  generate_trace(options, scratch.at("short.h5"));
  const TraceReader trace(scratch.at("long.h5"));
  TraceChunk prefix;
  trace.read(0, 100, prefix);
  const TraceChunk chunk = whole(scratch.at("short.h5"));
  EXPECT_EQ(chunk.indices, prefix.indices);
  EXPECT_EQ(chunk.dense, prefix.dense);
  EXPECT_EQ(chunk.labels, prefix.labels);
}

TEST(Generate, PoolingSizes) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  options.pooling = {1, 4, 2};
  generate_trace(options, scratch.at("fixed.h5"));
  const TraceChunk fixed = whole(scratch.at("fixed.h5"));
  EXPECT_EQ(fixed.indices[0].size(), 2000U);
  EXPECT_EQ(fixed.indices[1].size(), 8000U);
  options.pooling_kind = Pooling::kUniform;
  generate_trace(options, scratch.at("uniform.h5"));
  const TraceChunk uniform = whole(scratch.at("uniform.h5"));
  std::vector<std::uint64_t> sizes(8, 0);
  for (std::size_t b = 0; b < 2000; ++b) {
    ++sizes.at(uniform.offsets[1][b + 1] - uniform.offsets[1][b]);
  }
  EXPECT_EQ(sizes[0], 0U);
  for (std::size_t size = 1; size < 8; ++size) {  // 2000 / 7 = 286, five deviations are 78.
    EXPECT_NEAR(static_cast<double>(sizes[size]), 2000.0 / 7, 80);
  }
}

// The pilot of 4,096 samples of so many lookups took minutes and 16 GB before the first sample.
TEST(Generate, LongBagsHaveAShortPilot) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  options.rows = {1000};
  options.pooling = {1'000'000};
  options.samples = 1;
  const auto start = std::chrono::steady_clock::now();
  generate_trace(options, scratch.at("t.h5"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  EXPECT_EQ(whole(scratch.at("t.h5")).indices[0].size(), 1'000'000U);
}

TEST(Generate, MlpTraceHasNoTables) {
  const Scratch scratch;
  GenerateOptions options;
  options.dense = 512;
  options.samples = 300;
  generate_trace(options, scratch.at("m.h5"));
  const TraceReader trace(scratch.at("m.h5"));
  EXPECT_TRUE(trace.info().tables.empty());
  EXPECT_EQ(trace.info().dense, 512U);
  const TraceChunk chunk = whole(scratch.at("m.h5"));
  EXPECT_TRUE(std::all_of(chunk.dense.begin(), chunk.dense.end(), [](float x) { return x >= 0; }));
}

// The label function leaves much to learn: the true probabilities have a log loss far below that of
// a constant, and the recorded loss is what logit() gives for the recorded labels.
TEST(Generate, LabelsFollowThePlantedFunction) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  options.samples = 20000;
  const GenerateSummary summary = generate_trace(options, scratch.at("t.h5"));
  EXPECT_LT(summary.bayes_logloss, summary.constant_logloss - 0.1);
  EXPECT_NEAR(summary.bayes_logloss, summary.expected_logloss, 0.01);
  EXPECT_NEAR(summary.positive_share, 0.28, 0.03);
  const TraceReader trace(scratch.at("t.h5"));
  const Json provenance = Json::parse(trace.info().provenance);
  EXPECT_EQ(provenance["labels"]["bayes_logloss"].get<double>(), summary.bayes_logloss);
  // Within bins of the same feature pattern the labels agree with the probabilities: the mean of
  // label - p is 0 within five standard errors.
  TraceChunk chunk;
  trace.read(0, 4096, chunk);
  PlantedLabels labels(options.seed, 3, 4);
  labels.calibrate(chunk);
  double product = 0;
  for (std::uint64_t b = 0; b < chunk.count; ++b) {
    product += (static_cast<double>(chunk.labels[b]) - summary.positive_share) *
               (labels.logit(chunk, b) - PlantedLabels::kOffset);
  }
  EXPECT_GT(product / 4096, 0.2);  // Labels and logits go together.
}

// By hand: one table, no dense features: score = u[r], which has mean 0 and variance 1 over rows.
TEST(PlantedLabels, FirstOrderOfOneTableIsStandardised) {
  TraceChunk chunk;
  chunk.count = 50000;
  chunk.offsets.resize(1);
  chunk.indices.resize(1);
  for (std::uint32_t i = 0; i <= chunk.count; ++i) chunk.offsets[0].push_back(i);
  for (std::uint32_t i = 0; i < chunk.count; ++i) chunk.indices[0].push_back(i);
  PlantedLabels labels(1, 1, 0);
  double sum = 0;
  double squares = 0;
  for (std::uint64_t b = 0; b < chunk.count; ++b) {
    const double u = (labels.logit(chunk, b) - PlantedLabels::kOffset) / PlantedLabels::kGain;
    EXPECT_LE(std::abs(u), std::sqrt(3.0));
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / 50000, 0, 0.025);
  EXPECT_NEAR(squares / 50000, 1, 0.025);
}

std::string sample_locality() {
  return std::string(RECPIM_SOURCE_DIR) + "/traces/samples/locality.txt";
}

TEST(Locality, ReadsTheBlockAskedFor) {
  const LocalityProfile first = read_locality(sample_locality(), "");
  EXPECT_EQ(first.block, "cold_and_hot");
  ASSERT_EQ(first.bins.size(), 4U);
  EXPECT_EQ(first.bins[3].low, 4U);
  EXPECT_EQ(first.bins[3].high, 8U);
  EXPECT_DOUBLE_EQ(first.bins[3].lookups, 0.5);
  EXPECT_EQ(read_locality(sample_locality(), "cold_only").bins.size(), 1U);
  EXPECT_EQ(complaint([&] { read_locality(sample_locality(), "x"); }),
            sample_locality() + ": --locality-block = x: accepted: cold_and_hot, cold_only");
}

TEST(Locality, BadFiles) {
  const Scratch scratch;
  const std::string path = scratch.at("l.txt");
  const auto says = [&](const std::string& text) {
    write_text_file(path, text);
    return complaint([&] { read_locality(path, ""); });
  };
  const std::string head = "b\nLocality stats after processing\nRatio of index distribution\n";
  EXPECT_EQ(says("junk\n"), path + ": line 1: accepted: a locality report, see traces/README.md");
  EXPECT_NE(says("b\nLocality stats after processing\n"), "");
  EXPECT_NE(says(head + "(0, 1]: 0.5\n(2, 4]: 0.5\n").find("line 5 = (2, 4]: 0.5"),
            std::string::npos);
  EXPECT_NE(says(head + "(0, 1]: x\n").find("line 4"), std::string::npos);
  EXPECT_NE(says(head + "(0, 1]: 0.5\n").find("sum to 1"), std::string::npos);
  EXPECT_EQ(says(head + "(0, 1]: 1.0\n"), "");
}

// Half of 200 lookups in (4, 8]: by hand, reuse 5 .. 8 in proportion to 1/n has the mean
// 4 / ln(8.5 / 4.5) = 6.29, so 15 rows; the other half are rows of one lookup.
TEST(Locality, CountsSumToTheLookups) {
  const LocalityProfile profile = read_locality(sample_locality(), "");
  const auto counts = reuse_counts(profile, 200);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 200U);
  EXPECT_EQ(std::count_if(counts.begin(), counts.end(), [](auto n) { return n > 4; }), 15);
  EXPECT_NEAR(static_cast<double>(std::count(counts.begin(), counts.end(), 1U)), 100, 5);
  // Too few lookups for a row of the hot bin: they go to a colder one.
  EXPECT_EQ(reuse_counts(profile, 1), (std::vector<std::uint64_t>{1}));
  const ReuseSequence sequence(profile, 200, 1, 0);
  std::vector<std::uint64_t> seen(sequence.unique_rows(), 0);
  for (std::uint64_t p = 0; p < 200; ++p) ++seen.at(sequence.row_at(p));
  EXPECT_EQ(seen, counts);
}

// The histogram of the published report comes back from the trace, by rows and by lookups.
TEST(Locality, MatchesThePublishedHistogram) {
  const std::string file =
      std::string(RECPIM_SOURCE_DIR) + "/../shared/data/embedding_locality/2021.txt";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "SKIPPED: needs " << file << ", which is not there";
  }
  const Scratch scratch;
  GenerateOptions options;
  options.rows = {0};
  options.pooling = {20};
  options.dense = 0;
  options.samples = 20000;
  options.locality_file = file;
  generate_trace(options, scratch.at("t.h5"));
  const TraceProfile profile = profile_trace(TraceReader(scratch.at("t.h5")));
  const TableProfile& table = profile.tables[0];
  EXPECT_EQ(table.rows, table.unique_rows);
  EXPECT_NEAR(table.reuse, 6.9, 0.15);
  const std::vector<double> rows = {0.473, 0.152, 0.139, 0.112, 0.072, 0.032, 0.011};
  const std::vector<double> lookups = {0.069, 0.044, 0.068, 0.101, 0.121, 0.104, 0.073};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(
        static_cast<double>(table.rows_by_reuse[i]) / static_cast<double>(table.unique_rows),
        rows[i], 0.006)
        << i;
    EXPECT_NEAR(static_cast<double>(table.lookups_by_reuse[i]) / static_cast<double>(table.lookups),
                lookups[i], 0.003)
        << i;
  }
}

TEST(Locality, TooFewRowsAreRejected) {
  const Scratch scratch;
  GenerateOptions options = small_options();
  options.locality_file = sample_locality();
  options.rows = {100, 200, 10};
  EXPECT_NE(complaint([&] { generate_trace(options, scratch.at("t.h5")); }).find("--rows = 100"),
            std::string::npos);
  EXPECT_EQ(scratch.files(), 0U);
}

}  // namespace
}  // namespace recpim
