// SPDX-License-Identifier: Apache-2.0
/// @file
/// Memory for what lives until the next step: taken piece by piece, given back all at once.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace recpim {

/// After some steps of like size nothing is allocated any more.
class Arena {
 public:
  /// `count` floats, not initialised, aligned to 64 bytes; valid until reset().
  float* take(std::size_t count) {
    count = (count + kLine - 1) / kLine * kLine;
    if (blocks_.empty() || used_ + count > capacity_) grow(count);
    float* piece = blocks_.back().get() + used_;
    used_ += count;
    return piece;
  }
  /// Takes everything back. What did not fit in one block will from now on.
  void reset() {
    if (blocks_.size() > 1) {
      blocks_.clear();
      capacity_ = 0;
      grow(total_);
    }
    used_ = 0;
  }

 private:
  static constexpr std::size_t kLine = 16;
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(float* block) const { ::operator delete[](block, kAlignment); }
  };

  void grow(std::size_t count) {
    // The whole so far once more: the number of blocks stays small.
    const std::size_t size = blocks_.empty() ? count : (count > total_ ? count : total_);
    blocks_.emplace_back(static_cast<float*>(::operator new[](size * sizeof(float), kAlignment)));
    total_ = blocks_.size() == 1 ? size : total_ + size;
    capacity_ = size;
    used_ = 0;
  }

  std::vector<std::unique_ptr<float[], Free>> blocks_;
  std::size_t capacity_ = 0, used_ = 0;  // Of the last block.
  std::size_t total_ = 0;                // Of all blocks.
};

}  // namespace recpim
