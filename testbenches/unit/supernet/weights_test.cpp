// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numeric>

#include "models/graph/kinds.h"
#include "testbenches/unit/supernet/tiny.h"

namespace recpim::supernet {
namespace {

using test::small_info;
using test::tiny_info;
using test::tiny_space;

std::size_t find(const SharedWeights& weights, const std::string& name) {
  for (std::size_t p = 0; p < weights.parameters().size(); ++p) {
    if (weights.parameters()[p].name == name) return p;
  }
  ADD_FAILURE() << name;
  return 0;
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const std::vector<float>& values) {
  const auto n = static_cast<double>(values.size());
  Moments m;
  m.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  for (const float v : values) m.deviation += (v - m.mean) * (v - m.mean) / n;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

// The columns of the shared weight in the order of an operator's.
std::vector<std::uint64_t> columns_of(const Slice& slice) {
  std::vector<std::uint64_t> columns;
  for (const Run& run : slice.columns) {
    for (std::uint64_t i = 0; i < run.count; ++i) columns.push_back(run.first + i);
  }
  return columns;
}

Architecture sampled(std::uint64_t i) {
  Random random(5, i);
  return ArchitectureSpace(tiny_space()).sample(random);
}

TEST(SharedWeights, RandomAtTheStart) {
  const SubnetworkBuilder builder(tiny_space(), small_info(3, {4000, 20}));
  const SharedWeights weights = SharedWeights::random(builder, 1);
  ASSERT_EQ(weights.parameters().size(), builder.parameters().size());
  const auto expect_normal = [&](const char* name, double deviation) {
    const std::vector<float>& values = weights.values(find(weights, name)).weight;
    const Moments m = moments(values);
    const double error = 5 * deviation / std::sqrt(static_cast<double>(values.size()));
    EXPECT_NEAR(m.mean, 0, error) << name;
    EXPECT_NEAR(m.deviation, deviation, error) << name;
  };
  expect_normal("emb0", 0.03);
  expect_normal("b2_fc", std::sqrt(1.0 / 35));      // 3 raw inputs, 32 of block 1
  expect_normal("b2_dot", std::sqrt(1.0 / 36));     // 9 rows have 36 pairs
  expect_normal("b1_hidden", std::sqrt(2.0 / 16));  // a ReLU of its own
  expect_normal("b1_forward", std::sqrt(1.0 / 16));
  expect_normal("logit", 0.1 * std::sqrt(1.0 / (32 + 24 * 16)));
  for (std::size_t p = 0; p < weights.parameters().size(); ++p) {
    const Parameter& parameter = weights.parameters()[p];
    const SharedValues& values = weights.values(p);
    EXPECT_EQ(values.weight.size(), parameter.rows * parameter.columns) << parameter.name;
    EXPECT_EQ(values.bias.size(), parameter.norm || parameter.biased ? parameter.rows : 0);
    for (const float bias : values.bias) EXPECT_EQ(bias, 0);
    for (std::size_t i = 0; parameter.norm && i < values.weight.size(); ++i) {
      EXPECT_EQ(values.weight[i], parameter.initial_gain);
    }
  }
  EXPECT_EQ(weights.values(find(weights, "b1_forward_norm")).weight[0], 0.17F);
  EXPECT_EQ(weights.values(find(weights, "b1_fc_norm")).weight[0], 1.0F);
}

TEST(SharedWeights, TheSeedAndThePlaceDecide) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  const SharedWeights one = SharedWeights::random(builder, 1);
  const SharedWeights same = SharedWeights::random(builder, 1);
  const SharedWeights other = SharedWeights::random(builder, 2);
  const std::size_t efc = find(one, "b1_efc");
  EXPECT_EQ(one.values(efc).weight, same.values(efc).weight);
  EXPECT_NE(one.values(efc).weight, other.values(efc).weight);
  EXPECT_NE(one.values(find(one, "b1_query")).weight, one.values(find(one, "b1_key")).weight);
}

TEST(SharedWeights, GatherTakesTheSlice) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  SharedWeights weights = SharedWeights::random(builder, 1);
  for (std::size_t p = 0; p < weights.parameters().size(); ++p) {
    // Values that say where they were.
    for (std::size_t i = 0; i < weights.values(p).weight.size(); ++i) {
      weights.values(p).weight[i] = static_cast<float>(i);
    }
    for (std::size_t i = 0; i < weights.values(p).bias.size(); ++i) {
      weights.values(p).bias[i] = 0.5F + static_cast<float>(i);
    }
  }
  for (std::uint64_t i = 0; i < 30; ++i) {
    Subnetwork network = builder.build(sampled(i));
    weights.gather_all(network);
    for (const Slice& slice : network.slices) {
      const Operator& op = network.model.operators[slice.op];
      const std::vector<std::uint64_t> columns = columns_of(slice);
      ASSERT_EQ(op.weight.size(), slice.rows * columns.size()) << op.name;
      const std::uint64_t whole = weights.parameters()[slice.parameter].columns;
      std::size_t at = 0;
      for (std::uint64_t row = 0; row < slice.rows; ++row) {
        for (const std::uint64_t column : columns) {
          ASSERT_EQ(op.weight[at++], static_cast<float>(row * whole + column)) << op.name;
        }
      }
      ASSERT_EQ(op.bias.size(), shape_of(network.model, op).biases) << op.name;
      const bool trained = op.kind == OpKind::kLayerNorm || op.biased;
      for (std::size_t b = 0; b < op.bias.size(); ++b) {
        ASSERT_EQ(op.bias[b], trained ? 0.5F + static_cast<float>(b) : 0.0F) << op.name;
      }
    }
    validate(network.model);
  }
}

// What two sub-networks have in common they take from the same place, wherever it lies in theirs.
TEST(SharedWeights, TheSmallerSubnetworkIsPartOfTheLarger) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  const SharedWeights weights = SharedWeights::random(builder, 1);
  Architecture small;
  small.blocks.resize(2);
  small.blocks[1].dense_inputs = {0};
  small.blocks[1].sparse_inputs = {1};
  small.blocks[0].sparse_rows = small.blocks[1].sparse_rows = 8;
  Architecture large = small;
  large.blocks[0].dense_width = large.blocks[1].dense_width = 32;
  large.blocks[0].sparse_rows = large.blocks[1].sparse_rows = 16;
  large.blocks[0].dsi = true;
  large.blocks[1].dense_inputs = large.blocks[1].sparse_inputs = {0, 1};
  Subnetwork a = builder.build(small);
  Subnetwork b = builder.build(large);
  weights.gather_all(a);
  weights.gather_all(b);
  std::map<std::size_t, const Slice*> in_large;
  for (const Slice& slice : b.slices) in_large.emplace(slice.parameter, &slice);
  for (const Slice& slice : a.slices) {
    ASSERT_EQ(in_large.count(slice.parameter), 1U);
    const Slice& other = *in_large[slice.parameter];
    const std::vector<std::uint64_t> from = columns_of(slice);
    const std::vector<std::uint64_t> to = columns_of(other);
    const std::vector<float>& narrow = a.model.operators[slice.op].weight;
    const std::vector<float>& wide = b.model.operators[other.op].weight;
    for (std::uint64_t row = 0; row < slice.rows; ++row) {
      for (std::size_t c = 0; c < from.size(); ++c) {
        const auto place = std::find(to.begin(), to.end(), from[c]);
        ASSERT_NE(place, to.end());
        const auto column = static_cast<std::uint64_t>(place - to.begin());
        ASSERT_EQ(narrow[row * from.size() + c], wide[row * to.size() + column]);
      }
    }
  }
}

