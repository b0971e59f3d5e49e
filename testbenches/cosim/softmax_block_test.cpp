// SPDX-License-Identifier: Apache-2.0
// exponential and reciprocal against models/ops, over all of their ranges: the stage in which each
// value is visible, at random paces.
#include <gtest/gtest.h>

#include <deque>

#include "Vsoftmax_zoo.h"
#include "models/ops/integer_softmax.h"
#include "traces/support/random.h"
#include "verilated.h"

namespace recpim {
namespace {

constexpr int kWeightStages = 4;
constexpr int kMantissaStages = 3;

class SoftmaxZoo : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    context_.randReset(2);
    context_.randSeed(1 + GetParam());
    top_ = std::make_unique<Vsoftmax_zoo>(&context_, "");
    top_->clk_i = 0;
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
  }
  /// Up to `bits` bits, of any order of magnitude.
  std::uint32_t any(int bits) {
    return random_.next32() >> (32 - bits) >> random_.below(static_cast<std::uint64_t>(bits));
  }

  Random random_{static_cast<std::uint64_t>(GetParam()), 7};
  VerilatedContext context_;
  std::unique_ptr<Vsoftmax_zoo> top_;
};

TEST_P(SoftmaxZoo, Weights) {
  struct Score {
    bool valid = false, used = false;
    std::uint32_t weight = 0;
  };
  std::deque<Score> pipe(kWeightStages);
  Requantiser r;
  for (int now = 0; now < 30000; ++now) {
    if (now % 100 == 0) {  // Stages read the settings, which a tile never changes.
      r.multiplier = static_cast<std::int32_t>(now % 300 == 0 ? 0x7fffffffU : any(31));
      r.shift = static_cast<std::uint8_t>(1 + random_.below(62));
      pipe.assign(kWeightStages, {});
      top_->rst_ni = 0;
      top_->eval();
      top_->rst_ni = 1;
    }
    top_->multiplier_i = static_cast<std::uint32_t>(r.multiplier);
    top_->shift_i = r.shift;
    Score next{random_.below(4) != 0, random_.below(4) != 0, 0};
    top_->distance_i = random_.below(20) == 0 ? 0 : random_.below(20) == 0 ? ~0U : any(32);
    top_->valid_i = next.valid;
    top_->used_i = next.used;
    if (next.used) next.weight = integer_exp2(softmax_exponent(top_->distance_i, r));
    top_->eval();
    ASSERT_EQ(top_->valid_o != 0, pipe.front().valid) << now;
    if (pipe.front().valid) {
      ASSERT_EQ(top_->weight_o, pipe.front().weight) << now;
      ASSERT_EQ(top_->unused_o, 0U) << now;
    }
    pipe.pop_front();
    pipe.push_back(next);
    tick();
  }
}

TEST_P(SoftmaxZoo, Reciprocals) {
  std::uint32_t z = 0;
  int age = kMantissaStages + 1;
  int checked = 0;
  for (int now = 0; now < 30000; ++now, ++age) {
    top_->sum_valid_i = age > kMantissaStages && random_.below(2) == 0;
    // As a sum of weights: 2^15 for the largest score, up to 2^25 for 1,024 of them.
    top_->sum_i = random_.below(20) == 0   ? 1U << 15
                  : random_.below(20) == 0 ? 1U << 25
                                           : (1U << 15) + any(25);
    if (top_->sum_valid_i != 0) {
      z = top_->sum_i;
      age = 0;
    }
    top_->eval();
    const BinaryFraction expected = z == 0 ? BinaryFraction{} : integer_reciprocal(z);
    if (z != 0 && age >= 1) {
      ASSERT_EQ(static_cast<int>(top_->exponent_o), expected.shift - 24) << z;
    }
    if (z != 0 && age >= kMantissaStages) {
      ASSERT_EQ(top_->mantissa_o, expected.mantissa) << z;
      ++checked;
    }
    tick();
  }
  EXPECT_GT(checked, 5000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SoftmaxZoo, ::testing::Range(0, 4));

}  // namespace
}  // namespace recpim
