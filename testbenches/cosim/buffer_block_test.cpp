// SPDX-License-Identifier: Apache-2.0
// partial_buffer and output_buffer against plain arrays of values and sim/README.md, "Flits and
// packets" and "Tile", steps 3 and 4, for the dimensions in CMakeLists.txt.
#include <algorithm>

#include "Voutput_zoo.h"
#include "Vpartial_zoo.h"
#include "output_members.h"
#include "partial_members.h"
#include "testbenches/cosim/block_zoo.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::kOutputMembers;
using testing::kPartialMembers;
using testing::kZooCycles;
using testing::Payload;

using Lanes = std::array<std::uint32_t, 16>;

/// The words of partial_zoo.sv.
struct PartialIn {
  std::uint32_t partials = 0;
  std::uint32_t write = 0, write_slot = 0, write_base = 0;
  Payload write_data{};
  std::uint32_t read = 0, read_slot = 0, read_group = 0;
};
struct PartialOut {
  Lanes sums{};
};

/// One buffer of partial sums: flits written anywhere, groups read anywhere, in the same cycle.
class PartialMember {
 public:
  PartialMember(std::size_t number, std::uint64_t seed)
      : shape_(kPartialMembers[number]),
        random_(seed, 100 + number),
        write_pace_(seed, 200 + number),
        in_flit_(shape_.flit_bits / 32),
        elements_(shape_.flits * in_flit_),
        values_(std::size_t(shape_.slots * shape_.partials * elements_)),
        left_(shape_.slots * shape_.partials * shape_.flits) {}

  PartialIn drive() {
    PartialIn in;
    // Settings of the tile: they change seldom here, and never there.
    if (below(random_, 500) == 0) used_ = between(random_, 1, shape_.partials);
    in.partials = static_cast<std::uint32_t>(used_);
    expected_ = {};
    lanes_ = shape_.lanes;  // All are 0 without a read.
    if (left_ == 0 && below(random_, 4) != 0) read(in);
    if (left_ > 0 || write_pace_()) write(in);
    return in;
  }
  void check(const PartialOut& got, const std::string& where) const {
    // Lanes behind the last element show anything.
    for (int l = 0; l < lanes_; ++l) {
      ASSERT_EQ(got.sums[std::size_t(l)], expected_.sums[std::size_t(l)]) << where << " lane " << l;
    }
  }
  int checked() const { return checked_; }

 private:
  std::uint32_t& value(int slot, int port, int element) {
    return values_[std::size_t((slot * shape_.partials + port) * elements_ + element)];
  }

  void read(PartialIn& in) {
    const int slot = between(random_, 0, shape_.slots - 1);
    const int groups = (elements_ + shape_.lanes - 1) / shape_.lanes;
    const int group = between(random_, 0, groups - 1);
    in.read = 1;
    in.read_slot = static_cast<std::uint32_t>(slot);
    in.read_group = static_cast<std::uint32_t>(group);
    lanes_ = std::min(shape_.lanes, elements_ - group * shape_.lanes);
    for (int l = 0; l < lanes_; ++l) {
      for (int p = 0; p < used_; ++p) {
        expected_.sums[std::size_t(l)] += value(slot, p, group * shape_.lanes + l);
      }
    }
    ++checked_;
  }

  /// At first every flit once, then any.
  void write(PartialIn& in) {
    const int flits = shape_.partials * shape_.flits;
    const int at = left_ > 0 ? --left_ : between(random_, 0, shape_.slots * flits - 1);
    const int slot = at / flits;
    const int base = at % flits;
    in.write = 1;
    in.write_slot = static_cast<std::uint32_t>(slot);
    in.write_base = static_cast<std::uint32_t>(base);
    in.write_data = testing::noise(random_, shape_.flit_bits);
    for (int i = 0; i < in_flit_; ++i) {
      value(slot, base / shape_.flits, base % shape_.flits * in_flit_ + i) =
          in.write_data[std::size_t(i)];
    }
  }

  testing::PartialMember shape_;
  Random random_;
  testing::Pace write_pace_;
  int in_flit_, elements_;  ///< Elements of a flit, of a port.
  std::vector<std::uint32_t> values_;
  int left_;  ///< Flits never written.
  int used_ = 1, lanes_ = 0, checked_ = 0;
  PartialOut expected_;
};

class PartialZoo : public ::testing::TestWithParam<int> {};

