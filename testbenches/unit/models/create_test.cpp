// SPDX-License-Identifier: Apache-2.0
// New models of every kind: their sizes by independent sums, and that they map to integers.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "models/graph/cost.h"
#include "models/graph/create.h"
#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/presets.h"
#include "models/supernet/subnetwork.h"
#include "testbenches/unit/models/small_models.h"

namespace recpim {
namespace {

using test::random_chunk;
using test::ScratchFolder;
using test::small_info;
using test::write_trace;

TEST(Cost, IsASumOverOperators) {
  // 3 dense features, tables of 10 and 20 rows, embeddings of 4, hidden 8-5.
  const TraceInfo info = small_info(3, {10, 20});
  const ClickShape shape{4, {8, 5}, 2};
  const ModelCost lr = cost_of(create_lr(info, {}, 1));
  EXPECT_EQ(lr.table_parameters, 30);
  EXPECT_EQ(lr.parameters, 5 + 1);  // Two first-order values, three features; a bias.
  EXPECT_EQ(lr.flops, 5);
  const ModelCost deep = cost_of(create_wide_deep(info, shape, {}, 1));
  EXPECT_EQ(deep.table_parameters, 30 + 120);
  // 11 x 8 + 8, 8 x 5 + 5, (2 + 3 + 5) + 1.
  EXPECT_EQ(deep.parameters, 96 + 45 + 11);
  EXPECT_EQ(deep.multiply_accumulates, 88 + 40 + 10);
  const ModelCost deepfm = cost_of(create_deepfm(info, shape, {}, 1));
  EXPECT_EQ(deepfm.parameters, 96 + 45 + 15);
  // The machine squares 2 x 4 values and 4 sums.
  EXPECT_EQ(deepfm.multiply_accumulates, 88 + 40 + 14 + 12);
  const ModelCost dcn = cost_of(create_dcn(info, shape, {}, 1));
  // Two cross layers of 11 x 11 + 11; logit of 11 + 5 values.
  EXPECT_EQ(dcn.parameters, 2 * 132 + 96 + 45 + 17);
  EXPECT_EQ(dcn.multiply_accumulates, 2 * (121 + 11) + 88 + 40 + 16);
}

struct Published {
  const char* preset;
  std::uint32_t dense;
  std::size_t tables;
  double mflops;
};

// NASRec (arXiv 2207.07187), table 2: MFLOPs of its best architectures.
constexpr Published kPublished[] = {
    {"nasrec-criteo-small", 13, 26, 2.20}, {"nasrec-criteo-full", 13, 26, 1.45},
    {"nasrec-avazu-small", 1, 23, 3.08},   {"nasrec-avazu-full", 1, 23, 1.87},
    {"nasrec-kdd-small", 3, 10, 3.48},     {"nasrec-kdd-full", 3, 10, 1.09}};

TEST(Cost, OfThePresetsIsWhatNasrecPublishes) {
  for (const Published& one : kPublished) {
    SCOPED_TRACE(one.preset);
    const bool full = std::string(one.preset).find("full") != std::string::npos;
    const supernet::SubnetworkBuilder builder(
        supernet::space_of(full ? "nasrec-full" : "nasrec-small"),
        small_info(one.dense, std::vector<std::uint64_t>(one.tables, 100)));
    const ModelCost cost = cost_of(builder.build(supernet::preset(one.preset)).model);
    EXPECT_NEAR(static_cast<double>(cost.flops) / 1e6, one.mflops, 0.05 * one.mflops);
  }
}

class Created : public ::testing::Test {
 protected:
  Created() : info_(small_info(5, {30, 20, 40})) {
    write_trace(folder_.at("t.h5"), info_, random_chunk(info_, 200, 2, 5));
  }
  // Mean distance of the integer probabilities from the float ones.
  double error_of(Model model) const {
    const TraceReader trace(folder_.at("t.h5"));
    std::vector<std::uint64_t> all(100);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    equalise(model, trace, all);
    quantise(model, trace, all);
    const std::vector<float> exact = float_outputs(model, trace, all);
    const std::vector<std::int32_t> found = integer_outputs(model, trace, all);
    double sum = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      sum += std::abs(exact[i] - static_cast<float>(found[i]) / 65536.0F);
    }
    return sum / static_cast<double>(exact.size());
  }
  TraceInfo info_;
  ScratchFolder folder_;
};

TEST_F(Created, ModelsOfEveryKindHaveIntegers) {
  const ClickShape shape{8, {16, 8}, 2};
  EXPECT_LT(error_of(create_lr(info_, {}, 3)), 0.01);
  EXPECT_LT(error_of(create_fm(info_, shape, {}, 3)), 0.01);
  EXPECT_LT(error_of(create_wide_deep(info_, shape, {}, 3)), 0.01);
  EXPECT_LT(error_of(create_deepfm(info_, shape, {}, 3)), 0.01);
  EXPECT_LT(error_of(create_dcn(info_, shape, {}, 3)), 0.01);
}

TEST_F(Created, PresetsHaveIntegers) {
  for (const std::string& name : supernet::preset_names()) {
    SCOPED_TRACE(name);
    const bool full = name.find("full") != std::string::npos;
    const supernet::SubnetworkBuilder builder(
        supernet::space_of(full ? "nasrec-full" : "nasrec-small"), info_);
    Model model = builder.build(supernet::preset(name)).model;
    model.seed = 4;
    initialise_weights(model);
    // Seven blocks deep, every one normalised: rounding errors add up to some hundredths.
    EXPECT_LT(error_of(std::move(model)), 0.05);
  }
}

}  // namespace
}  // namespace recpim
