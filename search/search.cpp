// SPDX-License-Identifier: Apache-2.0
#include "search/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "search/score/worker_pool.h"
#include "traces/support/error.h"
#include "traces/support/progress.h"

namespace recpim::search {
namespace {

std::string to_payload(const Outcome& outcome) {
  Json json;
  json["state"] = state_name(outcome.state);
  json["reason"] = outcome.reason;
  json["objectives"] = outcome.objectives;
  json["details"] = outcome.details;
  return json.dump();
}

Outcome failed(std::string reason) {
  Outcome outcome;
  outcome.reason = std::move(reason);
  return outcome;
}

Outcome from_payload(const std::string& payload) {
  Outcome outcome;
  const Json json = Json::parse(payload);
  outcome.state = state_of(json.at("state").get<std::string>());
  outcome.reason = json.at("reason").get<std::string>();
  if (outcome.state != State::kDone) return outcome;
  for (std::size_t i = 0; i < kObjectives; ++i) {
    // JSON has no infinity and no NaN: both arrive as null.
    const Json& value = json.at("objectives").at(i);
    if (!value.is_number() || value.get<double>() <= 0) {
      return failed(std::string(kObjectiveNames[i]) + " is " + value.dump() +
                    ", not a number above 0");
    }
    outcome.objectives[i] = value.get<double>();
  }
  // As the store keeps them, so that an outcome is the same whether it was just made or read.
  for (const char* name : kDetailNames) {
    const Json value = json.at("details").value(name, Json());
    if (value.is_number()) outcome.details[name] = value.get<double>();
  }
  return outcome;
}

Outcome outcome_of(const WorkerPool::Finished& finished) {
  Outcome outcome = finished.ok ? from_payload(finished.payload) : failed(finished.reason);
  outcome.wall_s = finished.wall_s;
  return outcome;
}

class Run {
 public:
  Run(const Space& space, const Evaluator& evaluate, Algorithm& algorithm, Store& store,
      const SearchOptions& options)
      : space_(space),
        evaluate_(evaluate),
        algorithm_(algorithm),
        store_(store),
        options_(options),
        pool_(options.jobs, options.timeout_s),
        rows_(static_cast<std::size_t>(options.evaluations) + 1),
        genomes_(rows_.size()),
        known_(rows_.size(), false) {
    for (Evaluation& row : store.evaluations()) {
      if (row.number < 0 || row.number > options.evaluations) {
        throw CheckError(store.folder() + ": evaluation " + std::to_string(row.number) +
                         " is none of this search");
      }
      stored_.emplace(row.number, std::move(row));
    }
  }

  std::vector<Evaluation> run(const Genome& reference) {
    Progress progress("search", rows_.size());
    genomes_[0] = reference;
    propose(0, space_.values(reference), kNone);
    fill();
    save();
    while (!pool_.idle()) {
      const WorkerPool::Finished finished = pool_.wait();
      // What the reference can not be simulated on, no candidate can.
      if (finished.number == 0 && finished.input_is_wrong) throw InputError(finished.reason);
      at(finished.number).outcome = outcome_of(finished);
      settle(finished.number);
      unsaved_.push_back(finished.number);
      copy(finished.number);
      fill();  // Workers first, the disk after: neither waits for the other.
      save();
      if (options_.progress) progress.update(finished_, note());
    }
    return std::move(rows_);  // Nothing runs and nothing more can be asked: all is known.
  }

 private:
  // Keeps the workers busy with whatever may be asked now.
  void fill() {
    tell();
    while (!pool_.full() && asked_ < options_.evaluations && told_ >= asked_ + 1 - options_.lag) {
      const Proposal proposal = algorithm_.ask();
      ++asked_;
      genomes_[static_cast<std::size_t>(asked_)] = proposal.genome;
      propose(asked_, space_.values(proposal.genome), proposal.parent);
      tell();
    }
  }

  // Evaluation `number` has a point: take its outcome from the store, from an equal one, or start a
  // worker.
  void propose(int number, const Values& values, int parent) {
    Evaluation& row = at(number);
    row.number = number;
    row.parent = parent;
    row.genome = space_.encode(values);
    const auto first = first_.emplace(row.genome, number);
    if (!first.second) row.same_as = first.first->second;
    const auto stored = stored_.find(number);
    if (stored != stored_.end()) {
      check_stored(stored->second, row);
      row.outcome = stored->second.outcome;
      settle(number);
      return;
    }
    if (row.same_as != kNone) {
      copies_[row.same_as].push_back(number);
      if (known_[static_cast<std::size_t>(row.same_as)]) copy(row.same_as);
      return;
    }
    pool_.start(number, [this, values] { return to_payload(evaluate_(values)); });
  }

