// SPDX-License-Identifier: Apache-2.0
/// @file
/// Groups rows that are looked up together, so that one read of an array sums several of a bag.
#pragma once

#include <cstdint>
#include <vector>

#include "models/mapping/lookup_profile.h"

namespace recpim {

/// Rows that go to one array.
struct Cluster {
  std::vector<std::uint32_t> rows;  ///< Positions in TileProfile::hot, all of one table.
  std::uint64_t reads = 0;          ///< Of that array in the profile: bags that have one of them.
};

/// A greedy partition of the hot rows into clusters of at most `most` rows. A cluster starts with
/// the hottest row that has none yet; then the row is added that shares most bags with it (a row
/// added to a cluster saves a read in every bag that the cluster is in already), ties the hotter
/// one, until it is full or no row shares a bag with it. Time: a step for every row of every bag
/// that a cluster meets first, at most lookups x bag size; memory: 8 bytes a lookup.
std::vector<Cluster> cluster_rows(const TileProfile& profile, std::uint64_t most);

}  // namespace recpim
