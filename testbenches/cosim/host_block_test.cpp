// SPDX-License-Identifier: Apache-2.0
// host_port against sim/README.md, "Host" and "Replicas": a FIFO of two request beats, the sender
// of a tile (interface_model.h), the stream of predictions; every output in every cycle, for the
// dimensions in CMakeLists.txt. In some runs whoever takes predictions is always ready, and their
// cycles are held against the formulas there as well.
#include <algorithm>
#include <deque>

#include "Vhost_zoo.h"
#include "host_members.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "sim/noc/flit.h"
#include "testbenches/cosim/interface_model.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::InterfaceIn;
using testing::InterfaceOut;
using testing::InterfaceProgram;
using testing::kHostMembers;
using testing::kZooCycles;
using testing::Payload;

constexpr std::size_t kMembers = std::size(kHostMembers);

/// The words of host_zoo.sv.
struct In {
  std::uint32_t req_valid = 0, req_last = 0;
  Payload req_data{};
  std::uint32_t rsp_ready = 0;
  std::uint32_t ejected_valid = 0, ejected_marks = 0;
  Payload ejected{};
  std::uint32_t link_credit = 0;
};
struct Out {
  std::uint32_t req_ready = 0;
  std::uint32_t rsp_valid = 0, rsp_last = 0;
  Payload rsp_data{};
  std::uint32_t injected_valid = 0, injected_marks = 0;
  Payload injected{};
};

/// The predictions that have arrived, and the beat that is on offer.
class Predictions {
 public:
  /// Port p is the one of replica p mod `replicas` of its producer.
  Predictions(const InterfaceProgram& program, std::size_t replicas)
      : packets_(program.ports.size()), replicas_(replicas) {
    for (std::size_t p = 0; p < program.ports.size(); p += replicas) {
      beats_ += static_cast<std::size_t>(program.ports[p].flits);
    }
  }

  void show(Out& out) const {
    out.rsp_valid = offered_ ? 1 : 0;
    out.rsp_last = last_ ? 1 : 0;
    out.rsp_data = data_;
  }
  /// The end of a cycle; true where the slots of a sample become free. A beat follows where there
  /// is none on offer or the one that is has been taken.
  bool advance(std::int64_t now, bool ready) {
    if (offered_ && !ready) return false;
    offered_ = false;
    if (queue_.empty()) gather(now);
    if (queue_.empty()) return false;
    offered_ = true;
    data_ = queue_.front();
    queue_.pop_front();
    last_ = queue_.empty();
    return last_;  // Of the ports in released().
  }
  /// A payload flit on the wire in cycle `now`.
  void arrive(std::size_t port, const Payload& data, bool tail, std::int64_t now) {
    auto& packets = packets_[port];
    if (packets.empty() || packets.back().arrived != kUnderWay) packets.emplace_back();
    packets.back().flits.push_back(data);
    if (tail) packets.back().arrived = now + 1;
  }
  /// Without a stall: max(complete(s), start(s - 1) + NB) of the sample under way.
  std::int64_t start() const { return start_; }
  std::size_t beats() const { return beats_; }
  /// The ports of the sample gathered last.
  std::uint32_t released() const {
    std::uint32_t ports = 0;
    for (std::size_t p = (sample_ - 1) % replicas_; p < packets_.size(); p += replicas_) {
      ports |= 1U << p;
    }
    return ports;
  }

 private:
  static constexpr std::int64_t kUnderWay = -1;
  struct Arrived {
    std::vector<Payload> flits;
    std::int64_t arrived = kUnderWay;
  };

  /// The next sample's beats, port by port, if all of it has arrived.
  void gather(std::int64_t now) {
    std::int64_t complete = 0;
    const std::size_t first = sample_ % replicas_;
    for (std::size_t p = first; p < packets_.size(); p += replicas_) {
      const auto& packets = packets_[p];
      if (packets.empty() || packets.front().arrived == kUnderWay) return;
      complete = std::max(complete, packets.front().arrived);
    }
    if (complete > now) return;
    for (std::size_t p = first; p < packets_.size(); p += replicas_) {
      auto& packets = packets_[p];
      const auto& flits = packets.front().flits;
      queue_.insert(queue_.end(), flits.begin(), flits.end());
      packets.pop_front();
    }
    ++sample_;
    start_ = std::max(complete, start_ + static_cast<std::int64_t>(beats_));
  }

