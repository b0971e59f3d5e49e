// SPDX-License-Identifier: Apache-2.0
// recpim map: which part of a model runs on which tile of a chip.
#include <iomanip>
#include <iostream>

#include "models/mapping/design.h"
#include "sim/app/command.h"
#include "sim/cost/technology.h"
#include "traces/support/error.h"

namespace recpim::app {
namespace {

void print_summary(const Design& design, const Model& model) {
  constexpr const char* kNames[] = {"host", "MVM", "embedding", "interaction"};
  const Hardware& hardware = design.hardware;
  int tiles[4] = {0, 0, 0, 0};
  std::int64_t crossbars = 0;
  std::uint64_t rows = 0;
  int greatest_shift = 0;
  for (const Tile& tile : design.tiles) {
    ++tiles[static_cast<int>(tile.kind)];
    greatest_shift = std::max(greatest_shift, tile.adc_shift);
    if (tile.kind == TileKind::kMvm) {
      const auto op = static_cast<std::size_t>(tile.op);
      crossbars += crossbars_used(tile, hardware, model.operators[op].weight_bits);
    }
    for (const TablePart& part : tile.tables) rows += part.rows;
  }
  std::cout << "design     " << design.name << ", " << design.strategy << " mapping\n"
            << "mesh       " << design.mesh_columns << " x " << design.mesh_rows << " of "
            << hardware.mesh.columns << " x " << hardware.mesh.rows << " routers\n"
            << "tiles      " << design.tiles.size() << ":";
  for (int kind = 0; kind < 4; ++kind) {
    if (tiles[kind] > 0)
      std::cout << (kind == 0 ? " " : ", ") << tiles[kind] << " " << kNames[kind];
  }
  std::cout << "\ncrossbars  " << crossbars << " of " << hardware.crossbar.rows << " x "
            << hardware.crossbar.columns << ", " << hardware.crossbar.cell_bits
            << "-bit cells\ntable rows " << rows << "\nADC        " << hardware.adc.bits
            << " bits, "
            << (greatest_shift == 0 ? "lossless"
                                    : "drops up to " + std::to_string(greatest_shift) + " bits")
            << "\n";
}

}  // namespace

int run_map(const Arguments& arguments) {
  Options options("recpim map --model FOLDER [--hardware FILE] -o FILE");
  options.value("model", "folder of the quantised model")
      .value("hardware", "hardware file (YAML); the default chip where none is named")
      .value("strategy", "naive: each operator its own tiles", "naive")
      .value("out,o", "design file to write (JSON)");
  if (!options.parse(arguments)) return 0;
  const std::string folder = options.text("model");
  const std::string out = options.text("out");
  options.one_of("strategy", {"naive"});
  Hardware hardware;
  if (options.given("hardware")) hardware = load_hardware(options.text("hardware"));
  load_technology(hardware.technology);  // An unknown one is found here, not in the first run.
  const Model model = load_model(folder, Weights::kIntegers);
  if (!model.quantised) reject(folder, "quantised", "false", "a quantised model");
  Design design = map_naive(model, hardware);
  design.model_path = folder;
  design.model_sha256 = model_sha256(folder);
  keep_inputs(out, files_of_model(folder));
  if (options.given("hardware")) keep_inputs(out, {options.text("hardware")});
  save_design(design, out);
  print_summary(design, model);
  return 0;
}

}  // namespace recpim::app
