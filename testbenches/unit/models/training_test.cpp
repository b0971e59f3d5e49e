// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/ops/float_reference.h"
#include "models/training/network.h"
#include "models/training/optimiser.h"
#include "models/training/split.h"
#include "models/training/train.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

TEST(Split, PartsAreDisjointExhaustiveAndSeeded) {
  const SplitSamples parts = split_samples({3, 105});
  EXPECT_EQ(parts.validation.size(), 10U);
  EXPECT_EQ(parts.test.size(), 10U);
  EXPECT_EQ(parts.train.size(), 85U);
  std::vector<std::uint64_t> all = parts.train;
  all.insert(all.end(), parts.validation.begin(), parts.validation.end());
  all.insert(all.end(), parts.test.begin(), parts.test.end());
  std::sort(all.begin(), all.end());
  std::vector<std::uint64_t> numbers(105);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  EXPECT_EQ(all, numbers);
  EXPECT_EQ(split_samples({3, 105}).test, parts.test);
  EXPECT_NE(split_samples({4, 105}).test, parts.test);
}

// A model and a chunk whose gradients are of order one.
struct Problem {
  TraceInfo info = test::small_info(4, {6, 9});
  TraceChunk chunk = test::random_chunk(info, 12, 3, 5);
  Model model = create_dlrm(info, {4, {5, 4}, {6, 1}}, {8, 8}, 2);
  Batch batch;

  Problem() {
    Random random(8);
    for (Operator& op : model.operators) {
      for (float& b : op.bias) b = static_cast<float>(0.3 * random.normal());
      if (op.kind != OpKind::kEmbedding) continue;
      for (float& w : op.weight) w = static_cast<float>(0.5 * random.normal());
    }
    batch.chunk = &chunk;
    batch.samples = {0, 1, 2, 3, 5, 7, 11};
  }

  // The mean log loss of the batch, in double from the logits on.
  double loss() const {
    Network network(model);
    const Matrix& logits = network.forward(batch);
    double sum = 0;
    for (Eigen::Index b = 0; b < logits.rows(); ++b) {
      const double z = logits(b, 0);
      const double label = chunk.labels[batch.samples[static_cast<std::size_t>(b)]];
      sum += std::log1p(std::exp(z)) - label * z;
    }
    return sum / static_cast<double>(logits.rows());
  }

  Matrix logit_gradient(const Matrix& logits) const {
    Matrix g(logits.rows(), 1);
    for (Eigen::Index b = 0; b < logits.rows(); ++b) {
      const float label = chunk.labels[batch.samples[static_cast<std::size_t>(b)]];
      g(b, 0) = (1 / (1 + std::exp(-logits(b, 0))) - label) / static_cast<float>(logits.rows());
    }
    return g;
  }

  double central_difference(float& weight) const {
    constexpr float kStep = 2e-3F;
    const float at = weight;
    weight = at + kStep;
    const double above = loss();
    weight = at - kStep;
    const double below = loss();
    weight = at;
    return (above - below) / (2.0 * kStep);
  }
};

TEST(Network, ForwardEqualsTheFloatReference) {
  Problem p;
  Network network(p.model);
  const Matrix logits = network.forward(p.batch);
  FloatReference reference(p.model);
  const auto logit = static_cast<std::size_t>(p.model.find("top1"));
  for (std::size_t b = 0; b < p.batch.samples.size(); ++b) {
    EXPECT_NEAR(logits(static_cast<Eigen::Index>(b), 0),
                reference.evaluate(p.chunk, p.batch.samples[b])[logit][0], 1e-5);
  }
}

TEST(Network, GradientsEqualCentralDifferences) {
  Problem p;
  Network network(p.model);
  const Matrix logits = network.forward(p.batch);
  network.backward(p.batch, p.logit_gradient(logits));
  // Float losses of order 1 differ by 1e-7: 5e-5 after division by the step. A ReLU that switches
  // inside the step would show as far more.
  constexpr double kTolerance = 3e-4;
  int checked = 0;
  for (std::size_t o = 0; o < p.model.operators.size(); ++o) {
    Operator& op = p.model.operators[o];
    if (op.kind == OpKind::kFc) {
      for (std::size_t i = 0; i < op.weight.size(); ++i, ++checked) {
        EXPECT_NEAR(network.gradient(o).weight.data()[i], p.central_difference(op.weight[i]),
                    kTolerance)
            << op.name << " weight " << i;
      }
      for (std::size_t i = 0; i < op.bias.size(); ++i, ++checked) {
        EXPECT_NEAR(network.gradient(o).bias.data()[i], p.central_difference(op.bias[i]),
                    kTolerance)
            << op.name << " bias " << i;
      }
    } else if (op.kind == OpKind::kEmbedding) {
      const auto width = static_cast<std::size_t>(op.width);
      const auto& rows = network.gradient(o).rows;
      for (std::size_t i = 0; i < op.weight.size(); ++i, ++checked) {
        const auto found =
            std::find(rows.begin(), rows.end(), static_cast<std::uint32_t>(i / width));
        const double g =
            found == rows.end()
                ? 0.0
                : network.gradient(o).weight(found - rows.begin(), static_cast<long>(i % width));
        EXPECT_NEAR(g, p.central_difference(op.weight[i]), kTolerance) << op.name << " " << i;
      }
    }
  }
  EXPECT_EQ(checked, (4 * 5 + 5) + (5 * 4 + 4) + (6 + 9) * 4 + ((4 + 3) * 6 + 6) + (6 + 1));
}

