// SPDX-License-Identifier: Apache-2.0
// embedding_engine, dot_engine and vector_unit (requantise, sigmoid) against sim/README.md: cycles
// by the closed forms there, values by plain arithmetic.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "Vengine_zoo.h"
#include "models/ops/integer_sigmoid.h"
#include "models/ops/requantise.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "traces/support/math.h"
#include "traces/support/random.h"
#include "verilated.h"

namespace recpim {
namespace {

constexpr int kSlots = 3;
// The dimensions in engine_zoo.sv.
constexpr int kBanks = 3, kBankDepth = 16, kWidth = 8, kTables = 5, kInFlit = 2, kFlits = 8;
constexpr int kLanes = 6, kPairGroups = 10;
constexpr int kVectorLanes = 4, kVectorGroups = 256;

class EngineZoo : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "/engine_zoo_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    for (int b = 0; b < kBanks; ++b) {
      Image image(kWidth * 4);
      for (int r = 0; r < kBankDepth; ++r) {
        ImageWord word = image.word();
        for (int i = 0; i < kWidth; ++i) {
          const int value = static_cast<int>(random_.below(16)) - 8;
          table_[b][r][i] = value;
          word.set(4 * i, 4, static_cast<std::uint64_t>(value) & 15U);
        }
        image.add(word);
      }
      image.write(folder_ + "/bank_" + std::to_string(b) + ".hex");
    }
    write_map("embedding_map.hex", kTables, kWidth);
    write_map("dot_map.hex", kPairGroups, kLanes);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write_map(const std::string& file, int rows, int columns) const {
    Image image(columns * layout::map::kBits);
    for (int row = 0; row < rows; ++row) {
      ImageWord word = image.word();
      for (int c = 0; c < columns; ++c) {
        word.set(layout::map::kRow, static_cast<std::uint64_t>(row), c * layout::map::kBits);
        word.set(layout::map::kColumn, static_cast<std::uint64_t>(c), c * layout::map::kBits);
      }
      image.add(word);
    }
    image.write(folder_ + "/" + file);
  }

  /// The top, out of reset, with the images of folder_.
  void build() {
    for (const char* file : {"pairs.hex", "vector.hex"}) {
      if (!std::filesystem::exists(folder_ + "/" + file)) Image(4).write(folder_ + "/" + file);
    }
    const std::string images = "+images=" + folder_;
    const char* arguments[] = {"zoo", images.c_str()};
    context_.commandArgs(2, arguments);
    context_.randReset(2);
    context_.randSeed(1 + GetParam());
    top_ = std::make_unique<Vengine_zoo>(&context_, "");
    for (const int level : {1, 0, 1}) {
      top_->rst_ni = static_cast<std::uint8_t>(level);
      top_->eval();
    }
  }
  void tick() {
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
    ++now_;
  }

  Random random_{static_cast<std::uint64_t>(GetParam()), 5};
  std::string folder_;
  int table_[kBanks][kBankDepth][kWidth] = {};
  VerilatedContext context_;
  std::unique_ptr<Vengine_zoo> top_;
  std::int64_t now_ = 0;
};

struct Lookup {
  int bank, row, table;
};

