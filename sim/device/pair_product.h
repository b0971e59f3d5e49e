// SPDX-License-Identifier: Apache-2.0
/// @file
/// A product of two small integer matrices: what several vectors of a sample and lossless crossbars
/// come to. Products of neighbouring terms are added in pairs, as processors offer it.
#pragma once

#include <cstdint>
#include <vector>

namespace recpim {

/// The right-hand matrix, as the product takes it: terms in pairs, columns in whole blocks.
class PairedMatrix {
 public:
  PairedMatrix() = default;
  PairedMatrix(int terms, int columns);
  void set(int term, int column, std::int16_t value) {
    values_[place(term) + 2 * static_cast<std::size_t>(column)] = value;
  }
  /// Columns 0 ... columns - 1 of one term.
  void set_row(int term, const std::int32_t* values);
  int pairs() const { return pairs_; }
  int columns() const { return columns_; }
  int padded_columns() const { return padded_; }
  const std::int16_t* pair(int p) const {
    return values_.data() + std::size_t{2} * static_cast<std::size_t>(p * padded_);
  }

 private:
  std::size_t place(int term) const {
    return 2 * static_cast<std::size_t>(term / 2 * padded_) + static_cast<std::size_t>(term & 1);
  }
  int pairs_ = 0, columns_ = 0, padded_ = 0;
  std::vector<std::int16_t> values_;
};

/// out[m * columns + n] = sum over the terms of a[m * stride + term] * b(term, n), modulo 2^32, for
/// m = 0 ... rows - 1. `stride` is even and at least the terms; a term that the matrix does not
/// have is 0 in it.
/// The same on every processor.
void multiply_pairs(const std::int16_t* a, std::ptrdiff_t stride, int rows, const PairedMatrix& b,
                    std::int32_t* out);

}  // namespace recpim
