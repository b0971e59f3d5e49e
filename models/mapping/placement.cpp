// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/placement.h"

#include <algorithm>
#include <stdexcept>

#include "traces/support/error.h"

namespace recpim {
namespace {

constexpr std::uint64_t kLocalRows = std::uint64_t{1} << 24U;  // A lookup's row field: 24 bits.

std::uint64_t tile_rows(const Tile& tile) {
  return tile.tables.empty() ? 0 : tile.tables.back().base + tile.tables.back().rows;
}

/// Whether a tile row is one of a table's: there may be gaps between tables.
bool is_row(const std::vector<TablePart>& tables, std::uint64_t tile_row) {
  return std::any_of(tables.begin(), tables.end(), [&](const TablePart& part) {
    return tile_row >= part.base && tile_row < part.base + part.rows;
  });
}

std::string at(std::size_t i) { return "placed[" + std::to_string(i) + "]"; }

}  // namespace

BankShape bank_shape(const Tile& tile, const Model& model, const Hardware& hardware) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  BankShape shape;
  shape.rows = static_cast<std::uint64_t>(
      hardware.bank_rows(hardware.table_row_bits(tile.width, op.weight_bits)));
  shape.rows = std::clamp<std::uint64_t>(shape.rows, 1, kLocalRows);
  shape.banks = std::min<std::uint64_t>(static_cast<std::uint64_t>(hardware.embedding_tile.banks),
                                        kLocalRows / shape.rows);
  shape.array_rows = static_cast<std::uint64_t>(hardware.crossbar.rows);
  return shape;
}

std::string RowPlaces::problem(const Tile& tile, const BankShape& shape) {
  std::uint64_t extra = 0;
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < tile.placed.size(); ++i) {
    const PlacedRow& row = tile.placed[i];
    if (row.table >= tile.tables.size()) return at(i) + ": a table of the tile";
    const TablePart& part = tile.tables[row.table];
    if (row.row < part.first_row || row.row - part.first_row >= part.rows) {
      return at(i) + ": a row of the tile's part of the table";
    }
    if (row.place >= shape.capacity()) return at(i) + ": a place in the banks";
    if (i > 0) {
      const PlacedRow& before = tile.placed[i - 1];
      const auto key = [](const PlacedRow& p) { return std::make_tuple(p.table, p.row, p.place); };
      if (!(key(before) < key(row))) return at(i) + ": rows by table, row and place";
      if (before.table == row.table && before.row == row.row) ++extra;
    }
    places.push_back(row.place);
  }
  std::sort(places.begin(), places.end());
  const auto twice = std::adjacent_find(places.begin(), places.end());
  if (twice != places.end()) return "placed: places of their own; " + std::to_string(*twice);
  const bool moves = tile.layout != RowLayout::kPacked || !tile.placed.empty();
  if (moves && tile_rows(tile) + extra > shape.capacity()) {
    return "placed: room for rows and replicas, at most " + std::to_string(shape.capacity());
  }
  return "";
}

RowPlaces::RowPlaces(const Tile& tile, const BankShape& shape)
    : tables_(tile.tables), shape_(shape), layout_(tile.layout) {
  const std::string wrong = problem(tile, shape);
  if (!wrong.empty()) throw std::invalid_argument("RowPlaces: " + wrong);
  places_.reserve(tile.placed.size());
  placed_.reserve(tile.placed.size());
  there_.reserve(tile.placed.size());
  for (const PlacedRow& row : tile.placed) {
    const std::uint64_t tile_row = tile_row_of(row.table, row.row);
    const auto next = static_cast<std::uint32_t>(places_.size());
    auto [found, fresh] = placed_.try_emplace(tile_row, next, 0);
    ++found->second.second;
    if (!fresh) ++replicas_;
    places_.push_back(row.place);
    there_[row.place] = tile_row;
  }
  const std::uint64_t rows = tile_rows(tile);
  if (!tile.placed.empty()) resettle(rows);
  // The rows that nothing moved reach as far as the layout does.
  for (std::uint64_t bank = 0; bank < shape_.banks && rows > 0; ++bank) {
    const std::uint64_t used = layout_ == RowLayout::kInterleaved
                                   ? (rows + shape_.banks - 1 - bank) / shape_.banks
                                   : std::min(rows, shape_.rows);
    depth_ = std::max(depth_, used);
  }
  for (const auto& [local, tile_row] : there_) {
    depth_ = std::max(depth_, local % shape_.rows + 1);
  }
}

