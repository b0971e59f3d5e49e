// SPDX-License-Identifier: Apache-2.0
// sequencer against sim/README.md, "Tile", steps 1 to 4, and "Replicas": the starts of every sample
// from the formulas there, every output in every cycle; ports (each with some of the samples),
// engine and sender at random paces, for the dimensions in CMakeLists.txt.
#include <algorithm>

#include "Vsequencer_zoo.h"
#include "sequencer_members.h"
#include "testbenches/cosim/block_zoo.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::kSequencerMembers;
using testing::kZooCycles;

constexpr std::size_t kMembers = std::size(kSequencerMembers);
constexpr int kVectorStages = 3;  // Behind the lanes: ovalid - vstart - nv.

/// The words of sequencer_zoo.sv.
struct In {
  std::uint32_t input_ports = 0, partial_ports = 0, last_group = 0, arrival = 0;
  std::uint32_t engine_idle = 0, engine_last = 0, engine_done = 0;
  std::uint32_t vector_done = 0, output_sent = 0;
  std::uint32_t hold = 0;
};
struct Out {
  std::uint32_t released = 0, engine_start = 0, engine_slot = 0;
  std::uint32_t vector_valid = 0, vector_last = 0, vector_group = 0, vector_slot = 0;
  std::uint32_t output_valid = 0, output_slot = 0;
  std::uint32_t input_slot = 0, turn = 0;
};

/// One sequencer with ports, engine, vector unit and sender. Cycles of sample s are at [s].
class Member {
 public:
  Member(std::size_t number, std::uint64_t seed)
      : slots_(static_cast<std::size_t>(kSequencerMembers[number].slots)),
        input_slots_(static_cast<std::size_t>(kSequencerMembers[number].input_slots)),
        turns_(static_cast<std::size_t>(kSequencerMembers[number].turns)),
        random_(seed, 100 + number),
        arrival_pace_(seed, 200 + number),
        engine_pace_(seed, 300 + number),
        sender_pace_(seed, 400 + number, 1) {  // A sample is many flits.
    const auto& shape = kSequencerMembers[number];
    inputs_ = static_cast<std::size_t>(between(random_, 1, shape.ports));
    ports_ = static_cast<std::size_t>(between(random_, static_cast<int>(inputs_), shape.ports));
    // Most samples are short, or there would be few of them.
    const int most = 1 << shape.group_bits;
    groups_ = below(random_, 4) == 0 ? most : between(random_, 1, std::min(most, 12));
    // With a normaliser the next sample is held, and the last write comes that much later.
    if (below(random_, 2) == 0) {
      hold_ = between(random_, 1, groups_ > 64 ? 8 : 60);
      stages_ = kVectorStages + hold_ + 6;
    }
    for (std::size_t p = 0; p < ports_; ++p) {
      Port port;
      while (p < inputs_ && port.period < turns_ && below(random_, 3) != 0) port.period *= 2;
      port.first = below(random_, port.period);
      port.credits = p < inputs_ ? std::min(slots_, input_slots_ / port.period) : slots_;
      port_.push_back(port);
    }
    arrivals_.resize(ports_);
    released_.assign(ports_, 0);
  }

