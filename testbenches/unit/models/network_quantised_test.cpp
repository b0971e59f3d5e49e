// SPDX-License-Identifier: Apache-2.0
// Rounding during training: its scales, what is rounded and how, and that its gradients are those
// of the same function with the rounding errors held fast.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "models/training/fake_quantise.h"
#include "models/training/passes.h"
#include "testbenches/unit/models/network_problems.h"

namespace recpim {
namespace {

using test::DoubleReference;
using test::Doubles;
using test::NetworkProblem;

// E (x - step * round(x / step))^2 over levels least ... most for a normal x, by cells: the
// integral of (x - level)^2 is known between the points where rounding turns.
double normal_error(double step, int least, int most, bool half) {
  const auto density = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * M_PI); };
  const auto below = [](double x) { return 0.5 * (1 + std::erf(x / std::sqrt(2.0))); };
  double error = 0;
  for (int level = least; level <= most; ++level) {
    const double a = std::max(level == least ? -40 : (level - 0.5) * step, half ? 0.0 : -40.0);
    const double b = level == most ? 40 : (level + 0.5) * step;
    const double mass = below(b) - below(a);
    const double mean = density(a) - density(b);
    const double square = mass + a * density(a) - b * density(b);
    error += square - 2 * level * step * mean + level * step * level * step * mass;
  }
  return error;
}

TEST(FakeQuantise, StepsHaveTheLeastErrorOnNormalValues) {
  const auto expect_best = [](float step, int least, int most, bool half) {
    const double at = normal_error(double{step}, least, most, half);
    for (double other = 0.02; other < 2; other += 0.0005) {
      EXPECT_GT(normal_error(other, least, most, half), at - 1e-8) << other;
    }
  };
  expect_best(kStepOf3, -1, 1, false);
  expect_best(kStepOf15, -7, 7, false);
  expect_best(kStepOf16, -8, 7, false);
  expect_best(kStepOfHalf16, 0, 15, true);
  EXPECT_NEAR(normal_error(double{kStepOf3}, -1, 1, false), 0.1902, 5e-5);  // Max, table I.
}

TEST(FakeQuantise, ScalesOfWeightsAndOutputs) {
  // Four values: squares 4 in all, so a deviation of 1; the largest 1.9; three above 0.
  const Moments moments{4, 1.9F, 3};
  const auto expect = [](const Rounding& r, double step, double least, double most) {
    EXPECT_NEAR(r.step, step, 1e-6);
    EXPECT_EQ(r.least, least);
    EXPECT_EQ(r.most, most);
  };
  expect(weight_rounding(2, moments, 4), 1.2240, -1, 1);
  expect(weight_rounding(4, moments, 4), 0.3534, -7, 7);
  expect(weight_rounding(8, moments, 4), 1.9 / 127, -127, 127);
  expect(output_rounding(4, true, moments, 4), 0.3386, -8, 7);
  expect(output_rounding(4, false, moments, 4), 0.1932 * std::sqrt(4.0 / 3), 0, 15);
  expect(output_rounding(8, true, moments, 4), 1.9 / 127, -128, 127);
  expect(output_rounding(8, false, moments, 4), 1.9 / 255, 0, 255);
}

// A random graph with random bits, and one pass over it.
struct Rounded {
  explicit Rounded(std::uint64_t seed, FloatIsa isa = FloatIsa::kBaseline)
      : problem(random_bits(test::random_network(tables(), seed), seed), tables(), 9, seed),
        tape(problem.model, {1, true, isa}),
        gradients(problem.model.operators.size()) {
    forward_pass(tape, problem.ready());
    const Matrix logits = Eigen::Map<const Matrix>(tape.nodes[tape.logit].value, 9, 1);
    backward_pass(tape, problem.batch, problem.logit_gradient(logits), gradients);
  }

  static const TraceInfo& tables() {
    static const TraceInfo info = test::small_info(5, {7, 12});
    return info;
  }
  static Model random_bits(Model model, std::uint64_t seed) {
    Random random(seed, 3);
    for (Operator& op : model.operators) {
      if (op.activation_bits <= 8 && !is_wiring(op.kind)) {
        op.activation_bits = random.below(2) == 0 ? 4 : 8;
      }
      op.weight_bits = 2 << random.below(3);
    }
    return model;
  }

  const Operator& op(std::size_t p) const { return problem.model.operators[p]; }

  NetworkProblem problem;
  Tape tape;
  std::vector<Gradient> gradients;
};

double rms(const Doubles& x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  return std::sqrt(squares / static_cast<double>(x.size()));
}

double largest(const Doubles& x) {
  double most = 0;
  for (const double v : x) most = std::max(most, std::abs(v));
  return most;
}

// `rounded` has the multiples of `step` that are nearest to `x` within the levels. A value half-way
// to a float's accuracy may go either way.
void expect_rounded(const float* rounded, const Doubles& x, double step, int least, int most) {
  if (step == 0) {  // A ReLU that lets nothing through.
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(rounded[i], 0);
    return;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double level = std::min(std::max(x[i] / step, double(least)), double(most));
    ASSERT_NEAR(rounded[i] / step, std::round(rounded[i] / step), 1e-3);
    ASSERT_LE(std::abs(rounded[i] / step - level), 0.5 + 1e-3);
  }
}

