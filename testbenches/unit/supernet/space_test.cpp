// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/space.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>

#include "testbenches/unit/supernet/small_spaces.h"
#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

// c_i = sum over k = 1 .. min(4, i) of C(i, k).
constexpr std::uint64_t kSubsets[] = {1, 3, 7, 15, 30, 56, 98};

/// prod_i c_i^2 i^2 M, in plain numbers.
BigInteger formula(std::uint64_t m) {
  BigInteger product = 1;
  for (std::uint64_t i = 1; i <= 7; ++i) {
    product *= BigInteger(kSubsets[i - 1]) * kSubsets[i - 1] * i * i * m;
  }
  return product;
}

std::size_t gene_of(const ArchitectureSpace& space, const std::string& name) {
  const auto& genes = space.genes();
  for (std::size_t g = 0; g < genes.size(); ++g) {
    if (genes[g].name == name) return g;
  }
  throw std::invalid_argument(name);
}

TEST(ArchitectureSpace, FullHasTheSizeOfThePaper) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  EXPECT_EQ(space.architectures(), formula(4 * 2 * 8 * 4 * 2 * 2));
  // By factors: prod c_i = 2^5 3^3 5^2 7^4 and 7! = 2^4 3^2 5 7, both squared, and M^7 = 2^70.
  using boost::multiprecision::pow;
  EXPECT_EQ(space.architectures(), pow(BigInteger(2), 88) * pow(BigInteger(3), 10) *
                                       pow(BigInteger(5), 6) * pow(BigInteger(7), 10));
  EXPECT_EQ(space.architectures().str(), "80658955130584426205791697062544277504000000");
  EXPECT_EQ(space.precisions(), pow(BigInteger(6), 28));
  EXPECT_EQ(space.size(), space.architectures() * space.precisions());
  EXPECT_EQ(space.size().str(),
            "495321982536029317712059718057589079977495118854037243428864000000");
}

TEST(ArchitectureSpace, SmallHasTheSizeOfThePaper) {
  const ArchitectureSpace space(space_of("nasrec-small"));
  EXPECT_EQ(space.architectures(), formula(2 * 1 * 8 * 4 * 2 * 2));
  EXPECT_EQ(space.architectures() * 16384,
            ArchitectureSpace(space_of("nasrec-full")).architectures());
  EXPECT_EQ(space.architectures().str(), "4923031929356959607287090885165056000000");  // 4.92e39
  EXPECT_EQ(space.precisions().str(), "6140942214464815497216");
}

TEST(ArchitectureSpace, GenesAreBlockByBlock) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  ASSERT_EQ(space.genes().size(), 7U * 14U);
  const std::vector<std::pair<std::string, int>> third = {{"block3.dense_operator", 4},
                                                          {"block3.sparse_operator", 2},
                                                          {"block3.dense_width", 8},
                                                          {"block3.sparse_rows", 4},
                                                          {"block3.dsi", 2},
                                                          {"block3.fm", 2},
                                                          {"block3.dense_inputs", 7},
                                                          {"block3.sparse_inputs", 7},
                                                          {"block3.left", 3},
                                                          {"block3.right", 3},
                                                          {"block3.dense_precision", 6},
                                                          {"block3.sparse_precision", 6},
                                                          {"block3.fm_precision", 6},
                                                          {"block3.dsi_precision", 6}};
  for (std::size_t f = 0; f < third.size(); ++f) {
    const ArchitectureGene& gene = space.genes()[2 * 14 + f];
    EXPECT_EQ(gene.name, third[f].first);
    EXPECT_EQ(gene.choices, third[f].second);
    EXPECT_EQ(gene.group, f < 10 ? "architecture" : "precision");
  }
  for (std::size_t i = 1; i <= 7; ++i) {
    const std::string block = "block" + std::to_string(i);
    EXPECT_EQ(space.genes()[gene_of(space, block + ".sparse_inputs")].choices,
              static_cast<int>(kSubsets[i - 1]));
  }
}

