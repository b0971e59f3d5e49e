// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/tile_module.h"

namespace recpim {

TileModule::TileModule(const sc_core::sc_module_name& name, const Design& design, int tile,
                       const Model& model, bool values, bool stepped, CycleScheduler& cycles)
    : sc_module(name),
      tile_(design.tiles[static_cast<std::size_t>(tile)]),
      buffers_(design, tile_, values),
      engine_(make_engine(design, tile_, model, values, stepped, cycles)),
      vector_unit_("vector_unit", design, tile_, model),
      pipeline_(
          make_pipeline(design, tile_, values, stepped, cycles, buffers_, *engine_, vector_unit_)),
      interface_("network_interface", design, tile, cycles, *pipeline_) {
  pipeline_->connect(interface_);
}

std::string TileModule::waits_for() const {
  const std::string inside = pipeline_->waits_for();
  const std::string sender = interface_.waits_for();
  return inside + (inside.empty() || sender.empty() ? "" : "; ") + sender;
}

}  // namespace recpim