TEST(SharedWeights, TablesAreLentNotCopied) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  SharedWeights weights = SharedWeights::random(builder, 1);
  const std::size_t table = find(weights, "emb1");
  const float* values = weights.values(table).weight.data();
  const std::vector<float> before = weights.values(table).weight;
  Subnetwork network = builder.build(sampled(1));
  weights.gather(network);
  Operator& op = network.model.operators[static_cast<std::size_t>(network.model.find("emb1"))];
  EXPECT_TRUE(op.weight.empty());
  {
    const BorrowedTables tables(weights, network);
    EXPECT_EQ(op.weight.data(), values);
    EXPECT_TRUE(weights.values(table).weight.empty());
  }
  EXPECT_EQ(weights.values(table).weight.data(), values);
  EXPECT_EQ(weights.values(table).weight, before);
  EXPECT_TRUE(op.weight.empty());
  weights.gather_all(network);
  EXPECT_EQ(op.weight, before);
  EXPECT_EQ(weights.values(table).weight.data(), values);
}

TEST(SharedWeights, SumsStartWhereTheOptionsSay) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  SharedWeights weights = SharedWeights::random(builder, 1);
  StepOptions options;
  options.initial = 0.25;
  options.table_initial = 0.75;
  weights.start_sums(options);
  for (std::size_t p = 0; p < weights.parameters().size(); ++p) {
    const SharedValues& values = weights.values(p);
    const bool table = weights.parameters()[p].table >= 0;
    const std::size_t sums = table ? weights.parameters()[p].rows : values.weight.size();
    EXPECT_EQ(values.weight_sum, std::vector<float>(sums, table ? 0.75F : 0.25F));
    EXPECT_EQ(values.bias_sum, std::vector<float>(values.bias.size(), 0.25F));
  }
}

