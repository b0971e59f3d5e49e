// SPDX-License-Identifier: Apache-2.0
#include "search/score/measurement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "search/search.h"
#include "traces/support/error.h"

namespace recpim::search {
namespace {

Evaluation evaluation(int number, Objectives objectives, State state = State::kDone) {
  Evaluation e;
  e.number = number;
  e.outcome.state = state;
  e.outcome.objectives = objectives;
  return e;
}

TEST(Objective, WeighsRatios) {
  const auto objective = ScalarObjective::parse("logloss=2,energy=0.5");
  EXPECT_EQ(objective.weights, (Objectives{2, 0, 0.5, 0}));
  // (3 / 1)^2 * (4 / 16)^0.5 = 9 / 2
  const auto reference = evaluation(0, {1, 1, 16, 1}).outcome;
  EXPECT_NEAR(std::exp(objective.log_score(evaluation(1, {3, 5, 4, 5}).outcome, reference)), 4.5,
              1e-12);
  EXPECT_EQ(objective.log_score(reference, reference), 0);
  EXPECT_EQ(objective.formula(), "max(logloss / reference, 1)^2 * (energy_pj / reference)^0.5");
}

TEST(Objective, ALuckyLogLossIsNoGain) {
  const auto objective = ScalarObjective::parse("logloss=100,area=1");
  const auto reference = evaluation(0, {0.5, 1, 1, 8}).outcome;
  const auto score = [&](double logloss) {
    return std::exp(objective.log_score(evaluation(1, {logloss, 1, 1, 4}).outcome, reference));
  };
  EXPECT_NEAR(score(0.4), 0.5, 1e-12);
  EXPECT_NEAR(score(0.5), 0.5, 1e-12);
  EXPECT_NEAR(score(0.505), 0.5 * std::pow(1.01, 100), 1e-9);
}

TEST(Objective, WhatIsNotDoneIsInfinitelyBad) {
  const ScalarObjective objective;
  const auto reference = evaluation(0, {1, 1, 1, 1}).outcome;
  EXPECT_EQ(objective.log_score(evaluation(3, {}, State::kInfeasible).outcome, reference),
            std::numeric_limits<double>::infinity());
  // Without a reference the objectives stand for themselves, the log loss below 1 as well.
  const auto none = evaluation(0, {}, State::kFailed).outcome;
  EXPECT_LT(objective.log_score(evaluation(1, {0.4, 1, 1, 1}).outcome, none),
            objective.log_score(evaluation(2, {0.5, 1, 1, 1}).outcome, none));
}

TEST(Objective, RejectsWhatIsNone) {
  for (const char* text :
       {"", "logloss", "logloss=", "logloss=x", "logloss=-1", "speed=1", "logloss=1,logloss=1",
        "logloss=0", "logloss=1,", "logloss=nan", "logloss=inf", "logloss=1e9", "=1", ","}) {
    EXPECT_THROW(ScalarObjective::parse(text), InputError) << text;
  }
}

TEST(Dominates, NowhereWorseAndSomewhereBetter) {
  EXPECT_TRUE(dominates({1, 2, 3, 4}, {1, 2, 3, 5}));
  EXPECT_FALSE(dominates({1, 2, 3, 4}, {1, 2, 3, 4}));
  EXPECT_FALSE(dominates({1, 2, 3, 5}, {2, 2, 3, 4}));
}

TEST(Front, KeepsWhatNothingDominates) {
  const std::vector<Evaluation> all{
      evaluation(0, {0.1, 1, 1, 1}),                      // The reference never counts.
      evaluation(1, {0.5, 9, 9, 9}),                      // Best log loss.
      evaluation(2, {0.6, 3, 3, 3}),                      // Dominates 3.
      evaluation(3, {0.6, 3, 4, 3}),                      //
      evaluation(4, {0.6, 3, 3, 3}),                      // Equal to 2.
      evaluation(5, {0.1, 1, 1, 1}, State::kInfeasible),  //
      evaluation(6, {0.7, 1, 3, 3}),                      // Best latency.
  };
  ScalarObjective objective;
  objective.weights = {0, 1, 0, 0};
  std::vector<int> numbers;
  for (const auto& e : pareto_front(all, objective)) numbers.push_back(e.number);
  EXPECT_EQ(numbers, (std::vector<int>{6, 2, 1}));
  const Counts counts = count(all);
  EXPECT_EQ(counts.done, 5);
  EXPECT_EQ(counts.infeasible, 1);
}

}  // namespace
}  // namespace recpim::search
