// SPDX-License-Identifier: Apache-2.0
// Forward and backward pass of every kind of operator: against the float reference and against
// central differences of a loss in double, alone and in random graphs, on every instruction set.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "models/ops/float_reference.h"
#include "testbenches/unit/models/network_problems.h"

namespace recpim {
namespace {

using test::DoubleReference;
using test::gradient_at;
using test::NetworkProblem;

std::vector<FloatIsa> isas() {
  std::vector<FloatIsa> all;
  for (const FloatIsa isa : {FloatIsa::kBaseline, FloatIsa::kV3, FloatIsa::kV4}) {
    if (is_supported(isa)) all.push_back(isa);
  }
  return all;
}

NetworkOptions on(FloatIsa isa) {
  NetworkOptions options;
  options.isa = isa;
  return options;
}

// Sums of at most a few hundred terms in another order: some units of 2^-24 of the terms, which are
// of order one, through ten or so operators.
void expect_forward(NetworkProblem& problem) {
  const Batch& batch = problem.ready();
  FloatReference reference(problem.model);
  const auto logit = static_cast<std::size_t>(problem.model.output().inputs[0]);
  for (const FloatIsa isa : isas()) {
    Network network(problem.model, on(isa));
    const Matrix& logits = network.forward(batch);
    ASSERT_EQ(logits.rows(), static_cast<Eigen::Index>(batch.samples.size()));
    for (std::size_t b = 0; b < batch.samples.size(); ++b) {
      const float expected = reference.evaluate(problem.chunk, batch.samples[b])[logit][0];
      ASSERT_NEAR(logits(static_cast<Eigen::Index>(b), 0), expected,
                  2e-5 * (1 + std::abs(expected)))
          << "sample " << b;
    }
  }
}

// Every weight and bias (or every `stride`-th) of a network after backward(). In double a step of h
// errs by h^2 and 1e-16 / h; the gradient itself carries the float errors of forward and backward,
// which grow with the largest gradient of the operator: `relative` times that is tolerated. A ReLU
// that switches within the step would give a false difference: such weights are left out.
class GradientCheck {
 public:
  GradientCheck(NetworkProblem& problem, std::size_t stride, double relative)
      : problem_(problem), stride_(stride), relative_(relative) {}

  void run() {
    const Batch& batch = problem_.ready();
    for (const FloatIsa isa : isas()) {
      networks_.push_back(std::make_unique<Network>(problem_.model, on(isa)));
      Network& network = *networks_.back();
      network.backward(batch, problem_.logit_gradient(network.forward(batch)));
    }
    for (std::size_t p = 0; p < problem_.model.operators.size(); ++p) {
      check(p, false, reference_.weight[p]);
      if (problem_.model.operators[p].biased) {
        check(p, true, reference_.bias[p]);
      } else {
        EXPECT_EQ(networks_[0]->gradient(p).bias.size(), 0) << problem_.model.operators[p].name;
      }
    }
  }

  int checked = 0, skipped = 0;

 private:
  void check(std::size_t p, bool bias, test::Doubles& values) {
    const auto gradient = [&](std::size_t isa, std::size_t i) {
      return gradient_at(networks_[isa]->gradient(p), problem_.model.operators[p], bias, i);
    };
    double largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest, std::abs(gradient(0, i)));
    }
    std::size_t i = values.size() > stride_ ? values.size() % stride_ : 0;
    for (; i < values.size(); i += stride_) {
      double difference = 0;
      if (!central_difference(values[i], difference)) {
        ++skipped;
        continue;
      }
      ++checked;
      for (std::size_t isa = 0; isa < networks_.size(); ++isa) {
        EXPECT_NEAR(gradient(isa, i), difference, relative_ * largest + 1e-8)
            << problem_.model.operators[p].name << (bias ? " bias " : " weight ") << i
            << ", instruction set " << isa;
      }
    }
  }

  // Whether every ReLU is the same on both sides.
  bool central_difference(double& value, double& difference) {
    constexpr double kStep = 1e-5;
    const double at = value;
    value = at + kStep;
    const double more = problem_.loss(reference_, above_);
    value = at - kStep;
    const double less = problem_.loss(reference_, below_);
    value = at;
    difference = (more - less) / (2 * kStep);
    return above_ == below_;
  }

  NetworkProblem& problem_;
  const std::size_t stride_;
  const double relative_;
  std::vector<std::unique_ptr<Network>> networks_;
  DoubleReference reference_{problem_.model};
  std::vector<bool> above_, below_;
};