class FakeQuantised : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FakeQuantised, OutputsLieOnTheLevelsOfTheirFormat) {
  const Rounded r(GetParam());
  for (std::size_t p = 0; p < r.tape.nodes.size(); ++p) {
    const Node& node = r.tape.nodes[p];
    const Operator& op = r.op(p);
    SCOPED_TRACE(op.name);
    if (is_wiring(op.kind) || op.activation_bits == 16) {
      EXPECT_EQ(node.value, node.before);
      continue;
    }
    const auto count = static_cast<std::size_t>(9 * node.elements);
    const Doubles x(node.before, node.before + count);
    const bool four = op.activation_bits == 4;
    if (op.relu) {
      Doubles positive;
      std::copy_if(x.begin(), x.end(), std::back_inserter(positive),
                   [](double v) { return v > 0; });
      expect_rounded(node.value, x, four ? 0.1932 * rms(positive) : largest(x) / 255, 0,
                     four ? 15 : 255);
    } else {
      expect_rounded(node.value, x, four ? 0.3386 * rms(x) : largest(x) / 127, four ? -8 : -128,
                     four ? 7 : 127);
    }
  }
}

// The step of weights that lie on it, as the test has it; and |w| beyond which they are clipped.
double weight_step(const Doubles& w, int bits) {
  return bits == 2 ? 1.2240 * rms(w) : bits == 4 ? 0.3534 * rms(w) : largest(w) / 127;
}

TEST_P(FakeQuantised, WeightsAreRoundedByChannelAndByTable) {
  const Rounded r(GetParam());
  for (std::size_t p = 0; p < r.tape.nodes.size(); ++p) {
    const Node& node = r.tape.nodes[p];
    const Operator& op = r.op(p);
    const int most = (1 << (op.weight_bits - 1)) - 1;
    SCOPED_TRACE(op.name);
    if (op.kind == OpKind::kFc) {
      const auto inputs = static_cast<std::size_t>(node.fc.inputs);
      for (std::size_t o = 0; o < static_cast<std::size_t>(node.fc.outputs); ++o) {
        const auto row = op.weight.begin() + static_cast<std::ptrdiff_t>(o * inputs);
        const Doubles w(row, row + node.fc.inputs);
        expect_rounded(node.weight + o * inputs, w, weight_step(w, op.weight_bits), -most, most);
      }
    } else if (op.kind == OpKind::kEmbedding) {
      Doubles w;
      for (const std::uint32_t row : r.tape.lookups[node.lookups].rows) {
        const auto from = op.weight.begin() + std::ptrdiff_t{row} * op.width;
        w.insert(w.end(), from, from + op.width);
      }
      expect_rounded(node.weight, w, weight_step(w, op.weight_bits), -most, most);
    }
  }
}

// The reference with the rounded weights, and with what rounding did to the outputs held fast.
void freeze(const Rounded& r, DoubleReference& reference) {
  const std::size_t count = r.problem.model.operators.size();
  reference.frozen.shift.resize(count);
  reference.frozen.held.resize(count);
  reference.frozen.value.resize(count);
  for (std::size_t p = 0; p < r.tape.nodes.size(); ++p) {
    const Node& node = r.tape.nodes[p];
    Doubles& w = reference.weight[p];
    if (node.op->kind == OpKind::kFc) std::copy(node.weight, node.weight + w.size(), w.begin());
    if (node.op->kind == OpKind::kEmbedding) {
      const auto width = static_cast<std::size_t>(node.op->width);
      const float* from = node.weight;
      for (const std::uint32_t row : r.tape.lookups[node.lookups].rows) {
        std::copy(from, from + width, w.begin() + static_cast<std::ptrdiff_t>(row * width));
        from += width;
      }
    }
    if (node.value == node.before) continue;
    const auto values = static_cast<std::size_t>(9 * node.elements);
    for (std::size_t i = 0; i < values; ++i) {
      const double before = double{node.before[i]};
      reference.frozen.value[p].push_back(double{node.value[i]});
      reference.frozen.shift[p].push_back(double{node.value[i]} - before);
      // Clipped: further out than half a step from the last level, here from the value itself.
      reference.frozen.held[p].push_back(before <= double{node.low} || before >= double{node.high});
    }
  }
}

// Whether a weight was clipped: by itself, not by what the network keeps.
bool is_clipped(const Rounded& r, std::size_t p, std::size_t i) {
  const Operator& op = r.op(p);
  if (!has_weights(op.kind) || op.weight_bits == 8) return false;
  Doubles w;
  if (op.kind == OpKind::kFc) {
    const auto inputs = static_cast<std::size_t>(r.tape.nodes[p].fc.inputs);
    const auto row = op.weight.begin() + static_cast<std::ptrdiff_t>(i / inputs * inputs);
    w.assign(row, row + r.tape.nodes[p].fc.inputs);
  } else {
    for (const std::uint32_t row : r.tape.lookups[r.tape.nodes[p].lookups].rows) {
      const auto from = op.weight.begin() + std::ptrdiff_t{row} * op.width;
      w.insert(w.end(), from, from + op.width);
    }
  }
  const double most = (1 << (op.weight_bits - 1)) - 1;
  return std::abs(double{op.weight[i]}) > (most + 0.5) * weight_step(w, op.weight_bits);
}

