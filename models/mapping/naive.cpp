// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>

#include "models/mapping/naive_mapper.h"
#include "traces/support/math.h"

namespace recpim {

[[noreturn]] void does_not_fit(const std::string& place, const std::string& need,
                               const std::string& there_is) {
  throw DoesNotFit(place + ": does not fit the chip: needs " + need + ": accepted: " + there_is);
}

NaiveMapper::NaiveMapper(const Model& model, const Hardware& hardware)
    : model_(model), hardware_(hardware), consumers_(model.operators.size(), 0) {
  design_.name = model.name;
  design_.strategy = "naive";
  design_.hardware = hardware;
}

Design NaiveMapper::run() {
  check();
  Tile host;
  host.kind = TileKind::kHost;
  design_.tiles.push_back(host);
  for (int i = 0; i < static_cast<int>(model_.operators.size()); ++i) place_operator(i);
  place_on_mesh();
  find_homes();
  for (int t = 0; t < static_cast<int>(design_.tiles.size()); ++t) wire(t);
  return std::move(design_);
}

void NaiveMapper::check() {
  if (!model_.quantised) throw std::invalid_argument("map_naive: the model is not quantised");
  int dense = 0;
  for (const Operator& each : model_.operators) {
    for (const int input : each.inputs) ++consumers_[static_cast<std::size_t>(input)];
    if (each.kind == OpKind::kDenseInput) ++dense;
  }
  if (dense > 1) reject(model_.name, "operators", std::to_string(dense), "one dense input");
  ++consumers_.back();  // The host.
  for (std::size_t i = 0; i < model_.operators.size(); ++i) {
    const Operator& each = model_.operators[i];
    if (consumers_[i] == 0 && each.kind != OpKind::kDenseInput) {
      reject(model_.name, each.name, "no consumer", "an operator whose output is used");
    }
    if (each.kind != OpKind::kSigmoid) continue;
    const int input = each.inputs.at(0);
    if (op(input).kind != OpKind::kFc || consumers_[static_cast<std::size_t>(input)] != 1) {
      reject(model_.name, each.name, op(input).name,
             "a sigmoid behind a fully connected operator that feeds nothing else");
    }
  }
}

void NaiveMapper::place_on_mesh() {
  const int tiles = static_cast<int>(design_.tiles.size());
  const int columns = hardware_.mesh.columns;
  if (tiles > columns * hardware_.mesh.rows) {
    does_not_fit(model_.name, std::to_string(tiles) + " tiles, the host's included",
                 "at most " + std::to_string(columns * hardware_.mesh.rows) + ", the mesh being " +
                     std::to_string(columns) + " x " + std::to_string(hardware_.mesh.rows));
  }
  for (int t = 0; t < tiles; ++t) {
    tile(t).x = t % columns;
    tile(t).y = t / columns;
  }
  design_.mesh_columns = std::min(columns, tiles);
  design_.mesh_rows = ceil_div(tiles, columns);
}

Design map_naive(const Model& model, const Hardware& hardware) {
  return NaiveMapper(model, hardware).run();
}

}  // namespace recpim
