// SPDX-License-Identifier: Apache-2.0
/// @file
/// From the identifiers of a data set to the rows of one embedding table.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "traces/import/record.h"

namespace recpim {

class RowMapper {
 public:
  /// (id mod (rows - 1)) + 1; a missing identifier has row 0. rows >= 2.
  static RowMapper hashed(std::uint64_t rows);
  /// Row 0 for missing identifiers and those seen fewer than min_count times, a row each for the
  /// others by first appearance; hashed to `cap` rows where that would be more than `cap`.
  static RowMapper counted(std::uint64_t min_count, std::uint64_t cap);
  /// The identifier is the row.
  static RowMapper identity();

  bool needs_pass() const { return policy_ != RowPolicy::kHashed; }
  /// First pass: every identifier, then finish(). False for one that no row can have.
  bool observe(std::uint64_t id);
  void finish();

  std::uint64_t rows() const { return rows_; }
  std::uint32_t row(std::uint64_t id) const {
    if (policy_ == RowPolicy::kHashed) {
      return id == kMissing ? 0 : static_cast<std::uint32_t>(id % (rows_ - 1) + 1);
    }
    return row_of_known(id);
  }

 private:
  std::uint32_t row_of_known(std::uint64_t id) const;

  RowPolicy policy_ = RowPolicy::kHashed;
  std::uint64_t rows_ = 1, min_count_ = 1, cap_ = 2;
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;  // After finish(): the row.
  std::vector<std::uint64_t> order_;                         // Identifiers by first appearance.
};

}  // namespace recpim
