// SPDX-License-Identifier: Apache-2.0
// network_interface in lock step with the simulator's NetworkInterface on a mesh of its own, flit
// by flit, whose other tiles produce, consume and send one another packets that get in the way.
// Every flit on the wires, every write, arrival and start in its cycle, for the dimensions in
// CMakeLists.txt.
#include <algorithm>
#include <functional>
#include <map>

#include "Vinterface_zoo.h"
#include "interface_members.h"
#include "models/mapping/replicas.h"
#include "rtl/gen/shape.h"
#include "sim/noc/mesh.h"
#include "sim/tile/network_interface.h"
#include "testbenches/cosim/interface_model.h"
#include "testbenches/harness/traffic_source.h"
#include "traces/support/math.h"

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
constexpr int kSeeds = 3;
constexpr int kColumns = 3, kRows = 2;  ///< The tile under test is 0, at (0, 0).
constexpr int kNoise = -1;              ///< first_element of packets between the others.

/// A tile beside the one under test. Tells what it got from it.
class Neighbour : public TrafficSource {
 public:
  using Told = std::function<void(int tile, const Packet&)>;
  Neighbour(const std::string& name, CycleScheduler& cycles, Mesh& mesh, int tile, Told told)
      : TrafficSource(name.c_str(), cycles, mesh, tile, tile % kColumns, tile / kColumns),
        tile_(tile),
        told_(std::move(told)) {
    record(false);
  }
  int tile() const { return tile_; }
  void packet_arrives(const Packet& packet, Cycle at) override {
    TrafficSource::packet_arrives(packet, at);
    if (packet.first_element != kNoise) told_(tile_, packet);
  }

 private:
  int tile_;
  Told told_;
};

/// An interface in its mesh, and the tile behind it. Between two cycles it decides what happens
/// from the next cycle on.
class Member : private FlitObserver, private InterfaceClient {
 public:
  Member(std::size_t number, std::uint64_t seed, CycleScheduler& cycles)
      : name_("m" + std::to_string(number) + "_" + std::to_string(seed)),
        shape_(kInterfaceMembers[number]),
        random_(seed, 1000 + number),
        noise_pace_(seed, 1100 + number),
        release_pace_(seed, 1200 + number),
        output_pace_(seed, 1300 + number, 10),
        producer_pace_(seed, 1400 + number),
        consumer_pace_(seed, 1500 + number),
        design_(draw()),
        program_(program()),
        cycles_(cycles),
        mesh_(name_.c_str(), {kColumns, kRows, shape_.buffer_flits}, MeshMode::kFlitByFlit, cycles),
        interface_((name_ + "_interface").c_str(), design_, 0, cycles, *this) {
    interface_.attach(mesh_);
    for (int tile = 1; tile < kColumns * kRows; ++tile) {
      neighbours_.push_back(std::make_unique<Neighbour>(
          name_ + "_tile" + std::to_string(tile), cycles, mesh_, tile,
          [this](int from, const Packet& packet) { delivered(from, packet); }));
    }
    mesh_.observe(this);
  }

  void write_images(const std::string& stem) const {
    program_.write_images(stem, shape_.ports, shape_.steps);
  }

  /// What the hardware sees in cycle `now`, which the simulator has gone through.
  InterfaceIn drive(Cycle now) {
    InterfaceIn in;
    in.last_step = static_cast<std::uint32_t>(program_.steps.size() - 1);
    if (const Seen* flit = seen(ejected_, now - 1)) {
      in.ejected_valid = 1;
      in.ejected_marks = flit->marks;
      in.ejected = flit->payload;
    }
    // What leaves router (0, 0) and is not ejected came from the tile: nothing else passes there.
    const std::uint64_t left = mesh_.router_flits()[0] - ejected_count_;
    in.link_credit = static_cast<std::uint32_t>(left_before_ - left_before_that_);
    left_before_that_ = left_before_;
    left_before_ = left;
    in.release = take(releases_, now + 1);
    in.data_ready = !outputs_.empty() && outputs_.front().at <= now ? 1 : 0;
    in.beat_valid = 1;
    if (beat_ >= 0) {
      const Send& send = design_.tiles[0].sends[program_.steps[step_].send];
      const int bits = consumer_port(send).element_bits;
      in.beat_data = testing::packed_flit(outputs_.front().values, send.first_element,
                                          send.elements, bits, beat_, shape_.flit_bits);
      in.beat_last = beat_ + 1 == payload_flits(send.elements, bits, shape_.flit_bits) ? 1 : 0;
    }
    expect(now);
    return in;
  }
  const InterfaceOut& expected() const { return expected_; }

