// SPDX-License-Identifier: Apache-2.0
/// @file
/// The search: proposes with an algorithm, scores in forked workers, keeps every result in a store.
/// What is scored is a parameter, so a toy function tests all of it but the simulator.
///
/// Same seed and configuration, same store: whatever the number of workers, the order in which they
/// finish, and however often the search was killed and resumed. README.md says how.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "search/algorithms/algorithm.h"
#include "search/score/measurement.h"
#include "search/space/space.h"
#include "search/store/store.h"

namespace recpim::search {

/// Scores one point; runs in a worker of its own. It may throw or crash: that is a failed outcome.
/// It must depend on nothing but the values.
using Evaluator = std::function<Outcome(const Values&)>;

struct SearchOptions {
  int evaluations = 1;  ///< Candidates, the reference not counted.
  int jobs = 1;         ///< Workers at a time. Changes no result.
  /// Evaluation i is proposed with exactly the results up to i - lag known; so at most lag workers
  /// can be busy. Part of the configuration: another lag is another search. On a toy space of 39
  /// genes a lag of 16 needs twice the evaluations of a lag of 4, one of 4 no more than one of 1.
  int lag = 4;
  double timeout_s = 600;  ///< Of one evaluation; then it has failed.
  std::uint64_t seed = 1;
  ScalarObjective objective;
  bool progress = false;
};

/// Runs, or goes on with, the search in `store`; returns all evaluations by number, 0 (the
/// reference, which the algorithm starts from) first. CheckError where the store's genomes are not
/// those that this program proposes (it was made by another revision).
std::vector<Evaluation> run_search(const Space& space, const Genome& reference,
                                   const Evaluator& evaluate, Algorithm& algorithm, Store& store,
                                   const SearchOptions& options);

/// The evaluations that no other one dominates (state done, reference not counted), the best scalar
/// first; of several with equal objectives the first evaluated.
std::vector<Evaluation> pareto_front(const std::vector<Evaluation>& evaluations,
                                     const ScalarObjective& objective);

/// How many of each state, the reference not counted.
struct Counts {
  int done = 0, infeasible = 0, failed = 0, repeated = 0;
};
Counts count(const std::vector<Evaluation>& evaluations);

}  // namespace recpim::search
