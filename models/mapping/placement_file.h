// SPDX-License-Identifier: Apache-2.0
/// @file
/// The placed rows of a design, in an HDF5 file beside it: for tile t the datasets tile_t/table,
/// tile_t/row and tile_t/place, 32 bits each.
#pragma once

#include <string>

#include "models/mapping/design.h"
#include "traces/support/json.h"

namespace recpim {

/// D.placement.h5 for a design file D.json.
std::string placement_path(const std::string& design_path);
/// Writes the file at placement_path(). The keys that the design file has of it.
Json save_placement(const Design& design, const std::string& design_path);
/// Fills in Tile::placed, whose sizes are known from the design file. InputError where the file is
/// not the one that was saved with the design. `folder`: the design's, with a slash.
void load_placement(Design& design, const JsonView& json, const std::string& folder);

}  // namespace recpim
