// SPDX-License-Identifier: Apache-2.0
// The operators of the recommender space, float and integer, on values worked out by hand; and on
// random graphs that mix all kinds, the integers against the float function.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "models/graph/builder.h"
#include "models/graph/kinds.h"
#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/quantisation/equalise_joined.h"
#include "models/quantisation/quantise.h"
#include "testbenches/unit/models/small_models.h"

namespace recpim {
namespace {

using test::random_chunk;
using test::ScratchFolder;
using test::small_info;
using test::write_trace;

std::vector<float> last_of(const Model& model, const std::vector<float>& dense) {
  FloatReference reference(model);
  return reference.evaluate(dense.data(), {}).back();
}

/// A model of one dense input of 6 values, seen as 3 rows of 2, and what `add` puts on it.
template <typename Add>
Model on_matrix(const Add& add) {
  ModelBuilder builder("test", {}, 1);
  const int dense = builder.dense(6);
  const int matrix = builder.concat("matrix", {dense}, 3);
  return builder.finish(add(builder, matrix));
}

TEST(FloatOperators, AnFcAlongRowsOrColumns) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};  // (1 2) (3 4) (5 6)
  Model rows =
      on_matrix([](ModelBuilder& b, int m) { return b.fc_along("fc", m, Axis::kRows, 2); });
  Operator& efc = rows.operators.back();
  efc.weight = {1, 0, 0, 1, 1, -1};  // Row 0; row 0 + row 1 - row 2.
  efc.bias = {10, 20};
  EXPECT_EQ(last_of(rows, x), (std::vector<float>{11, 12, 19, 20}));
  Model width =
      on_matrix([](ModelBuilder& b, int m) { return b.fc_along("fc", m, Axis::kWidth, 3); });
  Operator& fc = width.operators.back();
  fc.weight = {1, 0, 0, 1, 1, 1};  // First, second, sum.
  fc.bias = {0, 0, 100};
  EXPECT_EQ(last_of(width, x), (std::vector<float>{1, 2, 103, 3, 4, 107, 5, 6, 111}));
}

TEST(FloatOperators, ALayerNormAlongItsAxis) {
  // Along the width (1, 3): mean 2, deviation 1. Along the rows (1, 2, 6): mean 3, variance 14 / 3.
  Model width = on_matrix([](ModelBuilder& b, int m) {
    return b.layer_norm("norm", b.wide(b.fc_along("fc", m, Axis::kWidth, 2)), Axis::kWidth);
  });
  Operator& fc = width.operators[width.operators.size() - 2];
  fc.weight = {1, 0, 0, 1};
  Operator& norm = width.operators.back();
  norm.weight = {2, 3};
  norm.bias = {0.5F, -0.5F};
  const std::vector<float> y = last_of(width, {1, 3, 1, 3, 7, 5});
  const auto one = static_cast<float>(1 / std::sqrt(1 + kLayerNormEpsilon));
  EXPECT_NEAR(y[0], 0.5F - 2 * one, 1e-5);
  EXPECT_NEAR(y[1], -0.5F + 3 * one, 1e-5);
  EXPECT_NEAR(y[4], 0.5F + 2 * one, 1e-5);
  Model rows = on_matrix([](ModelBuilder& b, int m) {
    return b.layer_norm("norm", b.wide(b.fc_along("fc", m, Axis::kWidth, 2)), Axis::kRows, true);
  });
  rows.operators[rows.operators.size() - 2].weight = {1, 0, 0, 1};
  const std::vector<float> z = last_of(rows, {1, 0, 2, 0, 6, 0});
  EXPECT_EQ(z[0], 0);  // ReLU
  EXPECT_NEAR(z[4], 3 / std::sqrt(14.0 / 3 + kLayerNormEpsilon), 1e-5);
  EXPECT_EQ(z[1], 0);  // A constant column.
}

