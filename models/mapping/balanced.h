// SPDX-License-Identifier: Apache-2.0
/// @file
/// The mapping that an expert would choose: what limits the throughput is there more than once,
/// tiles that talk to one another are neighbours, samples overlap.
#pragma once

#include <cstdint>
#include <functional>

#include "models/mapping/design.h"

namespace recpim {

struct BalanceOptions {
  /// Whether a design is inside the budget, beyond the tiles that the mesh has. Asked of a design
  /// with replicas, before it is placed. Empty: yes.
  std::function<bool(const Design&)> fits;
  double lookups_a_table = 1;  ///< Mean of a sample, for the load of embedding tiles.
  std::uint64_t seed = 1;      ///< Of the places on the mesh.
};

/// As map_naive(), then weights of operators along an axis as often as their tile has crossbars,
/// then, as long as the budget lasts, twice as many replicas of the operator that
/// limits the throughput (throughput.h), until the host does; then place_by_annealing(). Errors are
/// those of map_naive(); a budget that not even one of each operator meets is a DoesNotFit.
Design map_balanced(const Model& model, const Hardware& hardware, const BalanceOptions& options);

}  // namespace recpim
