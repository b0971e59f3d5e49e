// SPDX-License-Identifier: Apache-2.0
// Threads, and memory that passes from graph to graph: neither changes a bit of any result.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "models/training/arena.h"
#include "models/training/optimiser.h"
#include "models/training/team.h"
#include "testbenches/unit/models/network_problems.h"

namespace recpim {
namespace {

using test::NetworkProblem;

TEST(Team, DoesEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 5}) {
    Team team(threads);
    for (std::size_t round = 0; round < 300; ++round) {
      const std::size_t tasks = round % 40;
      std::vector<int> done(tasks, 0);
      std::atomic<int> strange{0};
      team.run(tasks, [&](std::size_t task, int thread) {
        ++done[task];
        if (thread < 0 || thread >= threads) ++strange;
      });
      ASSERT_EQ(done, std::vector<int>(tasks, 1));
      ASSERT_EQ(strange.load(), 0);
    }
  }
  EXPECT_THROW(Team{0}, std::invalid_argument);
}

TEST(Team, PassesOnWhatATaskThrowsAndGoesOn) {
  Team team(3);
  std::atomic<int> done{0};
  const auto work = [&](std::size_t task, int) {
    if (task == 5) throw std::runtime_error("five");
    ++done;
  };
  EXPECT_THROW(team.run(50, work), std::runtime_error);
  EXPECT_LT(done.load(), 50);
  done = 0;
  team.run(5, work);
  EXPECT_EQ(done.load(), 5);
}

// As a search does: the process forks while its network has not run yet.
TEST(Team, StartsInAForkedProcessToo) {
  Team team(3);
  const auto sum = [&] {
    std::atomic<int> total{0};
    team.run(100, [&](std::size_t task, int) { total += static_cast<int>(task); });
    return total.load();
  };
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(sum() == 4950 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(sum(), 4950);
}

TEST(Arena, PiecesAreApartAndAligned) {
  Arena arena;
  for (int round = 0; round < 4; ++round) {
    std::vector<float*> pieces;
    for (std::size_t i = 0; i < 50; ++i) {
      pieces.push_back(arena.take(i * 37));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back()) % 64, 0U);
      std::fill(pieces.back(), pieces.back() + i * 37, static_cast<float>(i));
    }
    for (std::size_t i = 0; i < 50; ++i) {
      for (std::size_t k = 0; k < i * 37; ++k) ASSERT_EQ(pieces[i][k], static_cast<float>(i));
    }
    arena.reset();
  }
}

// Everything that comes out of a pass.
struct Outcome {
  std::vector<float> logits;
  std::vector<std::vector<float>> weights, biases;
  std::vector<std::vector<std::uint32_t>> rows;
};
bool operator==(const Outcome& a, const Outcome& b) {
  return a.logits == b.logits && a.weights == b.weights && a.biases == b.biases && a.rows == b.rows;
}

Outcome pass(Network& network, NetworkProblem& problem) {
  Outcome outcome;
  const Matrix logits = network.forward(problem.ready());
  network.backward(problem.batch, problem.logit_gradient(logits));
  outcome.logits.assign(logits.data(), logits.data() + logits.size());
  for (std::size_t p = 0; p < problem.model.operators.size(); ++p) {
    const Gradient& g = network.gradient(p);
    outcome.weights.emplace_back(g.weight.data(), g.weight.data() + g.weight.size());
    outcome.biases.emplace_back(g.bias.data(), g.bias.data() + g.bias.size());
    outcome.rows.push_back(g.rows);
  }
  return outcome;
}