TEST(FloatOperators, AFactorisationMachineSumsOverPairs) {
  const Model fm = on_matrix([](ModelBuilder& b, int m) { return b.fm("fm", m); });
  // 2 (1 3 + 1 5 + 3 5) = 46; 2 (2 4 + 2 6 + 4 6) = 88.
  EXPECT_EQ(last_of(fm, {1, 2, 3, 4, 5, 6}), (std::vector<float>{46, 88}));
}

TEST(FloatOperators, AttentionIsAMeanOfValuesHeadByHead) {
  // Two heads of depth 1. Queries 0: all weights alike, so every row is the mean of the values.
  Model model = on_matrix([](ModelBuilder& b, int m) {
    const int q = b.fc_along("q", m, Axis::kWidth, 2);
    const int k = b.fc_along("k", m, Axis::kWidth, 2);
    const int v = b.fc_along("v", m, Axis::kWidth, 2);
    return b.attention("attention", q, k, v, 2);
  });
  const auto set = [&](const char* name, const std::vector<float>& w) {
    model.operators[static_cast<std::size_t>(model.find(name))].weight = w;
  };
  set("q", {0, 0, 0, 0});
  set("k", {1, 0, 0, 1});
  set("v", {1, 0, 0, 1});
  const std::vector<float> mean = last_of(model, {1, 2, 3, 4, 5, 9});
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_NEAR(mean[2 * r], 3, 1e-6);
    EXPECT_NEAR(mean[2 * r + 1], 5, 1e-6);
  }
  // Query 100 in head 0: the row of the largest key wins there, head 1 stays a mean.
  set("q", {100, 0, 0, 0});
  const std::vector<float> chosen = last_of(model, {1, 2, 3, 4, 5, 9});
  EXPECT_NEAR(chosen[0], 5, 1e-6);
  EXPECT_NEAR(chosen[1], 5, 1e-6);
}

TEST(FloatOperators, PadAddAndMul) {
  ModelBuilder b("test", {}, 1);
  const int dense = b.dense(2);
  const int wide = b.fc("fc", dense, 3);
  const int padded = b.pad("pad", dense, 3);
  const int sum = b.add("add", {padded, wide});
  Model model = b.finish(b.mul("mul", sum, padded));
  model.operators[1].weight = {1, 1, 1, -1, 2, 0};
  // fc (3, -1, 2); pad (1, 2, 0); sum (4, 1, 2); product (4, 2, 0).
  const std::vector<float> x = {1, 2};
  EXPECT_EQ(last_of(model, x), (std::vector<float>{4, 2, 0}));
}

// --- Integers.

const std::vector<std::int32_t>& on(IntegerReference& reference,
                                    const std::vector<std::int32_t>& dense) {
  return reference.evaluate(dense, std::vector<Bag>{}).back();
}

/// Dense features of scale 1 in 8 bits, so that integers can be fed as they are.
void set_format(Operator& op, bool is_signed, double scale) {
  op.output = {is_signed, op.activation_bits, scale};
}

TEST(IntegerOperators, InputsOfFourBitsAreShiftedToThoseOfEight) {
  ModelBuilder b("test", {8, 8}, 1);
  const int dense = b.dense(2);
  b.set_precision({8, 4});
  const int narrow = b.fc("narrow", dense, 2);
  b.set_precision({8, 8});
  const int wide = b.fc("wide", dense, 2);
  const int joined = b.concat("joined", {narrow, wide});
  const int sum = b.add("sum", {narrow, wide});
  Model model = b.finish(b.concat("all", {joined, sum}));
  model.quantised = true;
  for (Operator& op : model.operators) {
    set_format(op, true, op.activation_bits == 4 ? 16.0 : 1.0);
    if (op.kind != OpKind::kFc) continue;
    op.weight_q = {1, 0, 0, 1};
    op.bias_q = {0, 0};
    op.weight_scale = {1, 1};
    // 4 bits: one sixteenth, rounded half up.
    op.requantiser.assign(2, op.activation_bits == 4 ? Requantiser{1, 4} : Requantiser{2, 1});
  }
  model.operators[static_cast<std::size_t>(model.find("sum"))].requantiser = {{1, 1}};  // Half.
  validate(model);
  IntegerReference reference(model);
  // narrow = floor(40/16 + 1/2) = 3, floor(-56/16 + 1/2) = -3; shifted: 48, -48.
  // sums 48 + 40 = 88 -> 44; -48 - 56 = -104 -> -52.
  EXPECT_EQ(on(reference, {40, -56}), (std::vector<std::int32_t>{48, -48, 40, -56, 44, -52}));
}

