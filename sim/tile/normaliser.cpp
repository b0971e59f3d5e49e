// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/normaliser.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr int kFraction = 10;  // Of y, Q5.10.

}  // namespace

Normaliser::Normaliser(const Design& /*design*/, const Tile& tile, const Model& model, int lanes)
    : lanes_(lanes) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.norm)];
  by_column_ = op.axis == Axis::kRows;
  length_ = by_column_ ? op.rows : op.width;
  vectors_ = by_column_ ? op.width : op.rows;
  groups_ = ceil_div(length_, lanes);
  passes_ = ceil_div(tile.outputs, lanes);
  epsilon_ = op.epsilon_q;
  high_ = (std::int64_t{1} << (op.output.is_signed ? op.output.bits - 1 : op.output.bits)) - 1;
  low_ = op.output.is_signed && !op.relu ? -high_ - 1 : 0;
  sign_.assign(op.weight_q.begin(), op.weight_q.end());
  bias_ = op.bias_q;
  requantiser_ = op.requantiser;
}

BinaryFraction Normaliser::root_of(const Statistics& statistics) const {
  const std::int64_t q = length_ * statistics.squares - statistics.sum * statistics.sum + epsilon_;
  return integer_rsqrt(static_cast<std::uint64_t>(q));
}

std::int32_t Normaliser::output(std::int32_t x, int element, const Statistics& statistics) const {
  const auto i = static_cast<std::size_t>(element);
  const std::int64_t centred = std::int64_t{length_} * x - statistics.sum;
  const int shift = statistics.root.shift - kFraction;
  const std::int64_t y =
      (centred * statistics.root.mantissa + (std::int64_t{1} << (shift - 1))) >> shift;
  const Requantiser& q = requantiser_[i];
  const std::int64_t product = (sign_[i] * y + bias_[i]) * q.multiplier;
  const std::int64_t rounded = (product + (std::int64_t{1} << (q.shift - 1))) >> q.shift;
  return static_cast<std::int32_t>(std::clamp(rounded, low_, high_));
}

void Normaliser::normalise(std::vector<std::int32_t>& values) const {
  for (int v = 0; v < vectors_; ++v) {
    Statistics statistics;
    for (int j = 0; j < length_; ++j) {
      const std::int64_t x = values[place(v, j)];
      statistics.sum += x;
      statistics.squares += x * x;
    }
    statistics.root = root_of(statistics);
    for (int j = 0; j < length_; ++j) {
      std::int32_t& x = values[place(v, j)];
      x = output(x, j, statistics);
    }
  }
}

void NormaliserStepper::take(Cycle at, std::vector<std::int32_t> values) {
  samples_.push_back({at, std::move(values)});
  arm(at);
}

// One group of one vector.
void NormaliserStepper::gather(int read) {
  const Normaliser& n = normaliser_;
  const int vector = read / static_cast<int>(n.groups_);
  const int group = read % static_cast<int>(n.groups_);
  Normaliser::Statistics& statistics = statistics_[static_cast<std::size_t>(vector)];
  for (int j = group * n.lanes_; j < std::min((group + 1) * n.lanes_, n.length_); ++j) {
    const std::int64_t x = samples_.front().values[n.place(vector, j)];
    statistics.sum += x;
    statistics.squares += x * x;
  }
  if (group == n.groups_ - 1) statistics.root = n.root_of(statistics);
}

// One group of the output vector.
void NormaliserStepper::put_out(int group) {
  const Normaliser& n = normaliser_;
  const std::vector<std::int32_t>& values = samples_.front().values;
  const int end = std::min((group + 1) * n.lanes_, static_cast<int>(values.size()));
  for (int i = group * n.lanes_; i < end; ++i) {
    const int vector = n.by_column_ ? i % n.vectors_ : i / n.length_;
    const int element = n.by_column_ ? i / n.vectors_ : i % n.length_;
    output_[static_cast<std::size_t>(i)] = n.output(values[static_cast<std::size_t>(i)], element,
                                                    statistics_[static_cast<std::size_t>(vector)]);
  }
}

void NormaliserStepper::step() {
  if (samples_.empty() || samples_.front().at > now()) return;
  const Normaliser& n = normaliser_;
  const auto cycle = static_cast<int>(now() - samples_.front().at);  // Since t1.
  const auto reads = static_cast<int>(n.statistics_cycles());
  if (cycle == 0) {
    statistics_.assign(static_cast<std::size_t>(n.vectors_), {});
    output_.assign(samples_.front().values.size(), 0);
  }
  if (cycle < reads) gather(cycle);
  const auto second = static_cast<int>(reads + Normaliser::kStatisticsStages);  // t2.
  if (cycle >= second) put_out(cycle - second);
  // The next sample's first group may be written three cycles after its start, just behind the last
  // group that is read here.
  const auto last = static_cast<int>(second + n.passes_ - 1);
  if (cycle == last - 3) free_(now() + 1);
  if (cycle < last) {
    arm(now() + 1);
    return;
  }
  done_(now() + 1 + Normaliser::kOutputStages, std::move(output_));
  samples_.pop_front();
  if (!samples_.empty()) arm(std::max(now() + 1, samples_.front().at));
}

}  // namespace recpim
