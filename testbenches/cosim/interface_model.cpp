// SPDX-License-Identifier: Apache-2.0
#include "testbenches/cosim/interface_model.h"

#include <algorithm>
#include <set>

#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "sim/noc/flit.h"

namespace recpim::testing {

std::uint32_t head_word(int x, int y, int port, bool credit) {
  return static_cast<std::uint32_t>(x) << head_flit::kDstXLsb |
         static_cast<std::uint32_t>(y) << head_flit::kDstYLsb |
         static_cast<std::uint32_t>(port) << head_flit::kPortLsb |
         (credit ? 1U : 0U) << head_flit::kKindLsb;
}

void InterfaceProgram::send_all() {
  steps.clear();
  for (std::size_t s = 0; s < sends.size(); ++s) steps.push_back({s, s + 1 == sends.size()});
}

void InterfaceProgram::draw_heads(Random& random) {
  std::set<std::uint32_t> used;
  const auto draw = [&](bool credit) {
    std::uint32_t head = 0;
    do {
      head = head_word(between(random, 0, 255), between(random, 0, 255),
                       between(random, 0, (1 << head_flit::kPortBits) - 1), credit);
    } while (!used.insert(head).second);
    return head;
  };
  for (Port& port : ports) port.credit_head = draw(true);
  for (Send& send : sends) {
    send.head = draw(false);
    send.offset = static_cast<std::uint32_t>(random.below(1U << 24U));
    send.flits = static_cast<std::uint32_t>(random.below(1U << 16U));
    send.last_bits = static_cast<std::uint32_t>(random.below(1U << 10U));
  }
}

void InterfaceProgram::write_images(const std::string& stem, int hardware_ports,
                                    int hardware_steps) const {
  Image port_words(layout::port::kBits);
  Image credits(32);
  for (const Port& port : ports) {
    ImageWord word = port_words.word();
    word.set(layout::port::kBase, port.base);
    word.set(layout::port::kElements, port.elements);
    word.set(layout::port::kStep, port.step);
    word.set(layout::port::kPartial, port.partial ? 1 : 0);
    word.set(layout::port::kBitsLog2, port.bits_log2);
    word.set(layout::port::kSigned, port.is_signed ? 1 : 0);
    word.set(layout::port::kShift, port.shifted ? 1 : 0);
    word.set(layout::port::kSlotFirst, port.slot_first);
    word.set(layout::port::kSlotStep, port.slot_step % slots_of(port));
    port_words.add(word);
    ImageWord credit = credits.word();
    credit.set(0, 32, port.credit_head);
    credits.add(credit);
  }
  Image send_words(layout::send::kBits);
  for (const Step& step : steps) {
    const Send& send = sends[step.send];
    ImageWord word = send_words.word();
    word.set(layout::send::kHead, send.head);
    word.set(layout::send::kOffset, send.offset);
    word.set(layout::send::kFlits, send.flits);
    word.set(layout::send::kLastBits, send.last_bits);
    word.set(layout::send::kNumber, step.send);
    word.set(layout::send::kCredits, static_cast<std::uint64_t>(credits_of(send)));
    word.set(layout::send::kFinal, step.final ? 1 : 0);
    send_words.add(word);
  }
  port_words.fill(static_cast<std::size_t>(hardware_ports));
  credits.fill(static_cast<std::size_t>(hardware_ports));
  send_words.fill(static_cast<std::size_t>(hardware_steps));
  port_words.write(stem + "ports.hex");
  credits.write(stem + "credits.hex");
  send_words.write(stem + "sends.hex");
}

InterfaceModel::InterfaceModel(const InterfaceProgram& program)
    : program_(program),
      link_(program.buffer_flits),
      pending_(program.ports.size(), 0),
      packets_(program.ports.size(), 0) {
  for (const auto& send : program.sends) credits_.push_back(program.credits_of(send));
}

InterfaceOut InterfaceModel::cycle(const InterfaceIn& in) {
  InterfaceOut out;
  out.injected_valid = injected_.valid ? 1 : 0;
  out.injected_marks = injected_.marks();
  out.injected = injected_.payload;
  // First what leaves, on the counts that are visible; then what they gain.
  inject(in, out);
  eject(in, out);
  if (in.link_credit != 0) ++link_;
  for (std::size_t p = 0; p < pending_.size(); ++p) {
    if ((in.release >> p & 1U) != 0) ++pending_[p];
  }
  return out;
}

void InterfaceModel::inject(const InterfaceIn& in, InterfaceOut& out) {
  const InterfaceProgram::Step& step = program_.steps[step_];
  const InterfaceProgram::Send& send = program_.sends[step.send];
  out.send_offset = send.offset;
  out.send_flits = send.flits;
  out.send_last_bits = send.last_bits;
  injected_ = {};
  if (link_ == 0) return;
  const auto owed = std::find_if(pending_.begin(), pending_.end(), [](int n) { return n > 0; });
  if (under_way_) {
    if (in.beat_valid == 0) return;
    out.beat = 1;
    injected_ = {true, false, in.beat_last != 0, in.beat_data};
    if (in.beat_last != 0) {
      under_way_ = false;
      step_ = (step_ + 1) % program_.steps.size();
      out.sent = step.final ? 1 : 0;
    }
  } else if (owed != pending_.end()) {
    const auto& port = program_.ports[static_cast<std::size_t>(owed - pending_.begin())];
    injected_ = {true, true, true, {port.credit_head}};
    --*owed;
  } else if (in.data_ready != 0 && credits_[step.send] > 0) {
    out.head = 1;
    injected_ = {true, true, false, {send.head}};
    --credits_[step.send];
    under_way_ = true;
  } else {
    return;
  }
  --link_;
}

void InterfaceModel::eject(const InterfaceIn& in, InterfaceOut& out) {
  if (in.ejected_valid == 0) return;
  if ((in.ejected_marks & 2U) != 0) {
    const std::uint32_t head = in.ejected[0];
    const std::size_t index = head >> head_flit::kPortLsb & ((1U << head_flit::kPortBits) - 1U);
    if ((head >> head_flit::kKindLsb & 1U) != 0) {
      ++credits_[index];
    } else {
      port_ = index;
      flit_ = 0;
    }
    return;
  }
  const InterfaceProgram::Port& port = program_.ports[port_];
  out.write_valid = 1;
  out.write_partial = port.partial ? 1 : 0;
  out.write_slot = (port.slot_first + packets_[port_] * port.slot_step) % program_.slots_of(port);
  out.write_base = port.base + flit_ * port.step;
  out.write_elements = port.elements == 0 ? kNoElements : port.elements - flit_ * port.step;
  out.write_data = in.ejected;
  out.write_bits_log2 = port.bits_log2;
  out.write_signed = port.is_signed ? 1 : 0;
  out.write_shift = port.shifted ? 1 : 0;
  ++flit_;
  if ((in.ejected_marks & 1U) != 0) {
    out.arrival = 1U << port_;
    ++packets_[port_];
  }
}

InterfacePeers::InterfacePeers(const InterfaceProgram& program, std::uint64_t seed,
                               std::uint64_t stream)
    : program_(program),
      random_(seed, 4 * stream),
      link_pace_(seed, 4 * stream + 1),
      flit_pace_(seed, 4 * stream + 2),
      packet_pace_(seed, 4 * stream + 3),
      send_credits_(program.sends.size(), 0) {
  for (const auto& port : program.ports) {
    port_credits_.push_back(port.credits > 0 ? port.credits : program.slots);
  }
}

void InterfacePeers::take(const WireFlit& injected) {
  if (!injected.valid) return;
  ++in_router_;
  if (!injected.head) return;
  for (std::size_t p = 0; p < program_.ports.size(); ++p) {
    if (program_.ports[p].credit_head == injected.payload[0]) ++port_credits_[p];
  }
  for (std::size_t s = 0; s < program_.sends.size(); ++s) {
    if (program_.sends[s].head == injected.payload[0]) ++send_credits_[s];
  }
}

WireFlit InterfacePeers::ejected(const WireFlit& injected) {
  take(injected);
  link_credit_ = link_pace_() && in_router_ > 0;
  if (link_credit_) --in_router_;
  WireFlit flit;
  if (left_ > 0) {
    if (!flit_pace_()) return flit;
    flit.valid = true;
    flit.tail = --left_ == 0;
    flit.payload = noise(random_, program_.flit_bits);
  } else if (packet_pace_()) {
    begin_packet(flit);
  }
  if (flit.valid) ++flits_;
  return flit;
}

/// A credit packet or the head of a data packet, of those that may come, if there is any.
void InterfacePeers::begin_packet(WireFlit& flit) {
  const std::size_t ports = port_credits_.size();
  const std::size_t kinds = ports + send_credits_.size();
  const std::size_t first = below(random_, kinds);
  for (std::size_t i = 0; i < kinds; ++i) {
    const std::size_t kind = (first + i) % kinds;
    const bool credit = kind >= ports;
    int& count = credit ? send_credits_[kind - ports] : port_credits_[kind];
    if (count == 0) continue;
    --count;
    const std::size_t index = credit ? kind - ports : kind;
    flit.valid = flit.head = true;
    flit.tail = credit;
    flit.payload[0] = head_word(between(random_, 0, 255), between(random_, 0, 255),
                                static_cast<int>(index), credit);
    if (credit) return;
    const int flits = program_.ports[index].flits;
    left_ = flits > 0 ? flits : between(random_, 1, 6);
    return;
  }
}

void BeatSource::next() {
  if (left_ > 0) --left_;
  if (left_ == 0) left_ = between(random_, 1, 7);
  data_ = noise(random_, flit_bits_);
}

void compare(const InterfaceOut& got, const InterfaceOut& expected, const std::string& where) {
  ASSERT_EQ(got.injected_valid, expected.injected_valid) << where;
  if (expected.injected_valid != 0) {
    ASSERT_EQ(got.injected_marks, expected.injected_marks) << where;
    ASSERT_EQ(got.injected, expected.injected) << where;
  }
  ASSERT_EQ(got.write_valid, expected.write_valid) << where;
  ASSERT_EQ(got.arrival, expected.arrival) << where;
  if (expected.write_valid != 0) {
    ASSERT_EQ(got.write_partial, expected.write_partial) << where;
    ASSERT_EQ(got.write_slot, expected.write_slot) << where;
    ASSERT_EQ(got.write_base, expected.write_base) << where;
    ASSERT_EQ(got.write_data, expected.write_data) << where;
    ASSERT_EQ(got.write_bits_log2, expected.write_bits_log2) << where;
    ASSERT_EQ(got.write_signed, expected.write_signed) << where;
    ASSERT_EQ(got.write_shift, expected.write_shift) << where;
    if (expected.write_elements != kNoElements) {
      ASSERT_EQ(got.write_elements, expected.write_elements) << where;
    }
  }
  ASSERT_EQ(got.head, expected.head) << where;
  ASSERT_EQ(got.beat, expected.beat) << where;
  ASSERT_EQ(got.sent, expected.sent) << where;
  ASSERT_EQ(got.send_offset, expected.send_offset) << where;
  ASSERT_EQ(got.send_flits, expected.send_flits) << where;
  ASSERT_EQ(got.send_last_bits, expected.send_last_bits) << where;
}

}  // namespace recpim::testing
