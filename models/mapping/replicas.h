// SPDX-License-Identifier: Apache-2.0
/// @file
/// Operators that are on the chip more than once, each replica for its share of the samples. The
/// rules of who sends which sample to whom: sim/README.md, "Replicas".
#pragma once

#include <cstdint>
#include <vector>

#include "models/mapping/design.h"

namespace recpim {

/// Of an operator. A power of two.
constexpr int kMostReplicas = 256;

/// Which samples of a tile use a link: those with its count k mod period = first.
struct Turn {
  int period = 1, first = 0;
  bool active(std::uint64_t k) const {
    return k % static_cast<std::uint64_t>(period) == static_cast<std::uint64_t>(first);
  }
};
/// Turns of `tile` on its link with `other`, where they have one.
Turn turn(const Tile& tile, const Tile& other);
/// Whether some sample is done by both.
bool meet(const Tile& one, const Tile& other);

/// Input slots of a tile: sample k of its own count uses slot k mod this.
int input_slots(const Design& design, const Tile& tile);
/// Where the credit counter of a send starts.
int credits(const Design& design, const Tile& sender, const Send& send);

/// The design with tile t replicas[t] times (1 or another power of two, the host once). Replicas of
/// a tile follow one another; all parts of an operator must have as many (std::invalid_argument).
/// Places on the mesh stay those of the first replicas: place them anew.
Design replicate(const Design& design, const std::vector<int>& replicas);

}  // namespace recpim
