// SPDX-License-Identifier: Apache-2.0
// normaliser behind vector_unit and sequencer, as in tile_shell, against models/ops and the closed
// forms of sim/README.md, "Tile", step 3: every write in its cycle, the next sample as early as the
// hold lets it. rsqrt by itself. For the dimensions in CMakeLists.txt.
#include <algorithm>
#include <deque>

#include "Vnormaliser_zoo.h"
#include "models/ops/integer_layernorm.h"
#include "models/ops/integer_rsqrt.h"
#include "models/ops/requantise.h"
#include "normaliser_members.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "testbenches/cosim/block_zoo.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::kNormaliserMembers;
using testing::kZooCycles;

constexpr std::size_t kMembers = std::size(kNormaliserMembers);
constexpr int kLow = -32768, kHigh = 32767;

/// The words of normaliser_zoo.sv.
struct In {
  std::uint32_t enable = 0, last_vector = 0, length = 0, last_block = 0;
  std::uint32_t element_stride = 0, vector_stride = 0, epsilon_low = 0, epsilon_high = 0;
  std::uint32_t low = 0, high = 0, hold = 0, last_group = 0;
  std::uint32_t engine_done = 0, output_sent = 0;
  std::array<std::uint32_t, 16> accumulators{};
  std::uint32_t root_valid = 0, root_low = 0, root_high = 0;
};
struct Out {
  std::uint32_t vector_valid = 0, vector_group = 0;
  std::uint32_t write = 0, done = 0, slot = 0, group = 0;
  std::uint32_t output = 0;  ///< 1 + slot; 0: none is ready.
  std::array<std::int32_t, 16> data{};
  std::uint32_t root_valid = 0, mantissa = 0, shift = 0;
};

/// The layer norm of a tile: which elements are a vector, and what becomes of them.
struct Norm {
  int vectors = 1, length = 2, element_stride = 1, vector_stride = 1;
  std::int64_t epsilon = 1;
  OutputRange range;
  std::vector<bool> negative;
  std::vector<std::int32_t> biases;
  std::vector<Requantiser> requantisers;

  int elements() const { return vectors * length; }

  std::vector<std::int32_t> apply(const std::vector<std::int16_t>& x) const {
    std::vector<std::int16_t> y(x.size());
    for (int v = 0; v < vectors; ++v) {
      integer_normalise(&x[std::size_t(v * vector_stride)], length, element_stride, epsilon,
                        &y[std::size_t(v * vector_stride)], element_stride);
    }
    std::vector<std::int32_t> out;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::int32_t sum = (negative[i] ? -y[i] : y[i]) + biases[i];
      out.push_back(requantise(sum, requantisers[i], range));
    }
    return out;
  }
};

/// Values of 16 bits of one vector, seldom well-behaved.
void draw_vector(Random& random, std::vector<std::int16_t>& x, int first, int n, int stride) {
  const int kind = between(random, 0, 7);
  const int centre =
      below(random, 3) == 0 ? (below(random, 2) == 0 ? kLow : kHigh) : between(random, kLow, kHigh);
  const int width = 1 << between(random, 0, 14);
  for (int i = 0; i < n; ++i) {
    int value = centre;                                            // All are equal.
    if (kind == 1) value = below(random, 2) == 0 ? kLow : kHigh;   // The extremes.
    if (kind == 2) value = below(random, 16) == 0 ? kHigh : kLow;  // A few of them.
    if (kind >= 4) value = between(random, centre - width, centre + width);
    if (kind == 7) value = between(random, kLow, kHigh);
    x[std::size_t(first + i * stride)] = static_cast<std::int16_t>(std::clamp(value, kLow, kHigh));
  }
  if (kind == 3) {  // One outlier.
    x[std::size_t(first + between(random, 0, n - 1) * stride)] =
        static_cast<std::int16_t>(centre < 0 ? kHigh : kLow);
  }
}

