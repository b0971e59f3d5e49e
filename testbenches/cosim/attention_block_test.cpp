// SPDX-License-Identifier: Apache-2.0
// attention_engine with its buffers against sim/README.md: random numbers of rows, heads and
// columns, for the dimensions in CMakeLists.txt. Values by plain loops and models/ops, every output
// in every cycle.
#include <algorithm>
#include <set>
#include <tuple>

#include "Vattention_zoo.h"
#include "attention_members.h"
#include "models/ops/integer_softmax.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "testbenches/cosim/engine_member.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

using testing::AttentionMember;
using testing::between;
using testing::EngineAdd;
using testing::EnginePort;
using testing::kAttentionMembers;

constexpr std::size_t kMembers = std::size(kAttentionMembers);
constexpr int kSeeds = 12;

class Member : public testing::EngineMember {
 public:
  Member(std::size_t number, int seed, const std::string& stem)
      : EngineMember({kAttentionMembers[number].flit_bits, kAttentionMembers[number].slots,
                      kAttentionMembers[number].lanes, 3 * kAttentionMembers[number].outputs},
                     number, static_cast<std::uint64_t>(seed)),
        dimensions_(kAttentionMembers[number]) {
    draw_shape(number, seed);
    draw_formats();
    Image map(layout::map::kBits);
    for (int e = 0; e < dimensions_.outputs; ++e) {
      ImageWord word = map.word();
      word.set(layout::map::kRow, static_cast<std::uint64_t>(e / shape_.lanes));
      word.set(layout::map::kColumn, static_cast<std::uint64_t>(e % shape_.lanes));
      map.add(word);
    }
    map.write(stem + "map.hex");
  }
  std::string describe() const override {
    return std::to_string(rows_) + " rows, " + std::to_string(heads_) + " heads of " +
           std::to_string(depth_);
  }
  int groups() const { return ceil_div(rows_, shape_.lanes); }
  int heads() const { return heads_; }
  int depth() const { return depth_; }

 private:
  void draw_shape(std::size_t number, int seed) {
    const std::array<int, 4> heads{1, 2, 8, 3};
    const std::array<int, 4> depths{1, 2, 4, 7};
    heads_ = heads[static_cast<std::size_t>(seed) % heads.size()];
    depth_ = depths[(static_cast<std::size_t>(seed) / heads.size() + number) % depths.size()];
    depth_ = std::min(depth_, dimensions_.outputs / heads_);
    const int most =
        std::min(shape_.lanes * dimensions_.groups, dimensions_.outputs / (heads_ * depth_));
    rows_ = random_.below(2) == 0 ? most : between(random_, 1, most);
    const std::int64_t g = groups();
    const std::int64_t query = 2 * depth_ * g + g + 7;
    std::vector<EngineAdd> adds;
    for (int head = 0; head < heads_; ++head) {
      for (int i = 0; i < rows_; ++i) {
        const std::int64_t x = (head * rows_ + i) * query + depth_ * g + g + 5;
        for (int c = 0; c < depth_; ++c) {
          const int element = (i * heads_ + head) * depth_ + c;
          adds.push_back({x + 2 + c * g + g - 1 + 4, element / shape_.lanes});
        }
      }
    }
    busy_ = heads_ * rows_ * query;
    adds_ = adds;
  }

  /// Formats whose sums fit 32 bits, and a multiplier that spreads the scores' exponents.
  void draw_formats() {
    const std::array<int, 3> bits{4, 8, 16};
    const auto draw = [&](int most) {
      return std::min({dimensions_.operand_bits, most, bits[random_.below(3)]});
    };
    const int part = rows_ * heads_ * depth_;
    const std::array<int, 3> width{draw(16), draw(8), draw(8)};
    std::vector<EnginePort> ports;
    for (int p = 0; p < 3; ++p) {
      ports.push_back({p * part, part, width[std::size_t(p)], random_.below(2) == 0});
    }
    const auto magnitude = [&](std::size_t p) {
      return std::int64_t{std::max(ports[p].high(), -ports[p].low())};
    };
    const std::int64_t spread = 2 * depth_ * magnitude(0) * magnitude(1);
    int log2 = 0;
    while ((std::int64_t{1} << log2) < spread) ++log2;
    r_.multiplier = static_cast<std::int32_t>(random_.next32() >> 1);
    r_.shift = static_cast<std::uint8_t>(std::clamp(30 + log2 - between(random_, 13, 23), 1, 62));
    if (random_.below(8) == 0) r_.shift = static_cast<std::uint8_t>(between(random_, 1, 62));
    settings_ = {
        static_cast<std::uint32_t>(rows_),         static_cast<std::uint32_t>(heads_),
        static_cast<std::uint32_t>(depth_),        static_cast<std::uint32_t>(groups() - 1),
        static_cast<std::uint32_t>(r_.multiplier), r_.shift};
    prepare(ports, busy_, busy_ + 5, adds_);
  }