  /// After cycle `now`: what the tile, producers and consumers do in the next.
  void act(Cycle now) {
    for (std::size_t p = 0; p < used_.size(); ++p) {
      if (used_[p] > 0 && release_pace_() && below(random_, 2) == 0) {
        --used_[p];
        // The hardware is told in the cycle before.
        releases_[now + 2] |= 1U << p;
        interface_.return_credit(static_cast<int>(p), now + 2);
      }
      if (port_credits_[p] > 0 && producer_pace_() && below(random_, 4) == 0) produce(p, now);
    }
    for (std::size_t s = 0; s < owed_.size(); ++s) {
      if (owed_[s] == 0 || !consumer_pace_() || below(random_, 2) == 0) continue;
      --owed_[s];
      Packet credit = numbered_packet(static_cast<int>(s), 0, 0, 1);
      credit.port = static_cast<int>(s);
      from(design_.tiles[0].sends[s].tile).queue(now + 1, credit);
    }
    if (outputs_.size() < std::size_t(shape_.slots) && output_pace_()) new_output(now);
    for (const auto& neighbour : neighbours_) noise(*neighbour, now);
    forget(now);
  }
  std::uint64_t injected() const { return injected_count_; }
  std::uint64_t ejected() const { return ejected_count_; }
  /// Cycles in which a packet waited for a credit of the link.
  std::uint64_t stalls() const { return stalls_; }

 private:
  struct Seen {
    std::uint32_t marks = 0;
    testing::Payload payload{};
    int port = 0, k = 0;
    bool credit = false;
  };
  struct Output {
    Cycle at = 0;
    std::vector<std::uint32_t> values;
  };

  // --- What the simulator tells, in the cycle in which it happens.

  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override {
    if (tile != 0) return;
    Seen seen;
    const auto words = flit_words(packet, k, shape_.flit_bits);
    seen.marks = words.back();
    std::copy(words.begin(), words.end() - 1, seen.payload.begin());
    seen.port = packet.port;
    seen.k = k;
    seen.credit = packet.credit;
    const bool in = direction == Direction::kInjected;
    (in ? injected_ : ejected_)[left] = seen;
    ++(in ? injected_count_ : ejected_count_);
  }
  void packet_arrives(int port, const Packet& /*packet*/, Cycle at) override {
    arrivals_[at] |= 1U << port;
  }
  void output_freed(Cycle at) override { freed_[at] = 1; }
  void delivered(int tile, const Packet& packet) {
    const Tile& own = design_.tiles[0];
    if (packet.credit) {
      for (std::size_t p = 0; p < own.ports.size(); ++p) {
        if (own.ports[p].tile == tile && own.ports[p].send == packet.port) ++port_credits_[p];
      }
    } else {
      for (std::size_t s = 0; s < own.sends.size(); ++s) {
        if (own.sends[s].tile == tile && own.sends[s].port == packet.port) ++owed_[s];
      }
    }
  }

  // --- What the hardware has to show.

  static const Seen* seen(const std::map<Cycle, Seen>& flits, Cycle at) {
    const auto found = flits.find(at);
    return found == flits.end() ? nullptr : &found->second;
  }
  static std::uint32_t take(std::map<Cycle, std::uint32_t>& from, Cycle at) {
    const auto found = from.find(at);
    if (found == from.end()) return 0;
    const std::uint32_t value = found->second;
    from.erase(found);
    return value;
  }