TEST(SharedWeights, KnowWhetherTheyAreFinite) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  SharedWeights weights = SharedWeights::random(builder, 1);
  EXPECT_TRUE(weights.finite());
  SharedValues& logit = weights.values(find(weights, "logit"));
  logit.bias[0] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(weights.finite());
  logit.bias[0] = 0;
  logit.weight[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(weights.finite());
}

// One step of a sub-network, its gradients, and the shared weights before.
class Step : public testing::Test {
 protected:
  void run(const StepOptions& options, int threads = 1) {
    weights_.gather(network_);
    for (const Slice& slice : network_.slices) before_.emplace(slice.parameter, slice);
    {
      const BorrowedTables tables(weights_, network_);
      computation_ = std::make_unique<Network>(network_.model, NetworkOptions{threads, false});
      Batch batch{&chunk_, {}};
      for (std::uint32_t i = 0; i < 20; ++i) batch.samples.push_back(i);
      Matrix gradient = computation_->forward(batch);
      for (Eigen::Index b = 0; b < 20; ++b) gradient(b, 0) = 0.1F * static_cast<float>(b - 8);
      computation_->backward(batch, gradient);
    }
    norm_ = weights_.step(network_, *computation_, options);
  }

  // Of all gradients that something is trained by, by hand.
  double norm_by_hand() const {
    double squares = 0;
    for (const auto& [p, slice] : before_) {
      const Gradient& gradient = computation_->gradient(slice.op);
      squares += gradient.weight.cast<double>().squaredNorm();
      if (!weights_.values(p).bias.empty()) squares += gradient.bias.cast<double>().squaredNorm();
    }
    return std::sqrt(squares);
  }

  SubnetworkBuilder builder_{tiny_space(), tiny_info()};
  TraceChunk chunk_ = test::random_chunk(tiny_info(), 20, 3, 5);
  SharedWeights weights_ = [&] {
    SharedWeights weights = SharedWeights::random(builder_, 1);
    weights.start_sums(StepOptions());
    return weights;
  }();
  const SharedWeights old_ = weights_;
  Subnetwork network_ = builder_.build(sampled(4));
  std::map<std::size_t, Slice> before_;
  std::unique_ptr<Network> computation_;
  double norm_ = 0;
};