// Large enough for every loop to be shared: products of several tiles, many blocks of samples.
Model large(const TraceInfo& info) {
  ModelBuilder b("large", {4, 4}, 1);
  std::vector<int> parts;
  for (std::size_t t = 0; t < info.tables.size(); ++t) {
    parts.push_back(
        b.embedding("emb" + std::to_string(t), static_cast<int>(t), info.tables[t].rows, 16));
  }
  const int dense = b.dense(static_cast<int>(info.dense));
  const int wide = b.fc("wide", dense, 320, true);
  parts.push_back(wide);
  const int rows = b.concat("rows", parts, static_cast<int>(info.tables.size()) + 20);
  const int efc = b.wide(b.fc_along("efc", rows, Axis::kRows, 40));
  const int norm = b.layer_norm("norm", efc, Axis::kRows, true);
  const int q = b.fc_along("q", norm, Axis::kWidth, 16);
  const int attention = b.attention("attention", q, norm, norm, 8);
  const int sum = b.wide(b.add("sum", {attention, norm}));
  const int last = b.layer_norm("last", sum, Axis::kWidth);
  const int pairs = b.wide(b.fc("pairs", b.dot("dot", last), 300));
  const int gate = b.sigmoid("gate", b.fc("gate_fc", wide, 300));
  const int gated = b.mul("gated", gate, b.layer_norm("pairs_norm", pairs, Axis::kWidth));
  const int all = b.concat("all", {gated, b.fm("fm", last), last, b.pad("pad", wide, 400)});
  return b.finish(b.sigmoid("out", b.fc("logit", b.fc("top", all, 200, true), 1)));
}

TEST(NetworkThreads, AnyNumberGivesTheSameBits) {
  const TraceInfo info = test::small_info(13, {30, 40, 50});
  NetworkProblem problem(large(info), info, 300, 7);
  for (const bool rounded : {false, true}) {
    for (const FloatIsa isa : {FloatIsa::kBaseline, best_float_isa()}) {
      Network one(problem.model, {1, rounded, isa});
      const Outcome expected = pass(one, problem);
      for (const int threads : {2, 3}) {
        Network several(problem.model, {threads, rounded, isa});
        for (int round = 0; round < 3; ++round) {
          EXPECT_TRUE(pass(several, problem) == expected)
              << threads << " threads, rounded " << rounded << ", round " << round;
        }
      }
    }
  }
}

TEST(NetworkThreads, StepsOfTheOptimiserTooAndARepeatedOneIsTheSame) {
  const TraceInfo info = test::small_info(13, {30, 40, 50});
  std::vector<Model> trained;
  for (const int threads : {1, 2, 3, 3}) {
    NetworkProblem problem(large(info), info, 100, 7);
    Optimiser optimiser(problem.model, {});
    Network network(problem.model, {threads, true});
    for (int step = 0; step < 4; ++step) {
      pass(network, problem);
      optimiser.step(network, 1.0);
    }
    trained.push_back(problem.model);
    trained.back().operators = optimiser.average().operators;
    for (std::size_t p = 0; p < problem.model.operators.size(); ++p) {
      EXPECT_EQ(trained.back().operators[p].weight, trained[0].operators[p].weight) << threads;
      EXPECT_EQ(trained.back().operators[p].bias, trained[0].operators[p].bias) << threads;
    }
  }
}

TEST(NetworkRebind, IsANewNetworkOfTheOtherModel) {
  std::vector<std::unique_ptr<NetworkProblem>> problems;
  const TraceInfo few = test::small_info(5, {7, 12});
  const TraceInfo more = test::small_info(13, {30, 40, 50});
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    problems.push_back(std::make_unique<NetworkProblem>(test::random_network(few, seed), few,
                                                        5 + 20 * seed, seed));
    problems.push_back(
        std::make_unique<NetworkProblem>(test::random_network(more, seed), more, 60 / seed, seed));
  }
  Network network(problems[0]->model, {2, true});
  for (int round = 0; round < 2; ++round) {
    for (const auto& problem : problems) {
      Network fresh(problem->model, {1, true});
      network.rebind(problem->model);
      EXPECT_TRUE(pass(network, *problem) == pass(fresh, *problem));
    }
  }
  const Model mlp = create_mlp({3, 2}, {8, 8}, 1);
  EXPECT_THROW(network.rebind(mlp), std::invalid_argument);
}

TEST(NetworkRepeated, BackwardTwiceGivesTheSame) {
  const TraceInfo info = test::small_info(5, {7, 12});
  NetworkProblem problem(test::random_network(info, 3), info, 9, 3);
  Network network(problem.model);
  const Outcome first = pass(network, problem);
  const Matrix logits = Eigen::Map<const Matrix>(first.logits.data(), 9, 1);
  network.backward(problem.batch, problem.logit_gradient(logits));
  for (std::size_t p = 0; p < problem.model.operators.size(); ++p) {
    const Gradient& g = network.gradient(p);
    EXPECT_EQ(std::vector<float>(g.weight.data(), g.weight.data() + g.weight.size()),
              first.weights[p]);
  }
}

}  // namespace
}  // namespace recpim
