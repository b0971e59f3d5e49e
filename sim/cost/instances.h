// SPDX-License-Identifier: Apache-2.0
/// @file
/// How many instances of each component the tiles of a design have.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"

namespace recpim {

/// How a table row lies in an embedding tile's bank.
struct TableRow {
  int cells = 0;    ///< Columns that hold it, of all arrays it spans.
  int arrays = 0;   ///< Crossbars whose wordline it needs.
  int columns = 0;  ///< Columns converted: whole ADC groups.
};
TableRow table_row(const Tile& tile, const Model& model, const Hardware& hardware);

/// Component and number of its instances (of buffers: bits), in the order of a report. A tile has
/// all crossbars and banks of the hardware, used or not; its buffers are as large as its operator
/// needs.
std::vector<std::pair<std::string, std::int64_t>> tile_instances(const Design& design,
                                                                 const Model& model, int tile);

}  // namespace recpim