  void expect(Cycle now) {
    expected_ = {};
    if (const Seen* flit = seen(injected_, now - 1)) {
      expected_.injected_valid = 1;
      expected_.injected_marks = flit->marks;
      expected_.injected = flit->payload;
    }
    const auto& send = program_.sends[program_.steps[step_].send];
    expected_.send_offset = send.offset;
    expected_.send_flits = send.flits;
    expected_.send_last_bits = send.last_bits;
    expect_writes(now);
    expected_.sent = take(freed_, now + 1);
    const Seen* leaves = seen(injected_, now);
    if (leaves == nullptr) {
      if (beat_ >= 0) ++stalls_;
      return;
    }
    if (leaves->credit) return;
    expected_.head = leaves->k == 0 ? 1 : 0;
    expected_.beat = leaves->k > 0 ? 1 : 0;
    ++beat_;
    if ((leaves->marks & 1U) == 0) return;
    beat_ = -1;
    if (program_.steps[step_].final) outputs_.pop_front();
    step_ = (step_ + 1) % program_.steps.size();
  }

  void expect_writes(Cycle now) {
    expected_.arrival = take(arrivals_, now + 1);
    const Seen* flit = seen(ejected_, now - 1);
    if (flit == nullptr || flit->k == 0) return;
    const auto p = static_cast<std::size_t>(flit->port);
    const auto& port = program_.ports[p];
    const std::uint32_t moved = static_cast<std::uint32_t>(flit->k - 1) * port.step;
    expected_.write_valid = 1;
    expected_.write_partial = port.partial ? 1 : 0;
    expected_.write_slot =
        (port.slot_first + packets_[p] * port.slot_step) % program_.slots_of(port);
    expected_.write_base = port.base + moved;
    expected_.write_elements = port.elements == 0 ? testing::kNoElements : port.elements - moved;
    expected_.write_data = flit->payload;
    expected_.write_bits_log2 = port.bits_log2;
    expected_.write_signed = port.is_signed ? 1 : 0;
    expected_.write_shift = port.shifted ? 1 : 0;
    if (expected_.arrival == 0) return;
    ++packets_[p];
    ++used_[p];
  }

  // --- What is decided here.

  const Port& consumer_port(const Send& send) const {
    return design_.tiles[std::size_t(send.tile)].ports[std::size_t(send.port)];
  }
  Neighbour& from(int tile) { return *neighbours_[std::size_t(tile - 1)]; }

  void produce(std::size_t p, Cycle now) {
    --port_credits_[p];
    const Port& port = design_.tiles[0].ports[p];
    Packet packet;
    packet.port = static_cast<int>(p);
    packet.elements = port.elements > 0 ? port.elements : between(random_, 1, 12);
    packet.element_bits = port.element_bits;
    packet.flits = 1 + payload_flits(packet.elements, packet.element_bits, shape_.flit_bits);
    std::vector<std::int32_t> values(std::size_t(packet.elements));
    for (auto& value : values) value = static_cast<std::int32_t>(random_.next32());
    packet.values = std::make_shared<const std::vector<std::int32_t>>(std::move(values));
    from(port.tile).queue(now + 1, packet);
  }

  void new_output(Cycle now) {
    Output output;
    output.at = std::max(now + between(random_, 1, 5), outputs_.empty() ? 0 : outputs_.back().at);
    std::vector<std::int32_t> values(std::size_t(design_.tiles[0].outputs));
    for (auto& value : values) {
      value = static_cast<std::int32_t>(random_.next32());
      output.values.push_back(static_cast<std::uint32_t>(value));
    }
    NetworkInterface::Output told;
    told.at = output.at;
    told.values.push_back(std::make_shared<const std::vector<std::int32_t>>(std::move(values)));
    outputs_.push_back(std::move(output));
    interface_.send_output(std::move(told));
  }

