// SPDX-License-Identifier: Apache-2.0
#include "models/quantisation/quantise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/quantisation/equalise.h"
#include "testbenches/unit/models/small_models.h"

namespace recpim {
namespace {

TEST(MakeRequantiser, IsNearestWithinTheContract) {
  for (const double ratio : {1.0, 0.5, 0.75, 1e-3, 0.999999999999, 3.14159, 1e6, 1e-9}) {
    const Requantiser r = make_requantiser(ratio);
    EXPECT_GE(r.shift, 1);
    EXPECT_LE(r.shift, 62);
    EXPECT_NEAR(std::ldexp(r.multiplier, -r.shift) / ratio, 1.0, 0x1.0p-31) << ratio;
  }
  EXPECT_EQ(make_requantiser(1.0).multiplier, 1 << 30);
  EXPECT_EQ(make_requantiser(1.0).shift, 30);
  EXPECT_EQ(make_requantiser(0).multiplier, 0);
  EXPECT_EQ(make_requantiser(0x1.0p-40).shift, 62);
  EXPECT_EQ(make_requantiser(0x1.0p-40).multiplier, 1 << 22);
  EXPECT_EQ(make_requantiser(0x1.0p-70).multiplier, 0);
  EXPECT_THROW(make_requantiser(0x1.0p29), std::invalid_argument);
  EXPECT_GE(make_requantiser(0x1.fffffffffffffp28).shift, 1);  // Rounds up to the next shift.
  EXPECT_THROW(make_requantiser(-1), std::invalid_argument);
  EXPECT_THROW(make_requantiser(std::nan("")), std::invalid_argument);
}

TEST(BestScale, WeighsErrors) {
  // Two bits. The 4 does not matter where its input is always 0, and is all where it alone counts.
  const std::vector<float> values = {1, 1, 1, 4};
  EXPECT_NEAR(best_scale(values, 1, 1, {1, 1, 1, 0}), 1.0, 0.05);
  EXPECT_NEAR(best_scale(values, 1, 1, {0, 0, 0, 1}), 4.0, 1e-9);
}

TEST(BestScale, KeepsExactValuesAndClipsWherePaying) {
  EXPECT_DOUBLE_EQ(best_scale({-127, 3, 127}, 127, 127), 1.0);
  EXPECT_DOUBLE_EQ(best_scale({-128, 3, 127}, 128, 127), 1.0);
  EXPECT_DOUBLE_EQ(best_scale({0, 0}, 127, 127), 1.0);
  // Two bits: many values at 1 and one at 4: representing the ones exactly costs 9, keeping the 4
  // costs one a value.
  std::vector<float> values(100, 1.0F);
  values.push_back(4.0F);
  const double scale = best_scale(values, 1, 1);
  EXPECT_NEAR(scale, 1.03, 0.05);  // the optimum is the mean, 104 / 101
}

class QuantiseTest : public testing::Test {
 protected:
  void make_trace(const TraceInfo& info, std::uint64_t max_bag) {
    test::write_trace(path_, info, test::random_chunk(info, 600, max_bag, 11));
    trace_ = std::make_unique<TraceReader>(path_);
  }

  double largest_error(const Model& model) const {
    const auto q = integer_outputs(model, *trace_, 0, 600);
    const auto f = float_outputs(model, *trace_, 0, 600);
    double largest = 0;
    for (std::size_t i = 0; i < q.size(); ++i) {
      largest = std::max(largest, std::abs(q[i] * model.output().output.scale - f[i]));
    }
    return largest;
  }