TEST_P(EngineZoo, EmbeddingSumsInTheirCycles) {
  build();
  const int read = static_cast<int>(1 + random_.below(6));
  const int scan = static_cast<int>(1 + random_.below(8));
  const int bank_rows = static_cast<int>(1 + random_.below(kBankDepth));
  top_->read_cycles_i = static_cast<std::uint32_t>(read);
  top_->scan_cycles_i = static_cast<std::uint32_t>(scan);
  top_->interval_i = static_cast<std::uint32_t>(std::max(read, scan));
  top_->bank_rows_i = static_cast<std::uint32_t>(bank_rows);
  std::array<std::int64_t, kBanks> bank_free{};
  struct Sample {
    std::vector<Lookup> lookups;
    std::int64_t end = -1;  ///< e; -1: not started.
    std::int64_t done = -1;
  };
  std::vector<Sample> samples;
  std::size_t started = 0, finished = 0;
  std::int64_t free_at = 0;
  int flit = 0;
  for (; now_ < 6000; tick()) {
    top_->write_i = top_->start_i = top_->read_i = 0;
    if (finished < started && now_ >= samples[finished].done && random_.below(2) == 0) {
      top_->read_i = 1;
      top_->slot_i = static_cast<std::uint8_t>(finished % kSlots);
      for (int t = 0; t < kTables; ++t) {
        top_->group_i = static_cast<std::uint32_t>(t);
        top_->eval();
        for (int i = 0; i < kWidth; ++i) {
          std::int32_t sum = 0;
          for (const Lookup& l : samples[finished].lookups) {
            if (l.table == t) sum += table_[l.bank][l.row][i];
          }
          ASSERT_EQ(static_cast<std::int32_t>(top_->embedding_o[i]), sum)
              << "cycle " << now_ << " sample " << finished << " table " << t;
        }
      }
      ++finished;
    } else if (now_ >= free_at && started < samples.size() && flit == 0 &&
               started < finished + kSlots && random_.below(3) != 0) {
      Sample& sample = samples[started];
      top_->start_i = 1;
      top_->slot_i = static_cast<std::uint8_t>(started % kSlots);
      std::int64_t issue = now_;
      for (const Lookup& l : sample.lookups) {
        auto& bank = bank_free[static_cast<std::size_t>(l.bank)];
        issue = std::max(issue + 1, bank);
        bank = issue + std::max(read, scan);
      }
      sample.end = issue + 1;
      sample.done = sample.end + read + scan + 2;
      free_at = sample.end + 1;
      ++started;
    } else if (flit > 0 ||
               (samples.size() < started + kSlots && now_ >= free_at && random_.below(2) == 0)) {
      // Never into the slot of a sample under way: now >= free_at when its first flit is written.
      if (flit == 0) {
        samples.emplace_back();
        const auto n = random_.below(5) == 0 ? std::uint64_t{kFlits * kInFlit}
                                             : random_.below(kFlits * kInFlit + 1);
        for (std::uint64_t i = 0; i < n; ++i) {
          samples.back().lookups.push_back(
              {static_cast<int>(random_.below(kBanks)),
               static_cast<int>(random_.below(static_cast<std::uint64_t>(bank_rows))),
               static_cast<int>(random_.below(kTables))});
        }
      }
      const auto& lookups = samples.back().lookups;
      std::uint64_t data = 0;
      for (int i = 0; i < kInFlit; ++i) {
        const auto at = static_cast<std::size_t>(flit * kInFlit + i);
        if (at >= lookups.size()) break;
        const Lookup& l = lookups[at];
        const auto local = static_cast<std::uint64_t>(l.bank * bank_rows + l.row);
        data |= (local | static_cast<std::uint64_t>(l.table) << 24U | 1ULL << 31U)
                << static_cast<unsigned>(32 * i);
      }
      top_->write_i = 1;
      top_->slot_i = static_cast<std::uint8_t>((samples.size() - 1) % kSlots);
      top_->base_i = static_cast<std::uint32_t>(flit);
      top_->data_i = data;
      ++flit;
      if (flit * kInFlit >= static_cast<int>(lookups.size())) flit = 0;
    }
    top_->eval();
    const bool last = started > 0 && now_ == samples[started - 1].end;
    bool done = false;
    for (std::size_t s = finished; s < started; ++s) done = done || now_ == samples[s].done - 1;
    ASSERT_EQ((top_->last_o & 1) != 0, last) << "cycle " << now_;
    ASSERT_EQ((top_->done_o & 1) != 0, done) << "cycle " << now_;
    ASSERT_EQ((top_->idle_o & 1) != 0, now_ >= free_at || (top_->start_i & 1) != 0)
        << "cycle " << now_;
  }
  EXPECT_GT(finished, 20U);
}

