// SPDX-License-Identifier: Apache-2.0
// Which tiles an operator gets, and which part of it each of them holds.
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/mapping/encoding.h"
#include "models/mapping/naive_mapper.h"
#include "models/ops/integer_reference.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr std::int64_t kMaxLocalRows = std::int64_t{1} << 24;  // A lookup's row field: 24 bits.
constexpr int kMaxTables = 128;                                // Its table field: 7 bits.

/// Rows x width of the input vector of an interaction, and how many elements leave.
struct InteractionShape {
  int rows = 0, width = 0, outputs = 0;
};

InteractionShape interaction_shape(const Model& model, const Operator& op) {
  int elements = 0;
  for (const int input : op.inputs) {
    elements += model.operators[static_cast<std::size_t>(input)].elements();
  }
  InteractionShape shape;
  shape.outputs = op.elements();
  switch (op.kind) {
    case OpKind::kDot:
      shape.rows = 2;
      while (shape.rows * (shape.rows - 1) / 2 < op.elements()) ++shape.rows;
      if (shape.rows * (shape.rows - 1) / 2 != op.elements() || elements % shape.rows != 0) {
        throw std::invalid_argument("map_naive: " + op.name + ": no rows make that many pairs");
      }
      break;
    case OpKind::kFm:
      shape.rows = elements / op.width;
      break;
    case OpKind::kAttention:
      shape.rows = 3 * op.rows;
      break;
    default:  // A row an input.
      shape.rows = static_cast<int>(op.inputs.size());
      break;
  }
  if (shape.rows < 1) throw std::invalid_argument("map_naive: " + op.name + ": no rows");
  shape.width = elements / shape.rows;
  return shape;
}

}  // namespace

int NaiveMapper::add_tile(TileKind kind, int index) {
  Tile tile;
  tile.kind = kind;
  tile.op = index;
  tile.output_bits = op(index).output.bits;
  design_.tiles.push_back(tile);
  return static_cast<int>(design_.tiles.size()) - 1;
}

void NaiveMapper::place_operator(int index) {
  switch (op(index).kind) {
    case OpKind::kEmbedding:
      return place_embedding(index);
    case OpKind::kFc:
      return place_fc(index);
    case OpKind::kDot:
    case OpKind::kAdd:
    case OpKind::kMul:
    case OpKind::kFm:
    case OpKind::kAttention:
      return place_interaction(index);
    case OpKind::kLayerNorm:
      return place_layer_norm(index);
    case OpKind::kSigmoid:
      return fuse_sigmoid(index);
    case OpKind::kDenseInput:  // The host's.
    case OpKind::kConcat:      // Resolved where their consumer is wired.
    case OpKind::kPad:
      return;
  }
}

void NaiveMapper::check_accumulator(int index) const {
  const std::int64_t greatest = accumulator_bound(model_, static_cast<std::size_t>(index));
  if (greatest > std::numeric_limits<std::int32_t>::max()) {
    does_not_fit(place_of(index), "an accumulator for sums up to " + std::to_string(greatest),
                 "sums of 32 bits");
  }
}

/// Channels of one crossbar; at least one.
int NaiveMapper::crossbar_channels(int index) const {
  const Operator& fc = op(index);
  const int channels = hardware_.channels_per_crossbar(fc.weight_bits);
  if (channels == 0) {
    does_not_fit(place_of(index),
                 std::to_string(hardware_.columns_per_weight(fc.weight_bits)) +
                     " columns on one ADC for a weight of " + std::to_string(fc.weight_bits) +
                     " bits",
                 "adc.columns_per_adc, which is " + std::to_string(hardware_.adc.columns_per_adc));
  }
  return channels;
}

void NaiveMapper::place_fc(int index) {
  const Operator& fc = op(index);
  if (fc.weight_q.empty()) {
    throw std::invalid_argument("map_naive: " + fc.name + " has no integer weights");
  }
  const int per_block = crossbar_channels(index);
  check_accumulator(index);
  const FcShape shape = fc_shape(model_, fc);
  const int crossbars = hardware_.mvm_tile.crossbars;
  const int row_blocks = ceil_div(shape.inputs, hardware_.crossbar.rows);
  if (fc.axis == Axis::kWidth && row_blocks > crossbars) {
    does_not_fit(place_of(index),
                 std::to_string(row_blocks) + " crossbars on a tile for " +
                     std::to_string(shape.inputs) + " inputs along the width",
                 "mvm_tile.crossbars, which is " + std::to_string(crossbars));
  }
  const int rows = std::min(row_blocks, crossbars) * hardware_.crossbar.rows;
  const int channels = std::max(1, crossbars / row_blocks) * per_block;
  const int shift = operator_adc_shift(hardware_, fc);
  int part = 0;
  for (int channel = 0; channel < shape.outputs; channel += channels) {
    for (int row = 0; row < shape.inputs; row += rows) {
      Tile& each = tile(add_tile(TileKind::kMvm, index));
      each.part = part++;
      each.first_row = row;
      each.rows = std::min(rows, shape.inputs - row);
      each.first_channel = channel;
      each.channels = std::min(channels, shape.outputs - channel);
      each.adc_shift = shift;
      each.vectors = shape.vectors;
      each.axis = fc.axis;
      each.outputs = each.channels * each.vectors;
      if (row == 0) continue;
      each.raw = true;
      each.output_bits = 32;
    }
  }
}

