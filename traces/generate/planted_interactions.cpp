// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/planted_interactions.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "traces/support/math.h"

namespace recpim {
namespace {

// Tells these rows' random bits from those of every other use of the seed.
constexpr std::uint32_t kRowTag = 0x6f726472U;
constexpr std::uint64_t kSignStream = (std::uint64_t{1} << 63U) + 2;
constexpr std::size_t kValuesABlock = 8;  // 16 bits each.

// 16 bits as a uniform number of mean 0 and variance 1.
double centred(std::uint32_t bits) {
  constexpr double kSpread = 3.4641016151377544;  // sqrt(12)
  return kSpread * ((static_cast<double>(bits & 0xffffU) + 0.5) / 65536.0 - 0.5);
}

std::array<std::uint32_t, 4> row_bits(std::uint64_t seed, std::size_t table, std::uint32_t row,
                                      std::size_t block) {
  return philox4x32(
      {row, static_cast<std::uint32_t>(table), kRowTag, static_cast<std::uint32_t>(block)},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
}

double value_at(const std::array<std::uint32_t, 4>& bits, std::size_t place) {
  return centred(bits.at(place / 2) >> (place % 2 == 0 ? 0U : 16U));
}

// Running mean and variance (Welford 1962): single precision of a sum of squares would be lost
// where a field hardly varies.
class Moments {
 public:
  void add(double x) {
    ++count_;
    const double step = x - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (x - mean_);
  }
  double mean() const { return mean_; }
  // 1 / deviation; 1 where nothing varies, which leaves zeros.
  double factor() const {
    const double variance = count_ == 0 ? 0 : squares_ / static_cast<double>(count_);
    return variance > 1e-12 ? 1 / std::sqrt(variance) : 1;
  }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

// The bias with which the mean of sigmoid(bias + logit) is `rate`.
double bias_for(const std::vector<double>& logits, double rate) {
  double low = -100;
  double high = 100;
  constexpr int kHalvings = 60;  // 200 / 2^60: all bits of a double.
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    double sum = 0;
    for (const double x : logits) sum += sigmoid(middle + x);
    (sum < rate * static_cast<double>(logits.size()) ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

OrderParts interactions_of(double sum, double squares, double cubes) {
  return {sum, (sum * sum - squares) / 2, (sum * sum * sum - 3 * sum * squares + 2 * cubes) / 6};
}

PlantedInteractions::PlantedInteractions(std::uint64_t seed, std::size_t tables,
                                         std::uint32_t dense, const PlantedOptions& options)
    : seed_(seed),
      tables_(tables),
      dense_(dense),
      options_(options),
      interacts_(tables + dense, false),
      signs_(dense),
      scales_(tables + dense) {
  if (options.dims < 1 || options.dims > kMaxPlantedDims) {
    throw std::invalid_argument("PlantedInteractions: 1 to 15 latent dimensions");
  }
  for (const std::size_t t : options.tables) interacts_.at(t) = true;
  for (const std::uint32_t j : options.dense) interacts_.at(tables + j) = true;
  Random random(seed, kSignStream);
  for (Values& signs : signs_) {
    for (double& sign : signs) sign = random.below(2) == 0 ? -1 : 1;
  }
}

double PlantedInteractions::hidden(std::size_t table, std::uint32_t row, int k) const {
  const auto place = static_cast<std::size_t>(k);
  return value_at(row_bits(seed_, table, row, place / kValuesABlock), place % kValuesABlock);
}

void PlantedInteractions::raw_field(const TraceChunk& chunk, std::uint64_t b, std::size_t field,
                                    Values& x) const {
  const auto count = static_cast<std::size_t>(values_of(field));
  if (field >= tables_) {
    const std::size_t j = field - tables_;
    const auto value = static_cast<double>(chunk.dense[b * dense_ + j]);
    for (std::size_t k = 0; k < count; ++k) x[k] = signs_[j][k] * value;
    return;
  }
  for (std::size_t k = 0; k < count; ++k) x[k] = 0;
  const std::uint64_t from = chunk.offsets[field][b];
  const std::uint64_t to = chunk.offsets[field][b + 1];
  if (from == to) return;
  for (std::uint64_t i = from; i < to; ++i) {
    for (std::size_t k = 0; k < count; k += kValuesABlock) {
      const auto bits = row_bits(seed_, field, chunk.indices[field][i], k / kValuesABlock);
      const std::size_t end = std::min(count - k, kValuesABlock);
      for (std::size_t p = 0; p < end; ++p) x[k + p] += value_at(bits, p);
    }
  }
  const double scale = 1 / std::sqrt(static_cast<double>(to - from));
  for (std::size_t k = 0; k < count; ++k) x[k] *= scale;
}

OrderParts PlantedInteractions::raw_parts(const TraceChunk& chunk, std::uint64_t b) const {
  Values x;
  Values sums{};
  Values squares{};
  Values cubes{};
  OrderParts result;
  for (std::size_t f = 0; f < fields(); ++f) {
    raw_field(chunk, b, f, x);
    result.first += scales_[f][0].of(x[0]);
    for (std::size_t k = 1; k < static_cast<std::size_t>(values_of(f)); ++k) {
      const double e = scales_[f][k].of(x[k]);
      sums[k] += e;
      squares[k] += e * e;
      cubes[k] += e * e * e;
    }
  }
  for (std::size_t k = 1; k <= static_cast<std::size_t>(options_.dims); ++k) {
    const OrderParts in_k = interactions_of(sums[k], squares[k], cubes[k]);
    result.pairs += in_k.pairs;
    result.triples += in_k.triples;
  }
  return result;
}

void PlantedInteractions::scale_fields(const Pilot& pilot) {
  std::vector<std::array<Moments, kMaxPlantedDims + 1>> moments(fields());
  pilot([&](const TraceChunk& chunk) {
    Values x;
    for (std::uint64_t b = 0; b < chunk.count; ++b) {
      for (std::size_t f = 0; f < fields(); ++f) {
        raw_field(chunk, b, f, x);
        for (std::size_t k = 0; k < static_cast<std::size_t>(values_of(f)); ++k) {
          moments[f][k].add(x[k]);
        }
      }
    }
  });
  for (std::size_t f = 0; f < fields(); ++f) {
    for (std::size_t k = 0; k < moments[f].size(); ++k) {
      scales_[f][k] = {moments[f][k].mean(), moments[f][k].factor()};
    }
  }
}

void PlantedInteractions::calibrate(const Pilot& pilot) {
  scale_fields(pilot);
  std::vector<OrderParts> all;
  Moments first;
  Moments pairs;
  Moments triples;
  pilot([&](const TraceChunk& chunk) {
    for (std::uint64_t b = 0; b < chunk.count; ++b) {
      const OrderParts raw = raw_parts(chunk, b);
      first.add(raw.first);
      pairs.add(raw.pairs);
      triples.add(raw.triples);
      all.push_back(raw);
    }
  });
  first_ = {first.mean(), first.factor()};
  pairs_ = {pairs.mean(), pairs.factor()};
  triples_ = {triples.mean(), triples.factor()};
  bias_ = 0;
  std::vector<double> logits;
  logits.reserve(all.size());
  for (const OrderParts& raw : all) {
    logits.push_back(
        logit_of({first_.of(raw.first), pairs_.of(raw.pairs), triples_.of(raw.triples)}));
  }
  bias_ = bias_for(logits, options_.click_rate);
}

OrderParts PlantedInteractions::parts(const TraceChunk& chunk, std::uint64_t b) const {
  const OrderParts raw = raw_parts(chunk, b);
  return {first_.of(raw.first), pairs_.of(raw.pairs), triples_.of(raw.triples)};
}

double PlantedInteractions::logit_of(const OrderParts& scaled) const {
  return bias_ + options_.first * scaled.first + options_.pairs * scaled.pairs +
         options_.triples * scaled.triples;
}

double PlantedInteractions::logit(const TraceChunk& chunk, std::uint64_t b) const {
  return logit_of(parts(chunk, b));
}

}  // namespace recpim
