// SPDX-License-Identifier: Apache-2.0
/// @file
/// An engine of products between an element buffer and accumulators, for the tests of
/// product_engine and attention_engine: packets of every port, starts and reads at random paces,
/// every output in every cycle by the closed forms of sim/README.md, "Tile". What the engine
/// computes, and for how long, is the derived class's.
#pragma once

#include <deque>
#include <utility>

#include "testbenches/cosim/block_zoo.h"

namespace recpim::testing {

/// The words of product_zoo.sv and attention_zoo.sv.
struct EngineIn {
  std::uint32_t write_shift = 0, write = 0, write_slot = 0, write_base = 0, write_elements = 0;
  std::uint32_t write_bits_log2 = 2, write_signed = 0;
  Payload write_data{};
  std::uint32_t start = 0, slot = 0, read = 0, read_slot = 0, read_element = 0;
  std::array<std::uint32_t, 6> settings{};
};
struct EngineOut {
  std::uint32_t idle = 1, last = 0, done = 0, add = 0, add_slot = 0, add_row = 0, value = 0;
};

struct EngineShape {
  int flit_bits, slots, lanes, elements;
};
/// Elements that one port brings.
struct EnginePort {
  int first, elements, bits;
  bool is_signed;
  bool shifted = false;  ///< 4 bits among 8: 16 times their scale.
  int same_as = -1;      ///< Brings what this port brings.

  int low() const { return is_signed ? -(1 << (bits - 1)) : 0; }
  int high() const { return is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1; }
};
/// An addition to a row of accumulators, cycles after the start.
struct EngineAdd {
  std::int64_t offset;
  int row;
};

class EngineMember {
 public:
  EngineMember(const EngineShape& shape, std::size_t number, std::uint64_t seed)
      : random_(seed, 100 + number),
        shape_(shape),
        write_pace_(seed, 200 + number),
        start_pace_(seed, 300 + number, 1),  // An engine is many cycles.
        read_pace_(seed, 400 + number) {}
  virtual ~EngineMember() = default;
  EngineMember(const EngineMember&) = delete;
  EngineMember& operator=(const EngineMember&) = delete;

  EngineIn drive(std::int64_t now);
  void check(const EngineOut& out, const std::string& message) const;
  int finished() const { return finished_; }
  virtual std::string describe() const = 0;

 protected:
  /// Accumulators by output element, from the assembled input.
  virtual std::vector<std::uint32_t> compute(const std::vector<std::int32_t>& x) const = 0;
  /// After what the derived class has drawn.
  void prepare(std::vector<EnginePort> ports, std::int64_t busy, std::int64_t latency,
               std::vector<EngineAdd> adds);

  Random random_;
  EngineShape shape_;
  std::array<std::uint32_t, 6> settings_{};

 private:
  using Values = std::vector<std::int32_t>;
  struct Sample {
    std::vector<Values> brought;  ///< By port.
    std::vector<std::uint32_t> sums;
  };

  Values draw_values(const EnginePort& port);
  void draw_sample();
  void write(EngineIn& in);
  void start(EngineIn& in, std::int64_t now);
  void read(EngineIn& in, std::int64_t now);
  void expect(std::int64_t now);
  /// Samples whose input slot is free again.
  int released(std::int64_t now) const {
    const bool under_way = !starts_.empty() && now < starts_.back() + busy_;
    return static_cast<int>(starts_.size()) - (under_way ? 1 : 0);
  }
  std::uint32_t noise_slot() {
    return static_cast<std::uint32_t>(random_.below(static_cast<std::uint64_t>(shape_.slots)));
  }

  Pace write_pace_, start_pace_, read_pace_;
  std::vector<EnginePort> ports_;
  std::int64_t busy_ = 1, latency_ = 1;
  std::vector<EngineAdd> adds_;
  std::vector<Sample> samples_;
  std::vector<int> packets_;  ///< By port: packets written.
  int port_ = -1, flit_ = 0;  ///< Of the packet under way; -1: none.
  std::vector<std::int64_t> starts_;
  std::deque<std::pair<std::int64_t, std::pair<int, int>>> due_;  ///< Cycle; slot and row.
  int finished_ = 0, read_elements_ = 0;
  bool backward_ = false;
  EngineOut expected_;
};

/// Runs the members of a zoo side by side.
template <typename Top, typename Member>
void run_engines(std::vector<std::unique_ptr<Member>>& members, const std::string& folder, int seed,
                 int cycles) {
  Zoo<Top, EngineIn, EngineOut> zoo(seed, folder);
  for (int now = 0; now < cycles; ++now) {
    for (std::size_t m = 0; m < members.size(); ++m) zoo.put(m, members[m]->drive(now));
    zoo.settle();
    for (std::size_t m = 0; m < members.size(); ++m) {
      members[m]->check(zoo.get(m), where(seed, m, now) + " " + members[m]->describe());
      if (::testing::Test::HasFatalFailure()) return;
    }
    zoo.tick();
  }
}

}  // namespace recpim::testing