// A small graph around one kind: `add` puts it on a matrix of 5 x 6 (three tables and two rows made
// of dense features) or on a vector.
struct Kind {
  const char* name;
  int (*add)(ModelBuilder& b, int matrix, int vector);
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

const TraceInfo& info() {
  static const TraceInfo three = test::small_info(7, {9, 6, 11});
  return three;
}

Model model_of(const Kind& kind) {
  ModelBuilder b("kind", {8, 8}, 3);
  std::vector<int> parts;
  for (int t = 0; t < 3; ++t) {
    parts.push_back(b.embedding("emb" + std::to_string(t), t,
                                info().tables[static_cast<std::size_t>(t)].rows, 6));
  }
  const int dense = b.dense(7);
  const int vector = b.fc("vector", dense, 12);
  parts.push_back(vector);
  const int matrix = b.concat("matrix", parts, 5);
  const int last = kind.add(b, matrix, vector);
  const int all = b.concat("all", {last, vector});
  return b.finish(b.sigmoid("out", b.fc("logit", all, 1)));
}

const Kind kKinds[] = {
    {"fc", [](ModelBuilder& b, int m, int) { return b.fc("fc", m, 19); }},
    {"fc_relu", [](ModelBuilder& b, int m, int) { return b.fc("fc", m, 33, true); }},
    {"fc_unbiased",
     [](ModelBuilder& b, int m, int) {
       const int fc = b.fc("fc", m, 5);
       b.at(fc).biased = false;
       return fc;
     }},
    {"fc_of_one", [](ModelBuilder& b, int m, int) { return b.fc("fc", m, 1); }},
    {"fc_of_dense_alone",
     [](ModelBuilder& b, int, int) { return b.fc("fc", b.concat("copy", {3}), 4, true); }},
    {"fc_along_width",
     [](ModelBuilder& b, int m, int) { return b.fc_along("fc", m, Axis::kWidth, 17); }},
    {"fc_along_rows",
     [](ModelBuilder& b, int m, int) { return b.fc_along("fc", m, Axis::kRows, 9); }},
    {"fc_along_rows_relu_unbiased",
     [](ModelBuilder& b, int m, int) {
       const int fc = b.fc_along("fc", m, Axis::kRows, 3);
       b.at(fc).relu = true;
       b.at(fc).biased = false;
       return fc;
     }},
    {"layer_norm_width",
     [](ModelBuilder& b, int m, int) {
       const int fc = b.wide(b.fc_along("fc", m, Axis::kWidth, 13));
       return b.layer_norm("norm", fc, Axis::kWidth);
     }},
    {"layer_norm_width_relu",
     [](ModelBuilder& b, int m, int) {
       return b.layer_norm("norm", b.wide(b.fc("fc", m, 37)), Axis::kWidth, true);
     }},
    {"layer_norm_rows",
     [](ModelBuilder& b, int m, int) {
       const int fc = b.wide(b.fc_along("fc", m, Axis::kRows, 7));
       return b.layer_norm("norm", fc, Axis::kRows, true);
     }},
    {"add",
     [](ModelBuilder& b, int m, int) {
       return b.add("add", {m, b.fc_along("fc", m, Axis::kWidth, 6), m});
     }},
    {"mul", [](ModelBuilder& b, int, int v) { return b.mul("mul", v, b.fc("fc", v, 12)); }},
    {"square", [](ModelBuilder& b, int m, int) { return b.mul("mul", m, m); }},
    {"gate", [](ModelBuilder& b, int m,
                int v) { return b.mul("mul", b.sigmoid("gate", b.fc("fc", m, 12)), v); }},
    {"fm", [](ModelBuilder& b, int m, int) { return b.fm("fm", m); }},
    {"dot", [](ModelBuilder& b, int m, int) { return b.dot("dot", m); }},
    {"dot_of_many", [](ModelBuilder& b, int m,
                       int) { return b.dot("dot", b.fc_along("fc", m, Axis::kRows, 20)); }},
    {"attention_of_itself",
     [](ModelBuilder& b, int m, int) { return b.attention("attention", m, m, m, 3); }},
    {"attention_of_one_head",
     [](ModelBuilder& b, int m, int) {
       return b.attention("attention", b.fc_along("q", m, Axis::kWidth, 6), m,
                          b.fc_along("v", m, Axis::kRows, 5), 1);
     }},
    {"attention_of_many_rows",
     [](ModelBuilder& b, int m, int) {
       const int x = b.fc_along("x", m, Axis::kRows, 19);
       return b.attention("attention", x, b.fc_along("k", m, Axis::kRows, 19), x, 6);
     }},
    {"pad", [](ModelBuilder& b, int, int v) { return b.fc("fc", b.pad("pad", v, 20), 3); }},
    {"concat_twice",
     [](ModelBuilder& b, int m, int) {
       return b.concat("twice", {m, m, m}, 15);
     }},
};

class NetworkKind : public testing::TestWithParam<Kind> {};

TEST_P(NetworkKind, ForwardEqualsTheFloatReference) {
  NetworkProblem problem(model_of(GetParam()), info(), 21, 4);
  expect_forward(problem);
}

TEST_P(NetworkKind, GradientsEqualCentralDifferences) {
  NetworkProblem problem(model_of(GetParam()), info(), 21, 5);
  GradientCheck check(problem, 1, 2e-5);
  check.run();
  EXPECT_GT(check.checked, 80);
  EXPECT_LE(check.skipped, check.checked / 50);
}

INSTANTIATE_TEST_SUITE_P(All, NetworkKind, testing::ValuesIn(kKinds),
                         [](const auto& tested) { return std::string(tested.param.name); });

class NetworkRandom : public testing::TestWithParam<std::uint64_t> {};

TEST_P(NetworkRandom, ForwardAndGradientsOfAllKindsTogether) {
  const TraceInfo tables = test::small_info(5, {7, 12});
  NetworkProblem problem(test::random_network(tables, GetParam()), tables, 9, GetParam());
  expect_forward(problem);
  GradientCheck check(problem, 5, 1e-4);
  check.run();
  EXPECT_GT(check.checked, 30);
  EXPECT_LE(check.skipped, check.checked / 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NetworkRandom, testing::Range(std::uint64_t{1}, std::uint64_t{13}));

}  // namespace
}  // namespace recpim
