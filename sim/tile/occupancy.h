// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where the cycles of an engine or a vector unit went: what it worked at, and what it waited for.
/// Definitions: sim/README.md, "Where the cycles went". Always on: a few comparisons a sample.
#pragma once

#include <algorithm>

#include "sim/core/cycle_scheduler.h"

namespace recpim {

/// Parts of the cycles in which an engine is busy. What none of them names is `compute`.
struct WorkShares {
  Cycle adc = 0;      ///< By which conversions outlast the reads that they follow.
  Cycle lookups = 0;  ///< Dispatching a list of lookups.
  Cycle banks = 0;    ///< A lookup waits for its bank, which reads another one.
};

/// When something that a part waited for came.
struct Arrival {
  Cycle offered = 0;   ///< The sample could enter the chip.
  Cycle ready = 0;     ///< Nothing but links stood in the way of what came last.
  Cycle complete = 0;  ///< It was all there.
};

/// Between two samples, in this order.
struct Waits {
  Cycle idle = 0;    ///< The sample was not offered to the chip yet, or there is none.
  Cycle input = 0;   ///< It was not ready at whoever makes the last of its inputs.
  Cycle noc = 0;     ///< It was, but had not arrived.
  Cycle output = 0;  ///< It had arrived, but there was no room for the result.
};

/// Sums the waits of a part from cycle 0 on.
class WaitMeter {
 public:
  /// A sample starts at `start`, which is not before complete or the last frees().
  void starts(const Arrival& arrival, Cycle start) {
    spend(waits_.idle, std::min(arrival.offered, start));
    spend(waits_.input, std::min(arrival.ready, start));
    spend(waits_.noc, std::min(arrival.complete, start));
    spend(waits_.output, start);
  }
  /// The part can start the next sample at `at`.
  void frees(Cycle at) {
    busy_ += at - from_;
    from_ = at;
  }
  Cycle busy() const { return busy_; }
  /// Over a run that ends before cycle `end`: these and busy() sum to `end`.
  Waits waits(Cycle end) const {
    Waits waits = waits_;
    waits.idle += end - from_;
    return waits;
  }

 private:
  void spend(Cycle& on, Cycle to) {
    if (to <= from_) return;
    on += to - from_;
    from_ = to;
  }

  Waits waits_;
  Cycle busy_ = 0;
  Cycle from_ = 0;  ///< Cycles before it are accounted for.
};

}  // namespace recpim