  std::vector<std::deque<Arrived>> packets_;  ///< By port, oldest first.
  std::size_t replicas_, sample_ = 0;         ///< Samples gathered.
  std::size_t beats_ = 0;
  std::int64_t start_ = -1000;
  std::deque<Payload> queue_;  ///< Beats of the sample under way that are still to be offered.
  bool offered_ = false, last_ = false;
  Payload data_{};
};

/// A host port, the requests and predictions at its one side, the chip at its other.
class Member {
 public:
  Member(std::size_t number, std::uint64_t seed)
      : shape_(kHostMembers[number]),
        random_(seed, 100 + number),
        always_ready_(seed % 2 == 0),
        request_pace_(seed, 200 + number),
        ready_pace_(seed, 300 + number),
        program_(draw()),
        model_(program_),
        peers_(program_, seed, 500 + number),
        requests_(program_.flit_bits, seed, 600 + number),
        predictions_(program_, replicas_) {}

  void write_images(const std::string& stem) const {
    program_.write_images(stem, shape_.ports, shape_.steps);
    Image turns(shape_.ports);
    for (int turn = 0; turn < shape_.turns; ++turn) {
      ImageWord word = turns.word();
      for (std::size_t p = 0; p < program_.ports.size(); ++p) {
        if (static_cast<std::size_t>(turn) % replicas_ == p % replicas_) {
          word.set_bit(static_cast<int>(p));
        }
      }
      turns.add(word);
    }
    turns.write(stem + "turns.hex");
    using layout::Config;
    Image image(32);
    for (int word = 0; word < static_cast<int>(Config::kCount); ++word) {
      std::size_t value = 0;
      if (word == static_cast<int>(Config::kInputs)) value = program_.ports.size();
      if (word == static_cast<int>(Config::kSends)) value = program_.steps.size();
      if (word == static_cast<int>(Config::kBeats)) value = predictions_.beats();
      ImageWord line = image.word();
      line.set(0, 32, value);
      image.add(line);
    }
    image.write(stem + "config.hex");
  }

  /// The inputs of a cycle; afterwards expected() is what it has to show.
  In drive(std::int64_t now) {
    expected_ = {};
    In in;
    const testing::WireFlit ejected = peers_.ejected(injected_);
    in.ejected_valid = ejected.valid ? 1 : 0;
    in.ejected_marks = ejected.marks();
    in.ejected = ejected.payload;
    in.link_credit = peers_.link_credit() ? 1 : 0;
    in.req_valid = request_pace_() ? 1 : 0;
    in.req_last = requests_.last() ? 1 : 0;
    in.req_data = requests_.data();
    in.rsp_ready = always_ready_ || ready_pace_() ? 1 : 0;
    predictions_.show(expected_);
    transfer(in, now);
    expected_.req_ready = fifo_.size() < 2 ? 1 : 0;
    network(in, now);
    if (in.req_valid != 0 && expected_.req_ready != 0) {
      fifo_.push_back({in.req_data, in.req_last != 0});
      requests_.next();
      ++accepted_;
    }
    return in;
  }
  const Out& expected() const { return expected_; }
  int accepted() const { return accepted_; }
  int transferred() const { return transferred_; }
  /// No beat came in another cycle than the formulas say, where they do.
  bool in_time() const { return in_time_; }

 private:
  struct Beat {
    Payload data;
    bool last;
  };

  InterfaceProgram draw() {
    InterfaceProgram program;
    program.flit_bits = shape_.flit_bits;
    program.buffer_flits = shape_.buffer_flits;
    program.slots = shape_.slots;
    program.input_slots = shape_.input_slots;
    replicas_ = 1;
    while (static_cast<int>(replicas_) < shape_.turns && below(random_, 3) != 0) replicas_ *= 2;
    const auto most = std::min(shape_.ports / static_cast<int>(replicas_), shape_.beats);
    int left = shape_.beats;
    for (int others = between(random_, 1, most) - 1; others >= 0; --others) {
      InterfaceProgram::Port port;
      port.base = static_cast<std::uint32_t>(shape_.beats - left);
      port.flits = between(random_, 1, left - others);
      left -= port.flits;
      port.slot_step = static_cast<std::uint32_t>(replicas_);
      port.credits = std::min(shape_.slots, shape_.input_slots / static_cast<int>(replicas_));
      for (std::size_t r = 0; r < replicas_; ++r) {
        port.slot_first = static_cast<std::uint32_t>(r);
        program.ports.push_back(port);
      }
    }
    program.sends.resize(std::size_t(between(random_, 1, shape_.sends)));
    // Every sample goes to one of the consumers, or to all.
    program.send_all();
    if (shape_.steps >= 2 * shape_.sends && below(random_, 2) == 0) {
      for (std::size_t s = 0; s < program.sends.size(); ++s) program.steps.push_back({s, true});
    }
    program.draw_heads(random_);
    return program;
  }

