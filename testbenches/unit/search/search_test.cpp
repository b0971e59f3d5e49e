// SPDX-License-Identifier: Apache-2.0
#include "search/search.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "testbenches/unit/search/toy.h"
#include "traces/support/error.h"

namespace recpim::search {
namespace {

SearchOptions options(int evaluations, int jobs) {
  SearchOptions o;
  o.evaluations = evaluations;
  o.jobs = jobs;
  o.lag = 8;
  o.timeout_s = 60;
  o.seed = 11;
  o.objective.weights = {1, 1, 1, 0};
  return o;
}

// Sleeps for a time that depends on the point, so that workers finish out of order.
Outcome slow(const Values& values) {
  const auto pause = 500 * (1 + (values[0] * 3 + values[1] * 5) % 7);
  std::this_thread::sleep_for(std::chrono::microseconds(pause));
  return toy_outcome(values);
}

std::vector<Evaluation> run(const std::string& folder, const Evaluator& evaluate,
                            const SearchOptions& o, bool resume, const Space& space) {
  const Genome start(space.genes().size(), 0);
  const auto algorithm = make_algorithm("regularised-evolution", space, o.seed, start, {12, 4});
  Store store(folder, {{"seed", o.seed}}, "", resume);
  return run_search(space, start, evaluate, *algorithm, store, o);
}

// Everything of the store but the wall time, one line a row.
std::string content(const std::string& folder, std::uint64_t seed) {
  const Store store(folder, {{"seed", seed}}, "", true);
  std::string text;
  for (const Evaluation& e : store.evaluations()) {
    text += Json({e.number, e.parent, e.same_as, e.genome, state_name(e.outcome.state),
                  e.outcome.reason, e.outcome.objectives, e.outcome.details})
                .dump() +
            "\n";
  }
  return text;
}

TEST(Search, JobsChangeNothing) {
  const TemporaryFolder folder;
  const Space space = toy_space(6, 5);
  run(folder / "one", slow, options(100, 1), false, space);
  run(folder / "two", slow, options(100, 2), false, space);
  run(folder / "eight", slow, options(100, 8), false, space);
  const std::string one = content(folder / "one", 11);
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 101);
  EXPECT_EQ(content(folder / "two", 11), one);
  EXPECT_EQ(content(folder / "eight", 11), one);
}

TEST(Search, AReferenceThatHasWrongInputEndsTheSearch) {
  const TemporaryFolder folder;
  const Space space = toy_space(6, 5);
  const auto broken = [](const Values& values) -> Outcome {
    // Candidates are known before the reference.
    const bool reference = std::all_of(values.begin(), values.end(), [](int v) { return v == 0; });
    if (reference) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    throw InputError("t.h5: row 7: too large");
  };
  EXPECT_THROW(run(folder / "a", broken, options(20, 2), false, space), InputError);
  EXPECT_EQ(content(folder / "a", 11), "");
}

TEST(Search, TheSeedMatters) {
  const TemporaryFolder folder;
  const Space space = toy_space(6, 5);
  auto o = options(20, 1);
  run(folder / "a", toy_outcome, o, false, space);
  o.seed = 12;
  run(folder / "b", toy_outcome, o, false, space);
  EXPECT_NE(content(folder / "a", 11), content(folder / "b", 12));
}

// Runs the search in a process of its own and kills it after `after`; true if it died of that.
bool killed(const std::string& folder, std::chrono::microseconds after, const Space& space) {
  const pid_t child = fork();
  if (child == 0) {
    run(folder, slow, options(100, 2), true, space);
    _exit(0);
  }
  std::this_thread::sleep_for(after);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

TEST(Search, KilledAndResumedEndsAsUninterrupted) {
  const TemporaryFolder folder;
  const Space space = toy_space(6, 5);
  run(folder / "whole", slow, options(100, 2), false, space);
  const std::string whole = content(folder / "whole", 11);
  // Killed again and again, at moments spread from before the store is there to the end.
  int kills = 0;
  for (int i = 0; i < 12; ++i) {
    kills += killed(folder / "cut", std::chrono::microseconds(700 + 4300 * i), space) ? 1 : 0;
  }
  EXPECT_GT(kills, 4);
  run(folder / "cut", slow, options(100, 2), true, space);
  EXPECT_EQ(content(folder / "cut", 11), whole);
}

TEST(Search, ResumeOfAFinishedSearchEvaluatesNothing) {
  const TemporaryFolder folder;
  const Space space = toy_space(6, 5);
  const auto first = run(folder / "run", toy_outcome, options(40, 2), false, space);
  const Evaluator never = [](const Values&) -> Outcome { throw std::runtime_error("evaluated"); };
  const auto second = run(folder / "run", never, options(40, 2), true, space);
  ASSERT_EQ(second.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(second[i].genome, first[i].genome);
    EXPECT_EQ(second[i].outcome.objectives, first[i].outcome.objectives);
    EXPECT_EQ(second[i].outcome.details.dump(), first[i].outcome.details.dump());
  }
}

TEST(Search, WhatGoesWrongInAWorkerIsAReason) {
  const TemporaryFolder folder;
  const Space space = toy_space(2, 6);
  const Evaluator evaluate = [](const Values& values) {
    Outcome outcome = toy_outcome(values);
    if (values[0] == 1) throw std::runtime_error("no good");
    if (values[0] == 2) raise(SIGKILL);
    if (values[0] == 3) {
      outcome.state = State::kInfeasible;
      outcome.reason = "too large";
    }
    if (values[0] == 4) outcome.objectives[1] = std::numeric_limits<double>::quiet_NaN();
    while (values[0] == 5 && values[1] == 5) pause();
    return outcome;
  };
  auto o = options(36, 2);
  o.timeout_s = 0.5;
  const auto rows = run(folder / "run", evaluate, o, false, space);
  std::set<std::string> reasons;
  for (const Evaluation& row : rows) {
    const int first = space.values(space.decode(row.genome))[0];
    const auto state = first == 3                               ? State::kInfeasible
                       : first == 1 || first == 2 || first == 4 ? State::kFailed
                                                                : State::kDone;
    if (row.outcome.reason != "timed out after 0.5 s") {
      EXPECT_EQ(row.outcome.state, state);
    }
    reasons.insert(row.outcome.reason);
  }
  const Counts counts = count(rows);
  EXPECT_GT(counts.done, 0);
  EXPECT_EQ(counts.done + counts.infeasible + counts.failed, 36);
  for (const char* reason : {"", "no good", "worker killed by signal 9 (Killed)", "too large",
                             "latency_ns is null, not a number above 0", "timed out after 0.5 s"}) {
    EXPECT_EQ(reasons.count(reason), 1U) << reason;
  }
}

TEST(Search, EqualGenomesAreScoredOnce) {
  const TemporaryFolder folder;
  const Space space = toy_space(1, 3);
  const std::string log = folder / "log";
  const Evaluator evaluate = [&](const Values& values) {
    FILE* file = fopen(log.c_str(), "a");
    fputs("x", file);
    fclose(file);
    return toy_outcome(values);
  };
  const auto rows = run(folder / "run", evaluate, options(20, 2), false, space);
  EXPECT_EQ(std::filesystem::file_size(log), 3U);  // The reference is one of the three points.
  std::map<std::string, Objectives> known;
  for (const Evaluation& row : rows) {
    const auto seen = known.emplace(row.genome, row.outcome.objectives);
    EXPECT_EQ(row.same_as == kNone, seen.second);
    EXPECT_EQ(seen.first->second, row.outcome.objectives);
  }
  EXPECT_EQ(count(rows).repeated, 18);
}

TEST(Search, AStoreOfAnotherProgramIsNotGoneOnWith) {
  const TemporaryFolder folder;
  const Space space = toy_space(4, 4);
  run(folder / "run", toy_outcome, options(10, 1), false, space);
  // The same configuration, other proposals: as if the algorithm had changed since.
  const auto algorithm = make_algorithm("random", space, 99, Genome(4, 0), {});
  Store store(folder / "run", {{"seed", 11}}, "", true);
  EXPECT_THROW(run_search(space, Genome(4, 0), toy_outcome, *algorithm, store, options(10, 1)),
               CheckError);
}

}  // namespace
}  // namespace recpim::search