std::uint64_t RowPlaces::by_layout(std::uint64_t tile_row) const {
  if (layout_ == RowLayout::kPacked) return tile_row;
  return tile_row % shape_.banks * shape_.rows + tile_row / shape_.banks;
}

// Rows whose place a placed row has taken move to the places left over.
void RowPlaces::resettle(std::uint64_t rows) {
  std::vector<std::uint64_t> displaced;
  for (const std::uint32_t place : places_) {
    std::uint64_t tile_row = place;
    if (layout_ == RowLayout::kInterleaved) {
      tile_row = place % shape_.rows * shape_.banks + place / shape_.rows;
    }
    const bool held = tile_row < rows && is_row(tables_, tile_row);
    if (held && placed_.count(tile_row) == 0) displaced.push_back(tile_row);
  }
  std::sort(displaced.begin(), displaced.end());
  std::vector<std::uint64_t> placed_rows;
  for (const auto& [tile_row, where] : placed_) placed_rows.push_back(tile_row);
  std::sort(placed_rows.begin(), placed_rows.end());
  auto next = placed_rows.begin();
  std::uint64_t beyond = rows;  // Tile rows that the layout gives a place and no table has.
  for (const std::uint64_t tile_row : displaced) {
    std::uint64_t place = 0;
    do {
      place = next != placed_rows.end() ? by_layout(*next++) : by_layout(beyond++);
    } while (there_.count(place) != 0);
    moved_[tile_row] = static_cast<std::uint32_t>(place);
    there_[place] = tile_row;
  }
}

RowPlaces::Range RowPlaces::of(std::size_t table, std::uint64_t row) const {
  const std::uint64_t tile_row = tile_row_of(table, row);
  if (!placed_.empty()) {
    const auto placed = placed_.find(tile_row);
    if (placed != placed_.end()) {
      const std::uint32_t* first = places_.data() + placed->second.first;
      return {first, first + placed->second.second};
    }
    const auto moved = moved_.find(tile_row);
    if (moved != moved_.end()) return {&moved->second, &moved->second + 1};
  }
  one_ = static_cast<std::uint32_t>(by_layout(tile_row));
  return {&one_, &one_ + 1};
}

std::uint64_t RowPlaces::tile_row_at(std::uint64_t local) const {
  if (!there_.empty()) {
    const auto found = there_.find(local);
    if (found != there_.end()) return found->second;
  }
  if (layout_ == RowLayout::kPacked) return local;
  return local % shape_.rows * shape_.banks + local / shape_.rows;
}

std::vector<std::pair<std::uint64_t, std::uint32_t>> RowPlaces::all() const {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> out;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    for (std::uint64_t r = 0; r < tables_[t].rows; ++r) {
      for (const std::uint32_t place : of(t, tables_[t].first_row + r)) {
        out.emplace_back(tables_[t].base + r, place);
      }
    }
  }
  return out;
}

std::uint64_t table_bytes(const Model& model) {
  std::uint64_t bits = 0;
  for (const Operator& op : model.operators) {
    if (op.kind == OpKind::kEmbedding) {
      bits += op.table_rows * static_cast<std::uint64_t>(op.width) *
              static_cast<std::uint64_t>(op.weight_bits);
    }
  }
  return bits / 8;
}

std::uint64_t replicated_bytes(const Design& design, const Model& model) {
  std::uint64_t bits = 0;
  for (const Tile& tile : design.tiles) {
    const int weight_bits =
        tile.placed.empty() ? 0 : model.operators[static_cast<std::size_t>(tile.op)].weight_bits;
    for (std::size_t i = 1; i < tile.placed.size(); ++i) {
      const PlacedRow& a = tile.placed[i - 1];
      const PlacedRow& b = tile.placed[i];
      if (a.table == b.table && a.row == b.row) {
        bits += static_cast<std::uint64_t>(tile.width) * static_cast<std::uint64_t>(weight_bits);
      }
    }
  }
  return bits / 8;
}

void validate_placement(const Design& design, const Model& model, const std::string& file) {
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    const Tile& tile = design.tiles[t];
    if (tile.kind != TileKind::kEmbedding) continue;
    const std::string wrong = RowPlaces::problem(tile, bank_shape(tile, model, design.hardware));
    if (!wrong.empty()) reject(file, "tiles[" + std::to_string(t) + "]", "", wrong);
  }
}

const std::vector<std::string>& placement_names() {
  static const std::vector<std::string> kNames = {"naive", "frequency", "co-occurrence"};
  return kNames;
}

}  // namespace recpim
