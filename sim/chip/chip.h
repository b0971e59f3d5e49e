// SPDX-License-Identifier: Apache-2.0
/// @file
/// Elaborates a design: scheduler, mesh, host port, tiles, and the trace player that drives them.
#pragma once

#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "sim/chip/simulate.h"
#include "sim/cost/cost_model.h"
#include "sim/host/host_port.h"
#include "sim/host/trace_player.h"
#include "sim/noc/mesh.h"
#include "sim/tile/tile_module.h"

namespace recpim {

class Chip : public sc_core::sc_module {
 public:
  Chip(const sc_core::sc_module_name& name, const Design& design, const Model& model,
       const SimulateOptions& options);

  CycleScheduler& cycles() { return cycles_; }
  const CycleScheduler& cycles() const { return cycles_; }
  HostPort& host() { return host_; }
  const HostPort& host() const { return host_; }
  Mesh& mesh() { return mesh_; }
  /// Of the tile at that position of Design::tiles; [0], the host, is null.
  const std::vector<std::unique_ptr<TileModule>>& tiles() const { return tiles_; }
  /// What every tile and router has done so far. The devices' own counters where they have them.
  ChipEvents events() const;
  /// One line a tile that still waits for something, and a packet that has not arrived.
  std::vector<std::string> blocked() const;

 private:
  const Design& design_;
  const Model& model_;
  CycleScheduler cycles_;
  Mesh mesh_;
  HostPort host_;
  std::vector<std::unique_ptr<TileModule>> tiles_;
};

/// Values of one prediction: the outputs of the model's last operator.
int prediction_elements(const Model& model);

}  // namespace recpim
