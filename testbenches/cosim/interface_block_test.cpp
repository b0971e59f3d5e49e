// SPDX-License-Identifier: Apache-2.0
// network_interface against its cycle model (interface_model.h): every output in every cycle, with
// producers, consumers, router, engine and sender that stall at random, for the dimensions in
// CMakeLists.txt.
#include "Vinterface_zoo.h"
#include "interface_members.h"
#include "testbenches/cosim/interface_model.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::InterfaceIn;
using testing::InterfaceOut;
using testing::InterfaceProgram;
using testing::kInterfaceMembers;
using testing::kZooCycles;

constexpr std::size_t kMembers = std::size(kInterfaceMembers);

/// An interface, the chip around it, and the tile behind it.
class Member {
 public:
  Member(std::size_t number, std::uint64_t seed)
      : number_(number),
        random_(seed, 100 + number),
        ready_pace_(seed, 200 + number),
        beat_pace_(seed, 300 + number),
        release_pace_(seed, 400 + number),
        program_(draw()),
        model_(program_),
        peers_(program_, seed, 500 + number),
        beats_(program_.flit_bits, seed, 600 + number),
        used_(program_.ports.size(), 0) {}

  void write_images(const std::string& stem) const {
    program_.write_images(stem, kInterfaceMembers[number_].ports, kInterfaceMembers[number_].steps);
  }

  /// The inputs of a cycle; afterwards expected() is what it has to show.
  InterfaceIn drive() {
    InterfaceIn in;
    in.last_step = static_cast<std::uint32_t>(program_.steps.size() - 1);
    const testing::WireFlit ejected = peers_.ejected(injected_);
    in.ejected_valid = ejected.valid ? 1 : 0;
    in.ejected_marks = ejected.marks();
    in.ejected = ejected.payload;
    in.link_credit = peers_.link_credit() ? 1 : 0;
    // Ports are released together or alone: an engine takes several, and a vector unit others.
    const bool all = below(random_, 4) == 0;
    for (std::size_t p = 0; p < used_.size(); ++p) {
      if (used_[p] == 0 || !release_pace_() || (!all && below(random_, 2) == 0)) continue;
      --used_[p];
      in.release |= 1U << p;
    }
    in.data_ready = ready_pace_() ? 1 : 0;
    in.beat_valid = beat_pace_() ? 1 : 0;
    in.beat_last = beats_.last() ? 1 : 0;
    in.beat_data = beats_.data();
    expected_ = model_.cycle(in);
    settle();
    return in;
  }
  const InterfaceOut& expected() const { return expected_; }
  std::uint64_t injected() const { return injected_count_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t ejected() const { return peers_.flits(); }

 private:
  InterfaceProgram draw() {
    const auto& shape = kInterfaceMembers[number_];
    InterfaceProgram program;
    program.flit_bits = shape.flit_bits;
    program.buffer_flits = shape.buffer_flits;
    program.slots = shape.slots;
    program.input_slots = shape.input_slots;
    const auto used = [&](int most) {  // Mostly all that the hardware has.
      return static_cast<std::size_t>(below(random_, 3) == 0 ? between(random_, 1, most) : most);
    };
    program.ports.resize(used(shape.ports));
    for (auto& port : program.ports) {
      port.base = static_cast<std::uint32_t>(random_.below(1U << 20U));
      port.partial = below(random_, 3) == 0;
      port.is_signed = below(random_, 2) == 0;
      port.shifted = below(random_, 2) == 0;
      port.slot_first = static_cast<std::uint32_t>(random_.below(program.slots_of(port)));
      port.slot_step = static_cast<std::uint32_t>(between(random_, 1, 8));
      port.bits_log2 = 5;
      if (port.partial || below(random_, 3) == 0) continue;  // A flit port.
      port.bits_log2 = static_cast<std::uint32_t>(between(random_, 2, 5));
      const int bits = 1 << port.bits_log2;
      port.step = static_cast<std::uint32_t>(shape.flit_bits / bits);
      port.elements = static_cast<std::uint32_t>(between(random_, 1, 60));
      port.flits = static_cast<int>((port.elements + port.step - 1) / port.step);
    }
    program.sends.resize(used(shape.sends));
    program.draw_heads(random_);
    // Some have fewer credits than there are slots: consumers that take every so many-th sample.
    for (auto& send : program.sends) {
      send.credits = below(random_, 2) == 0 ? between(random_, 1, shape.slots) : shape.slots;
    }
    draw_steps(program, static_cast<std::size_t>(shape.steps));
    return program;
  }

  /// Samples that go to some consumers each, as many as there is room for.
  void draw_steps(InterfaceProgram& program, std::size_t room) {
    const std::size_t sends = program.sends.size();
    do {
      const std::size_t before = program.steps.size();
      for (std::size_t s = 0; s < sends; ++s) {
        if (below(random_, 3) != 0) program.steps.push_back({s, false});
      }
      if (program.steps.size() == before) program.steps.push_back({below(random_, sends), false});
      program.steps.back().final = true;
    } while (program.steps.size() + sends <= room && below(random_, 8) != 0);
  }

  /// What the cycle leaves behind.
  void settle() {
    if (expected_.beat != 0) beats_.next();
    for (std::size_t p = 0; p < used_.size(); ++p) {
      if ((expected_.arrival >> p & 1U) != 0) ++used_[p];
    }
    injected_ = model_.injected();
    injected_count_ += expected_.injected_valid;
    sent_ += expected_.sent;
  }

  std::size_t number_;
  Random random_;
  testing::Pace ready_pace_, beat_pace_, release_pace_;
  InterfaceProgram program_;
  testing::InterfaceModel model_;
  testing::InterfacePeers peers_;
  testing::BeatSource beats_;
  std::vector<int> used_;  ///< Slots of each port that hold a packet.
  testing::WireFlit injected_;
  InterfaceOut expected_;
  std::uint64_t injected_count_ = 0, sent_ = 0;
};

class InterfaceZoo : public ::testing::TestWithParam<int> {};

TEST_P(InterfaceZoo, EqualsTheCycleModel) {
  const testing::ZooFolder folder("interface_zoo");
  std::vector<std::unique_ptr<Member>> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.push_back(std::make_unique<Member>(m, static_cast<std::uint64_t>(GetParam())));
    members[m]->write_images(folder.stem(m));
  }
  testing::Zoo<Vinterface_zoo, InterfaceIn, InterfaceOut> zoo(GetParam(), folder.path());
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < kMembers; ++m) zoo.put(m, members[m]->drive());
    zoo.settle();
    for (std::size_t m = 0; m < kMembers; ++m) {
      compare(zoo.get(m), members[m]->expected(), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  for (const auto& member : members) {
    EXPECT_GT(member->injected(), 1000U);
    EXPECT_GT(member->ejected(), 1000U);
    EXPECT_GT(member->sent(), 50U);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, InterfaceZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