TEST_P(EngineZoo, DotProductsInTheirCycles) {
  constexpr std::array<int, 3> kBits{4, 8, 16};
  const int bits = kBits[random_.below(3)];
  const int rows = static_cast<int>(2 + random_.below(9));
  const int width = static_cast<int>(1 + random_.below(10));
  const bool is_signed = random_.below(2) == 0;
  const int pairs = rows * (rows - 1) / 2;
  const int groups = ceil_div(pairs, kLanes);
  Image image(kLanes * layout::pair::kBits);
  std::vector<std::pair<int, int>> order;
  for (int a = 1; a < rows; ++a) {
    for (int b = 0; b < a; ++b) order.emplace_back(a, b);
  }
  for (int g = 0; g < groups; ++g) {
    ImageWord word = image.word();
    for (int l = 0; l < kLanes && g * kLanes + l < pairs; ++l) {
      const auto [a, b] = order[static_cast<std::size_t>(g * kLanes + l)];
      word.set(layout::pair::kA, static_cast<std::uint64_t>(a * width), l * layout::pair::kBits);
      word.set(layout::pair::kB, static_cast<std::uint64_t>(b * width), l * layout::pair::kBits);
    }
    image.add(word);
  }
  image.write(folder_ + "/pairs.hex");
  build();
  top_->last_group_i = static_cast<std::uint32_t>(groups - 1);
  top_->width_i = static_cast<std::uint32_t>(width);
  top_->bits_log2_i = bits == 4 ? 2 : bits == 8 ? 3 : 4;
  top_->signed_i = is_signed;
  std::vector<std::vector<std::int32_t>> x;
  std::vector<std::int64_t> starts;
  std::size_t finished = 0;
  int next = 0;
  const int busy = groups * width;
  for (; now_ < 4000; tick()) {
    top_->write_i = top_->start_i = top_->read_i = 0;
    const std::int64_t free_at = starts.empty() ? 0 : starts.back() + busy;
    if (finished < starts.size() && now_ >= starts[finished] + busy + 3) {
      top_->read_i = 2;
      top_->slot_i = static_cast<std::uint8_t>(finished % kSlots);
      for (int p = 0; p < pairs; ++p) {
        top_->group_i = static_cast<std::uint32_t>(p / kLanes);
        top_->eval();
        const auto [a, b] = order[static_cast<std::size_t>(p)];
        std::int32_t sum = 0;
        for (int j = 0; j < width; ++j) {
          sum += x[finished][static_cast<std::size_t>(a * width + j)] *
                 x[finished][static_cast<std::size_t>(b * width + j)];
        }
        ASSERT_EQ(static_cast<std::int32_t>(top_->dot_o[p % kLanes]), sum) << "pair " << p;
      }
      ++finished;
    } else if (now_ >= free_at && next == 0 && starts.size() < x.size() &&
               starts.size() < finished + kSlots && random_.below(3) != 0) {
      top_->start_i = 2;
      top_->slot_i = static_cast<std::uint8_t>(starts.size() % kSlots);
      starts.push_back(now_);
    } else if (next > 0 || (x.size() < starts.size() + kSlots && now_ >= free_at)) {
      if (next == 0) {
        x.emplace_back();
        const int low = is_signed ? -(1 << (bits - 1)) : 0;
        for (int i = 0; i < rows * width; ++i) {
          x.back().push_back(low +
                             static_cast<int>(random_.below(1U << static_cast<unsigned>(bits))));
        }
      }
      std::uint64_t data = 0;
      for (int i = 0; i < 64 / bits && next + i < rows * width; ++i) {
        const auto value = static_cast<std::uint64_t>(x.back()[static_cast<std::size_t>(next + i)]);
        data |= (value & ((1U << static_cast<unsigned>(bits)) - 1U))
                << static_cast<unsigned>(i * bits);
      }
      top_->write_i = 2;
      top_->slot_i = static_cast<std::uint8_t>((x.size() - 1) % kSlots);
      top_->base_i = static_cast<std::uint32_t>(next);
      top_->elements_i = static_cast<std::uint32_t>(rows * width - next);
      top_->data_i = data;
      next += 64 / bits;
      if (next >= rows * width) next = 0;
    }
    top_->eval();
    ASSERT_EQ((top_->last_o & 2) != 0, !starts.empty() && now_ == starts.back() + busy - 1);
    bool done = false;
    for (const auto start : starts) done = done || now_ == start + busy + 2;
    ASSERT_EQ((top_->done_o & 2) != 0, done) << "cycle " << now_;
  }
  EXPECT_GT(finished, 3U);
}