TEST(IntegerOperators, AFactorisationMachineAndAProduct) {
  Model fm = on_matrix([](ModelBuilder& b, int m) { return b.fm("fm", m); });
  fm.quantised = true;
  for (Operator& op : fm.operators) set_format(op, true, 1);
  fm.operators.back().requantiser = {{1, 1}};  // Half: 23, 44.
  IntegerReference reference(fm);
  EXPECT_EQ(on(reference, {1, 2, 3, 4, 5, 6}), (std::vector<std::int32_t>{23, 44}));
  EXPECT_EQ(accumulator_bound(fm, 2), 3 * 128 * 3 * 128);
  // A probability of 1/2 (32768 / 65536) times 100, rounded.
  ModelBuilder b("test", {}, 1);
  const int dense = b.dense(1);
  const int gate = b.sigmoid("gate", b.fc("fc", dense, 1));
  Model product = b.finish(b.mul("mul", gate, dense));
  product.quantised = true;
  for (Operator& op : product.operators) set_format(op, true, 1);
  Operator& fc = product.operators[1];
  fc.output.scale = kLogitScale;
  fc.weight_q = {0};
  fc.bias_q = {0};
  fc.weight_scale = {1};
  fc.requantiser = {{1, 1}};
  product.operators[2].output = {false, 16, kProbabilityScale};
  product.operators[3].requantiser = {{1, 16}};
  validate(product);
  IntegerReference half(product);
  EXPECT_EQ(on(half, {100}), std::vector<std::int32_t>{50});
  EXPECT_EQ(accumulator_bound(product, 3), 65535 * 128);
}

TEST(IntegerOperators, ALayerNormHasSignedGainsAndBiases) {
  Model model = on_matrix([](ModelBuilder& b, int m) {
    return b.layer_norm("norm", b.wide(b.fc_along("fc", m, Axis::kWidth, 2)), Axis::kWidth);
  });
  model.quantised = true;
  for (Operator& op : model.operators) set_format(op, true, 1);
  Operator& fc = model.operators[2];
  fc.weight_q = {100, 0, 0, 100};
  fc.bias_q = {0, 0};
  fc.weight_scale = {1, 1};
  fc.requantiser.assign(2, {2, 1});
  Operator& norm = model.operators[3];
  norm.weight = {0.5F, -0.25F};
  norm.bias = {0.125F, 0};
  // y = -1 and 1 (1024 units). Gain 1/2 at an output scale of 1/64: 1024 / 32; the bias is 8 units.
  norm.output.scale = 1.0 / 64;
  norm.weight_q = {1, -1};
  norm.bias_q = {256, 0};
  norm.requantiser = {make_requantiser(1.0 / 32), make_requantiser(1.0 / 64)};
  validate(model);
  IntegerReference reference(model);
  const auto& y = on(reference, {10, 30, 30, 10, 5, 5});
  EXPECT_EQ(y, (std::vector<std::int32_t>{-24, -16, 40, 16, 8, 0}));
}

// --- Random graphs of all kinds.