  void check_stored(const Evaluation& stored, const Evaluation& row) const {
    if (stored.genome == row.genome && stored.parent == row.parent &&
        stored.same_as == row.same_as) {
      return;
    }
    throw CheckError(store_.folder() + ": evaluation " + std::to_string(row.number) + " is " +
                     stored.genome + " in the store, but " + row.genome +
                     " by this revision of the program");
  }

  void save() {
    // The reference first: where it turns out that the input is wrong, nothing has been written.
    if (!known_[0]) return;
    for (const int number : unsaved_) store_.add(at(number), options_.seed);
    unsaved_.clear();
  }

  void copy(int original) {
    for (const int number : copies_[original]) {
      at(number).outcome = at(original).outcome;
      at(number).outcome.wall_s = 0;
      settle(number);
      unsaved_.push_back(number);
    }
    copies_.erase(original);
  }

  void settle(int number) {
    known_[static_cast<std::size_t>(number)] = true;
    ++finished_;
    if (number != 0 && known_[0]) best_ = std::min(best_, score(number));
  }

  // In the order of asking, and never further than the next question may know: what ask() returns
  // must not depend on how fast the workers are.
  void tell() {
    while (told_ < asked_ && told_ < asked_ + 1 - options_.lag &&
           known_[static_cast<std::size_t>(told_) + 1]) {
      ++told_;
      algorithm_.tell(told_, genomes_[static_cast<std::size_t>(told_)], score(told_));
    }
  }

  // Needs the reference: told first, so known to whatever is told.
  double score(int number) {
    return options_.objective.log_score(at(number).outcome, rows_[0].outcome);
  }

  std::string note() const {
    if (!std::isfinite(best_)) return "";
    return "best " + Json(std::exp(best_)).dump().substr(0, 7);
  }

  Evaluation& at(int number) { return rows_[static_cast<std::size_t>(number)]; }

  const Space& space_;
  const Evaluator& evaluate_;
  Algorithm& algorithm_;
  Store& store_;
  const SearchOptions& options_;
  WorkerPool pool_;
  std::vector<Evaluation> rows_;
  std::vector<Genome> genomes_;
  std::vector<bool> known_;
  std::map<int, Evaluation> stored_;
  std::map<std::string, int> first_;        // Genome -> the first evaluation of it.
  std::map<int, std::vector<int>> copies_;  // Evaluation -> those that wait for its outcome.
  std::vector<int> unsaved_;
  int asked_ = 0, told_ = -1;
  std::uint64_t finished_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace

std::vector<Evaluation> run_search(const Space& space, const Genome& reference,
                                   const Evaluator& evaluate, Algorithm& algorithm, Store& store,
                                   const SearchOptions& options) {
  if (options.evaluations < 1 || options.lag < 1) {
    throw std::invalid_argument("search: evaluations and lag must be at least 1");
  }
  return Run(space, evaluate, algorithm, store, options).run(reference);
}

std::vector<Evaluation> pareto_front(const std::vector<Evaluation>& evaluations,
                                     const ScalarObjective& objective) {
  std::vector<Evaluation> front;
  const auto scored = [](const Evaluation& e) {
    return e.number != 0 && e.outcome.state == State::kDone;
  };
  for (const Evaluation& candidate : evaluations) {
    if (!scored(candidate)) continue;
    const Objectives& mine = candidate.outcome.objectives;
    const bool beaten =
        std::any_of(evaluations.begin(), evaluations.end(), [&](const Evaluation& other) {
          const Objectives& theirs = other.outcome.objectives;
          return scored(other) &&
                 (dominates(theirs, mine) || (theirs == mine && other.number < candidate.number));
        });
    if (!beaten) front.push_back(candidate);
  }
  const auto score = [&](const Evaluation& e) {
    return objective.log_score(e.outcome, evaluations.front().outcome);
  };
  std::stable_sort(front.begin(), front.end(),
                   [&](const Evaluation& a, const Evaluation& b) { return score(a) < score(b); });
  return front;
}

Counts count(const std::vector<Evaluation>& evaluations) {
  Counts counts;
  for (const Evaluation& evaluation : evaluations) {
    if (evaluation.number == 0) continue;
    const State state = evaluation.outcome.state;
    ++(state == State::kDone         ? counts.done
       : state == State::kInfeasible ? counts.infeasible
                                     : counts.failed);
    if (evaluation.same_as != kNone) ++counts.repeated;
  }
  return counts;
}

}  // namespace recpim::search
