// SPDX-License-Identifier: Apache-2.0
/// @file
/// Placement of table rows: which local rows of its tile hold a row. A pass over a mapped design
/// (place_rows) sets Tile::layout and Tile::placed; RowPlaces says what they mean, for the host,
/// the simulator and the images of the banks alike.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/mapping/design.h"
#include "traces/format/trace.h"

namespace recpim {

/// Banks and rows of an embedding tile.
struct BankShape {
  std::uint64_t banks = 1;  ///< That a local row of 24 bits reaches.
  std::uint64_t rows = 1;   ///< Of a bank.
  std::uint64_t array_rows = 1;
  std::uint64_t capacity() const { return banks * rows; }
  std::uint64_t bank_of(std::uint64_t local) const { return local / rows; }
  /// Number of the array, counted over the banks of the tile.
  std::uint64_t array_of(std::uint64_t local) const {
    return bank_of(local) * ((rows + array_rows - 1) / array_rows) + local % rows / array_rows;
  }
};
BankShape bank_shape(const Tile& tile, const Model& model, const Hardware& hardware);

/// All places of all rows of one embedding tile. A placed row lies where Tile::placed says and
/// nowhere else; any other row lies where the layout puts it or, where a placed row has taken that
/// local row, in the k-th place left over if it is the k-th such row by tile row. Places left over:
/// the layout's places of placed rows in ascending tile row, then places that no row has,
/// ascending.
class RowPlaces {
 public:
  RowPlaces() = default;
  /// std::invalid_argument where the tile's placement contradicts itself: see problem().
  RowPlaces(const Tile& tile, const BankShape& shape);

  /// What is wrong with a tile's placement; empty where nothing is.
  static std::string problem(const Tile& tile, const BankShape& shape);

  /// Local rows that hold a row of the tile's table, ascending; at least one.
  struct Range {
    const std::uint32_t *first = nullptr, *last = nullptr;
    const std::uint32_t* begin() const { return first; }
    const std::uint32_t* end() const { return last; }
    std::size_t size() const { return static_cast<std::size_t>(last - first); }
  };
  /// Valid until the next call.
  Range of(std::size_t table, std::uint64_t row) const;

  /// The tile row in a local row that holds one.
  std::uint64_t tile_row_at(std::uint64_t local) const;
  std::uint64_t replicas() const { return replicas_; }  ///< Places beyond one a row.
  std::uint64_t depth() const { return depth_; }  ///< Rows of the fullest bank, from its first.
  /// Every place with its tile row, by tile row.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> all() const;

 private:
  std::uint64_t by_layout(std::uint64_t tile_row) const;
  std::uint64_t tile_row_of(std::size_t table, std::uint64_t row) const {
    return tables_[table].base + row - tables_[table].first_row;
  }
  void resettle(std::uint64_t rows);

  std::vector<TablePart> tables_;
  BankShape shape_;
  RowLayout layout_ = RowLayout::kPacked;
  std::vector<std::uint32_t> places_;  ///< Of placed rows, those of a row together.
  std::unordered_map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> placed_;
  std::unordered_map<std::uint64_t, std::uint32_t> moved_;  ///< Tile row: place left over.
  std::unordered_map<std::uint64_t, std::uint64_t> there_;  ///< Local row of both: tile row.
  std::uint64_t replicas_ = 0, depth_ = 0;
  mutable std::uint32_t one_ = 0;
};

std::uint64_t table_bytes(const Model& model);
/// Bytes of table rows that a design holds more than once.
std::uint64_t replicated_bytes(const Design& design, const Model& model);

/// InputError, naming `file`, where a tile's placement contradicts itself or its banks.
void validate_placement(const Design& design, const Model& model, const std::string& file);

enum class PlacementKind { kNaive, kFrequency, kCoOccurrence };
const std::vector<std::string>& placement_names();  ///< In the order of PlacementKind.

struct PlacementOptions {
  PlacementKind kind = PlacementKind::kNaive;
  std::uint64_t replicate_bytes = 0;     ///< At most so many, of the whole design.
  std::uint64_t first = 0, samples = 0;  ///< Of the profile; 0 samples: to its end.
  /// Rows of a tile that are placed one by one, the hottest; the others are dealt to the banks.
  std::uint64_t hot_rows = 1U << 16U;
};

/// Places the rows of every embedding tile from the lookups of `profile`. README.md has the rules.
void place_rows(Design& design, const Model& model, const TraceReader& profile,
                const PlacementOptions& options);

}  // namespace recpim