  /// The inputs of a cycle; afterwards expected() is what it has to show.
  In drive(std::int64_t now) {
    In in;
    expected_ = {};
    in.input_ports = active_inputs(start_.size());
    in.partial_ports = mask(inputs_, ports_);
    in.last_group = static_cast<std::uint32_t>(groups_ - 1);
    in.hold = static_cast<std::uint32_t>(hold_);
    in.engine_idle = now >= engine_free() ? 1 : 0;
    start_engine(now);
    start_vector(now);
    if (!start_.empty() && now == engine_free() - 1) {
      in.engine_last = 1;
      expected_.released |= active_inputs(start_.size() - 1);
    }
    show_vector(now);
    if (expected_.vector_last != 0) expected_.released |= in.partial_ports;
    in.engine_done = in_cycle(done_, now + 1) ? 1 : 0;
    in.vector_done = in_cycle(vector_start_, now + 1 - groups_ - stages_) ? 1 : 0;
    in.output_sent = show_output(now) && sender_pace_() ? 1 : 0;
    if (in.output_sent != 0) output_free_.push_back(now + 1);
    in.arrival = arrive(now);
    for (std::size_t p = 0; p < ports_; ++p) released_[p] += expected_.released >> p & 1U;
    return in;
  }
  const Out& expected() const { return expected_; }
  std::size_t sent() const { return output_free_.size(); }
  /// Cycles in which nothing but a free accumulator, output slot, or the hold's end was missing.
  int accumulator_waits() const { return accumulator_waits_; }
  int output_waits() const { return output_waits_; }
  int hold_waits() const { return hold_waits_; }

 private:
  using Cycles = std::vector<std::int64_t>;

  struct Port {
    std::size_t period = 1, first = 0;  ///< It brings samples s with s mod period = first.
    std::size_t credits = 1;
    bool active(std::size_t sample) const { return sample % period == first; }
  };

  std::uint32_t active_inputs(std::size_t sample) const {
    std::uint32_t active = 0;
    for (std::size_t p = 0; p < inputs_; ++p) {
      if (port_[p].active(sample)) active |= 1U << p;
    }
    return active;
  }
  static std::uint32_t mask(std::size_t from, std::size_t to) { return (1U << to) - (1U << from); }
  static bool in_cycle(const Cycles& cycles, std::int64_t at) {
    return std::binary_search(cycles.begin(), cycles.end(), at);
  }
  std::uint32_t slot(std::size_t sample) const {
    return static_cast<std::uint32_t>(sample % slots_);
  }
  /// complete(s), or complete_partial(s), is not after now.
  bool complete(std::size_t from, std::size_t to, std::size_t sample, std::int64_t now) const {
    for (std::size_t p = from; p < to; ++p) {
      if (!port_[p].active(sample)) continue;
      const std::size_t packet = sample / port_[p].period;
      if (arrivals_[p].size() <= packet || arrivals_[p][packet] > now) return false;
    }
    return true;
  }
  std::int64_t engine_free() const { return start_.empty() ? 0 : start_.back() + busy_; }
  std::int64_t vector_free() const {
    return vector_start_.empty() ? 0 : vector_start_.back() + groups_;
  }

  void start_engine(std::int64_t now) {
    const std::size_t s = start_.size();
    expected_.engine_slot = slot(s);
    expected_.input_slot = static_cast<std::uint32_t>(s % input_slots_);
    expected_.turn = static_cast<std::uint32_t>(s % turns_);
    if (now < engine_free() || !complete(0, inputs_, s, now)) return;
    const std::size_t before = s - slots_;  // Whose accumulators s takes over.
    if (s >= slots_ && (vector_start_.size() <= before || now < vector_start_[before] + groups_)) {
      ++accumulator_waits_;
      return;
    }
    expected_.engine_start = 1;
    start_.push_back(now);
    busy_ = engine_pace_() ? between(random_, 1, 4) : between(random_, 5, 40);
    // Every engine's latency is at least its busy time and 3; samples are done in order.
    const std::int64_t done = now + busy_ + 3 + between(random_, 0, 6);
    done_.push_back(std::max(done, done_.empty() ? 0 : done_.back() + 1));
  }

  void start_vector(std::int64_t now) {
    const std::size_t s = vector_start_.size();
    if (done_.size() <= s || now < done_[s] || now < vector_free()) return;
    if (!complete(inputs_, ports_, s, now)) return;
    if (s > 0 && now < vector_free() + hold_) {
      ++hold_waits_;
      return;
    }
    const std::size_t before = s - slots_;
    if (s >= slots_ && (output_free_.size() <= before || now < output_free_[before])) {
      ++output_waits_;
      return;
    }
    vector_start_.push_back(now);
  }