/// One sequencer, vector unit and normaliser. Cycles of sample s are at [s].
class Member {
 public:
  Member(std::size_t number, std::uint64_t seed)
      : shape_(kNormaliserMembers[number]),
        random_(seed, 100 + number),
        done_pace_(seed, 200 + number),
        sender_pace_(seed, 300 + number) {
    draw_shape();
    for (int i = 0; i < norm_.elements(); ++i) draw_element();
    const std::array<OutputRange, 5> ranges{{format_range(true, 8),
                                             {0, 127},
                                             format_range(false, 4),
                                             format_range(true, 16),
                                             format_range(false, 8)}};
    norm_.range = ranges[below(random_, ranges.size())];
    const std::array<int, 6> exponents{0, 0, 20, 40, 62, 62};  // Of the largest epsilon.
    const int exponent = exponents[below(random_, exponents.size())];
    norm_.epsilon = std::int64_t{1} << (below(random_, 2) == 0 ? exponent : 0);
    if (exponent > 0 && below(random_, 2) == 0) {
      norm_.epsilon =
          1 + static_cast<std::int64_t>(random_.next64() >> (64 - between(random_, 1, exponent)));
    }
    groups_ = ceil_div(norm_.elements(), shape_.lanes);
    blocks_ = ceil_div(norm_.length, shape_.lanes);
    enabled_ = below(random_, 8) != 0;
    hold_ = enabled_ ? groups_ + norm_.vectors * blocks_ + 6 : 0;
    delay_ = enabled_ ? groups_ + norm_.vectors * blocks_ + 12 : 0;
    // What random initial registers might start has time to do harm.
    quiet_ = below(random_, 2) == 0 ? 2500 : 0;
  }

  void write_images(const std::string& stem) const {
    Image vector(shape_.lanes * layout::vector::kBits);
    Image norm(shape_.lanes * layout::norm::kBits);
    for (int g = 0; g < groups_; ++g) {
      ImageWord vector_word = vector.word();
      ImageWord norm_word = norm.word();
      for (int l = 0; l < shape_.lanes; ++l) {
        const int e = g * shape_.lanes + l;
        const int at = l * layout::vector::kBits;
        vector_word.set(layout::vector::kMultiplier, 2, at);  // Values stay as they are.
        vector_word.set(layout::vector::kShift, 1, at);
        if (e < norm_.elements()) set_norm(norm_word, e, l * layout::norm::kBits);
      }
      vector.add(vector_word);
      norm.add(norm_word);
    }
    vector.write(stem + "vector.hex");
    norm.write(stem + "norm.hex");
  }

  /// The inputs of a cycle; afterwards expected() is what it has to show.
  In drive(std::int64_t now) {
    In in = settings();
    expected_ = {};
    if (now >= quiet_ && done_.size() < starts_.size() + std::size_t(shape_.slots) &&
        done_pace_()) {
      in.engine_done = 1;
      done_.push_back(now + 1);
    }
    if (may_start(now)) start(now);
    if (!starts_.empty() && now < starts_.back() + groups_) enter(in, now);
    show_write(now);
    const std::size_t s = output_free_.size();
    if (s < starts_.size() && now >= starts_[s] + groups_ + 3 + delay_) {
      expected_.output = 1 + static_cast<std::uint32_t>(s) % std::uint32_t(shape_.slots);
      in.output_sent = sender_pace_() ? 1 : 0;
      if (in.output_sent != 0) output_free_.push_back(now + 1);
    }
    drive_root(in, now);
    return in;
  }

  void check(const Out& got, const std::string& where) {
    ASSERT_EQ(got.vector_valid, expected_.vector_valid) << where;
    if (expected_.vector_valid != 0) {
      ASSERT_EQ(got.vector_group, expected_.vector_group) << where;
    }
    ASSERT_EQ(got.write, expected_.write) << where;
    ASSERT_EQ(got.done, expected_.done) << where;
    ASSERT_EQ(got.output, expected_.output) << where;
    if (expected_.write != 0) {
      ASSERT_EQ(got.slot, expected_.slot) << where;
      ASSERT_EQ(got.group, expected_.group) << where;
      for (int l = 0; l < lanes_; ++l) {  // Lanes behind the last element show anything.
        ASSERT_EQ(got.data[std::size_t(l)], expected_.data[std::size_t(l)])
            << where << " lane " << l << " group " << got.group;
      }
    }
    ASSERT_EQ(got.root_valid, expected_.root_valid) << where;
    if (expected_.root_valid == 0) return;
    ASSERT_EQ(got.mantissa, expected_.mantissa) << where;
    ASSERT_EQ(got.shift, expected_.shift) << where;
  }

  std::size_t sent() const { return output_free_.size(); }
  bool enabled() const { return enabled_; }
  int slots() const { return shape_.slots; }
  int earliest_starts() const { return earliest_starts_; }
  int unsaturated() const { return unsaturated_; }

 private:
  struct Writes {
    std::int64_t first = 0;
    std::uint32_t slot = 0;
    std::vector<std::int32_t> values;
  };