  /// A packet to another neighbour, never through router (0, 0): x comes first.
  void noise(Neighbour& neighbour, Cycle now) {
    if (neighbour.unsent() > 1 || !noise_pace_()) return;
    const int to = between(random_, 1, kColumns * kRows - 1);
    if (neighbour.tile() < kColumns && to % kColumns == 0) return;
    neighbour.queue(now + 1,
                    numbered_packet(kNoise, to % kColumns, to / kColumns, between(random_, 1, 12)));
  }

  void forget(Cycle now) {
    injected_.erase(injected_.begin(), injected_.lower_bound(now));
    ejected_.erase(ejected_.begin(), ejected_.lower_bound(now));
  }

  // --- The chip.

  Design draw() {
    Design design;
    design.hardware.buffer_slots = shape_.slots;
    design.hardware.mesh.flit_bits = shape_.flit_bits;
    design.tiles.resize(kColumns * kRows);
    for (int t = 0; t < kColumns * kRows; ++t) {
      design.tiles[std::size_t(t)].x = t % kColumns;
      design.tiles[std::size_t(t)].y = t / kColumns;
    }
    // Every second sample of the chip: of those tile 1 and 5 take all, 2 all, 3 and 4 every other.
    const int strides[] = {2, 1, 2, 4, 4, 1};
    const int phases[] = {1, 0, 1, 1, 3, 0};
    for (std::size_t t = 0; t < design.tiles.size(); ++t) {
      design.tiles[t].stride = strides[t];
      design.tiles[t].phase = phases[t];
    }
    Tile& own = design.tiles[0];
    own.outputs = between(random_, 8, 100);
    own.output_bits = 4 << between(random_, 0, 3);
    for (int p = 0; p < shape_.ports; ++p) {
      Port port;
      port.tile = between(random_, 1, kColumns * kRows - 1);
      port.send = p + between(random_, 0, 3) * shape_.ports;
      port.partial = between(random_, 0, 2) == 0;
      port.element_bits = port.partial ? 32 : 4 << between(random_, 0, 3);
      port.is_signed = between(random_, 0, 1) == 0;
      port.first_element = between(random_, 0, 1000);
      port.elements = port.element_bits == 32 ? 0 : between(random_, 1, 40);
      own.ports.push_back(port);
    }
    for (int s = 0; s < shape_.sends; ++s) {
      Send send;
      // Every sample goes somewhere; one step has room for one send of each sample.
      const bool all = s == 0 || shape_.steps < 2 * shape_.sends;
      send.tile = between(random_, 1, all ? 2 : kColumns * kRows - 1);
      auto& ports = design.tiles[std::size_t(send.tile)].ports;
      send.port = static_cast<int>(ports.size());
      ports.emplace_back();
      ports.back().element_bits = own.output_bits;
      send.first_element = between(random_, 0, own.outputs - 1);
      send.elements = between(random_, 1, own.outputs - send.first_element);
      own.sends.push_back(send);
    }
    return design;
  }

  InterfaceProgram program() {
    InterfaceProgram program;
    program.flit_bits = shape_.flit_bits;
    program.slots = shape_.slots;
    program.input_slots = shape_.input_slots;
    for (const Port& from : design_.tiles[0].ports) {
      const Tile& producer = design_.tiles[std::size_t(from.tile)];
      InterfaceProgram::Port port;
      port.base = static_cast<std::uint32_t>(from.first_element);
      port.partial = from.partial;
      port.bits_log2 =
          static_cast<std::uint32_t>(bit_width(static_cast<std::uint64_t>(from.element_bits)) - 1);
      port.is_signed = from.is_signed;
      port.elements = static_cast<std::uint32_t>(from.elements);
      if (from.elements > 0) {
        port.step = static_cast<std::uint32_t>(shape_.flit_bits / from.element_bits);
      }
      const Turn when = turn(design_.tiles[0], producer);
      port.slot_first = static_cast<std::uint32_t>(when.first) % program.slots_of(port);
      port.slot_step = static_cast<std::uint32_t>(when.period);
      port.credit_head = testing::head_word(producer.x, producer.y, from.send, true);
      program.ports.push_back(port);
    }
    for (const Send& to : design_.tiles[0].sends) {
      const Tile& consumer = design_.tiles[std::size_t(to.tile)];
      InterfaceProgram::Send send;
      send.head = testing::head_word(consumer.x, consumer.y, to.port, false);
      const int bits = design_.tiles[0].output_bits;
      send.offset = static_cast<std::uint32_t>(to.first_element * bits);
      send.flits = static_cast<std::uint32_t>(payload_flits(to.elements, bits, shape_.flit_bits));
      send.credits = credits(design_, design_.tiles[0], to);
      program.sends.push_back(send);
    }
    for (const SendStep& step : send_steps(design_, design_.tiles[0])) {
      program.steps.push_back({step.send, step.last});
    }
    return program;
  }