TEST(Network, RefusesAModelWithoutALoss) {
  const Model mlp = create_mlp({3, 2}, {8, 8}, 1);
  EXPECT_THROW(Network{mlp}, std::invalid_argument);
}

TEST(Optimiser, FirstStepsByHand) {
  Problem p;
  const Model before = p.model;
  AdagradOptions options;
  options.rate = 0.1;
  options.initial = 0.04;
  options.table_rate = 0.2;
  options.table_initial = 0.01;
  options.table_decay = 0.5;
  options.average = 0.9;
  Optimiser optimiser(p.model, options);
  Network network(p.model);
  network.backward(p.batch, p.logit_gradient(network.forward(p.batch)));
  optimiser.step(network, 0.5);
  const auto fc = static_cast<std::size_t>(p.model.find("top0"));
  const float g = network.gradient(fc).weight(2, 3);
  const float w = before.operators[fc].weight[2 * 7 + 3];
  const float moved = w - 0.05F * g / std::sqrt(0.04F + g * g);
  EXPECT_NEAR(p.model.operators[fc].weight[2 * 7 + 3], moved, 1e-6);
  // After the first step the average keeps 2 / 11.
  EXPECT_NEAR(optimiser.average().operators[fc].weight[2 * 7 + 3], w * 2 / 11 + moved * 9 / 11,
              1e-6);

  const auto table = static_cast<std::size_t>(p.model.find("emb0"));
  const std::uint32_t row = network.gradient(table).rows[1];
  const auto at = [&](const Model& m, std::size_t i) {
    return m.operators[table].weight[row * 4 + i];
  };
  float squares = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const float gi = network.gradient(table).weight(1, static_cast<long>(i)) + 0.5F * at(before, i);
    squares += gi * gi;
  }
  const float gi = network.gradient(table).weight(1, 2) + 0.5F * at(before, 2);
  EXPECT_NEAR(at(p.model, 2), at(before, 2) - 0.1F * gi / std::sqrt(0.01F + squares / 4), 1e-6);
}

TEST(Optimiser, LazyAverageOfRowsEqualsTheEagerOne) {
  Problem p;
  AdagradOptions options;
  options.average = 0.8;
  options.table_rate = 0.3;
  Optimiser optimiser(p.model, options);
  Network network(p.model);
  const auto table = static_cast<std::size_t>(p.model.find("emb1"));
  std::vector<float> eager = p.model.operators[table].weight;
  for (int step = 1; step <= 9; ++step) {
    p.batch.samples = {static_cast<std::uint32_t>(step)};
    network.backward(p.batch, p.logit_gradient(network.forward(p.batch)));
    optimiser.step(network, 1.0);
    const auto kept = static_cast<float>(std::min(0.8, (1.0 + step) / (10.0 + step)));
    for (std::size_t i = 0; i < eager.size(); ++i) {
      eager[i] = kept * eager[i] + (1 - kept) * p.model.operators[table].weight[i];
    }
    if (step % 4 != 1) continue;  // bringing rows up to date in between must not matter
    const Model& average = optimiser.average();
    for (std::size_t i = 0; i < eager.size(); ++i) {
      EXPECT_NEAR(average.operators[table].weight[i], eager[i], 1e-6) << step;
    }
  }
}

class TrainTest : public testing::Test {
 protected:
  void SetUp() override { test::write_trace(path_, info_, chunk_); }

  test::ScratchFolder scratch_;
  std::string path_ = scratch_.at("t.h5");
  TraceInfo info_ = test::small_info(3, {10, 20});
  TraceChunk chunk_ = test::random_chunk(info_, 4000, 1, 5);
};

TEST_F(TrainTest, LearnsARuleAndKeepsItInIntegers) {
  const TraceReader trace(path_);
  Model model = create_dlrm(info_, {8, {16, 8}, {16, 1}}, {8, 8}, 1);
  TrainOptions options;
  options.epochs = 4;
  const TrainReport report = train(model, trace, options);
  // Nine of ten labels follow the parity of the row: AUC 0.9, log loss 0.325 at best.
  EXPECT_GT(report.test.floating.auc, 0.86);
  EXPECT_LT(report.test.floating.logloss, 0.40);
  EXPECT_NEAR(report.test.integer.logloss, report.test.floating.logloss, 0.002);
  EXPECT_EQ(report.test.samples, 400U);
  EXPECT_EQ(report.train_samples, 3200U);
  ASSERT_TRUE(model.split.has_value());
  EXPECT_EQ(model.split->samples, 4000U);
  // The same once more: the same weights.
  Model again = create_dlrm(info_, {8, {16, 8}, {16, 1}}, {8, 8}, 1);
  train(again, trace, options);
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    EXPECT_EQ(model.operators[i].weight, again.operators[i].weight);
    EXPECT_EQ(model.operators[i].weight_q, again.operators[i].weight_q);
  }
}

TEST_F(TrainTest, RefusesTracesItCannotLearnFrom) {
  TraceInfo info = info_;
  info.has_labels = false;
  TraceChunk chunk = chunk_;
  chunk.labels.clear();
  test::write_trace(scratch_.at("unlabelled.h5"), info, chunk);
  const TraceReader unlabelled(scratch_.at("unlabelled.h5"));
  Model model = create_dlrm(info_, {8, {16, 8}, {16, 1}}, {8, 8}, 1);
  EXPECT_THROW(train(model, unlabelled, {}), InputError);
  test::write_trace(scratch_.at("short.h5"), info_, test::random_chunk(info_, 9, 1, 5));
  const TraceReader nine(scratch_.at("short.h5"));
  EXPECT_THROW(train(model, nine, {}), InputError);
}

}  // namespace
}  // namespace recpim
