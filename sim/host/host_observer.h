// SPDX-License-Identifier: Apache-2.0
/// @file
/// Sees samples come and go at the host streams.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/cycle_scheduler.h"

namespace recpim {

class HostObserver {
 public:
  virtual ~HostObserver() = default;
  /// Before the run: the arrival of each sample, empty where all wait from cycle 0.
  virtual void begins(const std::vector<Cycle>& arrivals) = 0;
  /// Of sample `sample` of the run: the cycle in which its first request beat was accepted, and the
  /// one in which its last prediction beat is transferred. Told when both are known, in order.
  virtual void served(std::uint64_t sample, Cycle accepted, Cycle transferred) = 0;
};

}  // namespace recpim