  std::vector<std::uint32_t> compute(const std::vector<std::int32_t>& x) const override {
    const int width = heads_ * depth_;
    const auto at = [&](int part, int row, int column) {
      return std::int64_t{x[static_cast<std::size_t>((part * rows_ + row) * width + column)]};
    };
    std::vector<std::uint32_t> out(static_cast<std::size_t>(rows_ * width));
    std::vector<std::int64_t> scores(static_cast<std::size_t>(rows_));
    std::vector<std::int64_t> weights(scores.size());
    for (int head = 0; head < heads_; ++head) {
      for (int i = 0; i < rows_; ++i) {
        for (std::size_t k = 0; k < scores.size(); ++k) {
          scores[k] = 0;
          for (int c = head * depth_; c < (head + 1) * depth_; ++c) {
            scores[k] += at(0, i, c) * at(1, static_cast<int>(k), c);
          }
        }
        const std::int64_t largest = *std::max_element(scores.begin(), scores.end());
        std::uint32_t sum = 0;
        for (std::size_t k = 0; k < scores.size(); ++k) {
          weights[k] =
              integer_exp2(softmax_exponent(static_cast<std::uint32_t>(largest - scores[k]), r_));
          sum += static_cast<std::uint32_t>(weights[k]);
        }
        for (int c = head * depth_; c < (head + 1) * depth_; ++c) {
          std::int64_t total = 0;
          for (std::size_t k = 0; k < scores.size(); ++k) {
            total += weights[k] * at(2, static_cast<int>(k), c);
          }
          out[static_cast<std::size_t>(i * width + c)] =
              static_cast<std::uint32_t>(softmax_mean(total, integer_reciprocal(sum)));
        }
      }
    }
    return out;
  }

  AttentionMember dimensions_;
  int rows_ = 1, heads_ = 1, depth_ = 1;
  std::int64_t busy_ = 1;
  std::vector<EngineAdd> adds_;
  Requantiser r_;
};

class AttentionZoo : public ::testing::TestWithParam<int> {};

TEST_P(AttentionZoo, MeansInTheirCycles) {
  const testing::ZooFolder folder("attention_zoo");
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.push_back(std::make_unique<Member>(m, GetParam(), folder.stem(m)));
  }
  testing::run_engines<Vattention_zoo>(members, folder.path(), GetParam(), testing::kZooCycles);
  for (const auto& member : members) {
    EXPECT_GT(member->finished(), 2) << member->describe();
  }
}

// Keys within and beyond the lanes, with every number of heads and of columns of a head.
TEST(AttentionShapes, AllAreDrawn) {
  const testing::ZooFolder folder("attention_shapes");
  std::set<std::tuple<bool, int, int>> drawn;
  for (int seed = 0; seed < kSeeds; ++seed) {
    for (std::size_t m = 0; m < kMembers; ++m) {
      const Member member(m, seed, folder.stem(m));
      drawn.emplace(member.groups() > 1, member.heads(), member.depth());
    }
  }
  for (const bool beyond : {false, true}) {
    for (const int heads : {1, 2, 8}) {
      for (const int depth : {1, 2, 4}) {
        EXPECT_EQ(drawn.count({beyond, heads, depth}), 1U)
            << beyond << " " << heads << " x " << depth;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AttentionZoo, ::testing::Range(0, kSeeds));

}  // namespace
}  // namespace recpim