TEST(ArchitectureSpace, SubsetsComeBySizeThenInOrder) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  const auto subset = [&](const char* gene, int choice) {
    Choices choices(space.genes().size(), 0);
    choices[gene_of(space, gene)] = choice;
    const Architecture a = space.architecture(choices);
    return std::string(gene) == "block3.dense_inputs" ? a.blocks[2].dense_inputs
                                                      : a.blocks[6].sparse_inputs;
  };
  using Subset = std::vector<int>;
  const std::vector<Subset> third = {{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}};
  for (int c = 0; c < 7; ++c) {
    EXPECT_EQ(subset("block3.dense_inputs", c), third[static_cast<std::size_t>(c)]);
  }
  // Of seven outputs: 7 of one, 21 of two, 35 of three, 35 of four.
  EXPECT_EQ(subset("block7.sparse_inputs", 6), (Subset{6}));
  EXPECT_EQ(subset("block7.sparse_inputs", 7), (Subset{0, 1}));
  EXPECT_EQ(subset("block7.sparse_inputs", 27), (Subset{5, 6}));
  EXPECT_EQ(subset("block7.sparse_inputs", 28), (Subset{0, 1, 2}));
  EXPECT_EQ(subset("block7.sparse_inputs", 63), (Subset{0, 1, 2, 3}));
  EXPECT_EQ(subset("block7.sparse_inputs", 97), (Subset{3, 4, 5, 6}));
}

TEST(ArchitectureSpace, ChoicesByHand) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  Architecture a = space.architecture(Choices(98, 0));
  a.blocks[1].dense_operator = DenseOperator::kGating;
  a.blocks[1].sparse_operator = SparseOperator::kEfc;
  a.blocks[1].dense_width = 768;
  a.blocks[1].sparse_rows = 64;
  a.blocks[1].fm = true;
  a.blocks[1].dense_inputs = {0, 1};
  a.blocks[1].sparse_inputs = {1};
  a.blocks[1].right = 1;
  a.blocks[1].dense_precision = {8, 8};
  a.blocks[1].dsi_precision = {4, 4};
  const Choices choices = space.choices(a);
  const Choices second(choices.begin() + 14, choices.begin() + 28);
  EXPECT_EQ(second, (Choices{2, 1, 6, 3, 0, 1, 2, 1, 0, 1, 5, 0, 0, 2}));
  EXPECT_EQ(space.architecture(choices), a);
}

TEST(ArchitectureSpace, RoundTripsOfRandomGenomes) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const Architecture a = space.sample(random);
    const Choices choices = space.choices(a);
    ASSERT_TRUE(space.architecture(choices) == a) << encode(a);
    ASSERT_TRUE(decode(encode(a)) == a) << encode(a);
  }
}

/// Visits every vector of choices: each gives another architecture, in the space, and back.
void expect_bijection(const ArchitectureSpace& space, std::uint64_t expected) {
  EXPECT_EQ(space.size(), expected);
  std::set<std::string> texts;
  std::uint64_t visited = 0;
  for_all(space, [&](const Choices& choices) {
    const Architecture a = space.architecture(choices);
    EXPECT_TRUE(space.contains(a));
    ASSERT_EQ(space.choices(a), choices);
    texts.insert(encode(a));
    ++visited;
  });
  EXPECT_EQ(visited, expected);
  EXPECT_EQ(texts.size(), expected);
}

TEST(ArchitectureSpace, EveryChoiceOfSmallSpaces) {
  expect_bijection(ArchitectureSpace(wired()), 9216);

  SpaceDescription one = least(1);  // 2 * 2 * 3 * 2 * 2 * 2 * 2^4
  one.dense_operators = {DenseOperator::kDot, DenseOperator::kSum};
  one.sparse_operators = {SparseOperator::kTransformer, SparseOperator::kEfc};
  one.dense_widths = {16, 100, 7};
  one.sparse_rows = {1, 2};
  one.precisions = {{2, 4}, {8, 4}};
  expect_bijection(ArchitectureSpace(one), 2 * 2 * 3 * 2 * 2 * 2 * 16);

  SpaceDescription single_inputs = least(3);  // Subsets are single outputs: c_i = i.
  single_inputs.max_inputs = 1;
  expect_bijection(ArchitectureSpace(single_inputs), 4 * (2 * 2 * 2 * 2 * 4) * (3 * 3 * 3 * 3 * 4));
}

