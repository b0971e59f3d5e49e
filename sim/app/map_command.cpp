// SPDX-License-Identifier: Apache-2.0
// recpim map: which part of a model runs on which tile of a chip.
#include <iomanip>
#include <iostream>

#include "models/mapping/balanced.h"
#include "models/mapping/design.h"
#include "sim/app/command.h"
#include "sim/cost/cost_model.h"
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

// Options without effect are refused.
void only_balanced(const Options& options) {
  for (const char* name : {"max-tiles", "max-area-mm2", "lookups-a-table", "seed"}) {
    if (options.chosen(name)) {
      reject("", "--" + std::string(name), options.text(name), "only with --strategy balanced");
    }
  }
}

Design balanced(const Model& model, const Hardware& hardware, const Options& options) {
  BalanceOptions balance;
  balance.lookups_a_table = options.number("lookups-a-table", 0, 65536);
  balance.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  const auto most_tiles =
      options.given("max-tiles") ? options.integer("max-tiles", 2, 65536) : 65536;
  const double most_area =
      options.given("max-area-mm2") ? options.number("max-area-mm2", 0.001, 1e6) : 1e6;
  const Technology technology = load_technology(hardware.technology);
  balance.fits = [&](const Design& design) {
    return static_cast<std::int64_t>(design.tiles.size()) <= most_tiles &&
           area_of(design, model, technology).total <= most_area;
  };
  return map_balanced(model, hardware, balance);
}

int run_map(const Arguments& arguments) {
  Options options("recpim map --model FOLDER [--hardware FILE] -o FILE");
  options.value("model", "folder of the quantised model")
      .value("hardware", "hardware file (YAML); the default chip where none is named")
      .value("strategy",
             "naive: each operator its own tiles, one sample at a time; balanced: what limits the "
             "throughput several times, neighbours near one another, samples overlap",
             "naive")
      .value("max-tiles", "balanced: at most so many tiles, the host's included; those of the mesh")
      .value("max-area-mm2", "balanced: at most so much area")
      .value("lookups-a-table", "balanced: mean lookups of a sample in each table", "1")
      .value("seed", "balanced: of the places on the mesh", "1")
      .value("out,o", "design file to write (JSON)");
  if (!options.parse(arguments)) return 0;
  const std::string folder = options.text("model");
  const std::string out = options.text("out");
  const std::string strategy = options.one_of("strategy", {"naive", "balanced"});
  if (strategy == "naive") only_balanced(options);
  Hardware hardware;
  if (options.given("hardware")) hardware = load_hardware(options.text("hardware"));
  load_technology(hardware.technology);  // An unknown one is found here, not in the first run.
  const Model model = load_model(folder, Weights::kIntegers);
  if (!model.quantised) reject(folder, "quantised", "false", "a quantised model");
  Design design;
  if (strategy == "naive") {
    design = map_naive(model, hardware);
    design.samples_in_flight = 1;
  } else {
    design = balanced(model, hardware, options);
  }
  design.model_path = folder;
  design.model_sha256 = model_sha256(folder);
  keep_inputs(out, files_of_model(folder));
  if (options.given("hardware")) keep_inputs(out, {options.text("hardware")});
  save_design(design, out);
  print_summary(design, model);
  return 0;
}

}  // namespace recpim::app