  test::ScratchFolder scratch_;
  std::string path_ = scratch_.at("t.h5");
  std::unique_ptr<TraceReader> trace_;
};

TEST_F(QuantiseTest, DlrmFollowsItsFloatModel) {
  const TraceInfo info = test::small_info(5, {30, 100, 7});
  make_trace(info, 3);
  Model model = create_dlrm(info, {8, {16, 8}, {16, 8, 1}}, {8, 8}, 3);
  equalise(model, *trace_, spread_samples(600));
  quantise(model, *trace_, spread_samples(600));
  EXPECT_LT(largest_error(model), 0.02);
  const int concat = model.find("features");
  const TensorFormat& shared = model.operators[static_cast<std::size_t>(concat)].output;
  EXPECT_TRUE(shared.is_signed);
  for (const char* name : {"bottom1", "emb0", "emb1", "emb2", "dot", "interaction"}) {
    EXPECT_EQ(model.operators[static_cast<std::size_t>(model.find(name))].output.scale,
              shared.scale);
  }
  // Narrower weights still follow, less closely, and the formats stay.
  for (const int bits : {4, 2}) {
    for (Operator& op : model.operators) op.weight_bits = bits;
    quantise_weights(model);
    EXPECT_LT(largest_error(model), bits == 4 ? 0.15 : 0.5);
  }
}

TEST_F(QuantiseTest, DlrmWithoutDenseFeatures) {
  const TraceInfo info = test::small_info(0, {30, 100});
  make_trace(info, 1);
  Model model = create_dlrm(info, {8, {16, 8}, {4, 1}}, {8, 8}, 3);
  EXPECT_EQ(model.find("bottom0"), -1);
  quantise(model, *trace_, spread_samples(600));
  EXPECT_LT(largest_error(model), 0.02);
}

TEST_F(QuantiseTest, MlpFollowsItsFloatModel) {
  const TraceInfo info = test::small_info(20, {});
  make_trace(info, 0);
  Model model = create_mlp({20, 32, 16, 4}, {8, 8}, 3);
  quantise(model, *trace_, spread_samples(600));
  EXPECT_EQ(model.operators.size(), 4U);
  EXPECT_TRUE(model.operators[0].output.is_signed);
  EXPECT_FALSE(model.operators[1].output.is_signed);
  EXPECT_TRUE(model.output().output.is_signed);
  EXPECT_EQ(model.output().output.bits, 8);
  // Outputs reach about +-8, a step is about 1/16.
  EXPECT_LT(largest_error(model), 8 * model.output().output.scale);
}

TEST_F(QuantiseTest, BiasTakesBackTheMeanErrorOfCoarseWeights) {
  TraceInfo info = test::small_info(30, {});
  TraceChunk chunk = test::random_chunk(info, 600, 0, 11);
  for (float& x : chunk.dense) x += 2.0F;  // a mean that errors of the weights multiply
  test::write_trace(path_, info, chunk);
  trace_ = std::make_unique<TraceReader>(path_);
  Model model = create_mlp({30, 4}, {2, 8}, 3);
  quantise(model, *trace_, spread_samples(600));
  EXPECT_NEAR(model.operators[1].input_mean[7], 2.0, 0.2);
  EXPECT_NEAR(model.operators[1].input_square[7], 5.0, 0.7);
  const auto q = integer_outputs(model, *trace_, 0, 600);
  const auto f = float_outputs(model, *trace_, 0, 600);
  const double step = model.output().output.scale;
  for (std::size_t channel = 0; channel < 4; ++channel) {
    double mean = 0;
    for (std::size_t i = channel; i < q.size(); i += 4) mean += (q[i] * step - f[i]) / 600;
    EXPECT_NEAR(mean, 0, step) << channel;
  }
}

TEST_F(QuantiseTest, ChannelOfTinyWeightsAndLargeBiasKeepsItsBound) {
  const TraceInfo info = test::small_info(3, {});
  make_trace(info, 0);
  Model model = create_mlp({3, 2, 1}, {8, 8}, 3);
  model.operators[1].weight = {0, 0, 0, 1e-12F, 0, 0};
  model.operators[1].bias = {5, 7};
  quantise(model, *trace_, spread_samples(600));
  EXPECT_LT(largest_error(model), 2 * model.output().output.scale);
}

// What the operators at `positions` reach on the trace, as the largest magnitude of each.
std::vector<double> reach(const Model& model, const TraceReader& trace,
                          const std::vector<std::size_t>& positions) {
  std::vector<double> largest(positions.size(), 0);
  FloatReference reference(model);
  TraceChunk chunk;
  trace.read(0, 600, chunk);
  for (std::uint64_t i = 0; i < chunk.count; ++i) {
    const auto& outputs = reference.evaluate(chunk, i);
    for (std::size_t p = 0; p < positions.size(); ++p) {
      for (const float v : outputs[positions[p]]) {
        largest[p] = std::max(largest[p], std::abs(static_cast<double>(v)));
      }
    }
  }
  return largest;
}

TEST_F(QuantiseTest, EqualisationKeepsTheFunctionAndAlignsTheRanges) {
  const TraceInfo info = test::small_info(5, {30, 100, 7});
  make_trace(info, 3);
  Model model = create_dlrm(info, {8, {16, 8}, {16, 8, 1}}, {8, 8}, 3);
  // Unequal to start with: one table 50 times the others.
  for (float& w : model.operators[static_cast<std::size_t>(model.find("emb1"))].weight) w *= 50;
  const auto before = float_outputs(model, *trace_, 0, 600);
  const auto interactions = find_interactions(model);
  ASSERT_EQ(interactions.size(), 1U);
  const Interaction& interaction = interactions[0];
  EXPECT_EQ(interaction.parts.size(), 4U);
  EXPECT_EQ(interaction.own_column, (std::vector<std::int64_t>{0, -1, -1, -1}));
  EXPECT_EQ(interaction.dot_column, 8);
  equalise(model, *trace_, spread_samples(600));
  const auto after = float_outputs(model, *trace_, 0, 600);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5);
  std::vector<std::size_t> positions = interaction.parts;
  positions.push_back(interaction.dot);
  const std::vector<double> largest = reach(model, *trace_, positions);
  for (const double r : largest) {
    EXPECT_GT(r, largest[0] / 2.5);
    EXPECT_LT(r, largest[0] * 2.5);
  }
  quantise(model, *trace_, spread_samples(600));
  EXPECT_LT(largest_error(model), 0.05);
  // Training starts from the weights of a new model, whatever gains create has put on them.
  ASSERT_TRUE(model.random_weights);
  initialise_weights(model);
  const Model fresh = create_dlrm(info, {8, {16, 8}, {16, 8, 1}}, {8, 8}, 3);
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    EXPECT_EQ(model.operators[p].weight, fresh.operators[p].weight);
  }
}

TEST_F(QuantiseTest, EqualisationOfATableThatIsNeverSeen) {
  const TraceInfo info = test::small_info(0, {30, 100});
  make_trace(info, 0);  // every bag is empty
  Model model = create_dlrm(info, {8, {8}, {4, 1}}, {8, 8}, 3);
  equalise(model, *trace_, spread_samples(600));
  quantise(model, *trace_, spread_samples(600));
  EXPECT_LT(largest_error(model), 0.02);
}

TEST_F(QuantiseTest, EqualisationLeavesOtherGraphsAlone) {
  EXPECT_TRUE(find_interactions(create_mlp({20, 32, 4}, {8, 8}, 3)).empty());
  // A second reader of the dots would see scaled values.
  Model model = create_dlrm(test::small_info(0, {30, 100}), {8, {8}, {4, 1}}, {8, 8}, 3);
  ASSERT_EQ(find_interactions(model).size(), 1U);
  Operator reader = model.operators[static_cast<std::size_t>(model.find("top0"))];
  reader.name = "second";
  model.operators.push_back(reader);
  EXPECT_TRUE(find_interactions(model).empty());
}

}  // namespace
}  // namespace recpim
