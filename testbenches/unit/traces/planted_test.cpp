// SPDX-License-Identifier: Apache-2.0
// Labels of stated interactions: the function by hand, the variance of its parts, and the Bayes log
// loss against integrals.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"
#include "traces/generate/planted_interactions.h"
#include "traces/profile/profile.h"
#include "traces/support/json.h"
#include "traces/support/math.h"
#include "traces/support/sha256.h"

namespace recpim {
namespace {

// Fields 1, 2, 3, 4: pairs 2 + 3 + 4 + 6 + 8 + 12 = 35, triples 6 + 8 + 12 + 24 = 50.
TEST(PlantedInteractions, SumsOverPairsAndTriples) {
  const OrderParts parts = interactions_of(10, 1 + 4 + 9 + 16, 1 + 8 + 27 + 64);
  EXPECT_DOUBLE_EQ(parts.first, 10);
  EXPECT_DOUBLE_EQ(parts.pairs, 35);
  EXPECT_DOUBLE_EQ(parts.triples, 50);
}

// Six samples: tables 0 and 1 (bags of two in table 1), dense features 0 and 1.
TraceChunk six_samples() {
  TraceChunk chunk;
  chunk.count = 6;
  chunk.offsets = {{0, 1, 2, 3, 4, 5, 6}, {0, 2, 4, 6, 8, 10, 12}};
  chunk.indices = {{0, 1, 2, 3, 4, 1}, {5, 6, 7, 7, 0, 1, 2, 3, 6, 5, 9, 1}};
  chunk.dense = {0.5F, 1, 2, -1, 0.25F, 3, 1, 1, -0.5F, 2, 4, 0};
  return chunk;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

std::vector<double> standardised(std::vector<double> values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  for (double& v : values) v = (v - mean) / deviation;
  return values;
}

// The function as README.md states it, by plain loops over fields, pairs and triples, with the
// samples as their own pilot. Dense feature 1 has a first-order part only.
TEST(PlantedInteractions, FollowsTheStatedFunction) {
  const TraceChunk chunk = six_samples();
  PlantedOptions options;
  options.first = 0.5;
  options.pairs = 1.5;
  options.triples = 2;
  options.dims = 9;  // More than one block of random bits a row.
  options.tables = {0, 1};
  options.dense = {0};
  options.click_rate = 0.3;
  PlantedInteractions planted(11, 2, 2, options);
  planted.calibrate([&](const PlantedInteractions::Visit& visit) { visit(chunk); });

  // x[field][k][sample], standardised over the samples.
  std::vector<std::vector<std::vector<double>>> x(4);
  for (int k = 0; k <= options.dims; ++k) {
    std::vector<std::vector<double>> raw(4, std::vector<double>(6));
    for (std::size_t b = 0; b < 6; ++b) {
      raw[0][b] = planted.hidden(0, chunk.indices[0][b], k);
      raw[1][b] = (planted.hidden(1, chunk.indices[1][2 * b], k) +
                   planted.hidden(1, chunk.indices[1][2 * b + 1], k)) /
                  std::sqrt(2.0);
      for (std::uint32_t j = 0; j < 2; ++j) {
        raw[2 + j][b] = planted.sign(j, k) * static_cast<double>(chunk.dense[2 * b + j]);
      }
    }
    for (std::size_t f = 0; f < 4; ++f) x[f].push_back(standardised(raw[f]));
  }
  std::vector<double> first(6), pairs(6), triples(6);
  for (std::size_t b = 0; b < 6; ++b) {
    for (std::size_t f = 0; f < 4; ++f) first[b] += x[f][0][b];
    for (std::size_t k = 1; k <= 9; ++k) {
      pairs[b] += x[0][k][b] * x[1][k][b] + x[0][k][b] * x[2][k][b] + x[1][k][b] * x[2][k][b];
      triples[b] += x[0][k][b] * x[1][k][b] * x[2][k][b];
    }
  }
  first = standardised(first);
  pairs = standardised(pairs);
  triples = standardised(triples);
  std::vector<double> clicks;
  for (std::uint64_t b = 0; b < 6; ++b) {
    EXPECT_NEAR(planted.logit(chunk, b),
                planted.bias() + 0.5 * first[b] + 1.5 * pairs[b] + 2 * triples[b], 1e-9);
    clicks.push_back(sigmoid(planted.logit(chunk, b)));
  }
  EXPECT_NEAR(mean_of(clicks), 0.3, 1e-9);
}

GenerateOptions three_tables() {
  GenerateOptions options;
  options.rows = {1000000, 1000000, 1000000};
  options.pooling = {1, 1, 1};
  options.dense = 0;
  options.skew = 0;
  options.samples = 200000;
  options.seed = 5;
  PlantedOptions planted;
  planted.dims = 1;
  planted.tables = {0, 1, 2};
  options.planted = planted;
  return options;
}

// Uniform lookups of large tables make u, x, y, z uniform in +-sqrt(3). Where first-order values
// and the three e are independent, the logit is b + A (u + v + w) / sqrt(3) + B (xy + xz + yz) /
// sqrt(3) + C xyz, and sums and integrals follow by midpoints: 12 along each of six axes.
struct Integral {
  double rate = 0, entropy = 0;
};

Integral integral(double bias, double a, double b, double c) {
  constexpr int kPoints = 12;
  const double root = std::sqrt(3.0);
  const auto at = [&](int i) { return root * (2 * (i + 0.5) / kPoints - 1); };
  // The sum of three uniform values: its distribution over 12^3 points.
  std::vector<double> sums;
  std::vector<double> products;
  for (int i = 0; i < kPoints; ++i) {
    for (int j = 0; j < kPoints; ++j) {
      for (int k = 0; k < kPoints; ++k) {
        const double x = at(i), y = at(j), z = at(k);
        sums.push_back(a * (x + y + z) / root);
        products.push_back(b * (x * y + x * z + y * z) / root + c * x * y * z);
      }
    }
  }
  Integral result;
  for (const double s : sums) {
    for (const double p : products) {
      result.rate += sigmoid(bias + s + p);
      result.entropy += label_entropy(bias + s + p);
    }
  }
  const double n = static_cast<double>(sums.size()) * static_cast<double>(products.size());
  return {result.rate / n, result.entropy / n};
}

// The 12-point rule gives each axis the variance 1 - 1/144, hence strengths that much lower: 0.7 %
// of the first, 1.4 of the second, 2.1 of the third; far inside the tolerance. 200,000 samples
// leave a standard error of about 0.0004 in the expected loss and 0.001 in the realised one.
TEST(PlantedInteractions, BayesLogLossIsTheIntegral) {
  const Scratch scratch;
  for (const auto& [a, b, c] : {std::array<double, 3>{1.5, 0, 0}, std::array<double, 3>{0, 1.5, 0},
                                std::array<double, 3>{0, 0, 2}, std::array<double, 3>{1, 1, 1}}) {
    GenerateOptions options = three_tables();
    options.planted->first = a;
    options.planted->pairs = b;
    options.planted->triples = c;
    const GenerateSummary summary = generate_trace(options, scratch.at("t.h5"));
    const Json labels = Json::parse(TraceReader(scratch.at("t.h5")).info().provenance)["labels"];
    const Integral wanted = integral(labels["bias"].get<double>(), a, b, c);
    EXPECT_NEAR(wanted.rate, 0.25, 0.003) << a << b << c;
    EXPECT_NEAR(summary.expected_logloss, wanted.entropy, 0.003) << a << b << c;
    EXPECT_NEAR(summary.bayes_logloss, wanted.entropy, 0.006) << a << b << c;
  }
}

struct Sums {
  double n = 0, first = 0, pairs = 0, triples = 0, first_2 = 0, pairs_2 = 0, triples_2 = 0;
  double first_pairs = 0, first_triples = 0, pairs_triples = 0;
  void add(const OrderParts& p) {
    n += 1;
    first += p.first;
    pairs += p.pairs;
    triples += p.triples;
    first_2 += p.first * p.first;
    pairs_2 += p.pairs * p.pairs;
    triples_2 += p.triples * p.triples;
    first_pairs += p.first * p.pairs;
    first_triples += p.first * p.triples;
    pairs_triples += p.pairs * p.triples;
  }
};

// On skewed lookups, bags and dense features, over samples that the pilot did not see: each part
// has mean 0 and variance 1, and parts of different order do not correlate.
TEST(PlantedInteractions, PartsHaveUnitVarianceAndDoNotCorrelate) {
  const Scratch scratch;
  GenerateOptions options;
  options.rows = {50, 200, 1000, 30};
  options.pooling = {1, 1, 3, 1};
  options.pooling_kind = Pooling::kUniform;
  options.dense = 3;
  options.samples = 60000;
  options.planted = PlantedOptions{};
  options.planted->dims = 3;
  options.planted->tables = {0, 1, 2};
  options.planted->dense = {0, 2};
  generate_trace(options, scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  TraceChunk half;
  PlantedInteractions planted(options.seed, 4, 3, *options.planted);
  planted.calibrate([&](const PlantedInteractions::Visit& visit) {
    TraceChunk pilot;
    trace.read(0, 30000, pilot);
    visit(pilot);
  });
  trace.read(30000, 30000, half);
  Sums sums;
  for (std::uint64_t b = 0; b < half.count; ++b) sums.add(planted.parts(half, b));
  EXPECT_NEAR(sums.first / sums.n, 0, 0.03);
  EXPECT_NEAR(sums.pairs / sums.n, 0, 0.03);
  EXPECT_NEAR(sums.triples / sums.n, 0, 0.03);
  EXPECT_NEAR(sums.first_2 / sums.n, 1, 0.05);
  EXPECT_NEAR(sums.pairs_2 / sums.n, 1, 0.1);
  EXPECT_NEAR(sums.triples_2 / sums.n, 1, 0.2);
  EXPECT_NEAR(sums.first_pairs / sums.n, 0, 0.03);
  EXPECT_NEAR(sums.first_triples / sums.n, 0, 0.05);
  EXPECT_NEAR(sums.pairs_triples / sums.n, 0, 0.08);
}

// What the file says of its own labels: the stored log odds give the losses of the provenance, and
// `trace info` the same.
TEST(PlantedInteractions, TheTraceKnowsItsBayesLogLoss) {
  const Scratch scratch;
  GenerateOptions options = three_tables();
  options.samples = 30000;
  const GenerateSummary summary = generate_trace(options, scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  ASSERT_TRUE(trace.info().has_true_logits);
  TraceChunk chunk;
  trace.read(0, 30000, chunk);
  double loss = 0;
  for (std::size_t b = 0; b < 30000; ++b) {
    const double p = 1 / (1 + std::exp(-static_cast<double>(chunk.true_logits[b])));
    loss -= std::log(chunk.labels[b] != 0 ? p : 1 - p) / 30000;
  }
  EXPECT_NEAR(loss, summary.bayes_logloss, 1e-6);
  const TraceProfile profile = profile_trace(trace);
  EXPECT_NEAR(profile.bayes_logloss, summary.bayes_logloss, 1e-6);
  EXPECT_NEAR(profile.expected_logloss, summary.expected_logloss, 1e-6);
  EXPECT_EQ(to_json(profile)["bayes_logloss"].get<double>(), profile.bayes_logloss);
  EXPECT_NE(to_text(profile).find("log loss of the true probabilities 0."), std::string::npos);
  // Gathered samples bring theirs along.
  TraceChunk some;
  trace.gather({7, 29999, 7}, some);
  EXPECT_EQ(some.true_logits, (std::vector<float>{chunk.true_logits[7], chunk.true_logits[29999],
                                                  chunk.true_logits[7]}));
}

TEST(PlantedInteractions, SameSeedSameBytesAndAShorterTraceIsAPrefix) {
  const Scratch scratch;
  GenerateOptions options = three_tables();
  options.samples = 5000;
  generate_trace(options, scratch.at("a.h5"));
  generate_trace(options, scratch.at("b.h5"));
  EXPECT_EQ(sha256_of_file(scratch.at("a.h5")), sha256_of_file(scratch.at("b.h5")));
  options.samples = 100;
  generate_trace(options, scratch.at("short.h5"));
  TraceChunk prefix;
  TraceReader(scratch.at("a.h5")).read(0, 100, prefix);
  TraceChunk shorter;
  TraceReader(scratch.at("short.h5")).read(0, 100, shorter);
  EXPECT_EQ(prefix.true_logits, shorter.true_logits);
  EXPECT_EQ(prefix.labels, shorter.labels);
  options.seed = 6;
  generate_trace(options, scratch.at("other.h5"));
  TraceReader(scratch.at("other.h5")).read(0, 100, shorter);
  EXPECT_NE(prefix.true_logits, shorter.true_logits);
}

// A locality file's lookups are their own pilot.
TEST(PlantedInteractions, WorksOnMeasuredLocality) {
  const Scratch scratch;
  GenerateOptions options = three_tables();
  options.samples = 3000;
  options.rows = {0, 0, 0};
  options.locality_file = std::string(RECPIM_SOURCE_DIR) + "/traces/samples/locality.txt";
  const GenerateSummary summary = generate_trace(options, scratch.at("t.h5"));
  EXPECT_NEAR(summary.positive_share, 0.25, 0.04);
}

}  // namespace
}  // namespace recpim