/// Everything at once, as blocks of the recommender space use it.
Model mixed_model(const TraceInfo& info, Precision precision, std::uint64_t seed) {
  ModelBuilder b("test", precision, seed);
  const int dense = b.dense(static_cast<int>(info.dense));
  std::vector<int> tables;
  for (std::size_t t = 0; t < info.tables.size(); ++t) {
    tables.push_back(
        b.embedding("emb" + std::to_string(t), static_cast<int>(t), info.tables[t].rows, 8));
  }
  const auto norm = [&](const std::string& name, int x, Axis axis, bool relu) {
    return b.layer_norm(name, b.wide(x), axis, relu);
  };
  const int features = b.concat("features", tables, static_cast<int>(tables.size()));
  const int hidden = norm("hidden_norm", b.fc("hidden", dense, 24), Axis::kWidth, true);
  const int efc = norm("efc_norm", b.fc_along("efc", features, Axis::kRows, 6), Axis::kRows, true);
  const int x = norm("x_norm", b.fc_along("x", efc, Axis::kRows, 5), Axis::kRows, false);
  const int attention =
      b.attention("attention", b.fc_along("q", x, Axis::kWidth, 8),
                  b.fc_along("k", x, Axis::kWidth, 8), b.fc_along("v", x, Axis::kWidth, 8), 4);
  const int mixed = norm("mixed", b.add("residual", {attention, x}), Axis::kWidth, false);
  const int padded = b.pad("pad", dense, 24);
  const int gate = b.sigmoid("gate", b.fc("gate_fc", padded, 24));
  const int gated = norm("gated_norm", b.mul("gated", gate, hidden), Axis::kWidth, false);
  const int fm = norm("fm_norm", b.fc("fm_fc", b.fm("fm", mixed), 24), Axis::kWidth, false);
  const int merged = b.add("merged", {gated, fm});
  const int reshaped = b.concat("reshaped", {merged}, 3);
  const int dots = b.dot("dots", b.concat("rows", {mixed, reshaped}, 8));
  const int all = b.concat("all", {merged, efc, norm("dots_norm", dots, Axis::kWidth, false)});
  return b.finish(b.sigmoid("sigmoid", b.fc("logit", all, 1)));
}

class MixedModel : public ::testing::Test {
 protected:
  MixedModel() : info_(small_info(7, {30, 20, 40, 9})) {
    chunk_ = random_chunk(info_, 300, 2, 5);
    write_trace(folder_.at("t.h5"), info_, chunk_);
  }
  std::vector<std::uint64_t> all() const {
    std::vector<std::uint64_t> samples(300);
    std::iota(samples.begin(), samples.end(), std::uint64_t{0});
    return samples;
  }
  double mean_error(const Model& model) const {
    const TraceReader trace(folder_.at("t.h5"));
    const std::vector<float> exact = float_outputs(model, trace, all());
    const std::vector<std::int32_t> found = integer_outputs(model, trace, all());
    double sum = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      sum += std::abs(exact[i] - found[i] * kProbabilityScale);
    }
    return sum / static_cast<double>(exact.size());
  }
  TraceInfo info_;
  TraceChunk chunk_;
  ScratchFolder folder_;
};

TEST_F(MixedModel, SurvivesItsFiles) {
  Model model = mixed_model(info_, {4, 8}, 3);
  const TraceReader trace(folder_.at("t.h5"));
  quantise(model, trace, all());
  save_model(model, folder_.at("m"));
  const Model again = load_model(folder_.at("m"));
  EXPECT_EQ(integer_outputs(again, trace, all()), integer_outputs(model, trace, all()));
  EXPECT_EQ(float_outputs(again, trace, all()), float_outputs(model, trace, all()));
}

// Probabilities spread by about 0.2 here; eight bits follow them to a hundredth, fewer less well.
TEST_F(MixedModel, IntegersFollowTheFloatFunction) {
  const TraceReader trace(folder_.at("t.h5"));
  double before = 0;
  for (const Precision precision : {Precision{8, 8}, Precision{4, 8}, Precision{2, 8}}) {
    double error = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Model model = mixed_model(info_, precision, seed);
      equalise_joined(model, trace, all());
      quantise(model, trace, all());
      error += mean_error(model) / 4;
    }
    EXPECT_LT(error, precision.weight_bits == 8 ? 0.01 : 1.0);
    EXPECT_GT(error, before) << "fewer bits must cost something";
    before = error;
  }
}

