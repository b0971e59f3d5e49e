// SPDX-License-Identifier: Apache-2.0
/// @file
/// The vector unit of a tile: accumulators plus partial sums plus bias, requantised, through a
/// fused sigmoid or LayerNorm where the tile has one. Timing: sim/README.md, "Tile", point 3.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/tile/normaliser.h"

namespace recpim {

class VectorUnit : public sc_core::sc_module {
 public:
  VectorUnit(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
             const Model& model);

  Cycle cycles() const { return cycles_; }  ///< nv: the lanes' passes over the outputs.
  /// Between the starts of two samples at least.
  Cycle interval() const { return cycles_ + (normaliser_ ? normaliser_->hold() : 0); }
  Cycle latency() const { return latency_; }  ///< From the start until the output is visible.
  /// `partials`: one vector a partial-sum port, in port order.
  std::vector<std::int32_t> finish(
      const std::vector<std::int32_t>& accumulators,
      const std::vector<const std::vector<std::int32_t>*>& partials) const;
  /// The same as far as the requantiser and the sigmoid.
  std::vector<std::int32_t> requantise(
      const std::vector<std::int32_t>& accumulators,
      const std::vector<const std::vector<std::int32_t>*>& partials) const;
  /// The fused LayerNorm; null where there is none.
  const Normaliser* normaliser() const { return normaliser_ ? &*normaliser_ : nullptr; }
  std::uint64_t samples() const { return samples_; }
  void count_sample() { ++samples_; }
  int lanes() const { return lanes_; }

 private:
  void set_requantisers(const Tile& tile, const Model& model);

  std::size_t outputs_;
  bool raw_, sigmoid_;
  int lanes_;
  Cycle cycles_, latency_;
  std::int64_t low_ = 0, high_ = 0;  ///< Of the requantiser's output.
  std::vector<std::int32_t> bias_;
  std::vector<Requantiser> requantiser_;  ///< One an output.
  std::optional<Normaliser> normaliser_;
  std::uint64_t samples_ = 0;
};

}  // namespace recpim
