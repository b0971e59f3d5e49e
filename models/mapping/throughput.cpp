// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/throughput.h"

#include <algorithm>
#include <cmath>

#include "models/mapping/replicas.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

std::int64_t mvm_cycles(const Tile& tile, const Hardware& hardware) {
  const int phases = hardware.phases(tile.input_bits(), tile.ports[0].is_signed);
  const std::int64_t rounds = ceil_div(tile.vectors, tile.copies);
  return rounds * phases * hardware.initiation_interval();
}

std::int64_t interaction_cycles(const Tile& tile, const Model& model, const Hardware& hardware) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const std::int64_t lanes = hardware.interaction_tile.lanes;
  if (op.kind == OpKind::kAttention) {
    const std::int64_t groups = ceil_div(std::int64_t{op.rows}, lanes);
    const std::int64_t depth = op.width / op.heads;
    return std::int64_t{op.heads} * op.rows * (2 * depth * groups + groups + 7);
  }
  const std::int64_t groups = ceil_div(std::int64_t{tile.outputs}, lanes);
  switch (op.kind) {
    case OpKind::kDot:
      return groups * tile.width;
    case OpKind::kMul:
      return groups;
    default:  // A row a step: sum of inputs, FM.
      return groups * tile.rows;
  }
}

std::int64_t embedding_cycles(const Tile& tile, const Hardware& hardware, double lookups_a_table) {
  const double lookups = lookups_a_table * static_cast<double>(tile.tables.size());
  const double turns = std::ceil(lookups / hardware.embedding_tile.banks);
  return std::max(static_cast<std::int64_t>(std::ceil(lookups)),
                  static_cast<std::int64_t>(turns) * hardware.initiation_interval()) +
         1;
}

// nv, and with a LayerNorm the cycles that it holds the next sample.
std::int64_t vector_cycles(const Tile& tile, const Model& model, const Hardware& hardware) {
  const std::int64_t lanes = vector_lanes(hardware, tile.kind);
  const std::int64_t passes = ceil_div(std::int64_t{tile.outputs}, lanes);
  if (tile.norm < 0) return passes;
  const Operator& norm = model.operators[static_cast<std::size_t>(tile.norm)];
  const std::int64_t length = norm.axis == Axis::kRows ? norm.rows : norm.width;
  const std::int64_t vectors = norm.elements() / length;
  return 2 * passes + vectors * ceil_div(length, lanes) + 6;
}

}  // namespace

int vector_lanes(const Hardware& hardware, TileKind kind) {
  if (kind == TileKind::kEmbedding) return hardware.embedding_tile.vector_lanes;
  if (kind == TileKind::kInteraction) return hardware.interaction_tile.vector_lanes;
  return hardware.mvm_tile.vector_lanes;
}

std::int64_t TileCycles::most() const {
  return std::max({engine, vector_unit, injection, ejection});
}

TileCycles cycles_of_sample(const Design& design, const Model& model, int index,
                            double lookups_a_table) {
  const Tile& tile = design.tiles[static_cast<std::size_t>(index)];
  const Hardware& hardware = design.hardware;
  const int flit_bits = hardware.mesh.flit_bits;
  const auto flits = [&](int elements, int bits, const Tile& receiver) {
    if (elements == 0) {
      const double lookups = lookups_a_table * static_cast<double>(receiver.tables.size());
      elements = static_cast<int>(std::ceil(lookups));
    }
    return std::int64_t{1} + payload_flits(elements, bits, flit_bits);
  };
  TileCycles cycles;
  // As many flits in every sample: those of the first one.
  for (const Send& send : tile.sends) {
    const Tile& receiver = design.tiles[static_cast<std::size_t>(send.tile)];
    if (!turn(tile, receiver).active(0)) continue;
    const Port& port = receiver.ports[static_cast<std::size_t>(send.port)];
    cycles.injection += flits(send.elements, port.element_bits, receiver);
    ++cycles.ejection;
  }
  for (const Port& port : tile.ports) {
    if (!turn(tile, design.tiles[static_cast<std::size_t>(port.tile)]).active(0)) continue;
    cycles.ejection += flits(port.elements, port.element_bits, tile);
    ++cycles.injection;
  }
  if (tile.kind == TileKind::kHost) return cycles;
  if (tile.kind == TileKind::kMvm) cycles.engine = mvm_cycles(tile, hardware);
  if (tile.kind == TileKind::kInteraction) {
    cycles.engine = interaction_cycles(tile, model, hardware);
  }
  if (tile.kind == TileKind::kEmbedding) {
    cycles.engine = embedding_cycles(tile, hardware, lookups_a_table);
  }
  cycles.vector_unit = vector_cycles(tile, model, hardware);
  return cycles;
}

}  // namespace recpim