struct Counts {
  int passed = 0, clipped = 0, skipped = 0;
};

void check_weight(const Rounded& r, DoubleReference& reference, std::size_t p, bool bias,
                  std::size_t i, double scale, Counts& counts) {
  const double found = test::gradient_at(r.gradients[p], r.op(p), bias, i);
  if (!bias && is_clipped(r, p, i)) {
    EXPECT_EQ(found, 0) << r.op(p).name << " clipped weight " << i;
    ++counts.clipped;
    return;
  }
  std::vector<bool> above;
  std::vector<bool> below;
  double& value = bias ? reference.bias[p][i] : reference.weight[p][i];
  const double at = value;
  value = at + 1e-5;
  const double more = r.problem.loss(reference, above);
  value = at - 1e-5;
  const double less = r.problem.loss(reference, below);
  value = at;
  if (above != below) {
    ++counts.skipped;
    return;
  }
  ++counts.passed;
  EXPECT_NEAR(found, (more - less) / 2e-5, 1e-4 * scale + 1e-8)
      << r.op(p).name << (bias ? " bias " : " weight ") << i;
}

TEST_P(FakeQuantised, GradientsAreThoseOfTheFunctionWithItsRoundingErrorsHeld) {
  const Rounded r(GetParam());
  DoubleReference reference(r.problem.model);
  freeze(r, reference);
  std::vector<bool> active;
  for (std::size_t b = 0; b < 9; ++b) {  // The same function, at the point itself.
    const double logit = reference.logit(r.problem.chunk, r.problem.batch.samples[b], b, active);
    EXPECT_NEAR(double{r.tape.nodes[r.tape.logit].value[b]}, logit, 2e-5 * (1 + std::abs(logit)));
  }
  Counts counts;
  for (std::size_t p = 0; p < r.tape.nodes.size(); ++p) {
    for (const bool bias : {false, true}) {
      if (bias && !r.op(p).biased) continue;
      const std::size_t size = (bias ? r.op(p).bias : r.op(p).weight).size();
      double scale = 0;
      for (std::size_t i = 0; i < size; ++i) {
        scale = std::max(scale, std::abs(test::gradient_at(r.gradients[p], r.op(p), bias, i)));
      }
      for (std::size_t i = size > 5 ? size % 5 : 0; i < size; i += 5) {
        check_weight(r, reference, p, bias, i, scale, counts);
      }
    }
  }
  EXPECT_GT(counts.passed, 30);
  EXPECT_GT(counts.clipped, 0);
  EXPECT_LE(counts.skipped, counts.passed / 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FakeQuantised, testing::Range(std::uint64_t{1}, std::uint64_t{9}));

// Clips of outputs by hand: 15 values of 1 and one of 100 have a deviation of about 25; the level 7
// of 4 bits is at 7 * 0.3386 * 25 = 59.3, and clips what is half a step further out.
TEST(FakeQuantise, AClippedOutputHasNoGradient) {
  ModelBuilder b("clip", {8, 4}, 1);
  const int one = b.fc("one", b.dense(1), 1);
  const int square = b.mul("square", one, one);
  Model model = b.finish(b.sigmoid("out", b.fc("logit", square, 1)));
  model.operators[0].activation_bits = 16;  // As they come.
  model.operators[1].activation_bits = 16;
  model.operators[1].weight = {1};
  model.operators[3].weight = {1};
  TraceChunk chunk;
  chunk.count = 16;
  Batch batch;
  batch.chunk = &chunk;
  for (std::uint32_t i = 0; i < 16; ++i) {
    chunk.dense.push_back(i == 5 ? 10.0F : 1.0F);
    batch.samples.push_back(i);
  }
  Network network(model, {1, true});
  const Matrix logits = network.forward(batch);
  const double step = 0.3386 * std::sqrt((15 + 1e4) / 16);
  EXPECT_NEAR(logits(5, 0), 7 * step, 1e-3);
  EXPECT_NEAR(logits(0, 0), 0, 1e-6);  // 1 is below half a step.
  Matrix gradient = Matrix::Zero(16, 1);
  gradient(5, 0) = 1;
  network.backward(batch, gradient);
  EXPECT_EQ(network.gradient(1).weight(0, 0), 0);
  gradient(5, 0) = 0;
  gradient(4, 0) = 1;  // d w^2 / d w = 2, as if 1 had not become 0.
  network.backward(batch, gradient);
  EXPECT_NEAR(network.gradient(1).weight(0, 0), 2, 1e-5);
}

}  // namespace
}  // namespace recpim
