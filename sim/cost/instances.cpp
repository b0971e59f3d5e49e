// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/instances.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr std::int64_t kNormaliserBits = 16;
// A tile's own buffer and the bus to its registers, of technologies that have them: ISAAC's and
// PUMA's tiles have 64 KiB and 384 wires.
constexpr std::int64_t kTileBufferBytes = 65536;
constexpr std::int64_t kBusWires = 384;

using Instances = std::vector<std::pair<std::string, std::int64_t>>;

std::int64_t bits_of(std::int64_t slots, std::int64_t elements, std::int64_t bits) {
  return slots * elements * bits;
}

std::int64_t mvm_instances(const Tile& tile, const Hardware& hardware, Instances& out) {
  const std::int64_t crossbars = hardware.mvm_tile.crossbars;
  const std::int64_t adcs = crossbars * (hardware.crossbar.columns / hardware.adc.columns_per_adc);
  out.emplace_back("crossbar", crossbars);
  out.emplace_back("dac", crossbars * hardware.crossbar.rows);
  out.emplace_back("sample_hold", crossbars * hardware.crossbar.columns);
  out.emplace_back("adc", adcs);
  out.emplace_back("shift_add", adcs);
  return bits_of(hardware.buffer_slots, tile.input_elements(), tile.input_bits());
}

std::int64_t embedding_instances(const Tile& tile, const Model& model, const Hardware& hardware,
                                 Instances& out) {
  const auto& xbar = hardware.crossbar;
  const TableRow row = table_row(tile, model, hardware);
  const std::int64_t banks = hardware.embedding_tile.banks;
  const std::int64_t cells =
      static_cast<std::int64_t>(hardware.embedding_tile.bank_kib) * 8192 / xbar.cell_bits;
  const std::int64_t arrays = banks * ceil_div(cells, std::int64_t{xbar.rows} * xbar.columns);
  out.emplace_back("crossbar", arrays);
  out.emplace_back("dac", arrays * xbar.rows);
  out.emplace_back("sample_hold", banks * row.columns);
  const std::int64_t adcs = banks * (row.columns / hardware.adc.columns_per_adc);
  out.emplace_back("adc", adcs);
  if (hardware.embedding_tile.pooling == TablePooling::kArray) out.emplace_back("shift_add", adcs);
  return bits_of(hardware.buffer_slots, hardware.embedding_tile.max_lookups, 32);
}

std::int64_t interaction_instances(const Tile& tile, const Model& model, const Hardware& hardware,
                                   Instances& out) {
  const std::int64_t lanes = hardware.interaction_tile.lanes;
  const OpKind kind = model.operators[static_cast<std::size_t>(tile.op)].kind;
  out.emplace_back("mac", lanes);
  if (kind == OpKind::kFm) {  // Next to the lanes' squares, their sums.
    out.emplace_back("adder", lanes);
    out.emplace_back("square", lanes);
  }
  if (kind == OpKind::kAttention) {
    out.emplace_back("exponential", lanes);
    out.emplace_back("reciprocal", 1);
    out.emplace_back("mean", 1);
  }
  return bits_of(hardware.buffer_slots, hardware.interaction_tile.max_elements, tile.input_bits());
}

/// Of the lanes behind the requantiser.
void normaliser_instances(const Tile& tile, std::int64_t lanes, Instances& out) {
  out.emplace_back("normaliser", lanes);
  out.emplace_back("root", 1);
  out.emplace_back("requantiser", lanes);
  out.emplace_back("output_buffer", bits_of(1, tile.outputs, kNormaliserBits));
}

/// One entry a component.
Instances merged(const Instances& list) {
  Instances out;
  for (const auto& [name, number] : list) {
    const auto same = [&, wanted = name](const auto& each) { return each.first == wanted; };
    const auto found = std::find_if(out.begin(), out.end(), same);
    if (found == out.end()) {
      out.emplace_back(name, number);
    } else {
      found->second += number;
    }
  }
  return out;
}

}  // namespace

TableRow table_row(const Tile& tile, const Model& model, const Hardware& hardware) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  TableRow row;
  row.cells = hardware.table_row_bits(tile.width, op.weight_bits);
  row.cells = ceil_div(row.cells, hardware.crossbar.cell_bits);
  row.arrays = ceil_div(row.cells, hardware.crossbar.columns);
  row.columns = ceil_div(row.cells, hardware.adc.columns_per_adc) * hardware.adc.columns_per_adc;
  return row;
}

Instances tile_instances(const Design& design, const Model& model, int index) {
  const Tile& tile = design.tiles[static_cast<std::size_t>(index)];
  const Hardware& hardware = design.hardware;
  const std::int64_t slots = hardware.buffer_slots;
  Instances out;
  if (tile.kind == TileKind::kHost) return out;
  std::int64_t input = 0;
  std::int64_t lanes = hardware.mvm_tile.vector_lanes;
  std::int64_t adders = 0;
  if (tile.kind == TileKind::kMvm) input = mvm_instances(tile, hardware, out);
  if (tile.kind == TileKind::kEmbedding) {
    input = embedding_instances(tile, model, hardware, out);
    lanes = hardware.embedding_tile.vector_lanes;
    adders = tile.width;  // A row a cycle.
  }
  if (tile.kind == TileKind::kInteraction) {
    input = interaction_instances(tile, model, hardware, out);
    lanes = hardware.interaction_tile.vector_lanes;
  }
  if (tile.partials() > 0) {
    input += tile.partials() * bits_of(slots, tile.outputs, 32);
    adders += lanes;
  }
  out.emplace_back("accumulator", bits_of(slots, tile.outputs, 32));
  out.emplace_back("input_buffer", input);
  out.emplace_back("output_buffer", bits_of(slots, tile.outputs, tile.output_bits));
  if (adders > 0) out.emplace_back("adder", adders);
  if (!tile.raw) out.emplace_back("requantiser", lanes);
  if (tile.sigmoid) out.emplace_back("sigmoid", lanes);
  if (tile.norm >= 0) normaliser_instances(tile, lanes, out);
  out.emplace_back("sequencer", 1);
  const std::int64_t slots_bits = input + bits_of(slots, tile.outputs, tile.output_bits);
  out.emplace_back("edram", kTileBufferBytes * ceil_div(slots_bits, 8 * kTileBufferBytes));
  out.emplace_back("bus", kBusWires);
  return merged(out);
}

}  // namespace recpim
