// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/mesh_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "testbenches/unit/mapping/models.h"

namespace recpim {
namespace {

using testing::mlp;

// Host -> fc 64 x 40 -> fc 40 x 8 -> host, of 8-bit elements and 64-bit flits.
TEST(MeshPlaces, FlitHopsByHand) {
  Design design = map_naive(mlp({64, 40, 8}), Hardware());
  ASSERT_EQ(design.tiles.size(), 3U);  // At (0, 0), (1, 0), (2, 0).
  // Payload 64 / 8 = 8, 5 and 1 flits, each with a head and a credit.
  EXPECT_EQ(flit_hops(design), (8 + 2) * 1 + (5 + 2) * 1 + (1 + 2) * 2);
  design.tiles[2].x = 0;
  design.tiles[2].y = 3;
  EXPECT_EQ(flit_hops(design), (8 + 2) * 1 + (5 + 2) * 4 + (1 + 2) * 3);
}

// Eight places for the seven tiles beside the host: all 8! orders of seven tiles and a hole.
TEST(MeshPlaces, FindsTheLeastOfAllOrders) {
  Design design = map_naive(mlp({96, 128, 16, 80, 8, 120, 24, 56}), Hardware());
  ASSERT_EQ(design.tiles.size(), 8U);
  std::vector<int> order(8);
  std::iota(order.begin(), order.end(), 1);  // Places 1 ... 8 of a 3 x 3 mesh.
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  do {
    for (std::size_t t = 1; t < 8; ++t) {
      design.tiles[t].x = order[t - 1] % 3;
      design.tiles[t].y = order[t - 1] / 3;
    }
    least = std::min(least, flit_hops(design));
  } while (std::next_permutation(order.begin(), order.end()));
  place_by_annealing(design, 1);
  EXPECT_EQ(flit_hops(design), least);
  EXPECT_EQ(design.mesh_columns, 3);
  EXPECT_EQ(design.mesh_rows, 3);
  EXPECT_EQ(design.tiles[0].x, 0);
  EXPECT_EQ(design.tiles[0].y, 0);
  validate(design, "design");
}

TEST(MeshPlaces, TheSameSeedGivesTheSamePlaces) {
  const Design naive = map_naive(mlp({96, 128, 16, 80, 8, 120, 24, 56, 8, 200, 40}), Hardware());
  Design one = naive;
  Design two = naive;
  place_by_annealing(one, 7);
  place_by_annealing(two, 7);
  for (std::size_t t = 0; t < one.tiles.size(); ++t) {
    EXPECT_EQ(one.tiles[t].x, two.tiles[t].x);
    EXPECT_EQ(one.tiles[t].y, two.tiles[t].y);
  }
  EXPECT_LE(flit_hops(one), flit_hops(naive));
}

// A chip of one column has no square.
TEST(MeshPlaces, StaysInsideTheChip) {
  Hardware hardware;
  hardware.mesh.columns = 1;
  hardware.mesh.rows = 12;
  Design design = map_naive(mlp({96, 128, 16, 80, 8, 120, 24, 56}), hardware);
  place_by_annealing(design, 3);
  validate(design, "design");
  EXPECT_EQ(design.mesh_columns, 1);
  EXPECT_EQ(design.mesh_rows, 8);
  hardware.mesh.columns = 12;
  hardware.mesh.rows = 1;
  design = map_naive(mlp({96, 128, 16, 80, 8, 120, 24, 56}), hardware);
  place_by_annealing(design, 3);
  validate(design, "design");
  EXPECT_EQ(design.mesh_columns, 8);
  EXPECT_EQ(design.mesh_rows, 1);
}

}  // namespace
}  // namespace recpim