TEST_P(PartialZoo, SumsOverThePorts) {
  std::vector<PartialMember> members;
  for (std::size_t m = 0; m < std::size(kPartialMembers); ++m) {
    members.emplace_back(m, static_cast<std::uint64_t>(GetParam()));
  }
  testing::Zoo<Vpartial_zoo, PartialIn, PartialOut> zoo(GetParam(), ".");
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < members.size(); ++m) zoo.put(m, members[m].drive());
    zoo.settle();
    for (std::size_t m = 0; m < members.size(); ++m) {
      members[m].check(zoo.get(m), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  for (const PartialMember& member : members) EXPECT_GT(member.checked(), 1000);
}

/// The words of output_zoo.sv.
struct OutputIn {
  std::uint32_t bits_log2 = 0;
  std::uint32_t write = 0, write_slot = 0, write_group = 0;
  Lanes write_data{};
  std::uint32_t read_slot = 0, offset = 0, flits = 0, last_bits = 0, head = 0, beat = 0;
};
struct OutputOut {
  std::uint32_t beat_last = 0;
  Payload beat_data{};
};

/// One output buffer between a vector unit that writes groups and a sender that takes flits.
class OutputMember {
 public:
  OutputMember(std::size_t number, std::uint64_t seed)
      : shape_(kOutputMembers[number]),
        random_(seed, 100 + number),
        vector_pace_(seed, 200 + number),
        head_pace_(seed, 300 + number),
        beat_pace_(seed, 400 + number),
        slots_(std::size_t(shape_.slots)) {
    draw();
  }

  OutputIn drive() {
    OutputIn in;
    in.bits_log2 = static_cast<std::uint32_t>(log2_);
    in.write_data = noise();
    const int ready = written_;  // What is written in this cycle is visible in the next.
    const int free = sent_ + shape_.slots;
    if (group_ > 0 || (written_ < free && left_ > 0)) {
      if (vector_pace_()) write(in);
    }
    in.read_slot = static_cast<std::uint32_t>(sent_ % shape_.slots);
    const Slice& send = sends_[send_];
    const int bits = send.elements * (1 << log2_);
    const int flits = (bits + shape_.flit_bits - 1) / shape_.flit_bits;
    in.offset = static_cast<std::uint32_t>(send.first * (1 << log2_));
    in.flits = static_cast<std::uint32_t>(flits);
    in.last_bits = static_cast<std::uint32_t>(bits - (flits - 1) * shape_.flit_bits);
    under_way_ = flit_ >= 0;
    if (under_way_) {
      expected_.beat_last = flit_ == flits - 1 ? 1 : 0;
      expected_.beat_data =
          testing::packed_flit(slots_[std::size_t(sent_ % shape_.slots)], send.first, send.elements,
                               1 << log2_, flit_, shape_.flit_bits);
      if (beat_pace_()) take(in);
    } else if (sent_ < ready && head_pace_()) {
      in.head = 1;
      flit_ = 0;
    }
    if (left_ == 0 && sent_ == written_) draw();
    return in;
  }
  void check(const OutputOut& got, const std::string& where) const {
    if (!under_way_) return;
    ASSERT_EQ(got.beat_last, expected_.beat_last) << where;
    ASSERT_EQ(got.beat_data, expected_.beat_data) << where << " bits " << (1 << log2_);
  }
  int taken() const { return taken_; }

 private:
  struct Slice {
    int first = 0, elements = 0;
  };

  /// Another tile's settings, for some samples: element bits, outputs, sends.
  void draw() {
    left_ = between(random_, 5, 20);
    do {
      log2_ = between(random_, 2, 5);
    } while (shape_.bits >> log2_ == 0);
    const int most = shape_.bits >> log2_;
    elements_ = below(random_, 2) == 0 ? most : between(random_, 1, most);
    sends_.assign(1 + below(random_, 4), {});
    for (Slice& send : sends_) {
      send.first = between(random_, 0, elements_ - 1);
      send.elements = between(random_, 1, elements_ - send.first);
    }
    for (auto& slot : slots_) slot.assign(std::size_t(elements_), 0);
  }
  Lanes noise() {
    Lanes lanes{};
    for (int l = 0; l < shape_.lanes; ++l) lanes[std::size_t(l)] = random_.next32();
    return lanes;
  }

  /// The upper bits of a lane, and lanes behind the last element, are noise.
  void write(OutputIn& in) {
    in.write = 1;
    in.write_slot = static_cast<std::uint32_t>(written_ % shape_.slots);
    in.write_group = static_cast<std::uint32_t>(group_);
    auto& slot = slots_[in.write_slot];
    const int first = group_ * shape_.lanes;
    for (int l = 0; l < std::min(shape_.lanes, elements_ - first); ++l) {
      slot[std::size_t(first + l)] = in.write_data[std::size_t(l)];
    }
    ++group_;
    if (group_ * shape_.lanes < elements_) return;
    group_ = 0;
    ++written_;
    --left_;
  }

  void take(OutputIn& in) {
    in.beat = 1;
    ++taken_;
    ++flit_;
    if (expected_.beat_last == 0) return;
    flit_ = -1;
    send_ = (send_ + 1) % sends_.size();
    if (send_ == 0) ++sent_;
  }

  testing::OutputMember shape_;
  Random random_;
  testing::Pace vector_pace_, head_pace_, beat_pace_;
  int log2_ = 2, elements_ = 1;
  std::vector<Slice> sends_;
  std::vector<std::vector<std::uint32_t>>
      slots_;                    ///< Whole words: the packing takes their lowest bits.
  int left_ = 0;                 ///< Samples to be written before the next draw().
  int written_ = 0, group_ = 0;  ///< Samples; groups of the one under way.
  int sent_ = 0, flit_ = -1;     ///< -1: no packet is under way.
  std::size_t send_ = 0;
  bool under_way_ = false;
  int taken_ = 0;
  OutputOut expected_;
};

class OutputZoo : public ::testing::TestWithParam<int> {};

TEST_P(OutputZoo, PackedAndCutIntoFlits) {
  std::vector<OutputMember> members;
  for (std::size_t m = 0; m < std::size(kOutputMembers); ++m) {
    members.emplace_back(m, static_cast<std::uint64_t>(GetParam()));
  }
  testing::Zoo<Voutput_zoo, OutputIn, OutputOut> zoo(GetParam(), ".");
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < members.size(); ++m) zoo.put(m, members[m].drive());
    zoo.settle();
    for (std::size_t m = 0; m < members.size(); ++m) {
      members[m].check(zoo.get(m), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  for (const OutputMember& member : members) EXPECT_GT(member.taken(), 1000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PartialZoo, ::testing::Range(0, testing::kZooSeeds));
INSTANTIATE_TEST_SUITE_P(Seeds, OutputZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