  std::string name_;
  testing::InterfaceMember shape_;
  Random random_;
  testing::Pace noise_pace_, release_pace_, output_pace_, producer_pace_, consumer_pace_;
  Design design_;
  InterfaceProgram program_;
  CycleScheduler& cycles_;
  Mesh mesh_;
  NetworkInterface interface_;
  std::vector<std::unique_ptr<Neighbour>> neighbours_;

  std::map<Cycle, Seen> injected_, ejected_;  ///< By the cycle in which they left.
  std::map<Cycle, std::uint32_t> arrivals_, freed_, releases_;  ///< By the cycle from which.
  std::uint64_t injected_count_ = 0, ejected_count_ = 0, stalls_ = 0;
  std::uint64_t left_before_ = 0, left_before_that_ = 0;
  std::vector<int> used_ = std::vector<int>(program_.ports.size(), 0);  ///< Slots behind a port.
  std::vector<int> port_credits_ = std::vector<int>(program_.ports.size(), shape_.slots);
  std::vector<int> owed_ = std::vector<int>(program_.sends.size(), 0);
  std::vector<std::uint32_t> packets_ = std::vector<std::uint32_t>(program_.ports.size(), 0);
  std::deque<Output> outputs_;  ///< Not wholly sent.
  std::size_t step_ = 0;
  int beat_ = -1;  ///< Payload flit that is next; -1 between packets.
  InterfaceOut expected_;
};

// One simulation for all seeds: a process has one SystemC kernel.
TEST(InterfaceLockStep, EqualsTheSimulator) {
  using Zoo = testing::Zoo<Vinterface_zoo, InterfaceIn, InterfaceOut>;
  CycleScheduler cycles("cycles", 1'000'000'000);
  std::vector<std::unique_ptr<Member>> members;
  std::vector<std::unique_ptr<Zoo>> zoos;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const testing::ZooFolder folder("interface_lockstep");
    for (std::size_t m = 0; m < kMembers; ++m) {
      members.push_back(std::make_unique<Member>(m, static_cast<std::uint64_t>(seed), cycles));
      members.back()->write_images(folder.stem(m));
    }
    zoos.push_back(std::make_unique<Zoo>(seed, folder.path()));
  }
  const sc_core::sc_time late(500, sc_core::SC_PS);  // In a cycle, when all has happened in it.
  for (Cycle now = 0; now < kZooCycles; ++now) {
    sc_core::sc_start(cycles.time_of(now) + late - sc_core::sc_time_stamp());
    for (std::size_t i = 0; i < members.size(); ++i) {
      zoos[i / kMembers]->put(i % kMembers, members[i]->drive(now));
      members[i]->act(now);
    }
    for (const auto& zoo : zoos) zoo->settle();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t m = i % kMembers;
      const auto seed = static_cast<int>(i / kMembers);
      compare(zoos[i / kMembers]->get(m), members[i]->expected(), testing::where(seed, m, now));
      if (HasFatalFailure()) return;
    }
    for (const auto& zoo : zoos) zoo->tick();
  }
  std::uint64_t stalls = 0;
  for (const auto& member : members) {
    EXPECT_GT(member->injected(), 200U);
    EXPECT_GT(member->ejected(), 200U);
    stalls += member->stalls();
  }
  EXPECT_GT(stalls, 10000U);
}

}  // namespace
}  // namespace recpim