TEST_P(EngineZoo, VectorUnitRequantisesInFourStages) {
  std::vector<Requantiser> requantisers;
  std::vector<std::int32_t> biases;
  Image image(kVectorLanes * layout::vector::kBits);
  for (int g = 0; g < kVectorGroups; ++g) {
    ImageWord word = image.word();
    for (int l = 0; l < kVectorLanes; ++l) {
      Requantiser r;
      r.multiplier = static_cast<std::int32_t>(random_.next32() >> (1 + random_.below(20)));
      r.shift = static_cast<std::uint8_t>(1 + random_.below(62));
      requantisers.push_back(r);
      biases.push_back(static_cast<std::int32_t>(random_.next32()) >> 3);
      const int at = l * layout::vector::kBits;
      word.set(layout::vector::kBias, static_cast<std::uint32_t>(biases.back()), at);
      word.set(layout::vector::kMultiplier, static_cast<std::uint32_t>(r.multiplier), at);
      word.set(layout::vector::kShift, r.shift, at);
    }
    image.add(word);
  }
  image.write(folder_ + "/vector.hex");
  build();
  struct Expected {
    bool valid = false, last = false;
    int group = 0, slot = 0;
    std::array<std::int32_t, kVectorLanes> values{};
  };
  std::array<Expected, 4> pipe{};
  struct Mode {
    bool raw, sigmoid;
    OutputRange range;
  };
  const std::array<Mode, 5> modes{{{true, false, {0, 0}},
                                   {false, false, format_range(true, 8)},
                                   {false, false, format_range(false, 4)},
                                   {false, false, {0, 127}},
                                   {false, true, format_range(true, 16)}}};
  const Mode mode = modes[static_cast<std::size_t>(GetParam()) % modes.size()];
  top_->raw_i = mode.raw;
  top_->sigmoid_i = mode.sigmoid;
  top_->low_i = static_cast<std::uint32_t>(mode.range.low);
  top_->high_i = static_cast<std::uint32_t>(mode.range.high);
  for (; now_ < 5000; tick()) {
    Expected next;
    next.valid = random_.below(4) != 0;
    next.last = next.valid && random_.below(3) == 0;
    next.group = static_cast<int>(random_.below(kVectorGroups));
    next.slot = static_cast<int>(random_.below(4));
    for (int l = 0; l < kVectorLanes; ++l) {
      const auto at = static_cast<std::size_t>(next.group * kVectorLanes + l);
      const auto accumulator = static_cast<std::int32_t>(random_.next32()) >> random_.below(28);
      const auto partial = static_cast<std::int32_t>(random_.next32()) >> (3 + random_.below(20));
      top_->accumulators_i[l] = static_cast<std::uint32_t>(accumulator);
      top_->partials_i[l] = static_cast<std::uint32_t>(partial);
      const auto sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(accumulator) +
                                                 static_cast<std::uint32_t>(partial) +
                                                 static_cast<std::uint32_t>(biases[at]));
      std::int32_t value = mode.raw ? sum : requantise(sum, requantisers[at], mode.range);
      if (mode.sigmoid) value = integer_sigmoid(static_cast<std::int16_t>(value));
      next.values[static_cast<std::size_t>(l)] = value;
    }
    pipe[0] = next;
    top_->vector_valid_i = next.valid;
    top_->vector_last_i = next.last;
    top_->group_i = static_cast<std::uint32_t>(next.group);
    top_->slot_i = static_cast<std::uint8_t>(next.slot);
    top_->eval();
    const Expected& out = pipe[3];
    ASSERT_EQ(top_->vector_write_o != 0, out.valid) << "cycle " << now_;
    ASSERT_EQ(top_->vector_done_o != 0, out.last) << "cycle " << now_;
    if (out.valid) {
      ASSERT_EQ(top_->vector_group_o, out.group);
      ASSERT_EQ(top_->vector_slot_o, out.slot);
      for (int l = 0; l < kVectorLanes; ++l) {
        ASSERT_EQ(static_cast<std::int32_t>(top_->vector_data_o[l]),
                  out.values[static_cast<std::size_t>(l)])
            << "cycle " << now_;
      }
    }
    for (std::size_t i = 3; i > 0; --i) pipe[i] = pipe[i - 1];
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineZoo, ::testing::Range(0, 10));

}  // namespace
}  // namespace recpim
