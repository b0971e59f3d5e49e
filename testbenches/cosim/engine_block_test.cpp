// SPDX-License-Identifier: Apache-2.0
// embedding_engine and vector_unit (requantise, sigmoid) against sim/README.md: cycles
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
    if (!std::filesystem::exists(folder_ + "/vector.hex")) Image(4).write(folder_ + "/vector.hex");
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

/// Drives the embedding engine and knows what it has to do: one action a cycle.
class EmbeddingZoo : public EngineZoo {
 protected:
  struct Lookup {
    int bank, row, table;
  };
  struct Sample {
    std::vector<Lookup> lookups;
    std::int64_t end = -1;   ///< e
    std::int64_t done = -1;  ///< Cycle from which on the accumulators are visible.
  };

  void draw() {
    read_ = static_cast<int>(1 + random_.below(6));
    scan_ = static_cast<int>(1 + random_.below(8));
    bank_rows_ = static_cast<int>(1 + random_.below(kBankDepth));
    top_->read_cycles_i = static_cast<std::uint32_t>(read_);
    top_->scan_cycles_i = static_cast<std::uint32_t>(scan_);
    top_->interval_i = static_cast<std::uint32_t>(std::max(read_, scan_));
    top_->bank_rows_i = static_cast<std::uint32_t>(bank_rows_);
  }

  void check_sums() {
    top_->read_i = 1;
    top_->slot_i = static_cast<std::uint8_t>(finished_ % kSlots);
    for (int t = 0; t < kTables; ++t) {
      top_->group_i = static_cast<std::uint32_t>(t);
      top_->eval();
      for (int i = 0; i < kWidth; ++i) {
        std::int32_t sum = 0;
        for (const Lookup& l : samples_[finished_].lookups) {
          if (l.table == t) sum += table_[l.bank][l.row][i];
        }
        ASSERT_EQ(static_cast<std::int32_t>(top_->embedding_o[i]), sum)
            << "cycle " << now_ << " sample " << finished_ << " table " << t;
      }
    }
    ++finished_;
  }

  void start() {
    Sample& sample = samples_[started_];
    top_->start_i = 1;
    top_->slot_i = static_cast<std::uint8_t>(started_ % kSlots);
    std::int64_t issue = now_;
    for (const Lookup& l : sample.lookups) {
      auto& bank = bank_free_[static_cast<std::size_t>(l.bank)];
      issue = std::max(issue + 1, bank);
      bank = issue + std::max(read_, scan_);
    }
    sample.end = issue + 1;
    sample.done = sample.end + read_ + scan_ + 2;
    free_at_ = sample.end + 1;
    ++started_;
  }

  void draw_sample() {
    constexpr std::uint64_t kMost = kFlits * kInFlit;
    const auto n = random_.below(5) == 0 ? kMost : random_.below(kMost + 1);
    samples_.emplace_back();
    for (std::uint64_t i = 0; i < n; ++i) {
      samples_.back().lookups.push_back(
          {static_cast<int>(random_.below(kBanks)),
           static_cast<int>(random_.below(static_cast<std::uint64_t>(bank_rows_))),
           static_cast<int>(random_.below(kTables))});
    }
  }

  void write_flit() {
    if (flit_ == 0) draw_sample();
    const auto& lookups = samples_.back().lookups;
    std::uint64_t data = 0;
    for (int i = 0; i < kInFlit; ++i) {
      const auto at = static_cast<std::size_t>(flit_ * kInFlit + i);
      if (at >= lookups.size()) break;
      const Lookup& l = lookups[at];
      const auto local = static_cast<std::uint64_t>(l.bank * bank_rows_ + l.row);
      data |= (local | static_cast<std::uint64_t>(l.table) << 24U | 1ULL << 31U)
              << static_cast<unsigned>(32 * i);
    }
    top_->write_i = 1;
    top_->slot_i = static_cast<std::uint8_t>((samples_.size() - 1) % kSlots);
    top_->base_i = static_cast<std::uint32_t>(flit_);
    top_->data_i = data;
    ++flit_;
    if (flit_ * kInFlit >= static_cast<int>(lookups.size())) flit_ = 0;
  }

  void act() {
    top_->write_i = top_->start_i = top_->read_i = 0;
    const bool free = now_ >= free_at_;
    if (finished_ < started_ && now_ >= samples_[finished_].done && random_.below(2) == 0) {
      check_sums();
    } else if (free && flit_ == 0 && started_ < samples_.size() && started_ < finished_ + kSlots &&
               random_.below(3) != 0) {
      start();
    } else if (flit_ > 0 ||
               (free && samples_.size() < started_ + kSlots && random_.below(2) == 0)) {
      write_flit();  // Never into the slot of a sample under way.
    }
  }

