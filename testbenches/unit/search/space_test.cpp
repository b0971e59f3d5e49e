// SPDX-License-Identifier: Apache-2.0
#include "search/space/space.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "testbenches/unit/search/toy.h"
#include "traces/support/error.h"

namespace recpim::search {
namespace {

// 2 x [pairs where a divides b] x 3. Pairs of a in {2, 4, 8}, b in {4, 8}: 2|4, 2|8, 4|4, 4|8, 8|8.
Space constrained() {
  return Space({{"first", "x", {5, 7}},
                {"divisor", "x", {2, 4, 8}},
                {"dividend", "x", {4, 8}},
                {"last", "y", {1, 2, 3}}},
               {{1, 2}});
}

std::set<Genome> enumerate(const Space& space) {
  std::set<Genome> all;
  Genome genome(space.genes().size(), 0);
  while (true) {
    if (space.valid(genome)) all.insert(genome);
    std::size_t g = 0;
    while (g < genome.size() && ++genome[g] == static_cast<int>(space.genes()[g].values.size())) {
      genome[g++] = 0;
    }
    if (g == genome.size()) return all;
  }
}

TEST(Space, CountsWhatIsValid) {
  const Space space = constrained();
  EXPECT_EQ(space.size(), 2 * 5 * 3);
  EXPECT_EQ(space.size_of_group("x"), 10);
  EXPECT_EQ(space.size_of_group("y"), 3);
  EXPECT_EQ(space.groups(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(enumerate(space).size(), 30U);
}

TEST(Space, SizeIsExactPastSixtyFourBits) {
  // 10^40 has 41 digits; a double or a 64-bit integer would not hold it.
  EXPECT_EQ(toy_space(40, 10).size().str(), "1" + std::string(40, '0'));
}

TEST(Space, SamplesAreUniform) {
  const Space space = constrained();
  Random random(1);
  std::map<Genome, int> seen;
  constexpr int kDraws = 30'000;
  for (int i = 0; i < kDraws; ++i) ++seen[space.sample(random)];
  EXPECT_EQ(seen.size(), 30U);
  // 1000 of each expected; chi-square of 29 degrees of freedom stays below 58 with p = 0.999.
  double chi_square = 0;
  for (const auto& [genome, n] : seen) {
    EXPECT_TRUE(space.valid(genome));
    chi_square += (n - 1000.0) * (n - 1000.0) / 1000.0;
  }
  EXPECT_LT(chi_square, 58.3);
}

TEST(Space, MutationChangesOneGeneAndReachesEverything) {
  const Space space = constrained();
  Random random(2);
  std::set<Genome> reached;
  Genome genome = space.sample(random);
  for (int i = 0; i < 3000; ++i) {
    const Genome child = space.mutate(genome, random);
    int changed = 0;
    for (std::size_t g = 0; g < child.size(); ++g) changed += child[g] != genome[g] ? 1 : 0;
    ASSERT_EQ(changed, 1);
    ASSERT_TRUE(space.valid(child));
    reached.insert(child);
    genome = child;
  }
  EXPECT_EQ(reached, enumerate(space));
}

TEST(Space, MutationOfASinglePointIsThatPoint) {
  const Space space({{"a", "x", {3}}, {"b", "x", {6}}}, {{0, 1}});
  Random random(3);
  EXPECT_EQ(space.mutate({0, 0}, random), (Genome{0, 0}));
}

TEST(Space, EncodesAndDecodes) {
  const Space space = constrained();
  const Genome genome{1, 0, 1, 2};
  const std::string text = space.encode(space.values(genome));
  EXPECT_EQ(text, R"({"first":7,"divisor":2,"dividend":8,"last":3})");
  EXPECT_EQ(space.decode(text), genome);
  for (const Genome& g : enumerate(space))
    EXPECT_EQ(space.decode(space.encode(space.values(g))), g);
}

TEST(Space, RejectsWhatIsNoPoint) {
  const Space space = constrained();
  for (const char* text : {"", "[]", "{}", R"({"first":7,"divisor":2,"dividend":8})",
                           R"({"first":6,"divisor":2,"dividend":8,"last":3})",
                           R"({"first":7,"divisor":8,"dividend":4,"last":3})",
                           R"({"first":7,"divisor":2,"dividend":8,"last":3,"more":1})",
                           R"({"first":"7","divisor":2,"dividend":8,"last":3})"}) {
    EXPECT_THROW(space.decode(text), InputError) << text;
  }
  EXPECT_FALSE(space.valid({0, 0, 0}));
  EXPECT_FALSE(space.valid({0, 0, 0, 3}));
  EXPECT_FALSE(space.valid({0, 2, 0, 0}));
}

TEST(Space, RejectsGenesThatMakeNone) {
  using Genes = std::vector<Gene>;
  EXPECT_THROW(Space(Genes{{"a", "x", {}}}), std::invalid_argument);
  EXPECT_THROW(Space(Genes{{"a", "x", {1, 1}}}), std::invalid_argument);
  EXPECT_THROW(Space(Genes{{"a", "x", {1}}, {"a", "x", {1}}}), std::invalid_argument);
  const Genes pair{{"a", "x", {4}}, {"b", "x", {6}}};
  EXPECT_THROW(Space(pair, {{0, 1}}), std::invalid_argument);
  EXPECT_THROW(Space(pair, {{0, 0}}), std::invalid_argument);
}

}  // namespace
}  // namespace recpim::search
