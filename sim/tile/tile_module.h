// SPDX-License-Identifier: Apache-2.0
/// @file
/// A tile: buffers, sequencer, engine, vector unit and network interface. sim/README.md, "Tile".
#pragma once

#include <memory>
#include <string>
#include <systemc>

#include "sim/tile/engine.h"
#include "sim/tile/network_interface.h"
#include "sim/tile/pipeline.h"
#include "sim/tile/vector_unit.h"

namespace recpim {

class TileModule : public sc_core::sc_module {
 public:
  /// `values`: functional mode. `stepped`: reference mode (values as well).
  TileModule(const sc_core::sc_module_name& name, const Design& design, int tile,
             const Model& model, bool values, bool stepped, CycleScheduler& cycles);
  void attach(Mesh& mesh) { interface_.attach(mesh); }
  void observe(TileObserver* observer, int tile) { pipeline_->observe(observer, tile); }

  const Engine& engine() const { return *engine_; }
  const TileBuffers& buffers() const { return buffers_; }
  const Pipeline& pipeline() const { return *pipeline_; }
  const VectorUnit& vector_unit() const { return vector_unit_; }
  const NetworkInterface& network_interface() const { return interface_; }
  /// Where it stands if samples are missing: what each stage waits for. Empty where idle.
  std::string waits_for() const;

 private:
  const Tile& tile_;
  TileBuffers buffers_;
  std::unique_ptr<Engine> engine_;
  VectorUnit vector_unit_;
  std::unique_ptr<Pipeline> pipeline_;
  NetworkInterface interface_;
};

}  // namespace recpim