// Rows of tables (deviation 0.03) beside rows of a LayerNorm (deviation 1), as a second block reads
// them: in one scale of 8 bits the tables have about two steps.
Model uneven_model(const TraceInfo& info, std::uint64_t seed) {
  ModelBuilder b("test", {8, 8}, seed);
  std::vector<int> tables;
  for (std::size_t t = 0; t < info.tables.size(); ++t) {
    tables.push_back(
        b.embedding("emb" + std::to_string(t), static_cast<int>(t), info.tables[t].rows, 8));
  }
  const int features = b.concat("features", tables, 4);
  const int first =
      b.layer_norm("first", b.wide(b.fc_along("first_fc", features, Axis::kRows, 6)), Axis::kRows);
  const int joined = b.concat("joined", {first, features}, 10);
  // The tables weigh as much as the rest in the sum.
  const int fc = b.fc_along("second_fc", joined, Axis::kRows, 6);
  const int second = b.layer_norm("second", b.wide(fc), Axis::kRows);
  Model model = b.finish(b.sigmoid("sigmoid", b.fc("logit", second, 1)));
  Operator& op = model.operators[static_cast<std::size_t>(model.find("second_fc"))];
  for (std::size_t w = 0; w < op.weight.size(); ++w) op.weight[w] *= w % 10 < 6 ? 1.0F : 30.0F;
  return model;
}

TEST_F(MixedModel, GainsLeaveTheFloatFunctionAndHelpTheIntegers) {
  const TraceReader trace(folder_.at("t.h5"));
  Model plain = uneven_model(info_, 7);
  Model equal = plain;
  std::vector<std::string> names;
  for (const Joined& joined : find_joined(plain)) names.push_back(plain.operators[joined.op].name);
  EXPECT_EQ(names, (std::vector<std::string>{"emb0", "emb1", "emb2", "emb3", "first"}));
  equalise_joined(equal, trace, all());
  const std::vector<float> before = float_outputs(plain, trace, all());
  const std::vector<float> after = float_outputs(equal, trace, all());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-4);
  quantise(plain, trace, all());
  quantise(equal, trace, all());
  EXPECT_LT(mean_error(equal), mean_error(plain) / 3);
}

TEST_F(MixedModel, WhatMoreThanFcsReadTakesNoGain) {
  const Model model = mixed_model(info_, {8, 8}, 7);
  for (const Joined& joined : find_joined(model)) {
    const std::string& name = model.operators[joined.op].name;
    EXPECT_NE(name, "mixed");   // A dot product reads it.
    EXPECT_NE(name, "x_norm");  // A sum does.
  }
}

TEST_F(MixedModel, WrongGraphsAreNamed) {
  const auto complaint = [&](const auto& spoil) -> std::string {
    Model model = mixed_model(info_, {8, 8}, 3);
    spoil(model);
    try {
      validate(model);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  const auto at = [](Model& model, const char* name) -> Operator& {
    return model.operators[static_cast<std::size_t>(model.find(name))];
  };
  EXPECT_NE(complaint([&](Model& m) { at(m, "attention").heads = 3; }).find("heads = 3"),
            std::string::npos);
  EXPECT_NE(complaint([&](Model& m) { at(m, "efc_norm").axis = Axis::kAll; }).find("axis"),
            std::string::npos);
  EXPECT_NE(complaint([&](Model& m) { at(m, "hidden").activation_bits = 8; }).find("16 bits"),
            std::string::npos);
  EXPECT_NE(complaint([&](Model& m) { at(m, "pad").width = 3; }).find("pad"), std::string::npos);
  EXPECT_NE(complaint([&](Model& m) { at(m, "merged").inputs.pop_back(); }).find("two or more"),
            std::string::npos);
  EXPECT_NE(complaint([&](Model& m) { at(m, "dots").activation_bits = 8; }).find("16 bits"),
            std::string::npos);
}

}  // namespace
}  // namespace recpim
