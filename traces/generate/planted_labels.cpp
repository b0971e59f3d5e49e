// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/planted_labels.h"

#include <array>
#include <cmath>

#include "traces/support/random.h"

namespace recpim {
namespace {

constexpr std::size_t kHidden = PlantedLabels::kHidden;
using Hidden = std::array<double, kHidden>;

// Streams of Random that no sample uses (samples have the streams below 2^62).
constexpr std::uint64_t kDenseStream = (std::uint64_t{1} << 63U) + 1;
constexpr std::uint32_t kRowTag = 0x726f7773U;

// 16 bits as a uniform number of mean 0 and variance 1.
double centred(std::uint32_t bits) {
  constexpr double kSpread = 3.4641016151377544;  // sqrt(12)
  return kSpread * ((static_cast<double>(bits & 0xffffU) + 0.5) / 65536.0 - 0.5);
}

struct RowParameters {
  double first;
  Hidden embedding;
};

// One block of random bits a row, so that no row needs memory.
RowParameters row_parameters(std::uint64_t seed, std::size_t table, std::uint32_t row) {
  const auto bits =
      philox4x32({row, static_cast<std::uint32_t>(table), kRowTag, 0xffffffffU},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
  return {centred(bits[0]),
          {centred(bits[1]), centred(bits[1] >> 16U), centred(bits[2]), centred(bits[2] >> 16U)}};
}

struct Moments {
  double sum = 0, squares = 0;
  std::uint64_t count = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
  double deviation() const {
    if (count == 0) return 1;
    const double variance = squares / static_cast<double>(count) - mean() * mean();
    return variance > 1e-12 ? std::sqrt(variance) : 1;
  }
};

}  // namespace

PlantedLabels::PlantedLabels(std::uint64_t seed, std::size_t tables, std::uint32_t dense)
    : seed_(seed), tables_(tables), dense_(dense) {
  Random random(seed, kDenseStream);
  for (std::uint32_t j = 0; j < dense; ++j) {
    w_.push_back(random.normal());
    for (std::size_t k = 0; k < kHidden; ++k) a_.push_back(random.normal());
    for (std::size_t k = 0; k < kHidden; ++k) b_.push_back(random.normal());
  }
}

double PlantedLabels::score(const TraceChunk& chunk, std::uint64_t b) const {
  Hidden sum{};  // Of all fields' vectors; pairs = (|sum|^2 - sum of |e|^2) / 2.
  double squares = 0;
  double first = 0;
  for (std::size_t t = 0; t < tables_; ++t) {
    const std::uint64_t from = chunk.offsets[t][b];
    const std::uint64_t to = chunk.offsets[t][b + 1];
    if (from == to) continue;
    const double scale = 1 / std::sqrt(static_cast<double>(to - from));
    Hidden field{};
    for (std::uint64_t i = from; i < to; ++i) {
      const RowParameters row = row_parameters(seed_, t, chunk.indices[t][i]);
      first += scale * row.first;
      for (std::size_t k = 0; k < kHidden; ++k) field[k] += scale * row.embedding[k];
    }
    for (std::size_t k = 0; k < kHidden; ++k) {
      sum[k] += field[k];
      squares += field[k] * field[k];
    }
  }
  double weighted = 0;
  double self = 0;
  if (dense_ > 0) {
    Hidden left{};
    Hidden right{};
    for (std::size_t j = 0; j < dense_; ++j) {
      const double z =
          (static_cast<double>(chunk.dense[b * dense_ + j]) - dense_mean_) / dense_deviation_;
      weighted += w_[j] * z;
      for (std::size_t k = 0; k < kHidden; ++k) {
        left[k] += a_[j * kHidden + k] * z;
        right[k] += b_[j * kHidden + k] * z;
      }
    }
    const double scale = 1 / std::sqrt(static_cast<double>(dense_));
    weighted *= scale;
    for (std::size_t k = 0; k < kHidden; ++k) {
      self += left[k] * right[k] * scale * scale;
      sum[k] += scale * left[k];
      squares += scale * scale * left[k] * left[k];
    }
  }
  double pairs = -squares;
  for (const double s : sum) pairs += s * s;
  const double fields = static_cast<double>(tables_) + (dense_ > 0 ? 1 : 0);
  const double hidden = static_cast<double>(kHidden);
  pairs /= 2 * std::sqrt(hidden * std::max(1.0, fields * (fields - 1) / 2));
  first /= std::sqrt(std::max(1.0, static_cast<double>(tables_)));
  return first + kDenseWeight * weighted + kPairWeight * pairs +
         kSelfWeight * self / std::sqrt(hidden);
}

void PlantedLabels::calibrate(const TraceChunk& pilot) {
  Moments dense;
  for (const float x : pilot.dense) dense.add(static_cast<double>(x));
  dense_mean_ = dense.mean();
  dense_deviation_ = dense.deviation();
  Moments scores;
  for (std::uint64_t b = 0; b < pilot.count; ++b) scores.add(score(pilot, b));
  mean_ = scores.mean();
  deviation_ = scores.deviation();
}

double PlantedLabels::logit(const TraceChunk& chunk, std::uint64_t b) const {
  return kOffset + kGain * (score(chunk, b) - mean_) / deviation_;
}

}  // namespace recpim