  void show_vector(std::int64_t now) {
    if (vector_start_.empty() || now >= vector_free()) return;
    expected_.vector_valid = 1;
    expected_.vector_group = static_cast<std::uint32_t>(now - vector_start_.back());
    expected_.vector_last = now == vector_free() - 1 ? 1 : 0;
    expected_.vector_slot = slot(vector_start_.size() - 1);
  }

  bool show_output(std::int64_t now) {
    const std::size_t s = output_free_.size();
    if (s >= vector_start_.size() || now < vector_start_[s] + groups_ + stages_) return false;
    expected_.output_valid = 1;
    expected_.output_slot = slot(s);
    return true;
  }

  /// At most one tail a cycle, on a port with a free slot.
  std::uint32_t arrive(std::int64_t now) {
    if (!arrival_pace_()) return 0;
    const std::size_t first = below(random_, ports_);
    for (std::size_t i = 0; i < ports_; ++i) {
      const std::size_t p = (first + i) % ports_;
      if (arrivals_[p].size() >= released_[p] + port_[p].credits) continue;
      arrivals_[p].push_back(now + 1);
      return 1U << p;
    }
    return 0;
  }

  std::size_t slots_, input_slots_, turns_, inputs_ = 1, ports_ = 1;
  std::vector<Port> port_;
  Random random_;
  testing::Pace arrival_pace_, engine_pace_, sender_pace_;
  int groups_ = 1, busy_ = 1;  ///< busy_: of the sample started last.
  int hold_ = 0, stages_ = kVectorStages;
  std::vector<Cycles> arrivals_;
  std::vector<std::size_t> released_;
  Cycles start_, done_, vector_start_, output_free_;
  Out expected_;
  int accumulator_waits_ = 0, output_waits_ = 0, hold_waits_ = 0;
};

void compare(const Out& got, const Out& expected, const std::string& where) {
  ASSERT_EQ(got.released, expected.released) << where;
  ASSERT_EQ(got.engine_start, expected.engine_start) << where;
  ASSERT_EQ(got.engine_slot, expected.engine_slot) << where;
  ASSERT_EQ(got.input_slot, expected.input_slot) << where;
  ASSERT_EQ(got.turn, expected.turn) << where;
  ASSERT_EQ(got.vector_valid, expected.vector_valid) << where;
  ASSERT_EQ(got.vector_last, expected.vector_last) << where;
  if (expected.vector_valid != 0) {
    ASSERT_EQ(got.vector_group, expected.vector_group) << where;
    ASSERT_EQ(got.vector_slot, expected.vector_slot) << where;
  }
  ASSERT_EQ(got.output_valid, expected.output_valid) << where;
  if (expected.output_valid != 0) {
    ASSERT_EQ(got.output_slot, expected.output_slot) << where;
  }
}

class SequencerZoo : public ::testing::TestWithParam<int> {};

TEST_P(SequencerZoo, EveryStartInItsCycle) {
  std::vector<Member> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.emplace_back(m, static_cast<std::uint64_t>(GetParam()));
  }
  testing::Zoo<Vsequencer_zoo, In, Out> zoo(GetParam(), ".");
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < kMembers; ++m) zoo.put(m, members[m].drive(now));
    zoo.settle();
    for (std::size_t m = 0; m < kMembers; ++m) {
      compare(zoo.get(m), members[m].expected(), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  int accumulator_waits = 0;
  int output_waits = 0;
  int hold_waits = 0;
  for (const Member& member : members) {
    EXPECT_GT(member.sent(), 50U);
    accumulator_waits += member.accumulator_waits();
    output_waits += member.output_waits();
    hold_waits += member.hold_waits();
  }
  // Full buffers were met, and holds.
  EXPECT_GT(accumulator_waits, 500);
  EXPECT_GT(output_waits, 500);
  EXPECT_GT(hold_waits, 500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SequencerZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
