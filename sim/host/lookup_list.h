// SPDX-License-Identifier: Apache-2.0
/// @file
/// The lookup list that the host sends to one embedding tile: which place of a row it names, and in
/// which order. The rules: sim/README.md, "Host", lookup lists. They look at the samples sent so
/// far and at nothing else, so every run of a trace has the same lists.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/mapping/placement.h"

namespace recpim {

class LookupList {
 public:
  LookupList(const Design& design, const Model& model, const Tile& tile);
  /// The next lookup of the sample, table by table.
  void add(std::size_t table, std::uint64_t row) { rows_.push_back({table, row, kNone}); }
  std::size_t size() const { return rows_.size(); }
  /// Appends the elements of the sample's list, and makes room for the next sample.
  void take(std::vector<std::int32_t>& elements);

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Row {
    std::size_t table;
    std::uint64_t row;
    std::uint32_t place;
  };
  /// An array that a bag reads.
  struct Array {
    std::size_t table;
    std::uint64_t number;
    std::vector<std::uint32_t> places;
  };
  /// Rows that one read of a bank sums: first ... last of order_.
  struct Group {
    std::uint64_t bank;
    std::size_t first, last;
  };

  void choose_places();
  void choose(Row& row, RowPlaces::Range places);
  /// Notes that a row is read at a place; whether that takes a read more.
  Array& array_of(std::size_t table, std::uint32_t place);
  bool can_join(const Array& array, std::uint32_t place) const;
  void put(Row& row, std::uint32_t place);
  void order_rows();
  void form_groups();
  void deal(std::vector<std::int32_t>& elements);

  const bool in_array_, turns_;
  const std::size_t most_rows_;  ///< A.
  BankShape shape_;
  RowPlaces places_;
  std::vector<Row> rows_, order_;
  std::vector<Array> arrays_;
  std::vector<Group> groups_;
  std::vector<std::uint64_t> groups_of_bank_;  ///< In this list.
  std::vector<std::uint64_t> used_;            ///< When a bank was last chosen or sent to.
  std::uint64_t uses_ = 0;
};

}  // namespace recpim
