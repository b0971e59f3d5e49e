// SPDX-License-Identifier: Apache-2.0
/// @file
/// Ask/tell search algorithms over a Space. They see genomes and scores, nothing of how a score is
/// made, so a toy function tests them.
///
/// Evaluations are numbered 1, 2, 3, ... in the order of ask(); tell() must come in that order too,
/// with the starting point as number 0 before them.
/// What ask() returns depends on the seed, its number and what has been told before it. A caller
/// that always asks number i with exactly the numbers up to i - lag told gets the same sequence
/// however many workers there are and in whatever order they finish (search/README.md).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "search/space/space.h"

namespace recpim::search {

constexpr int kNone = -1;  ///< No evaluation.

struct Proposal {
  Genome genome;
  int parent = kNone;  ///< Evaluation that it was bred from; kNone where it was drawn at random.
};

class Algorithm {
 public:
  /// `start`: a point known to be sensible, which is evaluated anyway; ask() never returns it.
  Algorithm(const Space& space, std::uint64_t seed, Genome start)
      : space_(space), seed_(seed), start_(std::move(start)), seen_{start_} {}
  virtual ~Algorithm() = default;
  Algorithm(const Algorithm&) = delete;
  Algorithm& operator=(const Algorithm&) = delete;

  /// The next genome. One that was asked before comes again only where kTries attempts found no
  /// new one (a small space).
  Proposal ask();
  /// The score of evaluation `number`, less is better; infinity where it could not be scored. No
  /// two calls with the same number.
  virtual void tell(int number, const Genome& genome, double score) = 0;

  virtual std::string name() const = 0;
  virtual Json parameters() const = 0;  ///< For the resolved configuration.

  static constexpr int kTries = 64;

 protected:
  virtual Proposal propose(int number, Random& random) = 0;
  const Space& space() const { return space_; }
  const Genome& start() const { return start_; }

 private:
  const Space& space_;
  std::uint64_t seed_;
  Genome start_;
  int asked_ = 0;
  std::set<Genome> seen_;
};

/// Uniform draws: the baseline that every other algorithm must beat.
class RandomSearch : public Algorithm {
 public:
  using Algorithm::Algorithm;
  void tell(int number, const Genome& genome, double score) override;
  std::string name() const override { return "random"; }
  Json parameters() const override { return Json::object(); }

 protected:
  Proposal propose(int number, Random& random) override;
};

struct EvolutionParameters {
  int population = 32;  ///< Individuals alive (Real et al.: 100).
  int tournament = 16;  ///< Drawn with replacement; the best of them is the parent (Real: 25).
};

/// Regularised evolution (Real et al., "Regularized evolution for image classifier architecture
/// search", AAAI 2019, algorithm 1): after a first population, each child is one mutation of the
/// winner of a tournament; a child enters the population as it is told and the oldest dies, however
/// good it is. Unlike there, every other one of the first population is the start after 1 to
/// kStartMutations mutations, the others are random: far from the start nearly every design is
/// poor in some way, and a run of some hundred evaluations would spend itself on leaving that.
class RegularisedEvolution : public Algorithm {
 public:
  /// std::invalid_argument where population or tournament is below 1.
  RegularisedEvolution(const Space& space, std::uint64_t seed, Genome start,
                       EvolutionParameters parameters);
  void tell(int number, const Genome& genome, double score) override;
  std::string name() const override { return "regularised-evolution"; }
  Json parameters() const override;

  static constexpr int kStartMutations = 8;

 protected:
  Proposal propose(int number, Random& random) override;

 private:
  struct Individual {
    int number;
    Genome genome;
    double score;
  };
  EvolutionParameters parameters_;
  std::vector<Individual> population_;  // A ring: the oldest is at next_ once it is full.
  std::size_t next_ = 0;
};

/// The names that make_algorithm accepts, for option checking.
std::vector<std::string> algorithm_names();
/// std::invalid_argument for an unknown name.
std::unique_ptr<Algorithm> make_algorithm(const std::string& name, const Space& space,
                                          std::uint64_t seed, const Genome& start,
                                          const EvolutionParameters& parameters);

}  // namespace recpim::search
