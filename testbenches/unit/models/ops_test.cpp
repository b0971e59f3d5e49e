// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/ops/integer_sigmoid.h"
#include "models/ops/metrics.h"
#include "models/ops/requantise.h"
#include "testbenches/unit/models/small_models.h"

namespace recpim {
namespace {

TEST(Requantise, TiesGoUpAndTheRangeSaturates) {
  const OutputRange s8 = format_range(true, 8);
  EXPECT_EQ(s8.low, -128);
  EXPECT_EQ(s8.high, 127);
  // multiplier / 2^shift = 1/2: 3/2 -> 2, -3/2 -> -1 (ties to +infinity), 1/2 -> 1, -1/2 -> 0.
  EXPECT_EQ(requantise(3, {1, 1}, s8), 2);
  EXPECT_EQ(requantise(-3, {1, 1}, s8), -1);
  EXPECT_EQ(requantise(1, {1, 1}, s8), 1);
  EXPECT_EQ(requantise(-1, {1, 1}, s8), 0);
  EXPECT_EQ(requantise(-2, {1, 1}, s8), -1);
  EXPECT_EQ(requantise(1000, {1, 1}, s8), 127);
  EXPECT_EQ(requantise(-1000, {1, 1}, s8), -128);
  EXPECT_EQ(requantise(-1000, {1, 1}, {0, 255}), 0);
  EXPECT_EQ(requantise(5, {0, 1}, s8), 0);
}

TEST(Requantise, TheExtremesOfTheContractFit64Bits) {
  const OutputRange all{INT32_MIN, INT32_MAX};
  // (2^31 - 1)^2 = 2^62 - 2^32 + 1; plus 2^61, shifted by 62: 1.
  EXPECT_EQ(requantise(INT32_MAX, {INT32_MAX, 62}, all), 1);
  // -2^31 (2^31 - 1) + 2^61 = -2^61 + 2^31, shifted by 62: -1 (rounds down to -0.5 + tiny).
  EXPECT_EQ(requantise(INT32_MIN, {INT32_MAX, 62}, all), -1);
  EXPECT_EQ(requantise(INT32_MAX, {INT32_MAX, 31}, all), INT32_MAX - 1);
}

TEST(QuantiseDense, RoundsHalvesUpAndClamps) {
  const TensorFormat s4{true, 4, 0.5};
  EXPECT_EQ(quantise_dense(0.25F, s4), 1);
  EXPECT_EQ(quantise_dense(-0.25F, s4), 0);
  EXPECT_EQ(quantise_dense(-0.26F, s4), -1);
  EXPECT_EQ(quantise_dense(100.0F, s4), 7);
  EXPECT_EQ(quantise_dense(-100.0F, s4), -8);
  EXPECT_EQ(quantise_dense(-1.0F, {false, 8, 1.0}), 0);
  EXPECT_EQ(quantise_dense(std::nanf(""), s4), 0);
  EXPECT_EQ(quantise_dense(INFINITY, s4), 7);
}

TEST(IntegerSigmoid, TableIsTheRoundedSigmoid) {
  const auto& table = sigmoid_table();
  for (int i = 0; i <= 256; ++i) {
    const double exact = 65536.0 / (1.0 + std::exp(-(i - 128) / 16.0));
    EXPECT_EQ(table[static_cast<std::size_t>(i)], std::lround(exact)) << i;
  }
}

TEST(IntegerSigmoid, ErrorIsAsStated) {
  double inside = 0;
  double outside = 0;
  int before = 0;
  for (int z = INT16_MIN; z <= INT16_MAX; ++z) {
    const int y = integer_sigmoid(static_cast<std::int16_t>(z));
    EXPECT_GE(y, before) << "not monotonic at " << z;
    before = y;
    const double error = std::abs(y - 65536.0 / (1.0 + std::exp(-z / 2048.0)));
    double& largest = z >= -16384 && z < 16384 ? inside : outside;
    largest = std::max(largest, error);
  }
  // README.md of models/ops states these: 3.8 units inside, 22.0 where it saturates.
  EXPECT_LT(inside, 3.8);
  EXPECT_GT(inside, 3.0);
  EXPECT_LT(outside, 22.03);
  EXPECT_EQ(integer_sigmoid(0), 32768);
  EXPECT_EQ(integer_sigmoid(INT16_MIN), 22);
  EXPECT_EQ(integer_sigmoid(INT16_MAX), 65514);
}

// dense (2, u8) -> fc (2, relu, s8); emb (2); concat rows; dot; concat; fc logit; sigmoid.
Model hand_model() {
  Model m;
  m.name = m.kind = "dlrm";
  m.quantised = true;
  const auto add = [&](const char* name, OpKind kind, std::vector<int> inputs, int rows,
                       int width) -> Operator& {
    Operator op;
    op.name = name;
    op.kind = kind;
    op.inputs = std::move(inputs);
    op.rows = rows;
    op.width = width;
    op.output = {true, 8, 1.0};
    m.operators.push_back(op);
    return m.operators.back();
  };
  add("dense", OpKind::kDenseInput, {}, 1, 2).output = {false, 8, 1.0};
  Operator& bottom = add("bottom", OpKind::kFc, {0}, 1, 2);
  bottom.relu = true;
  bottom.weight_q = {1, 2, -1, -2};
  bottom.bias_q = {1, 0};
  bottom.weight_scale = {1, 1};
  bottom.requantiser = {{1, 1}, {1, 1}};
  Operator& emb = add("emb", OpKind::kEmbedding, {}, 1, 2);
  emb.table = 0;
  emb.table_rows = 3;
  emb.weight_q = {1, 2, 3, 4, -5, 6};
  emb.weight_scale = {1};
  emb.requantiser = {{3, 1}};
  add("features", OpKind::kConcat, {1, 2}, 2, 2);
  add("dot", OpKind::kDot, {3}, 1, 1).requantiser = {{1, 2}};
  add("interaction", OpKind::kConcat, {1, 4}, 1, 3);
  Operator& top = add("top", OpKind::kFc, {5}, 1, 1);
  top.weight_q = {1, 1, -2};
  top.bias_q = {-3};
  top.weight_scale = {1};
  top.requantiser = {{128, 1}};
  top.activation_bits = 16;
  top.output = {true, 16, 1.0 / 2048};
  Operator& sigmoid = add("sigmoid", OpKind::kSigmoid, {6}, 1, 1);
  sigmoid.activation_bits = 16;
  sigmoid.output = {false, 16, 1.0 / 65536};
  return m;
}

TEST(IntegerReference, HandWorkedDlrm) {
  const Model model = hand_model();
  validate(model);
  IntegerReference reference(model);
  const std::uint32_t rows[] = {2, 0};
  const auto& y = reference.evaluate({7, 3}, {{rows, 2}});
  // bottom: 7 + 6 + 1 = 14 -> 7; -7 - 6 = -13 -> -6 -> ReLU 0.
  EXPECT_EQ(y[1], (std::vector<std::int32_t>{7, 0}));
  // emb: (-5 + 1, 6 + 2) * 3 / 2 = (-6, 12).
  EXPECT_EQ(y[2], (std::vector<std::int32_t>{-6, 12}));
  EXPECT_EQ(y[3], (std::vector<std::int32_t>{7, 0, -6, 12}));
  // dot: 7 * -6 = -42 / 4 = -10.5 -> -10.
  EXPECT_EQ(y[4], (std::vector<std::int32_t>{-10}));
  EXPECT_EQ(y[5], (std::vector<std::int32_t>{7, 0, -10}));
  // top: 7 + 20 - 3 = 24, times 64.
  EXPECT_EQ(y[6], (std::vector<std::int32_t>{1536}));
  // sigmoid(0.75) = 0.6791787: 44511 of 65536.
  EXPECT_NEAR(y[7][0], 44511, 4);
  // An empty bag is zeros.
  EXPECT_EQ(reference.evaluate({0, 0}, {{nullptr, 0}})[2], (std::vector<std::int32_t>{0, 0}));
}

TEST(IntegerReference, RefusesWhatItCannotProve) {
  Model model = hand_model();
  EXPECT_EQ(accumulator_bound(model, 1), 1 + 3 * 255);
  EXPECT_EQ(accumulator_bound(model, 2), 127);
  EXPECT_EQ(accumulator_bound(model, 4), 2 * 128 * 128);
  model.operators[1].bias_q[0] = INT32_MAX - 3 * 255;
  EXPECT_NO_THROW(IntegerReference{model});
  model.operators[1].bias_q[0] += 1;
  EXPECT_THROW(IntegerReference{model}, std::invalid_argument);
  const Model good = hand_model();
  IntegerReference reference(good);
  const std::uint32_t past[] = {3};
  EXPECT_THROW(reference.evaluate({1, 1}, {{past, 1}}), std::invalid_argument);
  EXPECT_THROW(reference.evaluate({256, 1}, {{past, 0}}), std::invalid_argument);
  EXPECT_THROW(reference.evaluate({1}, {{past, 0}}), std::invalid_argument);
}

TEST(FloatReference, HandWorkedDlrm) {
  Model model = hand_model();
  model.operators[1].weight = {1, 2, -1, -2};
  model.operators[1].bias = {1, 0};
  model.operators[2].weight = {1, 2, 3, 4, -5, 6};
  model.operators[6].weight = {0.25F, 1, -0.0625F};
  model.operators[6].bias = {-3};
  FloatReference reference(model);
  const std::uint32_t rows[] = {2, 0};
  const float dense[] = {7, 3};
  const auto& y = reference.evaluate(dense, {{rows, 2}});
  EXPECT_EQ(y[1], (std::vector<float>{14, 0}));
  EXPECT_EQ(y[2], (std::vector<float>{-4, 8}));
  EXPECT_EQ(y[4], (std::vector<float>{-56}));
  EXPECT_EQ(y[6], (std::vector<float>{4}));  // 3.5 + 3.5 - 3
  EXPECT_NEAR(y[7][0], 0.98201379, 1e-6);
}

TEST(Metrics, LogLossByHand) {
  EXPECT_NEAR(log_loss({1, 0}, {0.5, 0.25}), (std::log(2.0) - std::log(0.75)) / 2, 1e-15);
  EXPECT_NEAR(log_loss({1}, {0.0}), 24 * std::log(2.0), 1e-12);
  EXPECT_THROW(log_loss({}, {}), std::invalid_argument);
}

TEST(Metrics, AucCountsTiesOneHalf) {
  EXPECT_EQ(auc({0, 0, 1, 1}, {1, 2, 3, 4}), 1.0);
  EXPECT_EQ(auc({1, 1, 0, 0}, {1, 2, 3, 4}), 0.0);
  EXPECT_EQ(auc({0, 1, 0, 1}, {5, 5, 5, 5}), 0.5);
  // Pairs (click, other): (3,1) right, (3,3) tie, (2,1) right, (2,3) wrong: 2.5 of 4.
  EXPECT_EQ(auc({1, 1, 0, 0}, {3, 2, 1, 3}), 0.625);
  EXPECT_TRUE(std::isnan(auc({1, 1}, {0, 1})));
}

TEST(Metrics, AucEqualsTheCountOfPairs) {
  Random random(7);
  std::vector<float> labels;
  std::vector<double> scores;
  for (int i = 0; i < 300; ++i) {
    labels.push_back(static_cast<float>(random.below(2)));
    scores.push_back(static_cast<double>(random.below(20)) + labels.back());
  }
  double right = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = 0; j < labels.size(); ++j) {
      if (labels[i] < 0.5F || labels[j] > 0.5F) continue;
      pairs += 1;
      right += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
    }
  }
  EXPECT_NEAR(auc(labels, scores), right / pairs, 1e-12);
}

}  // namespace
}  // namespace recpim
