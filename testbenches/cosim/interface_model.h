// SPDX-License-Identifier: Apache-2.0
/// @file
/// A network interface as a plain cycle model of sim/README.md, "Flits and packets" and "Tile",
/// steps 1 and 4; its program; and the network around it: producers, consumers, router.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "testbenches/cosim/block_zoo.h"

namespace recpim::testing {

/// What is on the wires of a link in a cycle.
struct WireFlit {
  bool valid = false, head = false, tail = false;
  Payload payload{};
  std::uint32_t marks() const { return (tail ? 1U : 0U) | (head ? 2U : 0U); }
};

/// InterfaceOut::write_elements of a flit port, which counts none.
constexpr std::uint32_t kNoElements = ~0U;

/// The words of interface_zoo.sv.
struct InterfaceIn {
  std::uint32_t last_step = 0;
  std::uint32_t ejected_valid = 0, ejected_marks = 0;  ///< Marks: bit 0 tail, bit 1 head.
  Payload ejected{};
  std::uint32_t link_credit = 0, release = 0;
  std::uint32_t data_ready = 0, beat_valid = 0, beat_last = 0;
  Payload beat_data{};
};
struct InterfaceOut {
  std::uint32_t injected_valid = 0, injected_marks = 0;
  Payload injected{};
  std::uint32_t write_valid = 0, write_partial = 0, write_slot = 0;
  std::uint32_t write_base = 0, write_elements = 0;
  Payload write_data{};
  std::uint32_t arrival = 0;
  std::uint32_t head = 0, beat = 0, sent = 0;
  std::uint32_t send_offset = 0, send_flits = 0, send_last_bits = 0;
  std::uint32_t write_bits_log2 = 0, write_signed = 0, write_shift = 0;
};
static_assert(sizeof(InterfaceIn) == 16 * 4 && sizeof(InterfaceOut) == 25 * 4);

/// The program of an interface: rtl/gen/layout.h, port and send.
struct InterfaceProgram {
  struct Port {
    std::uint32_t base = 0, step = 1;
    std::uint32_t elements = 0;  ///< 0: a flit port.
    int flits = 0;               ///< Of a packet; 0: it varies.
    bool partial = false;
    std::uint32_t bits_log2 = 3;  ///< log2 of the bits of an element.
    bool is_signed = true, shifted = false;
    std::uint32_t credit_head = 0;
    std::uint32_t slot_first = 0, slot_step = 1;  ///< Of its packets, modulo slots_of().
    int credits = 0;  ///< Of its producer; 0: as many as there are slots.
  };
  struct Send {
    std::uint32_t head = 0, offset = 0, flits = 0, last_bits = 0;
    int credits = 0;  ///< 0: as many as there are slots.
  };
  struct Step {
    std::size_t send = 0;
    bool final = false;  ///< The last one of its sample.
  };
  int flit_bits = 32, buffer_flits = 1, slots = 1, input_slots = 1;
  std::vector<Port> ports;  ///< In use; the hardware may have more.
  std::vector<Send> sends;
  std::vector<Step> steps;  ///< The sends of each sample, sample after sample, over and over.

  std::uint32_t slots_of(const Port& port) const {
    return static_cast<std::uint32_t>(port.partial ? slots : input_slots);
  }
  int credits_of(const Send& send) const { return send.credits > 0 ? send.credits : slots; }
  /// Steps of one sample that has all sends.
  void send_all();
  /// Fills the heads and the sends with random words; every head is another one.
  void draw_heads(Random& random);
  void write_images(const std::string& stem, int hardware_ports, int hardware_steps) const;
};

/// The payload word of a head flit.
std::uint32_t head_word(int x, int y, int port, bool credit);

class InterfaceModel {
 public:
  explicit InterfaceModel(const InterfaceProgram& program);
  /// What has to be seen in the next cycle, in which the inputs are these.
  InterfaceOut cycle(const InterfaceIn& in);
  /// What is on the wire in the next cycle.
  const WireFlit& injected() const { return injected_; }

 private:
  void inject(const InterfaceIn& in, InterfaceOut& out);
  void eject(const InterfaceIn& in, InterfaceOut& out);

  const InterfaceProgram& program_;
  // Sender. What a counter gains in a cycle counts in the next.
  int link_ = 0;
  std::vector<int> credits_, pending_;
  std::size_t step_ = 0;
  bool under_way_ = false;
  WireFlit injected_;  ///< What has left in the cycle before.
  // Receiver.
  std::size_t port_ = 0;
  std::uint32_t flit_ = 0;              ///< Payload flits of the packet that have come.
  std::vector<std::uint32_t> packets_;  ///< Of each port, whole ones.
};

/// The rest of the chip as an interface sees it: keeps the rules, and stalls where it may.
class InterfacePeers {
 public:
  InterfacePeers(const InterfaceProgram& program, std::uint64_t seed, std::uint64_t stream);
  /// The ejected flit and the link credit of a cycle, given what is injected on the wire in it.
  WireFlit ejected(const WireFlit& injected);
  bool link_credit() const { return link_credit_; }
  std::uint64_t flits() const { return flits_; }  ///< Ejected.

 private:
  void take(const WireFlit& injected);
  void begin_packet(WireFlit& flit);

  const InterfaceProgram& program_;
  Random random_;
  Pace link_pace_, flit_pace_, packet_pace_;
  int in_router_ = 0;              ///< Flits whose link credit has not come back.
  std::vector<int> port_credits_;  ///< Of the producers.
  std::vector<int> send_credits_;  ///< That consumers are going to give back.
  int left_ = 0;                   ///< Payload flits of the packet under way.
  bool link_credit_ = false;
  std::uint64_t flits_ = 0;
};

/// Payload flits for an interface to send: packets of random lengths.
class BeatSource {
 public:
  BeatSource(int flit_bits, std::uint64_t seed, std::uint64_t stream)
      : flit_bits_(flit_bits), random_(seed, stream) {
    next();
  }
  const Payload& data() const { return data_; }
  bool last() const { return left_ == 1; }
  void next();

 private:
  int flit_bits_;
  Random random_;
  Payload data_{};
  int left_ = 0;
};

/// Compares what matters in this cycle.
void compare(const InterfaceOut& got, const InterfaceOut& expected, const std::string& where);

}  // namespace recpim::testing
