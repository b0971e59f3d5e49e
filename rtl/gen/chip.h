// SPDX-License-Identifier: Apache-2.0
/// @file
/// A whole chip in SystemVerilog from a design: `recpim rtl`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"

namespace recpim {

/// One memory of the chip and the file it is loaded from: {hierarchical name, file in images/}.
using ChipImage = std::pair<std::string, std::string>;

/// chip.sv: the top module. It depends on the shape (rtl/gen/shape.h) and the mesh alone.
std::string chip_text(const Design& design, const Model& model);
/// Every memory of the chip, in the order of tiles.
std::vector<ChipImage> chip_images(const Design& design, const Model& model);
/// Writes the image files into a folder. `model` has its integer weights.
void write_images(const Design& design, const Model& model, const std::string& folder);

/// Writes into the (existing, empty) folder:
///   rtl/chip.sv and the modules of rtl/lib that it needs, each file complete in itself,
///   images/*.hex  program, weights and tables,
///   chip.f        file list, chip.json dimensions for the co-simulation, README.md.
void generate_rtl(const Design& design, const Model& model, const std::string& folder);

/// The folder of rtl/lib: of this source tree, or share/recpim/rtl beside the installed command.
/// InputError where there is neither.
std::string rtl_library_folder();

}  // namespace recpim
