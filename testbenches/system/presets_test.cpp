// SPDX-License-Identifier: Apache-2.0
// Every model that can be created by name runs on the chip: each prediction equals the integer
// reference's, and so does the log loss that is reported.
#include <gtest/gtest.h>

#include <map>

#include "models/graph/create.h"
#include "models/ops/integer_reference.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/presets.h"
#include "models/supernet/subnetwork.h"
#include "sim/chip/simulate.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/harness/scratch_folder.h"
#include "traces/generate/generator.h"

namespace recpim {
namespace {

constexpr std::uint64_t kSamples = 24;

/// Tables and dense features as the data set has that a preset was found on.
std::string trace_for(const std::string& name) {
  GenerateOptions options;
  const bool avazu = name.find("avazu") != std::string::npos;
  const bool kdd = name.find("kdd") != std::string::npos;
  const std::size_t tables = kdd ? 10 : avazu ? 23 : 26;
  options.rows.assign(tables, 50);
  options.pooling.assign(tables, 1);
  options.dense = kdd ? 3 : avazu ? 1 : 13;
  options.samples = kSamples;
  options.version = "test";
  std::string path = testing::scratch_folder() + "/" + name + ".h5";
  generate_trace(options, path);
  return path;
}

Model block_wise(const std::string& name, const TraceInfo& info, bool mixed) {
  supernet::Architecture architecture = supernet::preset(name);
  const bool full = name.find("-full") != std::string::npos;
  supernet::SpaceDescription space = supernet::space_of(full ? "nasrec-full" : "nasrec-small");
  space.blocks = static_cast<int>(architecture.blocks.size());
  int i = 0;
  for (supernet::Block& block : architecture.blocks) {
    if (!mixed) break;
    // 4 and 8 bits in turn, so that joins mix them.
    block.dense_precision = {2 << (i % 3), i % 2 == 0 ? 4 : 8};
    block.sparse_precision = {4, i % 2 == 0 ? 8 : 4};
    block.fm_precision = {8, 4};
    block.dsi_precision = {4, i % 3 == 0 ? 8 : 4};
    ++i;
  }
  Model model = supernet::SubnetworkBuilder(space, info).build(architecture).model;
  model.seed = 3;
  initialise_weights(model);
  return model;
}

Model model_named(const std::string& name, const TraceInfo& info) {
  constexpr const char* kMixed = "-mixed";
  const std::size_t mixed = name.find(kMixed);
  if (name.find("nasrec") == 0) {
    return block_wise(name.substr(0, mixed), info, mixed != std::string::npos);
  }
  if (name == "dlrm") return create_dlrm(info, {}, {}, 3);
  if (name == "lr") return create_lr(info, {}, 3);
  if (name == "fm") return create_fm(info, {}, {}, 3);
  if (name == "wide-deep") return create_wide_deep(info, {}, {}, 3);
  if (name == "deepfm") return create_deepfm(info, {}, {}, 3);
  return create_dcn(info, {}, {}, 3);
}

class Presets : public ::testing::TestWithParam<std::string> {};

TEST_P(Presets, EveryPredictionEqualsTheIntegerReference) {
  const std::string path = trace_for(GetParam());
  const TraceReader trace(path);
  Model model = model_named(GetParam(), trace.info());
  equalise(model, trace, spread_samples(kSamples));
  quantise(model, trace, spread_samples(kSamples));
  const Design design = map_naive(model, Hardware());
  validate(design, "design");
  validate(design, model, "design");
  const SimulationResult result = simulate(design, model, trace, {});
  const std::vector<std::int32_t> expected = integer_outputs(model, trace, 0, kSamples);
  ASSERT_EQ(result.predictions.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(result.predictions[i].values.at(0), expected[i]) << "sample " << i;
  }
  const Json& quality = result.json["quality"];
  EXPECT_TRUE(quality["logloss"].is_number());
  EXPECT_EQ(quality["logloss"], quality["reference_logloss"]);
}

std::vector<std::string> names() {
  std::vector<std::string> all = supernet::preset_names();
  for (const std::string& name : supernet::preset_names()) all.push_back(name + "-mixed");
  for (const char* name : {"dlrm", "lr", "fm", "wide-deep", "deepfm", "dcn"}) all.push_back(name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, Presets, ::testing::ValuesIn(names()), [](const auto& preset) {
  std::string name = preset.param;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

}  // namespace
}  // namespace recpim
