// SPDX-License-Identifier: Apache-2.0
#include "traces/import/row_mapper.h"

#include <algorithm>
#include <stdexcept>

namespace recpim {

RowMapper RowMapper::hashed(std::uint64_t rows) {
  if (rows < 2 || rows > (std::uint64_t{1} << 32U)) {
    throw std::invalid_argument("RowMapper: needs 2 to 2^32 rows");
  }
  RowMapper mapper;
  mapper.rows_ = rows;
  return mapper;
}

RowMapper RowMapper::counted(std::uint64_t min_count, std::uint64_t cap) {
  RowMapper mapper = hashed(cap);
  mapper.policy_ = RowPolicy::kCounted;
  mapper.min_count_ = min_count;
  mapper.cap_ = cap;
  return mapper;
}

RowMapper RowMapper::identity() {
  RowMapper mapper;
  mapper.policy_ = RowPolicy::kIdentity;
  return mapper;
}

bool RowMapper::observe(std::uint64_t id) {
  if (policy_ == RowPolicy::kIdentity) {
    if (id > UINT32_MAX) return false;
    rows_ = std::max(rows_, id + 1);
  } else if (policy_ == RowPolicy::kCounted && id != kMissing) {
    if (++counts_[id] == 1) order_.push_back(id);
  }
  return true;
}

void RowMapper::finish() {
  if (policy_ != RowPolicy::kCounted) return;
  rows_ = 1;
  for (const std::uint64_t id : order_) {
    auto& entry = counts_[id];
    entry = entry >= min_count_ ? rows_++ : 0;
  }
  order_ = {};
  if (rows_ > cap_) {
    policy_ = RowPolicy::kHashed;
    rows_ = cap_;
    counts_ = {};
  }
}

std::uint32_t RowMapper::row_of_known(std::uint64_t id) const {
  if (policy_ == RowPolicy::kIdentity) return static_cast<std::uint32_t>(id);
  const auto known = counts_.find(id);
  return known == counts_.end() ? 0 : static_cast<std::uint32_t>(known->second);
}

}  // namespace recpim
