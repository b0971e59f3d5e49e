// SPDX-License-Identifier: Apache-2.0
/// @file
/// Sees when the parts of a tile work. Nobody watches where it is not set: one test of a pointer a
/// sample and part.
#pragma once

#include <cstdint>

#include "sim/core/cycle_scheduler.h"

namespace recpim {

class TileObserver {
 public:
  virtual ~TileObserver() = default;
  enum class Part { kEngine, kVectorUnit };
  /// Sample `sample` of tile number `tile` holds the part from cycle `start` to before `free`. Told
  /// when it is known, which may be before it begins or after it ends; in the order of samples for
  /// each tile and part.
  virtual void works(int tile, Part part, std::uint64_t sample, Cycle start, Cycle free) = 0;
};

}  // namespace recpim
