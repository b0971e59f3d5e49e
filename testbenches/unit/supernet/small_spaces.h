// SPDX-License-Identifier: Apache-2.0
// Spaces small enough to visit every genome, and the visit.
#pragma once

#include <cstddef>
#include <functional>

#include "models/supernet/space.h"

namespace recpim::supernet {

/// One value a list: M = 2 * 2, the switches alone.
inline SpaceDescription least(int blocks) {
  SpaceDescription space;
  space.name = "least";
  space.blocks = blocks;
  space.dense_operators = {DenseOperator::kFc};
  space.sparse_operators = {SparseOperator::kEfc};
  space.dense_widths = {16};
  space.sparse_rows = {16};
  space.precisions = {{8, 8}};
  return space;
}

/// Two blocks in which the wiring and the kind of the operators vary: M = 4 * 1 * 2 * 2 = 16, so
/// 1 * 1 * 16 times 3 * 3 * 2 * 2 * 16 = 9,216 genomes.
inline SpaceDescription wired() {
  SpaceDescription space = least(2);
  space.dense_operators = {DenseOperator::kFc, DenseOperator::kDot, DenseOperator::kGating,
                           DenseOperator::kSum};
  return space;
}

/// Calls `visit` with every vector of choices.
inline void for_all(const ArchitectureSpace& space,
                    const std::function<void(const Choices&)>& visit) {
  Choices choices(space.genes().size(), 0);
  while (true) {
    visit(choices);
    std::size_t g = 0;
    while (g < choices.size() && ++choices[g] == space.genes()[g].choices) choices[g++] = 0;
    if (g == choices.size()) return;
  }
}

}  // namespace recpim::supernet
