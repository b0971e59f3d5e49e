// SPDX-License-Identifier: Apache-2.0
#include "search/algorithms/algorithm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "testbenches/unit/search/toy.h"

namespace recpim::search {
namespace {

// Asks and tells one after the other; the best score found.
double best_of(Algorithm& algorithm, const Space& space, int evaluations) {
  double best = 1e300;
  for (int i = 1; i <= evaluations; ++i) {
    const Proposal proposal = algorithm.ask();
    const double score = bowl(space.values(proposal.genome));
    best = std::min(best, score);
    algorithm.tell(i, proposal.genome, score);
  }
  return best;
}

TEST(Evolution, FindsTheOptimumOfABowlWhereRandomDoesNot) {
  // 8^10 = 1e9 points, one optimum; 2500 random draws stay far off.
  const Space space = toy_space(10, 8);
  const Genome far(10, 7);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RegularisedEvolution evolution(space, seed, far, {});
    RandomSearch random(space, seed, far);
    EXPECT_EQ(best_of(evolution, space, 2500), 1.0) << "seed " << seed;
    EXPECT_GT(best_of(random, space, 2500), 5.0) << "seed " << seed;
  }
}

TEST(Algorithm, NeverAsksTheSameTwiceWhileThereIsNew) {
  const Space space = toy_space(3, 6);  // 216 points.
  for (const auto& name : algorithm_names()) {
    const auto algorithm = make_algorithm(name, space, 1, Genome(3, 0), {});
    std::set<Genome> seen;
    for (int i = 1; i <= 100; ++i) {
      const Proposal proposal = algorithm->ask();
      EXPECT_TRUE(seen.insert(proposal.genome).second) << name << " " << i;
      algorithm->tell(i, proposal.genome, bowl(space.values(proposal.genome)));
    }
  }
}

TEST(Algorithm, RepeatsInASpaceThatIsExhausted) {
  const Space space = toy_space(1, 3);
  for (const auto& name : algorithm_names()) {
    const auto algorithm = make_algorithm(name, space, 1, {0}, {4, 2});
    std::set<Genome> seen;
    for (int i = 1; i <= 10; ++i) {
      const Proposal proposal = algorithm->ask();
      seen.insert(proposal.genome);
      algorithm->tell(i, proposal.genome, 1);
    }
    EXPECT_EQ(seen.size(), 3U) << name;  // The start as well, once the others are used up.
  }
}

TEST(Algorithm, AskDependsOnSeedNumberAndTellsOnly) {
  const Space space = toy_space(6, 6);
  for (const auto& name : algorithm_names()) {
    const auto one = make_algorithm(name, space, 7, Genome(6, 0), {8, 3});
    const auto two = make_algorithm(name, space, 7, Genome(6, 0), {8, 3});
    const auto other = make_algorithm(name, space, 8, Genome(6, 0), {8, 3});
    int differ = 0;
    for (int i = 1; i <= 60; ++i) {
      const Proposal a = one->ask();
      const Proposal b = two->ask();
      const Proposal c = other->ask();
      EXPECT_EQ(a.genome, b.genome);
      EXPECT_EQ(a.parent, b.parent);
      differ += a.genome != c.genome ? 1 : 0;
      one->tell(i, a.genome, bowl(space.values(a.genome)));
      two->tell(i, b.genome, bowl(space.values(b.genome)));
      other->tell(i, c.genome, bowl(space.values(c.genome)));
    }
    EXPECT_GT(differ, 50);
  }
}

TEST(Evolution, BreedsFromTheLivingOnlyAndOneMutationAway) {
  const Space space = toy_space(8, 5);
  RegularisedEvolution evolution(space, 3, Genome(8, 0), {10, 4});
  std::vector<Genome> asked(1);
  for (int i = 1; i <= 80; ++i) {
    const Proposal proposal = evolution.ask();
    asked.push_back(proposal.genome);
    if (i <= 10) {
      // Random and near the start by turns.
      EXPECT_EQ(proposal.parent, i % 2 == 0 ? kNone : 0);
      const auto same = std::count(proposal.genome.begin(), proposal.genome.end(), 0);
      if (i % 2 == 1) {
        EXPECT_GE(same, 8 - RegularisedEvolution::kStartMutations);
      }
    } else {
      // The ten told last are alive: the oldest has died, however good.
      ASSERT_GE(proposal.parent, i - 10);
      ASSERT_LT(proposal.parent, i);
      const Genome& parent = asked[static_cast<std::size_t>(proposal.parent)];
      int changed = 0;
      for (std::size_t g = 0; g < parent.size(); ++g) {
        changed += parent[g] != proposal.genome[g] ? 1 : 0;
      }
      EXPECT_EQ(changed, 1);
    }
    evolution.tell(i, proposal.genome, bowl(space.values(proposal.genome)));
  }
}

TEST(Evolution, ATournamentOfManyPicksTheBest) {
  const Space space = toy_space(8, 5);
  RegularisedEvolution evolution(space, 5, Genome(8, 0), {4, 64});
  // 64 draws of 4 miss the best with probability (3/4)^64 = 1e-8.
  const std::vector<double> scores{9, 2, 5, std::numeric_limits<double>::infinity()};
  for (int i = 1; i <= 4; ++i) {
    evolution.tell(i, evolution.ask().genome, scores[static_cast<std::size_t>(i) - 1]);
  }
  EXPECT_EQ(evolution.ask().parent, 2);
}

TEST(Evolution, RejectsEmptyPopulations) {
  const Space space = toy_space(2, 2);
  EXPECT_THROW(RegularisedEvolution(space, 1, {0, 0}, {0, 1}), std::invalid_argument);
  EXPECT_THROW(RegularisedEvolution(space, 1, {0, 0}, {1, 0}), std::invalid_argument);
  EXPECT_THROW(make_algorithm("simulated-annealing", space, 1, {0, 0}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace recpim::search
