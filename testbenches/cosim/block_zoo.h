// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the tests of blocks share whose members exchange structs of words with a Verilated top
/// (members() in CMakeLists.txt): the top, paces at which things happen, packed values.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "traces/support/random.h"
#include "verilated.h"

namespace recpim::testing {

constexpr int kZooCycles = 20000;  ///< Of each member, for each seed.
constexpr int kZooSeeds = 6;
/// Payload of a flit of up to 128 bits, least significant word first.
using Payload = std::array<std::uint32_t, 4>;

/// A folder for the images of a zoo, gone with its owner.
class ZooFolder {
 public:
  explicit ZooFolder(const std::string& name)
      : path_(::testing::TempDir() + "/" + name + "_" + std::to_string(getpid())) {
    std::filesystem::create_directories(path_);
  }
  ZooFolder(const ZooFolder&) = delete;
  ZooFolder& operator=(const ZooFolder&) = delete;
  ~ZooFolder() { std::filesystem::remove_all(path_); }
  /// What the names of a member's images begin with.
  std::string stem(std::size_t member) const { return path_ + "/m" + std::to_string(member) + "_"; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A Verilated top of members side by side, which each take an In and show an Out. All registers
/// and memories start at random values drawn from the seed.
template <typename Top, typename In, typename Out>
class Zoo {
 public:
  Zoo(int seed, const std::string& folder) {
    const std::string images = "+images=" + folder;
    std::array<const char*, 2> arguments{"zoo", images.c_str()};
    context_.commandArgs(static_cast<int>(arguments.size()), arguments.data());
    context_.randReset(2);
    context_.randSeed(1 + seed);
    top_ = std::make_unique<Top>(&context_, "");
    top_->clk_i = 0;
    for (const int level : {1, 0, 1}) {
      top_->rst_ni = static_cast<std::uint8_t>(level);
      top_->eval();
    }
  }
  void put(std::size_t member, const In& in) {
    static_assert(sizeof(top_->in_i[0]) == sizeof(In));
    std::memcpy(&top_->in_i[member], &in, sizeof(In));
  }
  /// What a member shows in this cycle, after settle().
  Out get(std::size_t member) const {
    Out out;
    static_assert(sizeof(top_->out_o[0]) == sizeof(Out));
    std::memcpy(static_cast<void*>(&out), &top_->out_o[member], sizeof(Out));
    return out;
  }
  void settle() { top_->eval(); }
  void tick() {
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Top> top_;
};

/// Whether something happens in a cycle. The rate changes every few hundred cycles between always
/// and seldom, so that every party is at times the one that all others wait for.
class Pace {
 public:
  /// `seldom`: per cent of the cycles.
  Pace(std::uint64_t seed, std::uint64_t stream, std::uint64_t seldom = 3)
      : random_(seed, stream), seldom_(seldom) {}
  bool operator()() {
    if (left_-- == 0) {
      const std::array<std::uint64_t, 6> percents{100, 100, 100, 70, 30, seldom_};
      left_ = static_cast<int>(50 + random_.below(300));
      percent_ = percents[random_.below(percents.size())];
    }
    return random_.below(100) < percent_;
  }

 private:
  Random random_;
  int left_ = 0;
  std::uint64_t seldom_, percent_ = 100;
};

/// For messages.
inline std::string where(int seed, std::size_t member, std::int64_t cycle) {
  return "seed " + std::to_string(seed) + " member " + std::to_string(member) + " cycle " +
         std::to_string(cycle);
}
inline std::uint64_t below(Random& random, std::size_t n) {
  return random.below(static_cast<std::uint64_t>(n));
}
/// low ... high.
inline int between(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}
inline Payload noise(Random& random, int flit_bits) {
  Payload payload{};
  for (int i = 0; i < flit_bits / 32; ++i) payload[static_cast<std::size_t>(i)] = random.next32();
  return payload;
}

/// Payload flit k of a packet of `elements` values of `bits` bits from `first` on; sim/README.md,
/// "Flits and packets".
inline Payload packed_flit(const std::vector<std::uint32_t>& values, int first, int elements,
                           int bits, int k, int flit_bits) {
  Payload payload{};
  for (int bit = 0; bit < flit_bits; ++bit) {
    const int at = k * flit_bits + bit;
    if (at >= elements * bits) break;
    const std::uint32_t value = values[static_cast<std::size_t>(first + at / bits)];
    payload[static_cast<std::size_t>(bit / 32)] |= (value >> (at % bits) & 1U) << (bit % 32);
  }
  return payload;
}

}  // namespace recpim::testing