  /// Interface and FIFO: what leaves in this cycle, and what its inputs leave behind.
  void network(const In& in, std::int64_t now) {
    InterfaceIn link;
    link.ejected_valid = in.ejected_valid;
    link.ejected_marks = in.ejected_marks;
    link.ejected = in.ejected;
    link.link_credit = in.link_credit;
    link.data_ready = link.beat_valid = fifo_.empty() ? 0 : 1;
    if (!fifo_.empty()) {
      link.beat_data = fifo_.front().data;
      link.beat_last = fifo_.front().last ? 1 : 0;
    }
    if (predictions_.advance(now, in.rsp_ready != 0)) {
      link.release = predictions_.released();
    }
    constexpr std::uint32_t kHeadOfData = 2;
    if (in.ejected_valid != 0 && in.ejected_marks == kHeadOfData) {
      port_ = in.ejected[0] >> head_flit::kPortLsb & ((1U << head_flit::kPortBits) - 1U);
    }
    const InterfaceOut out = model_.cycle(link);
    expected_.injected_valid = out.injected_valid;
    expected_.injected_marks = out.injected_marks;
    expected_.injected = out.injected;
    injected_ = model_.injected();
    if (out.beat != 0) fifo_.pop_front();
    if (out.write_valid != 0) {
      predictions_.arrive(port_, out.write_data, out.arrival != 0, now);
    }
  }

  /// Counts the beat that is taken in this cycle, the i-th of its sample: due in start + 1 + i.
  void transfer(const In& in, std::int64_t now) {
    if (expected_.rsp_valid == 0 || in.rsp_ready == 0) return;
    ++transferred_;
    if (number_ == 0) start_ = predictions_.start();
    if (always_ready_ && now != start_ + 1 + number_) in_time_ = false;
    number_ = expected_.rsp_last != 0 ? 0 : number_ + 1;
  }

  testing::HostMember shape_;
  Random random_;
  bool always_ready_;
  testing::Pace request_pace_, ready_pace_;
  std::size_t replicas_ = 1;
  InterfaceProgram program_;
  testing::InterfaceModel model_;
  testing::InterfacePeers peers_;
  testing::BeatSource requests_;
  Predictions predictions_;
  std::deque<Beat> fifo_;
  testing::WireFlit injected_;
  std::size_t port_ = 0;  ///< Of the packet under way.
  Out expected_;
  int accepted_ = 0, transferred_ = 0;
  std::int64_t number_ = 0, start_ = 0;  ///< Of the beat on offer: in its sample; its sample's.
  bool in_time_ = true;
};

void compare(const Out& got, const Out& expected, const std::string& where) {
  ASSERT_EQ(got.req_ready, expected.req_ready) << where;
  ASSERT_EQ(got.rsp_valid, expected.rsp_valid) << where;
  if (expected.rsp_valid != 0) {
    ASSERT_EQ(got.rsp_last, expected.rsp_last) << where;
    ASSERT_EQ(got.rsp_data, expected.rsp_data) << where;
  }
  ASSERT_EQ(got.injected_valid, expected.injected_valid) << where;
  if (expected.injected_valid != 0) {
    ASSERT_EQ(got.injected_marks, expected.injected_marks) << where;
    ASSERT_EQ(got.injected, expected.injected) << where;
  }
}

class HostZoo : public ::testing::TestWithParam<int> {};

TEST_P(HostZoo, EqualsTheCycleModel) {
  const testing::ZooFolder folder("host_zoo");
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.push_back(std::make_unique<Member>(m, static_cast<std::uint64_t>(GetParam())));
    members[m]->write_images(folder.stem(m));
  }
  testing::Zoo<Vhost_zoo, In, Out> zoo(GetParam(), folder.path());
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < kMembers; ++m) zoo.put(m, members[m]->drive(now));
    zoo.settle();
    for (std::size_t m = 0; m < kMembers; ++m) {
      compare(zoo.get(m), members[m]->expected(), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  for (const auto& member : members) {
    EXPECT_GT(member->accepted(), 500);
    EXPECT_GT(member->transferred(), 500);
    EXPECT_TRUE(member->in_time());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