  void draw_shape() {
    // Mostly all that the hardware has.
    norm_.vectors = below(random_, 3) == 0 ? between(random_, 1, shape_.vectors) : shape_.vectors;
    const int most = std::min(shape_.elements / norm_.vectors, kMaxNormaliseLength);
    norm_.length = below(random_, 3) == 0 ? between(random_, 2, most) : most;
    const bool along_rows = below(random_, 2) == 0;
    norm_.element_stride = along_rows ? norm_.vectors : 1;
    norm_.vector_stride = along_rows ? 1 : norm_.length;
  }

  void draw_element() {
    Requantiser r;
    if (below(random_, 20) == 0) {  // Anything.
      r.multiplier = static_cast<std::int32_t>(random_.next32() >> 1U);
      r.shift = static_cast<std::uint8_t>(between(random_, 1, 62));
    } else {  // y divided by 2^-2 ... 2^10: seldom saturates.
      r.shift = static_cast<std::uint8_t>(between(random_, 24, 40));
      const auto gain = static_cast<std::uint32_t>(between(random_, 1 << 20, (1 << 21) - 1));
      r.multiplier = static_cast<std::int32_t>((std::uint64_t{gain} << r.shift) >>
                                               unsigned(20 + between(random_, 9, 15)));
      r.multiplier = std::max(r.multiplier, 1);
    }
    norm_.requantisers.push_back(r);
    norm_.negative.push_back(below(random_, 2) == 0);
    norm_.biases.push_back(between(random_, -20000, 20000) << (below(random_, 30) == 0 ? 15 : 0));
  }

  void set_norm(ImageWord& word, int e, int at) const {
    const auto i = std::size_t(e);
    const int vector =
        norm_.element_stride == 1 && norm_.vectors > 1 ? e / norm_.length : e % norm_.vectors;
    word.set(layout::norm::kBias, static_cast<std::uint32_t>(norm_.biases[i]), at);
    word.set(layout::norm::kMultiplier, std::uint32_t(norm_.requantisers[i].multiplier), at);
    word.set(layout::norm::kShift, norm_.requantisers[i].shift, at);
    word.set(layout::norm::kNegative, norm_.negative[i] ? 1 : 0, at);
    word.set(layout::norm::kVector, std::uint32_t(vector), at);
  }

  In settings() const {
    In in;
    in.enable = enabled_ ? 1 : 0;
    in.last_vector = static_cast<std::uint32_t>(norm_.vectors - 1);
    in.length = static_cast<std::uint32_t>(norm_.length);
    in.last_block = static_cast<std::uint32_t>(blocks_ - 1);
    in.element_stride = static_cast<std::uint32_t>(norm_.element_stride);
    in.vector_stride = static_cast<std::uint32_t>(norm_.vector_stride);
    in.epsilon_low = static_cast<std::uint32_t>(norm_.epsilon);
    in.epsilon_high = static_cast<std::uint32_t>(norm_.epsilon >> 32U);
    in.low = static_cast<std::uint32_t>(norm_.range.low);
    in.high = static_cast<std::uint32_t>(norm_.range.high);
    in.hold = static_cast<std::uint32_t>(hold_);
    in.last_group = static_cast<std::uint32_t>(groups_ - 1);
    return in;
  }

  bool may_start(std::int64_t now) {
    const std::size_t s = starts_.size();
    if (done_.size() <= s || now < done_[s]) return false;
    const std::int64_t free = s == 0 ? 0 : starts_.back() + groups_ + hold_;
    if (now < free) return false;
    const std::size_t before = s - std::size_t(shape_.slots);  // Whose output slot s takes over.
    if (s >= std::size_t(shape_.slots) &&
        (output_free_.size() <= before || now < output_free_[before])) {
      return false;
    }
    earliest_starts_ += s > 0 && now == free ? 1 : 0;
    return true;
  }

  void start(std::int64_t now) {
    x_.resize(std::size_t(norm_.elements()));
    for (int v = 0; v < norm_.vectors; ++v) {
      draw_vector(random_, x_, v * norm_.vector_stride, norm_.length, norm_.element_stride);
    }
    Writes writes;
    writes.first = now + 3 + delay_;
    writes.slot = static_cast<std::uint32_t>(starts_.size() % std::size_t(shape_.slots));
    if (enabled_) {
      writes.values = norm_.apply(x_);
      unsaturated_ += static_cast<int>(
          std::count_if(writes.values.begin(), writes.values.end(), [&](std::int32_t value) {
            return value > norm_.range.low && value < norm_.range.high && value != 0;
          }));
    } else {
      writes.values.assign(x_.begin(), x_.end());
    }
    writes_.push_back(writes);
    starts_.push_back(now);
  }

