// SPDX-License-Identifier: Apache-2.0
#include "search/algorithms/algorithm.h"

#include <stdexcept>

namespace recpim::search {

Proposal Algorithm::ask() {
  const int number = ++asked_;
  // A random sequence for each evaluation: what one draws never moves the next.
  Random random(seed_, static_cast<std::uint64_t>(number));
  Proposal proposal;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    proposal = propose(number, random);
    if (seen_.insert(proposal.genome).second) break;
  }
  return proposal;
}

void RandomSearch::tell(int /*number*/, const Genome& /*genome*/, double /*score*/) {}

Proposal RandomSearch::propose(int /*number*/, Random& random) {
  return {space().sample(random), kNone};
}

RegularisedEvolution::RegularisedEvolution(const Space& space, std::uint64_t seed, Genome start,
                                           EvolutionParameters parameters)
    : Algorithm(space, seed, std::move(start)), parameters_(parameters) {
  if (parameters.population < 1 || parameters.tournament < 1) {
    throw std::invalid_argument("evolution: population and tournament must be at least 1");
  }
}

void RegularisedEvolution::tell(int number, const Genome& genome, double score) {
  if (population_.size() < static_cast<std::size_t>(parameters_.population)) {
    population_.push_back({number, genome, score});
    return;
  }
  population_[next_] = {number, genome, score};
  next_ = (next_ + 1) % population_.size();
}

Json RegularisedEvolution::parameters() const {
  return {{"population", parameters_.population}, {"tournament", parameters_.tournament}};
}

Proposal RegularisedEvolution::propose(int number, Random& random) {
  if (number <= parameters_.population || population_.empty()) {
    if (number % 2 == 0) return {space().sample(random), kNone};
    Genome genome = start();
    const std::uint64_t mutations = 1 + random.below(kStartMutations);
    for (std::uint64_t m = 0; m < mutations; ++m) genome = space().mutate(genome, random);
    return {genome, 0};
  }
  const Individual* best = &population_[random.below(population_.size())];
  for (int i = 1; i < parameters_.tournament; ++i) {
    const Individual& drawn = population_[random.below(population_.size())];
    // On equal scores the younger one, so that the search drifts on a plateau.
    if (drawn.score < best->score || (drawn.score == best->score && drawn.number > best->number)) {
      best = &drawn;
    }
  }
  return {space().mutate(best->genome, random), best->number};
}

std::vector<std::string> algorithm_names() { return {"regularised-evolution", "random"}; }

std::unique_ptr<Algorithm> make_algorithm(const std::string& name, const Space& space,
                                          std::uint64_t seed, const Genome& start,
                                          const EvolutionParameters& parameters) {
  if (name == "random") return std::make_unique<RandomSearch>(space, seed, start);
  if (name == "regularised-evolution") {
    return std::make_unique<RegularisedEvolution>(space, seed, start, parameters);
  }
  throw std::invalid_argument("algorithm " + name + " is unknown");
}

}  // namespace recpim::search