// The other way round: architectures from a wider net, counted where the space has them.
TEST(ArchitectureSpace, CountsWhatItContains) {
  SpaceDescription description = least(2);
  description.max_inputs = 1;
  description.dense_widths = {32, 64};
  const ArchitectureSpace space(description);
  const std::vector<std::vector<int>> subsets = {{0}, {1}, {0, 1}, {1, 0}, {}, {2}, {0, 0}};
  std::uint64_t contained = 0;
  Architecture a;
  a.blocks.resize(2);
  Block& b = a.blocks[1];
  for (const int first : {16, 32, 64}) {
    for (const int width : {16, 32, 64, 128}) {
      for (int bits = 0; bits < 16; ++bits) {
        for (int pair = 0; pair < 16; ++pair) {
          for (const auto& dense_inputs : subsets) {
            for (const auto& sparse_inputs : subsets) {
              a.blocks[0].dense_width = first;
              a.blocks[0].dsi = (bits & 1) != 0;
              a.blocks[0].fm = (bits & 2) != 0;
              b.dense_width = width;
              b.dsi = (bits & 4) != 0;
              b.fm = (bits & 8) != 0;
              b.left = pair / 4 - 1;
              b.right = pair % 4 - 1;
              b.dense_inputs = dense_inputs;
              b.sparse_inputs = sparse_inputs;
              if (space.contains(a)) ++contained;
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(contained, 2U * 2 * 16 * (2 * 2) * (2 * 2));  // Widths, switches, pairs, subsets.
  EXPECT_EQ(space.size(), contained);
}

std::string refusal(const ArchitectureSpace& space, const Architecture& a) {
  EXPECT_FALSE(space.contains(a));
  EXPECT_THROW(space.choices(a), InputError);
  try {
    space.validate(a, "a.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ArchitectureSpace, RefusesWhatItDoesNotContain) {
  const ArchitectureSpace space(space_of("nasrec-small"));
  const Architecture sound = space.architecture(Choices(98, 0));
  space.validate(sound);
  Architecture a = sound;
  a.blocks[2].dense_width = 100;
  EXPECT_EQ(refusal(space, a),
            "a.json: blocks[2].dense_width = 100: accepted: 16, 32, 64, 128, 256, 512, 768, 1024");
  a = sound;
  a.blocks[3].dense_operator = DenseOperator::kSum;
  EXPECT_EQ(refusal(space, a), "a.json: blocks[3].dense_operator = \"sum\": accepted: fc, dot");
  a = sound;
  a.blocks[0].sparse_operator = SparseOperator::kTransformer;
  EXPECT_EQ(refusal(space, a),
            "a.json: blocks[0].sparse_operator = \"transformer\": accepted: efc");
  a = sound;
  a.blocks[6].sparse_rows = 128;
  EXPECT_EQ(refusal(space, a), "a.json: blocks[6].sparse_rows = 128: accepted: 16, 32, 48, 64");
  a = sound;
  a.blocks[5].sparse_inputs = {0, 1, 2, 3, 4};
  EXPECT_EQ(refusal(space, a),
            "a.json: blocks[5].sparse_inputs = [0,1,2,3,4]: accepted: 1 to 4 "
            "ascending numbers from 0 to 5");
  a = sound;
  a.blocks[1].left = 2;
  EXPECT_EQ(refusal(space, a), "a.json: blocks[1].left = 2: accepted: a whole number from 0 to 1");
  a = sound;
  a.blocks[4].dsi_precision = {4, 16};
  EXPECT_EQ(refusal(space, a),
            "a.json: blocks[4].dsi_precision = \"4/16\": accepted: 2/4, 2/8, 4/4, 4/8, 8/4, 8/8");
  a = sound;
  a.blocks.pop_back();
  EXPECT_EQ(refusal(space, a), "a.json: blocks = an array of 6: accepted: 7 blocks");
}

TEST(ArchitectureSpace, RefusesChoicesThatAreNone) {
  const ArchitectureSpace space(least(2));
  Choices choices(28, 0);
  choices[gene_of(space, "block2.left")] = 2;
  EXPECT_THROW(space.architecture(choices), std::invalid_argument);
  choices[gene_of(space, "block2.left")] = -1;
  EXPECT_THROW(space.architecture(choices), std::invalid_argument);
  EXPECT_THROW(space.architecture(Choices(27, 0)), std::invalid_argument);
  EXPECT_THROW(space.architecture(Choices(29, 0)), std::invalid_argument);
}

TEST(ArchitectureSpace, RefusesDescriptionsThatAreNone) {
  const auto refuses = [](const std::function<void(SpaceDescription&)>& change) {
    SpaceDescription description = least(2);
    change(description);
    EXPECT_THROW(ArchitectureSpace{description}, std::invalid_argument);
  };
  refuses([](SpaceDescription& d) { d.blocks = 0; });
  refuses([](SpaceDescription& d) { d.blocks = kMaxBlocks + 1; });
  refuses([](SpaceDescription& d) { d.max_inputs = 0; });
  refuses([](SpaceDescription& d) { d.max_inputs = 5; });
  refuses([](SpaceDescription& d) { d.dense_operators.clear(); });
  refuses([](SpaceDescription& d) { d.sparse_operators.clear(); });
  refuses([](SpaceDescription& d) { d.dense_widths.clear(); });
  refuses([](SpaceDescription& d) { d.dense_widths = {16, 32, 16}; });
  refuses([](SpaceDescription& d) { d.sparse_rows = {0}; });
  refuses([](SpaceDescription& d) { d.precisions.clear(); });
  refuses([](SpaceDescription& d) { d.precisions = {{3, 8}}; });
  refuses([](SpaceDescription& d) { d.precisions = {{8, 2}}; });
  EXPECT_THROW(space_of("nasrec"), InputError);
  for (const std::string& name : space_names()) EXPECT_EQ(space_of(name).name, name);
  SpaceDescription longest = least(kMaxBlocks);  // c_32 = 32 + 496 + 4,960 + 35,960.
  EXPECT_EQ(ArchitectureSpace(longest).genes().back().name, "block32.dsi_precision");
  EXPECT_EQ(ArchitectureSpace(longest).genes()[31 * 14 + 6].choices, 41448);
}

TEST(ArchitectureSpace, SaysWhatItIs) {
  EXPECT_EQ(ArchitectureSpace(space_of("nasrec-small")).to_json().dump(),
            R"({"name":"nasrec-small","blocks":7,"max_inputs":4,"dense_operators":["fc","dot"],)"
            R"("sparse_operators":["efc"],"dense_widths":[16,32,64,128,256,512,768,1024],)"
            R"("sparse_rows":[16,32,48,64],"precisions":["2/4","2/8","4/4","4/8","8/4","8/8"]})");
}

/// The statistic of counts that should all be `expected`.
template <class Key>
double chi_square(const std::map<Key, int>& counts, double expected) {
  double sum = 0;
  for (const auto& [key, n] : counts) sum += (n - expected) * (n - expected) / expected;
  return sum;
}

TEST(ArchitectureSpace, SamplesAreUniform) {
  SpaceDescription description = least(2);  // 4 * 3 * 3 * 2 * 2 * 4 = 576 genomes.
  const ArchitectureSpace space(description);
  Random random(2);
  std::map<Choices, int> seen;
  for (int i = 0; i < 576 * 100; ++i) ++seen[space.choices(space.sample(random))];
  EXPECT_EQ(seen.size(), 576U);
  EXPECT_LT(chi_square(seen, 100), 684);  // 575 degrees of freedom: p = 0.999.
}

TEST(ArchitectureSpace, TrainingSamplesHaveBinomialSizes) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  Random random(3);
  constexpr int kDraws = 80'000;
  std::map<std::size_t, int> third, seventh, sparse;
  std::map<std::vector<int>, int> pairs;
  std::map<int, int> widths;
  for (int i = 0; i < kDraws; ++i) {
    const Architecture a = space.sample_for_training(random);
    ++third[a.blocks[2].dense_inputs.size()];
    ++seventh[a.blocks[6].dense_inputs.size()];
    ++sparse[a.blocks[6].sparse_inputs.size()];
    if (a.blocks[6].dense_inputs.size() == 2) ++pairs[a.blocks[6].dense_inputs];
    ++widths[a.blocks[4].dense_width];
    ASSERT_EQ(a.blocks[0].dense_inputs, std::vector<int>{0});
  }
  // Block 3: 1 + Binomial(2, 1/2); block 7: 1 + Binomial(3, 1/2). Bounds of 4.5 deviations.
  const auto near = [](int n, double probability) {
    const double mean = kDraws * probability;
    EXPECT_NEAR(n, mean, 4.5 * std::sqrt(mean * (1 - probability))) << probability;
  };
  EXPECT_EQ(third.size(), 3U);
  near(third[1], 1.0 / 4);
  near(third[2], 1.0 / 2);
  near(third[3], 1.0 / 4);
  for (auto* sizes : {&seventh, &sparse}) {
    EXPECT_EQ(sizes->size(), 4U);
    near((*sizes)[1], 1.0 / 8);
    near((*sizes)[2], 3.0 / 8);
    near((*sizes)[3], 3.0 / 8);
    near((*sizes)[4], 1.0 / 8);
  }
  EXPECT_EQ(pairs.size(), 21U);
  EXPECT_LT(chi_square(pairs, seventh[2] / 21.0), 45.3);  // 20 degrees of freedom.
  EXPECT_EQ(widths.size(), 8U);
  EXPECT_LT(chi_square(widths, kDraws / 8.0), 24.3);  // 7 degrees of freedom.
}

TEST(ArchitectureSpace, MutationResamplesOneFieldOfOneBlock) {
  const ArchitectureSpace space(space_of("nasrec-full"));
  Random random(4);
  const Architecture parent = space.sample(random);
  const Choices before = space.choices(parent);
  constexpr int kDraws = 70'000;
  std::map<std::size_t, int> blocks, first_fields, second_fields;
  std::map<int, int> widths;
  for (int i = 0; i < kDraws; ++i) {
    const Choices after = space.choices(space.mutate(parent, random));
    std::vector<std::size_t> changed;
    for (std::size_t g = 0; g < after.size(); ++g) {
      if (after[g] != before[g]) changed.push_back(g);
    }
    ASSERT_EQ(changed.size(), 1U);
    const std::size_t block = changed[0] / 14, field = changed[0] % 14;
    ++blocks[block];
    if (block == 0) ++first_fields[field];
    if (block == 1) ++second_fields[field];
    if (field == 2) ++widths[(after[changed[0]] - before[changed[0]] + 8) % 8];
  }
  EXPECT_EQ(blocks.size(), 7U);
  EXPECT_LT(chi_square(blocks, kDraws / 7.0), 22.5);  // 6 degrees of freedom.
  // Block 1 has no choice of dense_inputs, sparse_inputs, left and right.
  EXPECT_EQ(first_fields.size(), 10U);
  for (std::size_t fixed = 6; fixed <= 9; ++fixed) EXPECT_EQ(first_fields.count(fixed), 0U);
  EXPECT_LT(chi_square(first_fields, blocks[0] / 10.0), 27.9);  // 9 degrees of freedom.
  EXPECT_EQ(second_fields.size(), 14U);
  EXPECT_LT(chi_square(second_fields, blocks[1] / 14.0), 34.6);  // 13 degrees of freedom.
  double all = 0;
  for (const auto& [other, n] : widths) all += n;
  EXPECT_EQ(widths.size(), 7U);
  EXPECT_LT(chi_square(widths, all / 7), 22.5);
}

TEST(ArchitectureSpace, MutationOfTheLeastSpaceFlipsASwitch) {
  const ArchitectureSpace space(least(1));
  Random random(6);
  const Architecture a = space.architecture(Choices(14, 0));
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(encode(space.mutate(a, random)));
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen.count(encode(a)), 0U);
}

}  // namespace
}  // namespace recpim::supernet
