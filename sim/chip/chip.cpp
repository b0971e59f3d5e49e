// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/chip.h"

#include "sim/tile/attention_engine.h"
#include "sim/tile/embedding_engine.h"
#include "sim/tile/mvm_engine.h"
#include "sim/tile/product_engine.h"

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

ChipEvents Chip::events() const {
  ChipEvents all;
  all.tiles.resize(tiles_.size());
  all.tiles[0].flits_injected = host_.network_interface().flits_injected();
  for (std::size_t i = 1; i < tiles_.size(); ++i) {
    const TileModule& tile = *tiles_[i];
    EventCounts& events = all.tiles[i];
    events = sample_events(design_, model_, static_cast<int>(i)) * tile.engine().samples();
    if (const auto* mvm = dynamic_cast<const MvmEngine*>(&tile.engine())) {
      events.crossbar_reads = mvm->crossbars().reads();
      events.wordline_drives = mvm->dacs().drives();
      events.sample_holds = mvm->sample_hold().holds();
      events.adc_conversions = mvm->adcs().conversions();
      events.shift_adds = mvm->shift_add().adds();
    } else if (const auto* tables = dynamic_cast<const EmbeddingEngine*>(&tile.engine())) {
      events += lookup_events(design_, model_, static_cast<int>(i)) * tables->lookups();
    } else if (const auto* lanes = dynamic_cast<const ProductEngine*>(&tile.engine())) {
      // A step of a lane is a multiplication, an addition or (FM) both.
      if (events.macs > 0) events.macs = lanes->steps();
      if (events.adds > 0) events.adds = lanes->steps();
    } else if (const auto* attention = dynamic_cast<const AttentionEngine*>(&tile.engine())) {
      events.macs = attention->macs();
      events.exponentials = attention->exponentials();
      events.reciprocals = attention->queries();
    }
    events.flits_injected = tile.network_interface().flits_injected();
  }
  all.router_flits = mesh_.router_flits();
  all.link_flits = mesh_.link_flits();
  return all;
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
