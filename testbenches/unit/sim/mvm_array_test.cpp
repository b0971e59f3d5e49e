// SPDX-License-Identifier: Apache-2.0
// The array arithmetic of a tile against the plain bit-serial reference, lossless and lossy.
#include "sim/device/mvm_array.h"

#include <gtest/gtest.h>

#include "models/mapping/block_reference.h"
#include "testbenches/harness/random_chip.h"

namespace recpim {
namespace {

// The accumulators of a sample, its vectors taken out of the input one by one.
std::vector<std::int32_t> vector_by_vector(const Tile& tile, const Hardware& hardware,
                                           const Operator& op, const InputFormat& format,
                                           const std::vector<std::int32_t>& x) {
  const bool by_column = tile.axis == Axis::kRows;
  std::vector<std::int32_t> all(static_cast<std::size_t>(tile.outputs));
  for (int v = 0; v < tile.vectors; ++v) {
    std::vector<std::int32_t> one;
    for (int r = 0; r < tile.rows; ++r) {
      const int place = by_column ? r * tile.vectors + v : v * tile.rows + r;
      one.push_back(x[static_cast<std::size_t>(place)]);
    }
    const auto acc = mvm_reference(tile, hardware, op, format, one.data());
    for (int c = 0; c < tile.channels; ++c) {
      const int place = by_column ? c * tile.vectors + v : v * tile.channels + c;
      all[static_cast<std::size_t>(place)] = acc[static_cast<std::size_t>(c)];
    }
  }
  return all;
}

TEST(MvmArray, EqualsTheBitSerialReferenceOnRandomTiles) {
  int lossy = 0;
  int tiles = 0;
  int along_an_axis = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    testing::RandomChipOptions options;
    options.samples = 4;
    options.mlp = seed % 2 == 0;
    options.operators = !options.mlp;
    options.lossless = seed % 3 == 0;
    const auto chip = testing::random_chip(seed + 7000, seed, options);
    Random random(seed, 5);
    for (const Tile& tile : chip.design.tiles) {
      if (tile.kind != TileKind::kMvm) continue;
      const Operator& op = chip.model.operators[static_cast<std::size_t>(tile.op)];
      const TensorFormat& in = chip.model.operators[static_cast<std::size_t>(op.inputs[0])].output;
      MvmArray array(chip.design, tile, chip.model);
      ++tiles;
      lossy += array.lossless() ? 0 : 1;
      for (int sample = 0; sample < 3; ++sample) {
        std::vector<std::int32_t> x(static_cast<std::size_t>(tile.input_elements()));
        for (auto& v : x) {
          v = static_cast<std::int32_t>(random.below(1U << in.bits)) -
              (in.is_signed ? 1 << (in.bits - 1) : 0);
        }
        const auto expected =
            vector_by_vector(tile, chip.design.hardware, op, {in.bits, in.is_signed}, x);
        std::vector<std::int32_t> acc(static_cast<std::size_t>(tile.outputs));
        along_an_axis += tile.vectors > 1 ? 1 : 0;
        array.multiply(x.data(), acc.data());
        ASSERT_EQ(acc, expected) << "seed " << seed;
        for (const KernelIsa isa : {KernelIsa::kBaseline, KernelIsa::kAvx2, KernelIsa::kAvx512}) {
          if (!is_supported(isa)) continue;
          array.use_isa(isa);
          array.multiply_by_columns(x.data(), acc.data());
          ASSERT_EQ(acc, expected)
              << "seed " << seed << ", by columns, instruction set " << static_cast<int>(isa);
        }
      }
    }
  }
  EXPECT_GT(along_an_axis, 10);
  EXPECT_GT(lossy, 10);
  EXPECT_GT(tiles - lossy, 10);
}

}  // namespace
}  // namespace recpim
