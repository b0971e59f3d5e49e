// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/dot_engine.h"

#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr Cycle kStages = 3;  // Operands, product and sum, valid: sim/README.md, "Tile".

}  // namespace

DotEngine::DotEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                     CycleScheduler& cycles)
    : Engine(name),
      rows_(tile.rows),
      width_(tile.width),
      lanes_(design.hardware.interaction_tile.lanes),
      stepper_("lanes", cycles, *this) {
  const Cycle groups = ceil_div(rows_ * (rows_ - 1) / 2, lanes_);
  timing_.busy = groups * width_;
  timing_.latency = timing_.busy + kStages;
}

Engine::Timing DotEngine::accept(Cycle /*start*/, const std::vector<std::int32_t>& /*input*/) {
  macs_ += static_cast<std::uint64_t>(rows_ * (rows_ - 1) / 2) * static_cast<std::uint64_t>(width_);
  return account(timing_);
}

void DotEngine::compute(const std::vector<std::int32_t>& input,
                        std::vector<std::int32_t>& accumulators) {
  std::size_t pair = 0;
  for (int i = 1; i < rows_; ++i) {
    for (int j = 0; j < i; ++j) {
      const std::int32_t* a = input.data() + static_cast<std::ptrdiff_t>(i) * width_;
      const std::int32_t* b = input.data() + static_cast<std::ptrdiff_t>(j) * width_;
      std::int32_t sum = 0;
      for (int k = 0; k < width_; ++k) sum += a[k] * b[k];
      accumulators[pair++] = sum;
    }
  }
}

void DotEngine::begin(Cycle /*now*/, const std::vector<std::int32_t>& input) {
  stepper_.begin(input);
}

DotEngine::Stepper::Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles,
                            DotEngine& engine)
    : ClockedModule(name, cycles), engine_(engine) {
  for (int i = 1; i < engine.rows_; ++i) {
    for (int j = 0; j < i; ++j) pairs_.emplace_back(i, j);
  }
}

// The first operands are read in the cycle of the start itself.
void DotEngine::Stepper::begin(const std::vector<std::int32_t>& input) {
  input_ = input;
  sums_.assign(pairs_.size(), 0);
  group_ = 0;
  element_ = 0;
  started_ = now();
  step();
}

void DotEngine::Stepper::step() {
  for (int lane = 0; lane < engine_.lanes_; ++lane) {
    const auto pair = static_cast<std::size_t>(group_ * engine_.lanes_ + lane);
    if (pair >= pairs_.size()) break;
    const auto [i, j] = pairs_[pair];
    sums_[pair] += input_[static_cast<std::size_t>(i * engine_.width_ + element_)] *
                   input_[static_cast<std::size_t>(j * engine_.width_ + element_)];
    ++engine_.macs_;
  }
  if (++element_ == engine_.width_) {
    element_ = 0;
    ++group_;
  }
  if (static_cast<std::size_t>(group_ * engine_.lanes_) < pairs_.size()) {
    arm(now() + 1);
    return;
  }
  engine_.free_from(started_, now() + 1);
  engine_.client().engine_done(now() + 1 + kStages, std::move(sums_));
}

}  // namespace recpim
