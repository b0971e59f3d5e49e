// SPDX-License-Identifier: Apache-2.0
/// @file
/// A short first-in first-out queue of cycles, without an allocation: what a buffer of a few slots
/// needs.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>

#include "sim/core/cycle_scheduler.h"

namespace recpim {

class CycleRing {
 public:
  static constexpr std::size_t kCapacity = 8;  ///< At least twice the largest buffer_slots.

  CycleRing() = default;
  /// `count` entries of cycle 0: slots that are free from the start.
  explicit CycleRing(int count) : count_(static_cast<std::size_t>(count)) {}

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  Cycle front() const { return cycles_[head_]; }
  void push(Cycle cycle) {
    if (count_ == kCapacity) throw std::logic_error("CycleRing: more entries than slots");
    cycles_[(head_ + count_++) % kCapacity] = cycle;
  }
  Cycle pop() {
    const Cycle cycle = cycles_[head_];
    head_ = (head_ + 1) % kCapacity;
    --count_;
    return cycle;
  }

 private:
  std::array<Cycle, kCapacity> cycles_{};
  std::size_t head_ = 0, count_ = 0;
};

}  // namespace recpim
