// SPDX-License-Identifier: Apache-2.0
// When samples arrive: the Poisson process, and the arrivals that a trace records.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"
#include "traces/generate/poisson.h"
#include "traces/profile/profile.h"

namespace recpim {
namespace {

std::vector<double> gaps_of(std::uint64_t seed, std::size_t count) {
  PoissonArrivals arrivals(seed);
  std::vector<double> gaps(count);
  double before = arrivals.next();
  EXPECT_EQ(before, 0);
  for (double& gap : gaps) {
    const double at = arrivals.next();
    gap = at - before;
    before = at;
  }
  return gaps;
}

// Five standard deviations of each statistic; the seed is fixed, so it passes or fails for good.
TEST(Poisson, GapsAreExponentialAndIndependent) {
  constexpr std::size_t kGaps = 200'000;
  const double n = kGaps;
  std::vector<double> gaps = gaps_of(11, kGaps);
  double sum = 0;
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < kGaps; ++i) {
    sum += gaps[i];
    squares += (gaps[i] - 1) * (gaps[i] - 1);
    if (i > 0) products += (gaps[i] - 1) * (gaps[i - 1] - 1);
  }
  EXPECT_NEAR(sum / n, 1, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(8 / n));  // Var (x - 1)^2 = 9 - 1 for the exponential.
  EXPECT_NEAR(products / n, 0, 5 / std::sqrt(n));
  // Kolmogorov-Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand.
  std::sort(gaps.begin(), gaps.end());
  double worst = 0;
  for (std::size_t i = 0; i < kGaps; ++i) {
    const double law = -std::expm1(-gaps[i]);
    worst = std::max({worst, std::abs(law - static_cast<double>(i) / n),
                      std::abs(law - static_cast<double>(i + 1) / n)});
  }
  EXPECT_LT(worst, 1.95 / std::sqrt(n));
}

TEST(Poisson, TheSeedAloneNamesTheProcess) {
  const std::vector<double> gaps = gaps_of(3, 100);
  EXPECT_EQ(gaps, gaps_of(3, 100));
  EXPECT_NE(gaps, gaps_of(4, 100));
  const std::vector<double> shorter = gaps_of(3, 10);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), gaps.begin()));
}

TraceInfo info_with_arrivals() {
  TraceInfo info;
  info.dense = 1;
  info.has_arrivals = true;
  return info;
}

TraceChunk chunk_at(const std::vector<std::uint64_t>& arrivals) {
  TraceChunk chunk;
  chunk.count = arrivals.size();
  chunk.dense.assign(arrivals.size(), 1.0F);
  chunk.arrival_ns = arrivals;
  return chunk;
}

TEST(ArrivalsOfATrace, ComeBackWholeAndInParts) {
  const Scratch scratch;
  {
    TraceWriter writer(scratch.at("t.h5"), info_with_arrivals());
    writer.append(chunk_at({5, 5, 9}));
    writer.append(chunk_at({9, UINT64_MAX}));
    writer.finish();
  }
  const TraceReader trace(scratch.at("t.h5"));
  EXPECT_TRUE(trace.info().has_arrivals);
  EXPECT_EQ(trace.arrivals(0, 5), (std::vector<std::uint64_t>{5, 5, 9, 9, UINT64_MAX}));
  EXPECT_EQ(trace.arrivals(1, 2), (std::vector<std::uint64_t>{5, 9}));
  EXPECT_THROW((void)trace.arrivals(4, 2), std::out_of_range);
  TraceChunk chunk;
  trace.read(2, 2, chunk);
  EXPECT_EQ(chunk.arrival_ns, (std::vector<std::uint64_t>{9, 9}));
  trace.gather({3, 1}, chunk);
  EXPECT_TRUE(chunk.arrival_ns.empty());
}

TEST(ArrivalsOfATrace, NeverFall) {
  const Scratch scratch;
  TraceWriter writer(scratch.at("t.h5"), info_with_arrivals());
  writer.append(chunk_at({5, 9}));
  EXPECT_THROW(writer.append(chunk_at({8})), std::invalid_argument);
  EXPECT_THROW(writer.append(chunk_at({12, 11})), std::invalid_argument);
  TraceChunk without = chunk_at({10});
  without.arrival_ns.clear();
  EXPECT_THROW(writer.append(without), std::invalid_argument);
}

TEST(ArrivalsOfATrace, AreAbsentWhereNotGenerated) {
  const Scratch scratch;
  GenerateOptions options;
  options.samples = 10;
  generate_trace(options, scratch.at("t.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  EXPECT_FALSE(trace.info().has_arrivals);
  EXPECT_TRUE(trace.arrivals(0, 10).empty());
}

TEST(ArrivalsOfATrace, GeneratedOnesHaveTheRateAndChangeNothingElse) {
  const Scratch scratch;
  GenerateOptions options;
  options.samples = 20'000;
  options.dense = 2;
  generate_trace(options, scratch.at("plain.h5"));
  options.arrival_rate = 2e6;
  generate_trace(options, scratch.at("t.h5"));
  options.samples = 50;
  generate_trace(options, scratch.at("short.h5"));
  const TraceReader trace(scratch.at("t.h5"));
  const std::vector<std::uint64_t> arrivals = trace.arrivals(0, 20'000);
  EXPECT_EQ(arrivals[0], 0U);
  EXPECT_EQ(TraceReader(scratch.at("short.h5")).arrivals(0, 50),
            std::vector<std::uint64_t>(arrivals.begin(), arrivals.begin() + 50));
  // 19,999 gaps of 500 ns, five deviations of their sum.
  EXPECT_NEAR(static_cast<double>(arrivals.back()), 500 * 19'999.0, 5 * 500 * std::sqrt(19'999.0));
  const TraceProfile profile = profile_trace(trace);
  EXPECT_NEAR(profile.arrival_rate, 2e6, 2e6 * 5 / std::sqrt(19'999.0));
  EXPECT_NE(to_text(profile).find("arrivals recorded"), std::string::npos);
  TraceChunk with;
  TraceChunk plain;
  trace.read(0, 20'000, with);
  TraceReader(scratch.at("plain.h5")).read(0, 20'000, plain);
  EXPECT_EQ(with.dense, plain.dense);
  EXPECT_EQ(with.labels, plain.labels);
}

}  // namespace
}  // namespace recpim
