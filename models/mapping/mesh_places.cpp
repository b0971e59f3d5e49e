// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/mesh_places.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "traces/support/math.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

struct Link {
  int from = 0, to = 0;
  std::int64_t flits = 0;  // A sample, both ways.
};

std::vector<Link> links_of(const Design& design) {
  std::vector<Link> links;
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    for (const Send& send : design.tiles[t].sends) {
      const Tile& receiver = design.tiles[static_cast<std::size_t>(send.tile)];
      const Port& port = receiver.ports[static_cast<std::size_t>(send.port)];
      const int elements =
          send.elements > 0 ? send.elements : static_cast<int>(receiver.tables.size());
      const std::int64_t payload =
          payload_flits(elements, port.element_bits, design.hardware.mesh.flit_bits);
      // A head, the payload, and the credit that comes back.
      links.push_back({static_cast<int>(t), send.tile, payload + 2});
    }
  }
  return links;
}

// Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983): a move exchanges what stands at two
// places of the mesh, a tile and a tile or a tile and nothing.
class Annealer {
 public:
  Annealer(Design& design, std::uint64_t seed)
      : design_(design), links_(links_of(design)), random_(seed), of_tile_(design.tiles.size()) {
    const int tiles = static_cast<int>(design.tiles.size());
    const auto& mesh = design.hardware.mesh;
    int columns = 1;
    while (columns * columns < tiles) ++columns;
    columns = std::min(columns, mesh.columns);
    columns = std::max(columns, ceil_div(tiles, mesh.rows));
    columns_ = columns;
    places_.assign(static_cast<std::size_t>(columns * ceil_div(tiles, columns)), -1);
    for (int t = 0; t < tiles; ++t) places_[static_cast<std::size_t>(t)] = t;
    place_of_.resize(design.tiles.size());
    for (std::size_t t = 0; t < place_of_.size(); ++t) place_of_[t] = static_cast<int>(t);
    for (std::size_t l = 0; l < links_.size(); ++l) {
      of_tile_[static_cast<std::size_t>(links_[l].from)].push_back(l);
      of_tile_[static_cast<std::size_t>(links_[l].to)].push_back(l);
    }
  }

  void run() {
    if (places_.size() > 2) anneal();
    for (std::size_t t = 0; t < place_of_.size(); ++t) {
      design_.tiles[t].x = place_of_[t] % columns_;
      design_.tiles[t].y = place_of_[t] / columns_;
    }
    design_.mesh_columns = columns_;
    design_.mesh_rows = static_cast<int>(places_.size()) / columns_;
  }

 private:
  // Moves at each temperature, and temperatures: enough that more no longer helped the six NASRec
  // presets, 0.1 to 0.5 s each.
  static constexpr int kMovesAPlace = 400;
  static constexpr int kTemperatures = 60;
  static constexpr double kCooling = 0.85;

  void anneal() {
    double temperature = start();
    std::int64_t cost = 0;  // Against the first places.
    std::int64_t least = 0;
    std::vector<int> best = place_of_;
    const std::size_t moves = kMovesAPlace * places_.size();
    for (int i = 0; i < kTemperatures; ++i, temperature *= kCooling) {
      for (std::size_t m = 0; m < moves; ++m) {
        const auto [a, b] = draw();
        const std::int64_t change = exchange(a, b);
        if (change > 0 &&
            random_.uniform() >= std::exp(-static_cast<double>(change) / temperature)) {
          exchange(a, b);
          continue;
        }
        cost += change;
        if (cost < least) {
          least = cost;
          best = place_of_;
        }
      }
    }
    place_of_ = best;
  }

  // The host's place 0 is never drawn.
  std::pair<std::size_t, std::size_t> draw() {
    const std::uint64_t others = places_.size() - 1;
    const std::size_t a = 1 + random_.below(others);
    const std::size_t b = 1 + random_.below(others);
    return {a, b};
  }

  // The mean change of a move: most moves are taken at first.
  double start() {
    constexpr int kDraws = 200;
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) {
      const auto [a, b] = draw();
      sum += static_cast<double>(std::abs(exchange(a, b)));
      exchange(a, b);
    }
    return std::max(1.0, sum / kDraws);
  }

  std::int64_t hops(int a, int b) const {
    return std::abs(a % columns_ - b % columns_) + std::abs(a / columns_ - b / columns_);
  }

  std::int64_t cost_of(int tile) const {
    if (tile < 0) return 0;
    std::int64_t sum = 0;
    for (const std::size_t l : of_tile_[static_cast<std::size_t>(tile)]) {
      const Link& link = links_[l];
      sum += link.flits * hops(place_of_[static_cast<std::size_t>(link.from)],
                               place_of_[static_cast<std::size_t>(link.to)]);
    }
    return sum;
  }

  // Links between the two count twice on both sides: their length does not change.
  std::int64_t exchange(std::size_t a, std::size_t b) {
    const std::int64_t before = cost_of(places_[a]) + cost_of(places_[b]);
    std::swap(places_[a], places_[b]);
    for (const std::size_t place : {a, b}) {
      if (places_[place] >= 0) {
        place_of_[static_cast<std::size_t>(places_[place])] = static_cast<int>(place);
      }
    }
    return cost_of(places_[a]) + cost_of(places_[b]) - before;
  }

  Design& design_;
  std::vector<Link> links_;
  Random random_;
  int columns_ = 1;
  std::vector<int> places_;    // What stands there: a tile, or -1.
  std::vector<int> place_of_;  // Of each tile, row by row.
  std::vector<std::vector<std::size_t>> of_tile_;
};

}  // namespace

std::int64_t flit_hops(const Design& design) {
  std::int64_t sum = 0;
  for (const Link& link : links_of(design)) {
    const Tile& from = design.tiles[static_cast<std::size_t>(link.from)];
    const Tile& to = design.tiles[static_cast<std::size_t>(link.to)];
    sum += link.flits * (std::abs(from.x - to.x) + std::abs(from.y - to.y));
  }
  return sum;
}

void place_by_annealing(Design& design, std::uint64_t seed) { Annealer(design, seed).run(); }

}  // namespace recpim
