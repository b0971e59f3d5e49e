// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/product_engine.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim {
namespace {

// Operands, product and sum, valid; a factorisation machine squares and subtracts as well:
// sim/README.md, "Tile".
constexpr Cycle kStages = 3;
constexpr Cycle kFmStages = 5;

Cycle stages_of(OpKind kind) { return kind == OpKind::kFm ? kFmStages : kStages; }

}  // namespace

ProductEngine::ProductEngine(const sc_core::sc_module_name& name, const Design& design,
                             const Tile& tile, const Model& model, CycleScheduler& cycles)
    : Engine(name),
      kind_(model.operators[static_cast<std::size_t>(tile.op)].kind),
      rows_(tile.rows),
      width_(tile.width),
      lanes_(design.hardware.interaction_tile.lanes),
      stepper_("lanes", cycles, *this) {
  if (kind_ == OpKind::kLayerNorm) kind_ = OpKind::kAdd;
  switch (kind_) {
    case OpKind::kDot:
      sums_ = rows_ * (rows_ - 1) / 2;
      terms_ = width_;
      break;
    case OpKind::kMul:
      sums_ = width_;
      terms_ = 1;
      break;
    default:  // Add, FM: a column each.
      sums_ = width_;
      terms_ = rows_;
  }
  timing_.busy = static_cast<Cycle>(ceil_div(sums_, lanes_)) * terms_;
  timing_.latency = timing_.busy + stages_of(kind_);
}

Engine::Timing ProductEngine::accept(Cycle /*start*/, const std::vector<std::int32_t>& /*input*/) {
  steps_ += static_cast<std::uint64_t>(sums_) * static_cast<std::uint64_t>(terms_);
  return account(timing_);
}

void ProductEngine::compute(const std::vector<std::int32_t>& input,
                            std::vector<std::int32_t>& accumulators) {
  const std::int32_t* x = input.data();
  switch (kind_) {
    case OpKind::kDot:
      return dot(x, accumulators.data());
    case OpKind::kMul:
      for (int i = 0; i < width_; ++i) {
        accumulators[static_cast<std::size_t>(i)] = x[i] * x[width_ + i];
      }
      return;
    case OpKind::kFm:
      return factorise(x, accumulators.data());
    default:
      return add(x, accumulators.data());
  }
}

void ProductEngine::dot(const std::int32_t* x, std::int32_t* sums) const {
  for (int i = 1; i < rows_; ++i) {
    for (int j = 0; j < i; ++j) {
      const std::int32_t* a = x + static_cast<std::ptrdiff_t>(i) * width_;
      const std::int32_t* b = x + static_cast<std::ptrdiff_t>(j) * width_;
      std::int32_t sum = 0;
      for (int k = 0; k < width_; ++k) sum += a[k] * b[k];
      *sums++ = sum;
    }
  }
}

void ProductEngine::add(const std::int32_t* x, std::int32_t* sums) const {
  std::copy(x, x + width_, sums);
  for (int row = 1; row < rows_; ++row) {
    x += width_;
    for (int i = 0; i < width_; ++i) sums[i] += x[i];
  }
}

void ProductEngine::factorise(const std::int32_t* x, std::int32_t* sums) const {
  for (int i = 0; i < width_; ++i) {
    std::int32_t sum = 0;
    std::int32_t squares = 0;
    for (int row = 0; row < rows_; ++row) {
      const std::int32_t value = x[static_cast<std::ptrdiff_t>(row) * width_ + i];
      sum += value;
      squares += value * value;
    }
    sums[i] = sum * sum - squares;
  }
}

void ProductEngine::begin(Cycle /*now*/, const std::vector<std::int32_t>& input) {
  stepper_.begin(input);
}

ProductEngine::Stepper::Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles,
                                ProductEngine& engine)
    : ClockedModule(name, cycles), engine_(engine) {
  if (engine.kind_ != OpKind::kDot) return;
  for (int i = 1; i < engine.rows_; ++i) {
    for (int j = 0; j < i; ++j) pairs_.emplace_back(i, j);
  }
}

// The first operands are read in the cycle of the start itself.
void ProductEngine::Stepper::begin(const std::vector<std::int32_t>& input) {
  input_ = input;
  sums_.assign(static_cast<std::size_t>(engine_.sums_), 0);
  squares_.assign(sums_.size(), 0);
  group_ = 0;
  term_ = 0;
  step();
}

// Step term_ of a sum.
void ProductEngine::Stepper::add_term(std::size_t sum) {
  const auto column = static_cast<int>(sum);
  switch (engine_.kind_) {
    case OpKind::kDot:
      sums_[sum] += at(pairs_[sum].first, term_) * at(pairs_[sum].second, term_);
      break;
    case OpKind::kMul:
      sums_[sum] += at(0, column) * at(1, column);
      break;
    case OpKind::kFm:
      squares_[sum] += at(term_, column) * at(term_, column);
      sums_[sum] += at(term_, column);
      break;
    default:
      sums_[sum] += at(term_, column);
  }
  ++engine_.steps_;
}

void ProductEngine::Stepper::step() {
  for (int lane = 0; lane < engine_.lanes_; ++lane) {
    const auto sum = static_cast<std::size_t>(group_ * engine_.lanes_ + lane);
    if (sum >= sums_.size()) break;
    add_term(sum);
  }
  if (++term_ == engine_.terms_) {
    term_ = 0;
    ++group_;
  }
  if (static_cast<std::size_t>(group_ * engine_.lanes_) < sums_.size()) {
    arm(now() + 1);
    return;
  }
  finish();
}

void ProductEngine::Stepper::finish() {
  if (engine_.kind_ == OpKind::kFm) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = sums_[i] * sums_[i] - squares_[i];
  }
  engine_.free_from(now() + 1);
  engine_.client().engine_done(now() + 1 + stages_of(engine_.kind_), std::move(sums_));
}

}  // namespace recpim