void NaiveMapper::place_interaction(int index) {
  const InteractionShape shape = interaction_shape(model_, op(index));
  const int elements = shape.rows * shape.width;
  if (elements > hardware_.interaction_tile.max_elements) {
    does_not_fit(place_of(index), std::to_string(elements) + " input elements",
                 "interaction_tile.max_elements, which is " +
                     std::to_string(hardware_.interaction_tile.max_elements));
  }
  check_accumulator(index);
  Tile& each = tile(add_tile(TileKind::kInteraction, index));
  each.rows = shape.rows;
  each.width = shape.width;
  each.outputs = shape.outputs;
}

/// Behind its producer, where one tile holds all of that and nobody else reads it.
void NaiveMapper::place_layer_norm(int index) {
  const int producer = op(index).inputs[0];
  Tile* holder = nullptr;
  int holders = 0;
  for (Tile& each : design_.tiles) {
    if (each.op != producer) continue;
    holder = &each;
    ++holders;
  }
  check_accumulator(index);
  if (holders != 1 || holder->norm >= 0 || consumers_[static_cast<std::size_t>(producer)] != 1) {
    place_interaction(index);
    holder = &design_.tiles.back();
  }
  holder->norm = index;
  holder->output_bits = op(index).output.bits;
}

void NaiveMapper::fuse_sigmoid(int index) {
  for (Tile& each : design_.tiles) {
    if (each.op != op(index).inputs[0] || each.raw) continue;
    each.sigmoid = true;
    each.output_bits = op(index).output.bits;
  }
}

std::int64_t NaiveMapper::tile_rows(const Operator& table) const {
  const int row_bits = hardware_.table_row_bits(table.width, table.weight_bits);
  const std::int64_t bank_rows = hardware_.bank_rows(row_bits);
  if (bank_rows == 0) {
    does_not_fit(
        model_.name + ": " + table.name, std::to_string(row_bits) + " bits a table row",
        "embedding_tile.bank_kib, which is " + std::to_string(hardware_.embedding_tile.bank_kib));
  }
  return std::min(kMaxLocalRows, bank_rows * hardware_.embedding_tile.banks);
}

bool NaiveMapper::joins(int t, const Operator& table, std::int64_t capacity) const {
  if (t < 0) return false;
  const Tile& each = design_.tiles[static_cast<std::size_t>(t)];
  const Operator& first = op(each.op);
  const TablePart& last = each.tables.back();
  return first.width == table.width && first.weight_bits == table.weight_bits &&
         first.output.bits == table.output.bits &&
         first.output.is_signed == table.output.is_signed &&
         static_cast<int>(each.tables.size()) < kMaxTables &&
         static_cast<std::int64_t>(last.base + last.rows + table.table_rows) <= capacity;
}

void NaiveMapper::place_embedding(int index) {
  const Operator& table = op(index);
  const std::int64_t capacity = tile_rows(table);
  if (static_cast<std::int64_t>(table.table_rows) > capacity) {
    split_table(index, static_cast<std::uint64_t>(capacity));
    open_ = -1;
    return;
  }
  if (!joins(open_, table, capacity)) {
    open_ = add_tile(TileKind::kEmbedding, index);
    tile(open_).width = table.width;
  }
  Tile& each = tile(open_);
  const std::uint64_t base =
      each.tables.empty() ? 0 : each.tables.back().base + each.tables.back().rows;
  each.tables.push_back({index, 0, table.table_rows, base});
  each.outputs += table.width;
}

void NaiveMapper::split_table(int index, std::uint64_t capacity) {
  const Operator& table = op(index);
  const std::uint64_t parts = ceil_div(table.table_rows, capacity);
  const int there = hardware_.mesh.columns * hardware_.mesh.rows - 1;
  if (parts > static_cast<std::uint64_t>(there)) {
    does_not_fit(model_.name + ": " + table.name,
                 std::to_string(parts) + " embedding tiles for " +
                     std::to_string(table.table_rows) + " rows",
                 "at most " + std::to_string(there));
  }
  for (std::uint64_t part = 0; part < parts; ++part) {
    Tile& each = tile(add_tile(TileKind::kEmbedding, index));
    each.part = static_cast<int>(part);
    each.width = each.outputs = table.width;
    const std::uint64_t first = part * capacity;
    each.tables = {{index, first, std::min(capacity, table.table_rows - first), 0}};
    if (part == 0) continue;
    each.raw = true;
    each.output_bits = 32;
  }
}

}  // namespace recpim