TEST_F(Step, ClipsAndStepsWhatItTouches) {
  const StepOptions options{0.5, 0.02, 0.25, 0.3, 0, 0};
  run(options);
  EXPECT_NEAR(norm_, norm_by_hand(), 1e-5 * norm_);
  ASSERT_GT(norm_, 2 * options.clip) << "nothing was clipped";
  const double part = options.clip / norm_;
  for (std::size_t p = 0; p < weights_.parameters().size(); ++p) {
    const Parameter& parameter = weights_.parameters()[p];
    SCOPED_TRACE(parameter.name);
    std::vector<float> expected = old_.values(p).weight;
    std::vector<float> biases = old_.values(p).bias;
    const auto found = before_.find(p);
    if (found != before_.end()) {
      const Gradient& gradient = computation_->gradient(found->second.op);
      const std::vector<std::uint64_t> columns = columns_of(found->second);
      for (Eigen::Index r = 0; r < gradient.weight.rows(); ++r) {
        const bool table = parameter.table >= 0;
        const auto row =
            table ? gradient.rows[static_cast<std::size_t>(r)] : static_cast<std::uint64_t>(r);
        // A row of a table has one sum: the mean of its squares.
        const double mean = gradient.weight.row(r).cast<double>().squaredNorm() / 16;
        for (std::size_t c = 0; c < columns.size(); ++c) {
          const double g = part * gradient.weight(r, static_cast<Eigen::Index>(c));
          const double root = table ? part * std::sqrt(mean) : std::abs(g);
          expected[row * parameter.columns + columns[c]] -= static_cast<float>(
              (table ? options.table_rate : options.rate) * g / (root + options.epsilon));
        }
      }
      for (std::size_t b = 0; b < std::min<std::size_t>(biases.size(), found->second.rows); ++b) {
        const double g = part * gradient.bias(static_cast<Eigen::Index>(b));
        biases[b] -= static_cast<float>(options.rate * g / (std::abs(g) + options.epsilon));
      }
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      // What nothing touched is the same to the last bit.
      const bool touched = expected[i] != old_.values(p).weight[i];
      ASSERT_NEAR(weights_.values(p).weight[i], expected[i], touched ? 2e-6 : 0) << i;
    }
    for (std::size_t b = 0; b < biases.size(); ++b) {
      ASSERT_NEAR(weights_.values(p).bias[b], biases[b], 2e-6) << b;
    }
  }
}

TEST_F(Step, SumsDampTheSecondStep) {
  const StepOptions options{0.5, 1e-6, 1e9, 0.5, 0, 0};
  const std::size_t logit = find(weights_, "logit");
  const float before = weights_.values(logit).bias[0];
  run(options);
  const double first = weights_.values(logit).bias[0] - before;
  EXPECT_NEAR(std::abs(first), 0.5, 1e-6);  // g / |g|
  const auto g = computation_->gradient(before_.at(logit).op).bias(0);
  EXPECT_NEAR(weights_.values(logit).bias_sum[0], g * g, 1e-6 * g * g);
  run(options);
  // The same gradient once more: its logit gradients do not depend on weights.
  EXPECT_NEAR(weights_.values(logit).bias[0] - before, first * (1 + 1 / std::sqrt(2.0)), 1e-5);
}

TEST_F(Step, InitialSumsDampTheFirstStep) {
  const StepOptions options{0.5, 1e-9, 1e9, 0.5, 16, 0};
  const std::size_t logit = find(weights_, "logit");
  const float before = weights_.values(logit).bias[0];
  weights_.start_sums(options);
  run(options);
  // The gradient of the bias is the sum of the logits': 0.1 (0 + 1 + ... + 19 - 20 * 8) = 3. With
  // a sum of 16 before: 3 / sqrt(16 + 9) = 0.6 of the rate.
  EXPECT_NEAR(computation_->gradient(before_.at(logit).op).bias(0), 3, 1e-5);
  EXPECT_NEAR(weights_.values(logit).bias_sum[0], 25, 1e-4);
  EXPECT_NEAR(weights_.values(logit).bias[0] - before, -0.5 * 0.6, 1e-6);
}

TEST_F(Step, ThreadsChangeNothing) {
  run(StepOptions());
  SharedWeights one = weights_;
  weights_ = old_;
  run(StepOptions(), 3);
  for (std::size_t p = 0; p < one.parameters().size(); ++p) {
    EXPECT_EQ(one.values(p).weight, weights_.values(p).weight);
    EXPECT_EQ(one.values(p).weight_sum, weights_.values(p).weight_sum);
    EXPECT_EQ(one.values(p).bias, weights_.values(p).bias);
  }
}

TEST_F(Step, GradientsThatAreNotFiniteChangeNothing) {
  weights_.values(find(weights_, "logit")).bias[0] = 0;
  weights_.values(find(weights_, "logit")).weight[0] = std::numeric_limits<float>::infinity();
  const SharedWeights before = weights_;
  run(StepOptions());
  EXPECT_FALSE(std::isfinite(norm_));
  for (std::size_t p = 0; p < before.parameters().size(); ++p) {
    EXPECT_EQ(before.values(p).weight, weights_.values(p).weight);
    EXPECT_EQ(before.values(p).weight_sum, weights_.values(p).weight_sum);
  }
}

}  // namespace
}  // namespace recpim::supernet
