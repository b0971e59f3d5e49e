// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where the tiles of a design stand on the mesh: those that talk to one another near one another.
#pragma once

#include <cstdint>

#include "models/mapping/design.h"

namespace recpim {

/// Flits times links between routers of all packets of one sample, heads and credits included: what
/// placement makes small. A lookup packet counts one lookup a table of its tile.
std::int64_t flit_hops(const Design& design);

/// Gives the tiles new places: the mesh that is used becomes as square as the chip allows, then
/// simulated annealing on flit_hops() exchanges places. The host stays at (0, 0). The same design
/// and seed give the same places; flit_hops() never ends above what row-major order in that mesh
/// gives. Throws nothing: the tiles fit the hardware's mesh already.
void place_by_annealing(Design& design, std::uint64_t seed);

}  // namespace recpim
