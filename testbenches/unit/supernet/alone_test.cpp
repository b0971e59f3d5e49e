// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/alone.h"

#include <gtest/gtest.h>

#include "models/graph/kinds.h"
#include "models/supernet/quality.h"
#include "models/supernet/training.h"
#include "models/training/split.h"
#include "testbenches/unit/supernet/tiny.h"

namespace recpim::supernet {
namespace {

using test::generated_trace;
using test::ScratchFolder;
using test::tiny_info;
using test::tiny_space;

Architecture sampled(std::uint64_t i) {
  Random random(21, i);
  return ArchitectureSpace(tiny_space()).sample(random);
}

TEST(Alone, HasTheWeightsOfItsModelAndNoOthers) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  for (std::uint64_t i = 0; i < 10; ++i) {
    Alone alone = make_alone(builder, sampled(i), 5);
    alone.weights.gather_all(alone.network);
    ASSERT_EQ(alone.weights.parameters().size(), alone.network.slices.size());
    for (std::size_t p = 0; p < alone.network.slices.size(); ++p) {
      const Slice& slice = alone.network.slices[p];
      const Operator& op = alone.network.model.operators[slice.op];
      EXPECT_EQ(slice.parameter, p);
      // All of the parameter, in its own order.
      EXPECT_EQ(op.weight, alone.weights.values(p).weight) << op.name;
      EXPECT_EQ(op.weight.size(), shape_of(alone.network.model, op).weights()) << op.name;
    }
    EXPECT_EQ(alone.weights.parameters().back().name, kLogit);
    validate(alone.network.model);
    const Alone other = make_alone(builder, sampled(i), 6);
    EXPECT_NE(other.weights.values(0).weight, alone.weights.values(0).weight);
  }
}

TEST(Alone, LearnsPlantedLabelsWhateverTheThreads) {
  const ScratchFolder scratch;
  const TraceReader trace(generated_trace(scratch, 4000));
  const SubnetworkBuilder builder(tiny_space(), trace.info());
  const SplitSamples parts = split_samples({1, 4000});
  SupernetOptions options = default_options(4000);
  options.fake_quantised = false;
  QualityMeter meter(trace, parts.validation, {});
  Alone one = make_alone(builder, sampled(1), 1);
  Alone two = make_alone(builder, sampled(1), 1);
  train_alone(one, trace, parts.train, options, 1);
  train_alone(two, trace, parts.train, options, 3);
  for (std::size_t p = 0; p < one.weights.parameters().size(); ++p) {
    ASSERT_EQ(one.weights.values(p).weight, two.weights.values(p).weight);
    EXPECT_TRUE(one.weights.values(p).weight_sum.empty());
  }
  // Always predicting the share of clicks: 0.59; knowing the true probabilities: 0.47.
  EXPECT_LT(meter.measure(one.weights, one.network).logloss, meter.constant_log_loss() - 0.02);
}

}  // namespace
}  // namespace recpim::supernet
