// SPDX-License-Identifier: Apache-2.0
#include "testbenches/cosim/engine_member.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim::testing {
namespace {

std::uint32_t log2_of(int bits) { return bits == 4 ? 2 : bits == 8 ? 3 : 4; }

}  // namespace

void EngineMember::prepare(std::vector<EnginePort> ports, std::int64_t busy, std::int64_t latency,
                           std::vector<EngineAdd> adds) {
  ports_ = std::move(ports);
  busy_ = busy;
  latency_ = latency;
  adds_ = std::move(adds);
  packets_.assign(ports_.size(), 0);
}

/// All kinds of numbers, the bounds of their format alone, small ones, all of them the same.
EngineMember::Values EngineMember::draw_values(const EnginePort& port) {
  Values values(static_cast<std::size_t>(port.elements));
  const int style = between(random_, 0, 5);
  const int constant = between(random_, 0, 2);
  for (std::int32_t& v : values) {
    switch (style) {
      case 0:
        v = constant == 0 ? port.low() : constant == 1 ? port.high() : 0;
        break;
      case 1:
        v = random_.below(2) == 0 ? port.low() : port.high();
        break;
      case 2:
        v = between(random_, std::max(port.low(), -2), 2);
        break;
      default:
        v = between(random_, port.low(), port.high());
    }
  }
  return values;
}

void EngineMember::draw_sample() {
  Sample sample;
  Values x(static_cast<std::size_t>(shape_.elements), 0);
  for (const EnginePort& port : ports_) {
    sample.brought.push_back(port.same_as < 0
                                 ? draw_values(port)
                                 : sample.brought[static_cast<std::size_t>(port.same_as)]);
    for (int i = 0; i < port.elements; ++i) {
      x[static_cast<std::size_t>(port.first + i)] =
          sample.brought.back()[static_cast<std::size_t>(i)] * (port.shifted ? 16 : 1);
    }
  }
  sample.sums = compute(x);
  samples_.push_back(std::move(sample));
}

/// One packet after the other, of any port that has a free slot.
void EngineMember::write(EngineIn& in) {
  const auto at = static_cast<std::size_t>(port_);
  const EnginePort& port = ports_[at];
  const int sample = packets_[at];
  while (static_cast<int>(samples_.size()) <= sample) draw_sample();
  const Values& values = samples_[static_cast<std::size_t>(sample)].brought[at];
  const int step = shape_.flit_bits / port.bits;
  in.write = 1;
  in.write_slot = static_cast<std::uint32_t>(sample % shape_.slots);
  in.write_base = static_cast<std::uint32_t>(port.first + flit_ * step);
  in.write_elements = static_cast<std::uint32_t>(port.elements - flit_ * step);
  in.write_bits_log2 = log2_of(port.bits);
  in.write_signed = port.is_signed ? 1 : 0;
  in.write_shift = port.shifted ? 1 : 0;
  // Behind the last value in.write_data keeps its noise.
  for (int i = 0; i < step && flit_ * step + i < port.elements; ++i) {
    const auto mask = (1U << static_cast<unsigned>(port.bits)) - 1U;
    const auto value =
        static_cast<std::uint32_t>(values[static_cast<std::size_t>(flit_ * step + i)]);
    const int bit = i * port.bits;
    std::uint32_t& word = in.write_data[static_cast<std::size_t>(bit / 32)];
    word = (word & ~(mask << (bit % 32))) | (value & mask) << (bit % 32);
  }
  if (++flit_ * step < port.elements) return;
  flit_ = 0;
  ++packets_[at];
  port_ = -1;
}

void EngineMember::start(EngineIn& in, std::int64_t now) {
  in.start = 1;
  in.slot = static_cast<std::uint32_t>(starts_.size() % static_cast<std::size_t>(shape_.slots));
  starts_.push_back(now);
  for (const EngineAdd& add : adds_) {
    due_.push_back({now + add.offset, {static_cast<int>(in.slot), add.row}});
  }
}

/// From the cycle on in which the accumulators are visible, from either end.
void EngineMember::read(EngineIn& in, std::int64_t now) {
  const auto sample = static_cast<std::size_t>(finished_);
  if (sample >= starts_.size() || now < starts_[sample] + latency_) return;
  if (read_elements_ == 0) backward_ = random_.below(2) == 0;
  const auto& sums = samples_[sample].sums;
  const auto count = static_cast<int>(sums.size());
  const int element = backward_ ? count - 1 - read_elements_ : read_elements_;
  in.read = 1;
  in.read_slot = static_cast<std::uint32_t>(finished_ % shape_.slots);
  in.read_element = static_cast<std::uint32_t>(element);
  expected_.value = sums[static_cast<std::size_t>(element)];
  if (++read_elements_ < count) return;
  read_elements_ = 0;
  ++finished_;
}

void EngineMember::expect(std::int64_t now) {
  const bool any = !starts_.empty();
  expected_.idle = !any || now <= starts_.back() || now >= starts_.back() + busy_;
  expected_.last = any && now == starts_.back() + busy_ - 1;
  for (auto s = starts_.size(); s-- > 0 && starts_[s] + latency_ > now;) {
    if (now == starts_[s] + latency_ - 1) expected_.done = 1;
  }
  if (due_.empty() || due_.front().first != now) return;
  expected_.add = 1;
  expected_.add_slot = static_cast<std::uint32_t>(due_.front().second.first);
  expected_.add_row = static_cast<std::uint32_t>(due_.front().second.second);
  due_.pop_front();
}

EngineIn EngineMember::drive(std::int64_t now) {
  EngineIn in;
  expected_ = {};
  in.settings = settings_;
  in.write_data = noise(random_, shape_.flit_bits);
  in.write_slot = noise_slot();
  in.slot = noise_slot();
  const int complete = *std::min_element(packets_.begin(), packets_.end());
  const bool free = starts_.empty() || now >= starts_.back() + busy_;
  const auto started = static_cast<int>(starts_.size());
  const bool starts = start_pace_();
  const int freed = finished_;
  if (read_pace_()) read(in, now);
  if (starts && free && started < complete && started < freed + shape_.slots) start(in, now);
  if (port_ < 0) {
    const auto port = static_cast<int>(below(random_, ports_.size()));
    if (packets_[static_cast<std::size_t>(port)] < released(now) + shape_.slots) port_ = port;
  }
  if (port_ >= 0 && write_pace_()) write(in);
  expect(now);
  return in;
}

void EngineMember::check(const EngineOut& out, const std::string& message) const {
  ASSERT_EQ(out.idle, expected_.idle) << message;
  ASSERT_EQ(out.last, expected_.last) << message;
  ASSERT_EQ(out.done, expected_.done) << message;
  ASSERT_EQ(out.add, expected_.add) << message;
  if (expected_.add != 0) {
    ASSERT_EQ(out.add_slot, expected_.add_slot) << message;
    ASSERT_EQ(out.add_row, expected_.add_row) << message;
  }
  ASSERT_EQ(out.value, expected_.value) << message << " sample " << finished_;
}

}  // namespace recpim::testing
