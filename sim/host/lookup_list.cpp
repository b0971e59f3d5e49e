// SPDX-License-Identifier: Apache-2.0
#include "sim/host/lookup_list.h"

#include <algorithm>
#include <tuple>

#include "sim/noc/flit.h"

namespace recpim {
namespace {

std::int32_t element(std::size_t table, std::uint64_t local) {
  using namespace lookup_element;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(local) << kRowLsb |
                                   static_cast<std::uint32_t>(table) << kTableLsb |
                                   1U << kValidLsb);
}

}  // namespace

LookupList::LookupList(const Design& design, const Model& model, const Tile& tile)
    : in_array_(design.hardware.embedding_tile.pooling == TablePooling::kArray),
      turns_(design.placement != "naive"),
      most_rows_(static_cast<std::size_t>(design.hardware.rows_of_a_read())),
      shape_(bank_shape(tile, model, design.hardware)),
      places_(tile, shape_),
      groups_of_bank_(static_cast<std::size_t>(design.hardware.embedding_tile.banks), 0),
      used_(groups_of_bank_.size(), 0) {}

void LookupList::take(std::vector<std::int32_t>& elements) {
  if (!in_array_ && !turns_) {
    for (const Row& row : rows_) {
      elements.push_back(element(row.table, *places_.of(row.table, row.row).begin()));
    }
    rows_.clear();
    return;
  }
  const std::vector<std::uint64_t> used = used_;
  choose_places();
  order_rows();
  form_groups();
  used_ = used;
  deal(elements);
  rows_.clear();
}

void LookupList::choose_places() {
  arrays_.clear();
  std::fill(groups_of_bank_.begin(), groups_of_bank_.end(), 0);
  bool replicas = false;
  for (Row& row : rows_) {
    const RowPlaces::Range places = places_.of(row.table, row.row);
    if (places.size() == 1) {
      put(row, *places.begin());
    } else {
      replicas = true;
    }
  }
  if (!replicas) return;
  for (Row& row : rows_) {
    if (row.place == kNone) choose(row, places_.of(row.table, row.row));
  }
}

LookupList::Array& LookupList::array_of(std::size_t table, std::uint32_t place) {
  const std::uint64_t number = shape_.array_of(place);
  for (auto array = arrays_.rbegin(); array != arrays_.rend(); ++array) {
    if (array->number == number && array->table == table) return *array;
  }
  arrays_.push_back({table, number, {}});
  return arrays_.back();
}

bool LookupList::can_join(const Array& array, std::uint32_t place) const {
  return array.places.size() % most_rows_ != 0 &&
         std::find(array.places.begin(), array.places.end(), place) == array.places.end();
}

void LookupList::put(Row& row, std::uint32_t place) {
  row.place = place;
  const auto bank = static_cast<std::size_t>(shape_.bank_of(place));
  if (in_array_) {
    Array& array = array_of(row.table, place);
    if (!can_join(array, place)) ++groups_of_bank_[bank];
    array.places.push_back(place);
  } else {
    ++groups_of_bank_[bank];
  }
}

void LookupList::choose(Row& row, RowPlaces::Range places) {
  std::uint32_t best = kNone;
  std::size_t most = 0;
  for (const std::uint32_t place : places) {
    if (!in_array_) break;
    const Array& array = array_of(row.table, place);
    if (array.places.size() > most && can_join(array, place)) {
      best = place;
      most = array.places.size();
    }
  }
  if (best == kNone) {
    std::tuple<std::uint64_t, std::uint64_t> least{~std::uint64_t{0}, 0};
    for (const std::uint32_t place : places) {
      const auto bank = static_cast<std::size_t>(shape_.bank_of(place));
      const std::tuple<std::uint64_t, std::uint64_t> load{groups_of_bank_[bank], used_[bank]};
      if (load < least) {
        best = place;
        least = load;
      }
    }
    used_[static_cast<std::size_t>(shape_.bank_of(best))] = ++uses_;
  }
  put(row, best);
}

// Array by array, in an array the first occurrence of every row, ascending, then the second ones.
void LookupList::order_rows() {
  order_ = rows_;
  if (!in_array_) return;
  using Key = std::tuple<std::size_t, std::size_t, std::size_t, std::uint32_t>;
  std::vector<std::pair<Key, Row>> keyed;
  std::vector<Array> seen;
  for (const Row& row : rows_) {
    const std::uint64_t number = shape_.array_of(row.place);
    auto array = std::find_if(seen.begin(), seen.end(), [&](const Array& a) {
      return a.number == number && a.table == row.table;
    });
    if (array == seen.end()) array = seen.insert(seen.end(), {row.table, number, {}});
    const auto occurrence =
        static_cast<std::size_t>(std::count(array->places.begin(), array->places.end(), row.place));
    array->places.push_back(row.place);
    const auto position = static_cast<std::size_t>(array - seen.begin());
    keyed.emplace_back(Key{row.table, position, occurrence, row.place}, row);
  }
  std::sort(keyed.begin(), keyed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < keyed.size(); ++i) order_[i] = keyed[i].second;
}

// As the dispatcher of the tile will form them.
void LookupList::form_groups() {
  groups_.clear();
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Row& row = order_[i];
    if (in_array_ && !groups_.empty()) {
      const Row& last = order_[i - 1];
      Group& group = groups_.back();
      if (last.table == row.table && last.place < row.place &&
          shape_.array_of(last.place) == shape_.array_of(row.place) &&
          group.last - group.first + 1 < most_rows_) {
        group.last = i;
        continue;
      }
    }
    groups_.push_back({shape_.bank_of(row.place), i, i});
  }
}

void LookupList::deal(std::vector<std::int32_t>& elements) {
  const auto send = [&](const Group& group) {
    for (std::size_t i = group.first; i <= group.last; ++i) {
      elements.push_back(element(order_[i].table, order_[i].place));
    }
  };
  if (!turns_) {
    for (const Group& group : groups_) send(group);
    return;
  }
  std::vector<std::vector<std::size_t>> of_bank(groups_of_bank_.size());
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    of_bank[static_cast<std::size_t>(groups_[g].bank)].push_back(g);
  }
  std::vector<std::size_t> banks;
  for (std::size_t b = 0; b < of_bank.size(); ++b) {
    if (!of_bank[b].empty()) banks.push_back(b);
  }
  std::sort(banks.begin(), banks.end(), [&](std::size_t a, std::size_t b) {
    return std::make_tuple(of_bank[b].size(), used_[a], a) <
           std::make_tuple(of_bank[a].size(), used_[b], b);
  });
  for (std::size_t round = 0; !banks.empty() && round < of_bank[banks[0]].size(); ++round) {
    for (const std::size_t bank : banks) {
      if (round >= of_bank[bank].size()) break;  // Those behind it have no more either.
      send(groups_[of_bank[bank][round]]);
      used_[bank] = ++uses_;
    }
  }
}

}  // namespace recpim
