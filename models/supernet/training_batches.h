// SPDX-License-Identifier: Apache-2.0
/// @file
/// The samples of each step of a training, and the gradient of their loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/training/network.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

/// Which samples of a list a step sees: blocks of consecutive samples in random order, shuffled in
/// themselves, cut into batches; every sample once an epoch. A function of seed and step alone.
class BatchOrder {
 public:
  /// What is held in memory at a time; a list of any length streams through.
  static constexpr std::size_t kBlockSamples = 65536;
  BatchOrder(std::size_t samples, std::size_t batch, std::uint64_t seed);

  std::uint64_t steps_an_epoch() const { return steps_; }
  struct Place {
    std::uint64_t epoch = 0;
    std::size_t block = 0;  ///< Samples block * kBlockSamples ... of the list.
    std::size_t first = 0;  ///< Position in the order of the block.
    std::size_t count = 0;  ///< Samples of this step: the last step of a block may have less.
  };
  Place place(std::uint64_t step) const;
  std::size_t block_size(std::size_t block) const;
  /// Positions in a block, in the order of an epoch.
  std::vector<std::uint32_t> order(std::uint64_t epoch, std::size_t block) const;

 private:
  std::size_t samples_, batch_, blocks_;
  std::uint64_t seed_, steps_ = 0;
};

/// Reads them from a trace with labels.
class TrainingBatches {
 public:
  TrainingBatches(const TraceReader& trace, std::vector<std::uint64_t> samples, int batch,
                  std::uint64_t seed);

  std::uint64_t steps_an_epoch() const { return order_.steps_an_epoch(); }
  /// Valid until the next take().
  const Batch& take(std::uint64_t step);
  /// d loss / d logit of the mean log loss of the batch; valid until the next call.
  const Matrix& loss_gradient(const Matrix& logits);
  double loss() const { return loss_; }  ///< The mean log loss that loss_gradient() saw last.
  double smooth_loss() const { return smooth_; }  ///< Over about the last 50 of them.

 private:
  const TraceReader& trace_;
  const std::vector<std::uint64_t> samples_;
  const BatchOrder order_;
  // The block that is in memory.
  bool read_ = false;
  std::uint64_t epoch_ = 0;
  std::size_t block_ = 0;
  TraceChunk chunk_;
  std::vector<std::uint32_t> positions_;
  Batch batch_;
  Matrix gradient_;
  double loss_ = 0, smooth_ = 0;
};

}  // namespace recpim::supernet
