// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/attention_engine.h"

#include <algorithm>

#include "models/ops/integer_softmax.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr Cycle kStages = 5;  // Behind the last group of values: sim/README.md, "Tile".

// Modulo 2^32, so right where the signed difference would not fit.
std::uint32_t below(std::int32_t largest, std::int32_t score) {
  return static_cast<std::uint32_t>(largest) - static_cast<std::uint32_t>(score);
}

// The loops below are integer loops: every instruction set gives the same result.
#define RECPIM_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))

RECPIM_CLONES void add_multiple(const std::int32_t* x, std::int32_t factor, int n,
                                std::int32_t* sums) {
  for (int i = 0; i < n; ++i) sums[i] += factor * x[i];
}

RECPIM_CLONES void exponents(const std::int32_t* scores, std::int32_t largest, Requantiser scale,
                             int n, std::int32_t* to) {
  for (int i = 0; i < n; ++i) {
    to[i] = static_cast<std::int32_t>(softmax_exponent(below(largest, scores[i]), scale));
  }
}

// Products are below 2^22, but 1,024 of them can pass 2^31.
RECPIM_CLONES std::int64_t inner_product(const std::int32_t* a, const std::int32_t* b, int n) {
  std::int64_t sum = 0;
  for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

AttentionEngine::AttentionEngine(const sc_core::sc_module_name& name, const Design& design,
                                 const Tile& tile, const Model& model, CycleScheduler& cycles)
    : Engine(name),
      rows_(tile.rows / 3),
      width_(tile.width),
      heads_(model.operators[static_cast<std::size_t>(tile.op)].heads),
      depth_(width_ / heads_),
      lanes_(design.hardware.interaction_tile.lanes),
      groups_(ceil_div(rows_, lanes_)),
      keys_(static_cast<std::size_t>(rows_ * depth_)),
      values_(keys_.size()),
      scores_(static_cast<std::size_t>(rows_)),
      weights_(scores_.size()),
      stepper_("lanes", cycles, *this) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  if (!op.requantiser.empty()) score_scale_ = op.requantiser[0];
  timing_.busy = static_cast<Cycle>(head_queries()) * query_cycles();
  timing_.latency = timing_.busy + kStages;
}

Engine::Timing AttentionEngine::accept(Cycle /*start*/,
                                       const std::vector<std::int32_t>& /*input*/) {
  const auto rows = static_cast<std::uint64_t>(rows_);
  macs_ += 2 * head_queries() * rows * static_cast<std::uint64_t>(depth_);
  exponentials_ += head_queries() * rows;
  queries_ += head_queries();
  return account(timing_);
}

void AttentionEngine::compute(const std::vector<std::int32_t>& input,
                              std::vector<std::int32_t>& accumulators) {
  const std::int32_t* queries = input.data();
  const std::int32_t* keys = queries + std::ptrdiff_t{rows_} * width_;
  const std::int32_t* values = keys + std::ptrdiff_t{rows_} * width_;
  for (int head = 0; head < heads_; ++head) {
    const std::ptrdiff_t first = std::ptrdiff_t{head} * depth_;
    side_by_side(keys + first, keys_);
    side_by_side(values + first, values_);
    for (int query = 0; query < rows_; ++query) {
      const std::ptrdiff_t place = std::ptrdiff_t{query} * width_ + first;
      attend(queries + place, accumulators.data() + place);
    }
  }
}

// A column of the head after the other, so that the loops over rows run over neighbours.
void AttentionEngine::side_by_side(const std::int32_t* from, std::vector<std::int32_t>& to) const {
  std::int32_t* column = to.data();
  for (int j = 0; j < depth_; ++j, ++from) {
    for (int row = 0; row < rows_; ++row) *column++ = from[std::ptrdiff_t{row} * width_];
  }
}

