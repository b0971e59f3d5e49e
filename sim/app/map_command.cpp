// SPDX-License-Identifier: Apache-2.0
// recpim map: which part of a model runs on which tile of a chip.
#include <iomanip>
#include <iostream>

#include "models/mapping/balanced.h"
#include "models/mapping/design.h"
#include "models/mapping/placement.h"
#include "models/mapping/placement_file.h"
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

/// The pass over the mapped design that --placement asks for.
void place(const Options& options, const Model& model, Design& design) {
  const std::string kind = options.one_of("placement", placement_names());
  if (kind == "naive") {
    for (const char* name : {"profile", "profile-first", "profile-samples", "replicate-kib",
                             "replicate-share", "hot-rows"}) {
      if (options.chosen(name)) {
        reject("", std::string("--") + name, options.text(name),
               "--placement frequency or co-occurrence with it");
      }
    }
    return;
  }
  if (!options.given("profile")) {
    reject("", "--profile", "", "a trace, which --placement " + kind + " needs");
  }
  constexpr std::int64_t kMost = 1'000'000'000'000;
  PlacementOptions placement;
  placement.kind = kind == "frequency" ? PlacementKind::kFrequency : PlacementKind::kCoOccurrence;
  placement.first = static_cast<std::uint64_t>(options.integer("profile-first", 0, kMost));
  if (options.given("profile-samples")) {
    placement.samples = static_cast<std::uint64_t>(options.integer("profile-samples", 1, kMost));
  }
  placement.hot_rows = static_cast<std::uint64_t>(options.integer("hot-rows", 0, 1 << 24));
  placement.replicate_bytes =
      1024 * static_cast<std::uint64_t>(options.integer("replicate-kib", 0, kMost));
  if (options.given("replicate-share")) {
    if (options.chosen("replicate-kib")) {
      reject("", "--replicate-share", options.text("replicate-share"),
             "one of --replicate-kib and --replicate-share");
    }
    placement.replicate_bytes = static_cast<std::uint64_t>(options.number("replicate-share", 0, 1) *
                                                           static_cast<double>(table_bytes(model)));
  }
  place_rows(design, model, TraceReader(options.text("profile")), placement);
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
      .value("placement",
             "of table rows: naive (table by table); frequency (hot rows spread over the banks), "
             "co-occurrence (rows of one bag in one array), both from --profile",
             "naive")
      .value("profile", "trace whose lookups a placement follows")
      .value("profile-first", "first sample of the profile", "0")
      .value("profile-samples", "samples of the profile; all where not given")
      .value("replicate-kib", "KiB that replicas of the hottest rows may take", "0")
      .value("replicate-share", "the same as a share of the table bytes, 0 to 1")
      .value("hot-rows", "rows of a tile that are placed one by one", "65536")
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
  place(options, model, design);
  design.model_path = folder;
  design.model_sha256 = model_sha256(folder);
  keep_inputs(out, files_of_model(folder));
  if (options.given("hardware")) keep_inputs(out, {options.text("hardware")});
  if (options.given("profile")) {
    keep_inputs(out, {options.text("profile")});
    keep_inputs(placement_path(out), {options.text("profile")});
  }
  save_design(design, out);
  print_summary(design, model);
  if (design.placement != "naive") {
    std::cout << "placement  " << design.placement << ", " << replicated_bytes(design, model)
              << " bytes of replicas\n";
  }
  return 0;
}

}  // namespace recpim::app
