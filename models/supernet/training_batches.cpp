// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/training_batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/supernet/training_streams.h"

namespace recpim::supernet {
namespace {

void shuffle(std::vector<std::uint32_t>& values, Random random) {
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  }
}

std::vector<std::uint32_t> range(std::size_t n) {
  std::vector<std::uint32_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

}  // namespace

BatchOrder::BatchOrder(std::size_t samples, std::size_t batch, std::uint64_t seed)
    : samples_(samples),
      batch_(batch),
      blocks_((samples + kBlockSamples - 1) / kBlockSamples),
      seed_(seed) {
  for (std::size_t block = 0; block < blocks_; ++block) {
    steps_ += (block_size(block) + batch_ - 1) / batch_;
  }
}

std::size_t BatchOrder::block_size(std::size_t block) const {
  return std::min(kBlockSamples, samples_ - block * kBlockSamples);
}

BatchOrder::Place BatchOrder::place(std::uint64_t step) const {
  Place place;
  place.epoch = step / steps_;
  std::vector<std::uint32_t> blocks = range(blocks_);
  shuffle(blocks, random_of(seed_, Draw::kBlocks, place.epoch));
  std::uint64_t left = step % steps_;
  for (const std::uint32_t block : blocks) {
    const std::uint64_t here = (block_size(block) + batch_ - 1) / batch_;
    if (left < here) {
      place.block = block;
      place.first = static_cast<std::size_t>(left) * batch_;
      place.count = std::min(batch_, block_size(block) - place.first);
      break;
    }
    left -= here;
  }
  return place;
}

std::vector<std::uint32_t> BatchOrder::order(std::uint64_t epoch, std::size_t block) const {
  std::vector<std::uint32_t> positions = range(block_size(block));
  shuffle(positions, random_of(seed_, Draw::kSamples, epoch * blocks_ + block));
  return positions;
}

TrainingBatches::TrainingBatches(const TraceReader& trace, std::vector<std::uint64_t> samples,
                                 int batch, std::uint64_t seed)
    : trace_(trace),
      samples_(std::move(samples)),
      order_(samples_.size(), static_cast<std::size_t>(batch), seed) {
  batch_.chunk = &chunk_;
}

const Batch& TrainingBatches::take(std::uint64_t step) {
  const BatchOrder::Place place = order_.place(step);
  if (!read_ || place.epoch != epoch_ || place.block != block_) {
    const auto first =
        samples_.begin() + static_cast<std::ptrdiff_t>(place.block * BatchOrder::kBlockSamples);
    const auto size = static_cast<std::ptrdiff_t>(order_.block_size(place.block));
    if (!read_ || place.block != block_) trace_.gather({first, first + size}, chunk_);
    positions_ = order_.order(place.epoch, place.block);
    epoch_ = place.epoch;
    block_ = place.block;
    read_ = true;
  }
  const auto from = positions_.begin() + static_cast<std::ptrdiff_t>(place.first);
  batch_.samples.assign(from, from + static_cast<std::ptrdiff_t>(place.count));
  return batch_;
}

const Matrix& TrainingBatches::loss_gradient(const Matrix& logits) {
  gradient_.resize(logits.rows(), 1);
  loss_ = 0;
  for (Eigen::Index b = 0; b < logits.rows(); ++b) {
    const float logit = logits(b, 0);
    const float label = chunk_.labels[batch_.samples[static_cast<std::size_t>(b)]];
    const float p = 1.0F / (1.0F + std::exp(-logit));
    gradient_(b, 0) = (p - label) / static_cast<float>(logits.rows());
    // log(1 + e^x) - x y, which stays finite where p is 0 or 1.
    loss_ += std::max(logit, 0.0F) - logit * label + std::log1p(std::exp(-std::abs(logit)));
  }
  loss_ /= static_cast<double>(logits.rows());
  smooth_ = smooth_ > 0 ? 0.98 * smooth_ + 0.02 * loss_ : loss_;
  return gradient_;
}

}  // namespace recpim::supernet