  /// A group of accumulators, saturated by the vector unit where x is at an end.
  void enter(In& in, std::int64_t now) {
    const auto group = static_cast<int>(now - starts_.back());
    expected_.vector_valid = 1;
    expected_.vector_group = static_cast<std::uint32_t>(group);
    for (int l = 0; l < shape_.lanes; ++l) {
      const int e = group * shape_.lanes + l;
      std::int32_t value = static_cast<std::int32_t>(random_.next32()) >> 14;
      if (e < norm_.elements()) {
        value = x_[std::size_t(e)];
        if (value == kHigh) value += between(random_, 0, 1000);
        if (value == kLow) value -= between(random_, 0, 1000);
      }
      in.accumulators[std::size_t(l)] = static_cast<std::uint32_t>(value);
    }
  }

  void show_write(std::int64_t now) {
    if (!writes_.empty() && now >= writes_.front().first + groups_) writes_.pop_front();
    if (writes_.empty() || now < writes_.front().first) return;
    const Writes& writes = writes_.front();
    const auto group = static_cast<int>(now - writes.first);
    expected_.write = 1;
    expected_.done = group == groups_ - 1 ? 1 : 0;
    expected_.slot = writes.slot;
    expected_.group = static_cast<std::uint32_t>(group);
    lanes_ = std::min(shape_.lanes, norm_.elements() - group * shape_.lanes);
    for (int l = 0; l < lanes_; ++l) {
      expected_.data[std::size_t(l)] = writes.values[std::size_t(group * shape_.lanes + l)];
    }
  }

  /// Any number to rsqrt, whose root comes three cycles later.
  void drive_root(In& in, std::int64_t now) {
    std::uint64_t& root = roots_[std::size_t(now % 4)];
    root = below(random_, 4) == 0 ? 0 : random_.next64() >> below(random_, 64);
    in.root_valid = root != 0 ? 1 : 0;
    in.root_low = static_cast<std::uint32_t>(root);
    in.root_high = static_cast<std::uint32_t>(root >> 32U);
    const std::uint64_t before = roots_[std::size_t((now + 1) % 4)];
    if (before == 0) return;
    const BinaryFraction fraction = integer_rsqrt(before);
    expected_.root_valid = 1;
    expected_.mantissa = fraction.mantissa;
    expected_.shift = static_cast<std::uint32_t>(fraction.shift);
  }

  testing::NormaliserMember shape_;
  Random random_;
  testing::Pace done_pace_, sender_pace_;
  Norm norm_;
  int groups_ = 1, blocks_ = 1;
  bool enabled_ = true;
  std::int64_t hold_ = 0, delay_ = 0;  ///< delay_: that the normaliser adds to a write.
  std::int64_t quiet_ = 0;             ///< No sample comes before this cycle.
  std::vector<std::int64_t> done_, starts_, output_free_;
  std::vector<std::int16_t> x_;  ///< Of the sample started last.
  std::deque<Writes> writes_;
  std::array<std::uint64_t, 4> roots_{};
  int lanes_ = 0, earliest_starts_ = 0, unsaturated_ = 0;
  Out expected_;
};

class NormaliserZoo : public ::testing::TestWithParam<int> {};

TEST_P(NormaliserZoo, EveryValueInItsCycle) {
  const testing::ZooFolder folder("normaliser_zoo");
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.push_back(std::make_unique<Member>(m, static_cast<std::uint64_t>(GetParam())));
    members[m]->write_images(folder.stem(m));
  }
  testing::Zoo<Vnormaliser_zoo, In, Out> zoo(GetParam(), folder.path());
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < kMembers; ++m) zoo.put(m, members[m]->drive(now));
    zoo.settle();
    for (std::size_t m = 0; m < kMembers; ++m) {
      members[m]->check(zoo.get(m), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  std::size_t sent = 0;
  int earliest = 0;
  int unsaturated = 0;
  for (const auto& member : members) {
    EXPECT_GT(member->sent(), 3U);
    if (!member->enabled()) continue;
    if (member->slots() > 1) {  // One waits for its only output slot.
      EXPECT_GT(member->earliest_starts(), 0);
    }
    sent += member->sent();
    earliest += member->earliest_starts();
    unsaturated += member->unsaturated();
  }
  EXPECT_GT(sent, 1000U);
  EXPECT_GT(earliest, 100);
  EXPECT_GT(unsaturated, 5000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NormaliserZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