  void check_pulses() {
    const bool last = started_ > 0 && now_ == samples_[started_ - 1].end;
    bool done = false;
    for (std::size_t s = finished_; s < started_; ++s) done = done || now_ == samples_[s].done - 1;
    ASSERT_EQ(top_->last_o != 0, last) << "cycle " << now_;
    ASSERT_EQ(top_->done_o != 0, done) << "cycle " << now_;
    ASSERT_EQ(top_->idle_o != 0, now_ >= free_at_ || top_->start_i != 0) << "cycle " << now_;
  }

  int read_ = 1, scan_ = 1, bank_rows_ = 1, flit_ = 0;
  std::array<std::int64_t, kBanks> bank_free_{};
  std::vector<Sample> samples_;
  std::size_t started_ = 0, finished_ = 0;
  std::int64_t free_at_ = 0;
};

TEST_P(EmbeddingZoo, SumsInTheirCycles) {
  build();
  draw();
  for (; now_ < 6000 && !HasFatalFailure(); tick()) {
    act();
    top_->eval();
    check_pulses();
  }
  EXPECT_GT(finished_, 20U);
}

/// The same for the vector unit.
class VectorZoo : public EngineZoo {
 protected:
  struct Mode {
    bool raw, sigmoid;
    OutputRange range;
  };
  struct Expected {
    bool valid = false, last = false;
    int group = 0, slot = 0;
    std::array<std::int32_t, kVectorLanes> values{};
  };

  void draw() {
    const std::array<Mode, 5> modes{{{true, false, {0, 0}},
                                     {false, false, format_range(true, 8)},
                                     {false, false, format_range(false, 4)},
                                     {false, false, {0, 127}},
                                     {false, true, format_range(true, 16)}}};
    mode_ = modes[static_cast<std::size_t>(GetParam()) % modes.size()];
    Image image(kVectorLanes * layout::vector::kBits);
    for (int g = 0; g < kVectorGroups; ++g) {
      ImageWord word = image.word();
      for (int l = 0; l < kVectorLanes; ++l) {
        Requantiser r;
        r.multiplier = static_cast<std::int32_t>(random_.next32() >> (1 + random_.below(20)));
        r.shift = static_cast<std::uint8_t>(1 + random_.below(62));
        requantisers_.push_back(r);
        biases_.push_back(static_cast<std::int32_t>(random_.next32()) >> 3);
        const int at = l * layout::vector::kBits;
        word.set(layout::vector::kBias, static_cast<std::uint32_t>(biases_.back()), at);
        word.set(layout::vector::kMultiplier, static_cast<std::uint32_t>(r.multiplier), at);
        word.set(layout::vector::kShift, r.shift, at);
      }
      image.add(word);
    }
    image.write(folder_ + "/vector.hex");
  }

  /// A group on the inputs, and what has to come of it.
  Expected drive() {
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
                                                 static_cast<std::uint32_t>(biases_[at]));
      std::int32_t value = mode_.raw ? sum : requantise(sum, requantisers_[at], mode_.range);
      if (mode_.sigmoid) value = integer_sigmoid(static_cast<std::int16_t>(value));
      next.values[static_cast<std::size_t>(l)] = value;
    }
    top_->vector_valid_i = next.valid;
    top_->vector_last_i = next.last;
    top_->group_i = static_cast<std::uint32_t>(next.group);
    top_->slot_i = static_cast<std::uint8_t>(next.slot);
    return next;
  }

  void check(const Expected& out) {
    ASSERT_EQ(top_->vector_write_o != 0, out.valid) << "cycle " << now_;
    ASSERT_EQ(top_->vector_done_o != 0, out.last) << "cycle " << now_;
    if (!out.valid) return;
    ASSERT_EQ(top_->vector_group_o, out.group);
    ASSERT_EQ(top_->vector_slot_o, out.slot);
    for (int l = 0; l < kVectorLanes; ++l) {
      ASSERT_EQ(static_cast<std::int32_t>(top_->vector_data_o[l]),
                out.values[static_cast<std::size_t>(l)])
          << "cycle " << now_;
    }
  }

  Mode mode_{};
  std::vector<Requantiser> requantisers_;
  std::vector<std::int32_t> biases_;
};

TEST_P(VectorZoo, FourStages) {
  draw();
  build();
  top_->raw_i = mode_.raw;
  top_->sigmoid_i = mode_.sigmoid;
  top_->low_i = static_cast<std::uint32_t>(mode_.range.low);
  top_->high_i = static_cast<std::uint32_t>(mode_.range.high);
  std::array<Expected, 4> pipe{};
  for (; now_ < 5000 && !HasFatalFailure(); tick()) {
    pipe[0] = drive();
    top_->eval();
    check(pipe[3]);
    for (std::size_t i = 3; i > 0; --i) pipe[i] = pipe[i - 1];
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EmbeddingZoo, ::testing::Range(0, 10));
INSTANTIATE_TEST_SUITE_P(Seeds, VectorZoo, ::testing::Range(0, 10));

}  // namespace
}  // namespace recpim