void AttentionEngine::attend(const std::int32_t* query, std::int32_t* means) {
  const auto rows = static_cast<std::size_t>(rows_);
  std::fill(scores_.begin(), scores_.end(), 0);
  for (std::size_t j = 0; j < static_cast<std::size_t>(depth_); ++j) {
    add_multiple(keys_.data() + j * rows, query[j], rows_, scores_.data());
  }
  const std::int32_t largest = *std::max_element(scores_.begin(), scores_.end());
  exponents(scores_.data(), largest, score_scale_, rows_, weights_.data());
  std::uint32_t sum = 0;
  for (std::int32_t& weight : weights_) {
    weight = integer_exp2(static_cast<std::uint32_t>(weight));
    sum += static_cast<std::uint32_t>(weight);
  }
  const BinaryFraction reciprocal = integer_reciprocal(sum);
  for (std::size_t j = 0; j < static_cast<std::size_t>(depth_); ++j) {
    const std::int64_t weighted = inner_product(weights_.data(), values_.data() + j * rows, rows_);
    means[j] = softmax_mean(weighted, reciprocal);
  }
}

void AttentionEngine::begin(Cycle /*now*/, const std::vector<std::int32_t>& input) {
  stepper_.begin(input);
}

void AttentionEngine::Stepper::begin(const std::vector<std::int32_t>& input) {
  input_ = input;
  means_.assign(static_cast<std::size_t>(engine_.rows_ * engine_.width_), 0);
  head_ = query_ = cycle_ = 0;
  step();
}

std::int32_t AttentionEngine::Stepper::at(int part, int row, int column) const {
  const int place = (part * engine_.rows_ + row) * engine_.width_ + head_ * engine_.depth_ + column;
  return input_[static_cast<std::size_t>(place)];
}

void AttentionEngine::Stepper::multiply_keys(int group, int column) {
  if (group == 0 && column == 0) {
    scores_.assign(static_cast<std::size_t>(engine_.rows_), 0);
    weights_.assign(scores_.size(), 0);
    ++engine_.queries_;
  }
  const int first = group * engine_.lanes_;
  for (int key = first; key < std::min(first + engine_.lanes_, engine_.rows_); ++key) {
    scores_[static_cast<std::size_t>(key)] += at(0, query_, column) * at(1, key, column);
    ++engine_.macs_;
  }
}

void AttentionEngine::Stepper::exponentiate(int group) {
  if (group == 0) largest_ = *std::max_element(scores_.begin(), scores_.end());
  const int first = group * engine_.lanes_;
  for (int key = first; key < std::min(first + engine_.lanes_, engine_.rows_); ++key) {
    const auto k = static_cast<std::size_t>(key);
    weights_[k] = integer_exp2(softmax_exponent(below(largest_, scores_[k]), engine_.score_scale_));
    ++engine_.exponentials_;
  }
}

void AttentionEngine::Stepper::sum_weights() {
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights_) sum += weight;
  reciprocal_ = integer_reciprocal(sum);
}

void AttentionEngine::Stepper::weigh_values(int group, int column) {
  if (group == 0) sum_ = 0;
  const int first = group * engine_.lanes_;
  for (int key = first; key < std::min(first + engine_.lanes_, engine_.rows_); ++key) {
    sum_ += std::int64_t{weights_[static_cast<std::size_t>(key)]} * at(2, key, column);
    ++engine_.macs_;
  }
  if (group < engine_.groups_ - 1) return;
  const int place = query_ * engine_.width_ + head_ * engine_.depth_ + column;
  means_[static_cast<std::size_t>(place)] = softmax_mean(sum_, reciprocal_);
}

void AttentionEngine::Stepper::step() {
  const int groups = engine_.groups_;
  const int exponents = cycle_ - engine_.exponent_start();
  const int values = cycle_ - engine_.weights_visible() - 2;
  if (cycle_ < engine_.depth_ * groups) {
    multiply_keys(cycle_ / engine_.depth_, cycle_ % engine_.depth_);
  }
  if (exponents >= 0 && exponents < groups) exponentiate(exponents);
  if (cycle_ == engine_.weights_visible()) sum_weights();
  if (values >= 0) weigh_values(values % groups, values / groups);
  if (++cycle_ == engine_.query_cycles()) {
    cycle_ = 0;
    if (++query_ == engine_.rows_) {
      query_ = 0;
      ++head_;
    }
  }
  if (head_ < engine_.heads_) {
    arm(now() + 1);
    return;
  }
  engine_.free_from(now() + 1);
  engine_.client().engine_done(now() + 1 + kStages, std::move(means_));
}

}  // namespace recpim
