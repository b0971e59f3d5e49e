// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/replicas.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "models/mapping/mesh_places.h"
#include "testbenches/unit/mapping/models.h"

namespace recpim {
namespace {

using testing::mlp;

Tile replica(int stride, int phase) {
  Tile tile;
  tile.stride = stride;
  tile.phase = phase;
  return tile;
}

// Replica 1 of 2 does samples 1, 3, 5, 7, 9, ...: its counts 0, 1, 2, 3, 4. Replica 5 of 8 does 5,
// 13, 21: of the first one's counts 2, 6, 10.
TEST(Replicas, TurnsByHand) {
  EXPECT_TRUE(meet(replica(2, 1), replica(8, 5)));
  EXPECT_FALSE(meet(replica(2, 0), replica(8, 5)));
  EXPECT_EQ(turn(replica(2, 1), replica(8, 5)).period, 4);
  EXPECT_EQ(turn(replica(2, 1), replica(8, 5)).first, 2);
  EXPECT_EQ(turn(replica(8, 5), replica(2, 1)).period, 1);
  EXPECT_EQ(turn(replica(8, 5), replica(2, 1)).first, 0);
  EXPECT_EQ(turn(replica(1, 0), replica(4, 3)).first, 3);
}

// For every pair, sample by sample: who does a sample, and is the link active in it.
TEST(Replicas, TurnsOfAllPairs) {
  for (int a = 1; a <= 8; a *= 2) {
    for (int b = 1; b <= 8; b *= 2) {
      for (int i = 0; i < a; ++i) {
        for (int j = 0; j < b; ++j) {
          bool ever = false;
          for (int s = 0; s < 32; ++s) {
            const bool both = s % a == i && s % b == j;
            ever = ever || both;
            if (s % a != i || !meet(replica(a, i), replica(b, j))) continue;
            const Turn t = turn(replica(a, i), replica(b, j));
            EXPECT_EQ(s / a % t.period == t.first, both) << a << b << i << j << s;
          }
          EXPECT_EQ(meet(replica(a, i), replica(b, j)), ever);
        }
      }
    }
  }
}

// Host -> fc -> fc -> host, the first fc twice, the second four times.
TEST(Replicas, WiresEveryPairThatMeets) {
  const Design once = map_naive(mlp({16, 8, 4}), Hardware());
  Design design = replicate(once, {1, 2, 4});
  place_by_annealing(design, 1);
  validate(design, "design");
  ASSERT_EQ(design.tiles.size(), 7U);
  const auto tile = [&](int t) -> const Tile& { return design.tiles[static_cast<std::size_t>(t)]; };
  EXPECT_EQ(tile(0).sends.size(), 2U);
  EXPECT_EQ(tile(0).ports.size(), 4U);
  for (int r = 0; r < 2; ++r) {
    ASSERT_EQ(tile(1 + r).sends.size(), 2U);
    EXPECT_EQ(tile(1 + r).sends[0].tile, 3 + r);
    EXPECT_EQ(tile(1 + r).sends[1].tile, 5 + r);
    EXPECT_EQ(input_slots(design, tile(1 + r)), 2);
    EXPECT_EQ(credits(design, tile(0), tile(0).sends[static_cast<std::size_t>(r)]), 2);
  }
  // The host takes one prediction in four from each: four slots, one credit each.
  EXPECT_EQ(input_slots(design, tile(0)), 4);
  EXPECT_EQ(credits(design, tile(3), tile(3).sends[0]), 1);
}

TEST(Replicas, RowPartsStayWithTheirHome) {
  Hardware
      hardware;  // Two crossbars a tile: the fc of 40 inputs and 4 channels needs 3 row blocks.
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.mvm_tile.crossbars = 2;
  hardware.adc.columns_per_adc = 16;
  const Design once = map_naive(mlp({40, 4}), hardware);
  ASSERT_EQ(once.tiles.size(), 3U);
  EXPECT_THROW(replicate(once, {1, 2, 1}), std::invalid_argument);
  EXPECT_THROW(replicate(once, {1, 3, 3}), std::invalid_argument);
  EXPECT_THROW(replicate(once, {2, 1, 1}), std::invalid_argument);
  Design design = replicate(once, {1, 2, 2});
  place_by_annealing(design, 1);
  validate(design, "design");
  for (int r = 0; r < 2; ++r) {
    const Tile& home = design.tiles[static_cast<std::size_t>(1 + r)];
    EXPECT_EQ(home.partials(), 1);
    EXPECT_EQ(home.ports.back().tile, 3 + r);
  }
}

// Two channel groups of two row parts each: homes 1 and 3, whose other parts 2 and 4 are exchanged.
TEST(Replicas, AHomeGetsTheSumsOfItsOwnChannels) {
  Hardware hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.mvm_tile.crossbars = 2;
  hardware.adc.columns_per_adc = 16;
  const Model model = mlp({40, 8});
  Design design = map_naive(model, hardware);
  ASSERT_EQ(design.tiles.size(), 5U);
  ASSERT_EQ(design.tiles[1].first_channel, design.tiles[2].first_channel);
  ASSERT_NE(design.tiles[1].first_channel, design.tiles[3].first_channel);
  validate(design, model, "design");
  std::swap(design.tiles[2].sends, design.tiles[4].sends);
  std::swap(design.tiles[1].ports.back().tile, design.tiles[3].ports.back().tile);
  validate(design, "design");
  EXPECT_THROW(validate(design, model, "design"), InputError);
}

}  // namespace
}  // namespace recpim
