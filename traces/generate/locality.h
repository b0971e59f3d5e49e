// SPDX-License-Identifier: Apache-2.0
/// @file
/// Lookups that match a histogram of reuse: how often the rows of a table are looked up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/generate/permutation.h"

namespace recpim {

/// One block of a locality report of embedding-lookup traces (grammar in traces/README.md).
struct LocalityProfile {
  struct Bin {
    std::uint64_t low = 0, high = 0;  ///< Rows that are looked up low + 1 .. high times.
    double lookups = 0;               ///< Share of all lookups that go to them.
  };
  std::string block;      ///< Its title.
  std::vector<Bin> bins;  ///< From cold to hot; the shares sum to 1.
};

/// Reads the block with that title, or the first block where the title is empty. The open last bin
/// (more than x) is taken as (x, 2 x]. InputError with file and line.
LocalityProfile read_locality(const std::string& path, const std::string& block);

/// How many rows are looked up how often so that `lookups` lookups follow the profile: counts[i] is
/// the reuse of row i, hottest first, and they sum to `lookups`. Inside a bin, reuse n has a share
/// of the rows in proportion to 1/n. Lookups of a bin that do not fill a row of it go to the next
/// colder bin: a short trace has no row with a reuse above its share.
std::vector<std::uint64_t> reuse_counts(const LocalityProfile& profile, std::uint64_t lookups);

/// A sequence of lookups in which row i comes exactly counts[i] times, in random order.
class ReuseSequence {
 public:
  ReuseSequence(const LocalityProfile& profile, std::uint64_t lookups, std::uint64_t seed,
                std::uint64_t table);
  std::uint64_t unique_rows() const { return ends_.size(); }
  std::uint64_t row_at(std::uint64_t position) const;  ///< position < lookups.

 private:
  std::vector<std::uint64_t> ends_;  // Running sum of the counts.
  Permutation order_;
};

}  // namespace recpim
