// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "testbenches/bench/training/rank/summary.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::rank {
namespace {

using recpim::test::ScratchFolder;

Measured loss(double value) { return {{value, 0.5}, 100, 1}; }

Key key(Source source, int network, int seed) { return {"d", "mixed", source, network, seed}; }

TEST(RankResults, AreThereAgainAndAPartOfALineIsNot) {
  const ScratchFolder scratch;
  const std::string path = scratch.at("r.csv");
  {
    Results results(path, "# how\n");
    EXPECT_FALSE(results.has(key(Source::kTuned, 3, 1)));
    results.append(key(Source::kTuned, 3, 1), {{0.5, 0.625}, 700, 2.5});
    results.append(key(Source::kScratch, 3, 1), loss(0.25));
  }
  std::ofstream(path, std::ios::app) << "d,mixed,scratch,4,1,0.3";
  const Results read(path, "# how\n");
  EXPECT_EQ(read.all().size(), 2U);
  ASSERT_TRUE(read.has(key(Source::kTuned, 3, 1)));
  EXPECT_FALSE(read.has(key(Source::kTuned, 3, 2)));
  const Measured& tuned = read.all().at(key(Source::kTuned, 3, 1));
  EXPECT_EQ(tuned.quality.logloss, 0.5);
  EXPECT_EQ(tuned.quality.auc, 0.625);
  EXPECT_EQ(tuned.training, 700U);
  EXPECT_EQ(tuned.seconds, 2.5);
}

TEST(RankResults, GoOnAfterAPartOfALine) {
  const ScratchFolder scratch;
  const std::string path = scratch.at("r.csv");
  Results(path, "# how\n").append(key(Source::kScratch, 3, 1), loss(0.25));
  std::ofstream(path, std::ios::app) << "d,mixed,scratch,4,1,0.3";
  Results(path, "# how\n").append(key(Source::kScratch, 4, 1), loss(0.5));
  const Results read(path, "# how\n");
  EXPECT_EQ(read.all().size(), 2U);
  EXPECT_EQ(read.all().at(key(Source::kScratch, 4, 1)).quality.logloss, 0.5);
}

TEST(RankResults, ComplainWithFileAndLine) {
  const ScratchFolder scratch;
  const auto expect = [&](const std::string& text, const std::string& part) {
    write_text_file(scratch.at("bad.csv"), text);
    try {
      const Results results(scratch.at("bad.csv"), "");
      ADD_FAILURE() << part;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  const std::string header =
      "# how\ndata,mode,source,network,seed,logloss,auc,training_samples,seconds,revision,date\n";
  expect("data,mode\n", "bad.csv:1");
  expect(header + "d,mixed,scratch,4\nd,mixed,scratch,4,1,0.5,0.5,1,1,x,y\n", "bad.csv:3");
  expect(header + "d,mixed,guessed,4,1,0.5,0.5,1,1,x,y\n", "guessed");
  expect(header + "d,mixed,tuned,4,1,low,0.5,1,1,x,y\n", "low");
}

TEST(RankSummary, MeansOverPairsOfSeeds) {
  std::map<Key, Measured> all;
  // Three networks. Scratch: seed 1 has them in the order 0, 1, 2, seed 2 in the order 0, 2, 1.
  const double first[] = {0.1, 0.2, 0.3};
  const double second[] = {0.1, 0.3, 0.2};
  // The supernet of seed 1 has them in the order 2, 1, 0: opposite to the first (tau -1, r -1); to
  // the second one pair of three is in order: tau -1/3, r: deviations (1, 0, -1) and (-1, 1, 0):
  // -1 / 2.
  const double inherited[] = {0.3, 0.2, 0.1};
  for (int i = 0; i < 3; ++i) {
    all[key(Source::kScratch, i, 1)] = loss(first[i]);
    all[key(Source::kScratch, i, 2)] = loss(second[i]);
    all[key(Source::kInherited, i, 1)] = loss(inherited[i]);
  }
  // Other data and modes do not count, nor a seed with less than three.
  all[{"d", "float", Source::kScratch, 0, 1}] = loss(0.9);
  all[key(Source::kInherited, 0, 2)] = loss(0.9);
  const Agreement shared = agreement_with_scratch(all, "d", "mixed", Source::kInherited);
  EXPECT_EQ(shared.pairs, 2);
  EXPECT_NEAR(shared.tau, (-1 - 1.0 / 3) / 2, 1e-12);
  EXPECT_NEAR(shared.r, (-1 - 0.5) / 2, 1e-12);
  // Two of three pairs in the same order, one not: 1/3; (-1, 0, 1) and (-1, 1, 0): 1/2.
  const Agreement ceiling = agreement_with_scratch(all, "d", "mixed", Source::kScratch);
  EXPECT_EQ(ceiling.pairs, 1);
  EXPECT_NEAR(ceiling.tau, 1.0 / 3, 1e-12);
  EXPECT_NEAR(ceiling.r, 0.5, 1e-12);
  const Agreement none = agreement_with_scratch(all, "d", "mixed", Source::kTuned);
  EXPECT_EQ(none.pairs, 0);
  EXPECT_TRUE(std::isnan(none.tau));
  const std::string text = table(all);
  EXPECT_NE(
      text.find("| d, mixed | 4 | 0.3750 / 0.1000 | 0 | - / - | 6 | 0.2000 / 0.1000 | -0.67 / "
                "-0.75 | - / - | 0.33 / 0.50 |"),
      std::string::npos)
      << text;
}

}  // namespace
}  // namespace recpim::rank
