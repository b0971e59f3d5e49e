// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/balanced.h"

#include <algorithm>
#include <string>
#include <vector>

#include "models/mapping/mesh_places.h"
#include "models/mapping/replicas.h"
#include "models/mapping/throughput.h"

namespace recpim {
namespace {

class Balancer {
 public:
  Balancer(const Model& model, const Hardware& hardware, const BalanceOptions& options)
      : model_(model),
        options_(options),
        once_(map_naive(model, hardware)),
        replicas_(once_.tiles.size(), 1) {
    copy_weights();
    for (std::size_t t = 0; t < once_.tiles.size(); ++t) {
      cycles_.push_back(
          cycles_of_sample(once_, model, static_cast<int>(t), options.lookups_a_table).most());
    }
  }

  Design run() {
    Design design = once_;
    if (!fits(design)) {
      throw DoesNotFit(model_.name + ": does not fit the budget: needs " +
                       std::to_string(once_.tiles.size()) +
                       " tiles with each operator once: accepted: a larger budget");
    }
    for (;;) {
      const int op = slowest();
      if (op < 0) break;
      const std::vector<int> before = replicas_;
      if (!double_replicas(op)) break;
      Design more = replicate(once_, replicas_);
      if (!fits(more)) {
        replicas_ = before;
        break;  // What limits the throughput cannot be had more often.
      }
      design = std::move(more);
    }
    place_by_annealing(design, options_.seed);
    design.strategy = "balanced";
    return design;
  }

 private:
  // Crossbars that a tile has left over hold the weights again: more vectors at once cost no tile.
  void copy_weights() {
    const int there = once_.hardware.mvm_tile.crossbars;
    for (Tile& tile : once_.tiles) {
      if (tile.vectors == 1) continue;
      const auto op = static_cast<std::size_t>(tile.op);
      const int used = crossbars_used(tile, once_.hardware, model_.operators[op].weight_bits);
      tile.copies = std::clamp(there / used, 1, tile.vectors);
    }
  }

  bool fits(const Design& design) const {
    const auto& mesh = design.hardware.mesh;
    return static_cast<int>(design.tiles.size()) <= mesh.columns * mesh.rows &&
           (!options_.fits || options_.fits(design));
  }

  // The operator of the tile that takes samples least often; -1 where that is the host.
  int slowest() const {
    std::size_t worst = 0;
    for (std::size_t t = 1; t < once_.tiles.size(); ++t) {
      // cycles / replicas, compared without a division.
      if (cycles_[t] * replicas_[worst] > cycles_[worst] * replicas_[t]) worst = t;
    }
    return worst == 0 ? -1 : once_.tiles[worst].op;
  }

  bool double_replicas(int op) {
    for (std::size_t t = 1; t < once_.tiles.size(); ++t) {
      if (once_.tiles[t].op != op) continue;
      replicas_[t] *= 2;
      if (replicas_[t] > kMostReplicas) return false;
    }
    return true;
  }

  const Model& model_;
  const BalanceOptions& options_;
  Design once_;
  std::vector<int> replicas_;
  std::vector<std::int64_t> cycles_;  // Of a sample on each tile.
};

}  // namespace

Design map_balanced(const Model& model, const Hardware& hardware, const BalanceOptions& options) {
  return Balancer(model, hardware, options).run();
}

}  // namespace recpim
