// SPDX-License-Identifier: Apache-2.0
// A compiled chip as a C++ object: resets, stalled streams, unreset state, complaints. The shape is
// one of chip_cosim_test's, so that the build is shared.
#include "rtl/cosim/verilated_chip.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "rtl/gen/chip.h"
#include "testbenches/harness/random_chip.h"
#include "traces/support/error.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

using testing::random_chip;
using testing::RandomChip;
using testing::RandomChipOptions;
using Words = std::vector<std::uint32_t>;

constexpr int kSamples = 6;

class VerilatedChipTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RandomChipOptions options;
    options.samples = 12;
    chip_ = random_chip(1, 7, options);
    folder_ = ::testing::TempDir() + "/chip_" + std::to_string(getpid());
    generate_rtl(chip_.design, chip_.model, folder_);
    words_ = static_cast<std::size_t>(chip_.design.hardware.mesh.flit_bits / 32);
    Random random(9);
    for (int s = 0; s < kSamples; ++s) {
      for (const Send& send : chip_.design.tiles[0].sends) add_packet(send, random);
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void add_packet(const Send& send, Random& random) {
    const Tile& to = chip_.design.tiles[static_cast<std::size_t>(send.tile)];
    const Port& port = to.ports[static_cast<std::size_t>(send.port)];
    if (send.elements == 0) {  // One lookup, of row 0 of the tile's first table.
      RequestBeat beat{Words(words_, 0), true};
      beat.words[0] = 1U << 31U;
      beats_.push_back(beat);
      return;
    }
    const int bits = send.elements * port.element_bits;
    for (int at = 0; at < bits; at += chip_.design.hardware.mesh.flit_bits) {
      RequestBeat beat{Words(words_, 0), at + chip_.design.hardware.mesh.flit_bits >= bits};
      for (int b = 0; b < std::min(bits - at, chip_.design.hardware.mesh.flit_bits); ++b) {
        beat.words[static_cast<std::size_t>(b / 32)] |= static_cast<std::uint32_t>(random.below(2))
                                                        << static_cast<unsigned>(b % 32);
      }
      beats_.push_back(beat);
    }
  }

  /// Prediction beats of all samples, from cycle 0. `stalls`: seed of random pauses of both
  /// streams; 0: none.
  std::vector<Words> run(VerilatedChip& chip, std::uint64_t stalls, Cycle* cycles = nullptr) {
    Random random(stalls);
    std::vector<Words> out;
    std::size_t next = 0;
    int finished = 0;
    while (finished < kSamples && chip.now() < 200000) {
      const bool offered = next < beats_.size() && (stalls == 0 || random.below(3) != 0);
      const bool ready = stalls == 0 || random.below(200) == 0;
      const bool taken = offered && chip.request_ready();
      if (chip.prediction_valid() && ready) {
        out.emplace_back(chip.prediction_words(), chip.prediction_words() + words_);
        if (chip.prediction_last()) ++finished;
      }
      chip.step(offered ? &beats_[next] : nullptr, ready);
      if (taken) ++next;
    }
    EXPECT_EQ(finished, kSamples);
    if (cycles != nullptr) *cycles = chip.now();
    return out;
  }

  RandomChip chip_;
  std::string folder_;
  std::size_t words_ = 1;
  std::vector<RequestBeat> beats_;
};

TEST_F(VerilatedChipTest, StallsChangeTimeAndNotData) {
  VerilatedOptions options;
  options.random_seed = 1;
  VerilatedChip chip(folder_, options);
  chip.load(folder_ + "/images");
  Cycle plain = 0;
  const std::vector<Words> expected = run(chip, 0, &plain);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    chip.reset();
    Cycle stalled = 0;
    EXPECT_EQ(run(chip, seed, &stalled), expected);
    EXPECT_GT(stalled, plain);
  }
  // Reset leaves nothing behind.
  chip.reset();
  Cycle again = 0;
  EXPECT_EQ(run(chip, 0, &again), expected);
  EXPECT_EQ(again, plain);
}

TEST_F(VerilatedChipTest, InitialValuesOfRegistersDoNotMatter) {
  std::vector<Words> expected;
  for (const std::uint32_t seed : {0U, 1U, 2U, 3U}) {
    VerilatedOptions options;
    options.random_seed = seed;
    VerilatedChip chip(folder_, options);
    chip.load(folder_ + "/images");
    const std::vector<Words> found = run(chip, 0);
    if (seed == 0) expected = found;
    EXPECT_EQ(found, expected) << "seed " << seed;
  }
}

// A library that a full disk cut short would end the process with SIGBUS.
TEST_F(VerilatedChipTest, ADamagedLibraryInTheCacheIsBuiltAgain) {
  namespace fs = std::filesystem;
  const fs::path good = fs::path(VerilatedChip(folder_).library().path).parent_path();
  VerilatedOptions options;
  options.cache = folder_ + "_cache";
  fs::remove_all(options.cache);
  fs::create_directories(options.cache);
  const fs::path copy = fs::path(options.cache) / good.filename();
  fs::copy(good, copy, fs::copy_options::recursive);
  EXPECT_FALSE(VerilatedChip(folder_, options).was_built());
  fs::resize_file(copy / "chip.so", fs::file_size(copy / "chip.so") / 2);
  EXPECT_TRUE(VerilatedChip(folder_, options).was_built());
  EXPECT_FALSE(VerilatedChip(folder_, options).was_built());
  fs::remove_all(options.cache);
}

TEST_F(VerilatedChipTest, Complaints) {
  VerilatedChip chip(folder_);
  EXPECT_FALSE(VerilatedChip(folder_).was_built());
  std::filesystem::remove(folder_ + "/images/tile_0_sends.hex");
  try {
    chip.load(folder_ + "/images");
    FAIL() << "a missing image is accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("tile_0_sends.hex"), std::string::npos);
  }
  EXPECT_THROW(VerilatedChip(folder_ + "/images"), InputError);
}

}  // namespace
}  // namespace recpim
