// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/clusters.h"

#include <algorithm>
#include <queue>

namespace recpim {
namespace {

class Clusterer {
 public:
  Clusterer(const TileProfile& profile, std::uint64_t most)
      : profile_(profile),
        most_(static_cast<std::size_t>(most)),
        taken_(profile.hot.size(), false),
        shared_(profile.hot.size(), 0),
        met_(profile.bag_ends.size(), 0) {
    // The bags of every row.
    first_bag_.assign(profile.hot.size() + 1, 0);
    for (const std::uint32_t row : profile.bag_rows) ++first_bag_[row + 1];
    for (std::size_t r = 1; r < first_bag_.size(); ++r) first_bag_[r] += first_bag_[r - 1];
    bags_.resize(profile.bag_rows.size());
    std::vector<std::uint64_t> next(first_bag_.begin(), first_bag_.end() - 1);
    std::uint64_t at = 0;
    for (std::size_t bag = 0; bag < profile.bag_ends.size(); ++bag) {
      for (; at < profile.bag_ends[bag]; ++at) {
        bags_[next[profile.bag_rows[at]]++] = static_cast<std::uint32_t>(bag);
      }
    }
  }

  std::vector<Cluster> run() {
    std::vector<Cluster> clusters;
    for (std::uint32_t seed = 0; seed < taken_.size(); ++seed) {
      if (!taken_[seed]) clusters.push_back(grow(seed));
    }
    return clusters;
  }

 private:
  struct Candidate {
    std::uint32_t shared, row;
    bool operator<(const Candidate& other) const {
      return shared != other.shared ? shared < other.shared : row > other.row;
    }
  };

  Cluster grow(std::uint32_t seed) {
    ++number_;
    queue_ = {};
    Cluster cluster;
    add(seed, cluster);
    while (cluster.rows.size() < most_ && !queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      // A row is in the queue once for every count it has had.
      if (!taken_[best.row] && shared_[best.row] == best.shared) add(best.row, cluster);
    }
    for (const std::uint32_t row : touched_) shared_[row] = 0;
    touched_.clear();
    return cluster;
  }

  void add(std::uint32_t row, Cluster& cluster) {
    taken_[row] = true;
    cluster.rows.push_back(row);
    // Lookups outside of bags of several hot rows are reads of its own.
    cluster.reads += profile_.hot[row].lookups - (first_bag_[row + 1] - first_bag_[row]);
    for (std::uint64_t b = first_bag_[row]; b < first_bag_[row + 1]; ++b) {
      const std::uint32_t bag = bags_[b];
      if (met_[bag] == number_) continue;
      met_[bag] = number_;
      ++cluster.reads;
      const std::uint64_t begin = bag == 0 ? 0 : profile_.bag_ends[bag - 1];
      for (std::uint64_t at = begin; at < profile_.bag_ends[bag]; ++at) {
        const std::uint32_t other = profile_.bag_rows[at];
        if (taken_[other]) continue;
        if (shared_[other]++ == 0) touched_.push_back(other);
        queue_.push({shared_[other], other});
      }
    }
  }

  const TileProfile& profile_;
  const std::size_t most_;
  std::vector<bool> taken_;
  std::vector<std::uint32_t> shared_;  ///< Bags that a row shares with the cluster.
  std::vector<std::uint32_t> met_;     ///< Number of the cluster that met the bag last.
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint64_t> first_bag_;
  std::vector<std::uint32_t> bags_;
  std::priority_queue<Candidate> queue_;
  std::uint32_t number_ = 0;
};

}  // namespace

std::vector<Cluster> cluster_rows(const TileProfile& profile, std::uint64_t most) {
  return Clusterer(profile, most).run();
}

}  // namespace recpim
