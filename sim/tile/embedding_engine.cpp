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
      bank_free_(static_cast<std::size_t>(design.hardware.embedding_tile.banks), 0),
      stepper_("dispatcher", cycles, *this) {
  // All tables of a tile have rows of the same length.
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  bank_rows_ = static_cast<std::uint64_t>(design.hardware.bank_rows(op.width * op.weight_bits));
}

Engine::Timing EmbeddingEngine::accept(Cycle start, const std::vector<std::int32_t>& input) {
  Cycle issued = start;
  for (const std::int32_t element : input) {
    const Lookup lookup = decode_lookup(element);
    if (!lookup.valid) break;
    Cycle& free = bank_free_[static_cast<std::size_t>(bank_of(lookup))];
    issued = std::max(issued + 1, free);
    free = issued + interval_;
    ++lookups_;
  }
  const Cycle end = issued + 1;
  return account({end + 1 - start, end + read_ + kStages - start});
}

void EmbeddingEngine::add_row(const Lookup& lookup, std::vector<std::int32_t>& sums) const {
  const auto width = static_cast<std::size_t>(tile_.width);
  const TablePart& part = tile_.tables[lookup.table];
  const std::uint64_t row = lookup.row - part.base + part.first_row;
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
  arm(now() + 1);
}

void EmbeddingEngine::Stepper::step() {
  if (!rows_.empty() && rows_.front().visible == now()) {
    pool(rows_.front());
    rows_.pop_front();
  }
  if (dispatching_ && now() > started_) dispatch();
}

// One cycle of the dispatcher: issues the next lookup if its bank is free, or sees the end.
void EmbeddingEngine::Stepper::dispatch() {
  const Lookup lookup = next_ < list_.size() ? decode_lookup(list_[next_]) : Lookup{};
  if (!lookup.valid) {
    dispatching_ = false;
    rows_.push_back({now() + engine_.read_, lookup});
    arm(now() + engine_.read_);
    engine_.free_from(started_, now() + 1);
    return;
  }
  Cycle& free = engine_.bank_free_[static_cast<std::size_t>(engine_.bank_of(lookup))];
  if (free <= now()) {
    free = now() + engine_.interval_;
    ++engine_.lookups_;
    ++next_;
    rows_.push_back({now() + engine_.read_, lookup});
    arm(now() + engine_.read_);
  }
  arm(now() + 1);
}

void EmbeddingEngine::Stepper::pool(const Row& row) {
  if (sums_.empty()) sums_.assign(static_cast<std::size_t>(engine_.tile_.outputs), 0);
  if (row.lookup.valid) {
    engine_.add_row(row.lookup, sums_);
    return;
  }
  engine_.client().engine_done(now() + kStages, std::move(sums_));
  sums_.clear();
}

}  // namespace recpim
