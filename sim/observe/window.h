// SPDX-License-Identifier: Apache-2.0
/// @file
/// The cycles that a timeline or a wave is kept of, and one observer for two.
#pragma once

#include <vector>

#include "sim/noc/mesh.h"

namespace recpim {

struct Window {
  Cycle from = 0;
  Cycle to = 100'000;  ///< The first cycle that is not kept any more.
  bool holds(Cycle at) const { return at >= from && at < to; }
  /// Whether some of the cycles from `start` to before `end` are kept.
  bool overlaps(Cycle start, Cycle end) const { return start < to && end > from; }
};

/// Hands every flit to all of its observers.
class FlitFork : public FlitObserver {
 public:
  void add(FlitObserver& observer) { observers_.push_back(&observer); }
  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override {
    for (FlitObserver* observer : observers_) observer->flit(tile, direction, left, packet, k);
  }

 private:
  std::vector<FlitObserver*> observers_;
};

}  // namespace recpim
