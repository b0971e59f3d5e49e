// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/chip.h"

namespace recpim {

int prediction_elements(const Model& model) { return model.output().elements(); }

Chip::Chip(const sc_core::sc_module_name& name, const Design& design, const Model& model,
           const SimulateOptions& options)
    : sc_module(name),
      design_(design),
      model_(model),
      cycles_("cycles", design.hardware.clock_hz),
      mesh_("mesh",
            MeshConfig{design.mesh_columns, design.mesh_rows, design.hardware.mesh.buffer_flits},
            options.reference ? MeshMode::kFlitByFlit : MeshMode::kCollapsed, cycles_),
      host_("host", design,
            options.mode == SimulationMode::kFunctional ? prediction_elements(model) : 0, cycles_) {
  cycles_.shuffle(options.shuffle_wakeups);
  mesh_.observe(options.observer);
  host_.attach(mesh_);
  const bool values = options.mode == SimulationMode::kFunctional;
  tiles_.resize(design.tiles.size());
  for (std::size_t i = 1; i < design.tiles.size(); ++i) {
    const std::string tile_name = "tile_" + std::to_string(i);
    tiles_[i] = std::make_unique<TileModule>(tile_name.c_str(), design, static_cast<int>(i), model,
                                             values, options.reference, cycles_);
    tiles_[i]->attach(mesh_);
  }
}

std::vector<std::string> Chip::blocked() const {
  std::vector<std::string> lines;
  const std::string host = host_.network_interface().waits_for();
  if (!host.empty()) lines.push_back("host: waits for " + host);
  for (std::size_t i = 1; i < tiles_.size(); ++i) {
    const std::string what = tiles_[i]->waits_for();
    if (what.empty()) continue;
    const Tile& tile = design_.tiles[i];
    lines.push_back("tile " + std::to_string(i) + " (" +
                    model_.operators[static_cast<std::size_t>(tile.op)].name + ", part " +
                    std::to_string(tile.part) + "): waits for " + what);
  }
  for (const std::string& line : mesh_.blocked()) lines.push_back(line);
  return lines;
}

}  // namespace recpim
