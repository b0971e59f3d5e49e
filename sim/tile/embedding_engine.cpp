// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/embedding_engine.h"

#include <algorithm>

#include "sim/noc/flit.h"

namespace recpim {
namespace {

constexpr Cycle kStages = 2;  // Pooling register and valid: sim/README.md, "Tile".

}  // namespace

Lookup decode_lookup(std::int32_t element) {
  using namespace lookup_element;
  const auto bits = static_cast<std::uint32_t>(element);
  Lookup lookup;
  lookup.valid = ((bits >> kValidLsb) & 1U) != 0;
  lookup.table = (bits >> kTableLsb) & ((1U << kTableBits) - 1U);
  lookup.row = (bits >> kRowLsb) & ((1U << kRowBits) - 1U);
  return lookup;
}

EmbeddingEngine::EmbeddingEngine(const sc_core::sc_module_name& name, const Design& design,
                                 const Tile& tile, const Model& model, CycleScheduler& cycles)
    : Engine(name),
      tile_(tile),
      model_(model),
      interval_(design.hardware.initiation_interval()),
      read_(design.hardware.read_cycles() +
            static_cast<Cycle>(design.hardware.adc.columns_per_adc) *
                design.hardware.conversion_cycles()),
      conversion_(interval_ - design.hardware.read_cycles()),
      most_rows_(design.hardware.rows_of_a_read()),
      bank_free_(static_cast<std::size_t>(design.hardware.embedding_tile.banks), 0),
      stepper_("dispatcher", cycles, *this) {
  const BankShape shape = bank_shape(tile, model, design.hardware);
  bank_rows_ = shape.rows;
  array_rows_ = shape.array_rows;
  places_ = RowPlaces(tile, shape);
}

bool EmbeddingEngine::joins(const Lookup& last, const Lookup& next, int n) const {
  return next.valid && n < most_rows_ && next.table == last.table && next.row > last.row &&
         bank_of(next) == bank_of(last) &&
         next.row % bank_rows_ / array_rows_ == last.row % bank_rows_ / array_rows_;
}

void EmbeddingEngine::count(int rows) {
  reads_.lookups += static_cast<std::uint64_t>(rows);
  ++reads_.groups;
  if (rows == 1) ++reads_.single_rows;
}

Engine::Timing EmbeddingEngine::accept(Cycle start, const std::vector<std::int32_t>& input) {
  Cycle issued = start;
  Cycle waited = 0;
  Lookup lookup = input.empty() ? Lookup{} : decode_lookup(input[0]);
  int rows = 0;  // Of the group that is being gathered.
  for (std::size_t i = 0; lookup.valid; ++i) {
    ++rows;
    const Lookup next = i + 1 < input.size() ? decode_lookup(input[i + 1]) : Lookup{};
    if (!joins(lookup, next, rows)) {
      Cycle& free = bank_free_[static_cast<std::size_t>(bank_of(lookup))];
      issued += rows;
      const Cycle wait = std::max<Cycle>(free - issued, 0);
      shares().adc += std::min(wait, conversion_);
      shares().banks += std::max<Cycle>(wait - conversion_, 0);
      waited += wait;
      issued += wait;
      free = issued + interval_;
      count(rows);
      rows = 0;
    }
    lookup = next;
  }
  const Cycle end = issued + 1;
  shares().lookups += end + 1 - start - waited;
  return account({end + 1 - start, end + read_ + kStages - start});
}

void EmbeddingEngine::add_row(const Lookup& lookup, std::vector<std::int32_t>& sums) const {
  const auto width = static_cast<std::size_t>(tile_.width);
  const TablePart& part = tile_.tables[lookup.table];
  const std::uint64_t row = places_.tile_row_at(lookup.row) - part.base + part.first_row;
  const std::int8_t* values =
      model_.operators[static_cast<std::size_t>(part.op)].weight_q.data() + row * width;
  std::int32_t* to = sums.data() + lookup.table * width;
  for (std::size_t i = 0; i < width; ++i) to[i] += values[i];
}

void EmbeddingEngine::compute(const std::vector<std::int32_t>& input,
                              std::vector<std::int32_t>& accumulators) {
  std::fill(accumulators.begin(), accumulators.end(), 0);
  for (const std::int32_t element : input) {
    const Lookup lookup = decode_lookup(element);
    if (!lookup.valid) break;
    add_row(lookup, accumulators);
  }
}

void EmbeddingEngine::begin(Cycle /*now*/, const std::vector<std::int32_t>& input) {
  stepper_.begin(input);
}

void EmbeddingEngine::Stepper::begin(const std::vector<std::int32_t>& input) {
  list_ = input;
  next_ = 0;
  dispatching_ = true;
  started_ = now();
  waited_ = 0;
  arm(now() + 1);
}

void EmbeddingEngine::Stepper::step() {
  if (!groups_.empty() && groups_.front().visible == now()) {
    pool(groups_.front());
    groups_.pop_front();
  }
  if (dispatching_ && now() > started_) dispatch();
}

// One cycle of the dispatcher: takes the next lookup into its group, if it is the last one of the
// group only as its bank is free, or sees the end.
void EmbeddingEngine::Stepper::dispatch() {
  const auto lookup_at = [this](std::size_t i) {
    return i < list_.size() ? decode_lookup(list_[i]) : Lookup{};
  };
  const Lookup lookup = lookup_at(next_);
  if (!lookup.valid) {
    dispatching_ = false;
    groups_.push_back({now() + engine_.read_, {}});
    arm(now() + engine_.read_);
    engine_.shares().lookups += now() + 1 - started_ - waited_;
    engine_.free_from(now() + 1);
    return;
  }
  arm(now() + 1);
  const int rows = static_cast<int>(taken_.size()) + 1;
  if (engine_.joins(lookup, lookup_at(next_ + 1), rows)) {
    taken_.push_back(lookup);
    ++next_;
    return;
  }
  Cycle& free = engine_.bank_free_[static_cast<std::size_t>(engine_.bank_of(lookup))];
  if (free > now()) {  // The last of its cycles are conversions.
    ++(free - now() <= engine_.conversion_ ? engine_.shares().adc : engine_.shares().banks);
    ++waited_;
    return;
  }
  free = now() + engine_.interval_;
  taken_.push_back(lookup);
  ++next_;
  engine_.count(rows);
  groups_.push_back({now() + engine_.read_, std::move(taken_)});
  taken_.clear();
  arm(now() + engine_.read_);
}

void EmbeddingEngine::Stepper::pool(const Group& group) {
  if (sums_.empty()) sums_.assign(static_cast<std::size_t>(engine_.tile_.outputs), 0);
  for (const Lookup& lookup : group.rows) engine_.add_row(lookup, sums_);
  if (!group.rows.empty()) return;
  engine_.client().engine_done(now() + kStages, std::move(sums_));
  sums_.clear();
}

}  // namespace recpim
