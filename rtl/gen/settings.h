// SPDX-License-Identifier: Apache-2.0
/// @file
/// The settings of a tile: the words of its config_rom.
#pragma once

#include <array>
#include <cstdint>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "rtl/gen/layout.h"
#include "rtl/gen/shape.h"

namespace recpim {

/// In the order of layout::Config.
using TileSettings = std::array<std::int32_t, static_cast<std::size_t>(layout::Config::kCount)>;

TileSettings tile_settings(const Design& design, const Model& model, const Tile& tile,
                           const TileShape& shape);

}  // namespace recpim
