// SPDX-License-Identifier: Apache-2.0
// The generator: committed constants are those of the C++ description, images by hand, and what a
// chip's text depends on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "models/graph/kinds.h"
#include "models/mapping/encoding.h"
#include "rtl/gen/chip.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "rtl/gen/shape.h"
#include "testbenches/harness/random_chip.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;

/// RECPIM_UPDATE=1 writes the file instead of comparing (rtl/README.md).
void expect_committed(const std::string& file, const std::string& text) {
  const std::string path = std::string(RECPIM_SOURCE_DIR) + "/rtl/lib/" + file;
  if (std::getenv("RECPIM_UPDATE") != nullptr) write_text_file(path, text);
  EXPECT_EQ(read_text_file(path), text) << file << ": regenerate it, see rtl/README.md";
}

TEST(Layout, CommittedConstantsAreGenerated) {
  expect_committed("recpim_layout.svh", layout::recpim_layout_text());
  expect_committed("sigmoid_table.svh", layout::sigmoid_table_text());
  expect_committed("exp2_table.svh", layout::exp2_table_text());
  expect_committed("reciprocal_table.svh", layout::reciprocal_table_text());
  expect_committed("rsqrt_table.svh", layout::rsqrt_table_text());
}

template <typename Fields>
void expect_disjoint(const Fields& fields, int bits) {
  int next = 0;
  for (const layout::Field& field : fields) {
    EXPECT_EQ(field.lsb, next) << field.name;
    next = field.lsb + field.bits;
  }
  EXPECT_EQ(next, bits);
}

TEST(Layout, FieldsFollowOneAnother) {
  expect_disjoint(layout::port::kFields, layout::port::kBits);
  expect_disjoint(layout::send::kFields, layout::send::kBits);
  expect_disjoint(layout::vector::kFields, layout::vector::kBits);
  expect_disjoint(layout::map::kFields, layout::map::kBits);
  expect_disjoint(layout::pair::kFields, layout::pair::kBits);
  expect_disjoint(layout::norm::kFields, layout::norm::kBits);
}

TEST(Image, WordsByHand) {
  ImageWord word(41);
  word.set(0, 4, 0xa);
  word.set(30, 8, 0xff);  // Bits 30 to 37, across two words.
  word.set_bit(40);
  EXPECT_EQ(word.hex(), "13fc000000a");
  EXPECT_EQ(ImageWord(5).hex(), "00");
  EXPECT_THROW(word.set(0, 4, 16), std::invalid_argument);
  EXPECT_THROW(word.set(40, 2, 1), std::invalid_argument);
}

constexpr std::uint64_t kFirstOfEvery = 100;  // Shapes from here on have every kind of operator.

RandomChip chip(std::uint64_t shape, std::uint64_t seed) {
  RandomChipOptions options;
  options.samples = 4;
  options.every = shape >= kFirstOfEvery;
  return random_chip(shape, seed, options);
}

TEST(Chip, DesignsOfOneShapeHaveOneText) {
  const RandomChip a = chip(1, 2);
  const RandomChip b = chip(1, 3);
  const RandomChip c = chip(2, 2);
  EXPECT_EQ(chip_text(a.design, a.model), chip_text(b.design, b.model));
  EXPECT_NE(chip_text(a.design, a.model), chip_text(c.design, c.model));
  const RandomChip d = chip(kFirstOfEvery, 2);
  const RandomChip e = chip(kFirstOfEvery, 3);
  EXPECT_EQ(chip_text(d.design, d.model), chip_text(e.design, e.model));
}

class Generated : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/rtl_" + std::to_string(getpid());
    chip_ = chip(static_cast<std::uint64_t>(GetParam()), 5);
    generate_rtl(chip_.design, chip_.model, folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  RandomChip chip_;
};

TEST_P(Generated, ImagesAreThereAndPassVerilatorLint) {
  for (const ChipImage& image : chip_images(chip_.design, chip_.model)) {
    EXPECT_TRUE(std::filesystem::is_regular_file(folder_ + "/images/" + image.second));
  }
  const std::string command = "cd " + folder_ +
                              " && verilator --lint-only -Wall --no-timing --top-module chip $(cat "
                              "chip.f) >lint.log 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_text_file(folder_ + "/lint.log");
}

// The stored cells and inversions of a tile, read back from the images and decoded, are its
// weights.
TEST_P(Generated, CrossbarImagesDecodeToTheWeights) {
  const Hardware& hardware = chip_.design.hardware;
  for (std::size_t t = 0; t < chip_.design.tiles.size(); ++t) {
    const Tile& tile = chip_.design.tiles[t];
    if (tile.kind != TileKind::kMvm) continue;
    const Operator& op = chip_.model.operators[static_cast<std::size_t>(tile.op)];
    const auto lines = [&](const std::string& name) {
      std::vector<std::string> out(1);
      for (const char c :
           read_text_file(folder_ + "/images/tile_" + std::to_string(t) + "_" + name + ".hex")) {
        if (c == '\n') {
          out.emplace_back();
        } else {
          out.back() += c;
        }
      }
      return out;
    };
    const auto bit = [](const std::string& hex, int position) {
      const char digit = hex[hex.size() - 1 - static_cast<std::size_t>(position / 4)];
      return std::stoi(std::string(1, digit), nullptr, 16) >> (position % 4) & 1;
    };
    const auto cells = lines("crossbar_0_0");
    const auto inverted = lines("inverted_0");
    const MvmGrid grid = mvm_grid(tile, chip_.model, hardware);
    const int m = hardware.adc.columns_per_adc;
    const int top = (1 << hardware.crossbar.cell_bits) - 1;
    const auto inputs = op.weight_q.size() / static_cast<std::size_t>(fc_outputs(op));
    const auto layout =
        column_layout(hardware, op.weight_bits, std::min(tile.channels, grid.crossbar_channels));
    for (int row = 0; row < std::min(tile.rows, hardware.crossbar.rows); ++row) {
      std::vector<int> decoded(static_cast<std::size_t>(grid.crossbar_channels), 0);
      for (int column = 0; column < hardware.crossbar.columns; ++column) {
        const ColumnUse& use = layout[static_cast<std::size_t>(column)];
        if (use.channel < 0) continue;
        int cell = 0;
        for (int b = 0; b < hardware.crossbar.cell_bits; ++b) {
          const int line = column * hardware.crossbar.cell_bits + b;
          cell |= bit(cells[static_cast<std::size_t>(line)], row) << b;
        }
        if (bit(inverted[static_cast<std::size_t>(column % m)], column / m) != 0) cell = top - cell;
        const int value = cell << (use.digit * hardware.crossbar.cell_bits);
        decoded[static_cast<std::size_t>(use.channel)] += use.negative ? -value : value;
      }
      const int offset =
          hardware.crossbar.encoding == Encoding::kOffset ? 1 << (op.weight_bits - 1) : 0;
      for (int q = 0; q < std::min(tile.channels, grid.crossbar_channels); ++q) {
        ASSERT_EQ(decoded[static_cast<std::size_t>(q)] - offset,
                  op.weight_q[static_cast<std::size_t>(tile.first_channel + q) * inputs +
                              static_cast<std::size_t>(tile.first_row + row)])
            << "tile " << t << " row " << row << " channel " << q;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Generated, ::testing::Range(0, 3));
INSTANTIATE_TEST_SUITE_P(EveryOperator, Generated, ::testing::Values(100, 101));

}  // namespace
}  // namespace recpim
