// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/presets.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "models/supernet/nasrec_file.h"
#include "models/supernet/space.h"
#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

TEST(Presets, Names) {
  EXPECT_EQ(preset_names(), (std::vector<std::string>{"nasrec-criteo-full", "nasrec-criteo-small",
                                                      "nasrec-avazu-full", "nasrec-avazu-small",
                                                      "nasrec-kdd-full", "nasrec-kdd-small"}));
  try {
    preset("nasrec-kdd");
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 61),
              "preset = nasrec-kdd: accepted: nasrec-criteo-full, nasrec-cri");
  }
}

TEST(Presets, LieInTheirSpaces) {
  const ArchitectureSpace full(space_of("nasrec-full"));
  const ArchitectureSpace small(space_of("nasrec-small"));
  for (const std::string& name : preset_names()) {
    const Architecture a = preset(name);
    full.validate(a, name);
    EXPECT_EQ(small.contains(a), name.find("small") != std::string::npos) << name;
    for (const Block& block : a.blocks) {
      for (const auto& precision : {block.dense_precision, block.sparse_precision,
                                    block.fm_precision, block.dsi_precision}) {
        EXPECT_EQ(text(precision), "8/8");
      }
    }
  }
}

// Read off the published files by eye, one block each.
TEST(Presets, SpotChecks) {
  const std::string precisions =
      R"(,"dense_precision":"8/8","sparse_precision":"8/8","fm_precision":"8/8",)"
      R"("dsi_precision":"8/8"})";
  const auto block = [](const char* name, std::size_t number) {
    return to_json(preset(name))["blocks"][number - 1].dump();
  };
  EXPECT_EQ(block("nasrec-criteo-full", 6),
            R"({"dense_operator":"fc","sparse_operator":"transformer","dense_width":768,)"
            R"("sparse_rows":16,"dsi":true,"fm":false,"dense_inputs":[0,3,4,5],)"
            R"("sparse_inputs":[1,4],"left":2,"right":3)" +
                precisions);
  EXPECT_EQ(block("nasrec-criteo-small", 2),
            R"({"dense_operator":"dot","sparse_operator":"efc","dense_width":1024,)"
            R"("sparse_rows":48,"dsi":true,"fm":true,"dense_inputs":[1],)"
            R"("sparse_inputs":[0,1],"left":1,"right":0)" +
                precisions);
  EXPECT_EQ(block("nasrec-avazu-full", 4),
            R"({"dense_operator":"sum","sparse_operator":"transformer","dense_width":768,)"
            R"("sparse_rows":16,"dsi":true,"fm":true,"dense_inputs":[0,1,2,3],)"
            R"("sparse_inputs":[3],"left":1,"right":0)" +
                precisions);
  EXPECT_EQ(block("nasrec-avazu-small", 7),
            R"({"dense_operator":"fc","sparse_operator":"efc","dense_width":512,)"
            R"("sparse_rows":32,"dsi":true,"fm":true,"dense_inputs":[5],)"
            R"("sparse_inputs":[1,2,6],"left":0,"right":1)" +
                precisions);
  EXPECT_EQ(block("nasrec-kdd-full", 3),
            R"({"dense_operator":"gating","sparse_operator":"efc","dense_width":16,)"
            R"("sparse_rows":48,"dsi":false,"fm":false,"dense_inputs":[1],)"
            R"("sparse_inputs":[1,2],"left":1,"right":0)" +
                precisions);
  EXPECT_EQ(block("nasrec-kdd-small", 5),
            R"({"dense_operator":"fc","sparse_operator":"efc","dense_width":1024,)"
            R"("sparse_rows":64,"dsi":false,"fm":false,"dense_inputs":[3,4],)"
            R"("sparse_inputs":[0,1,2,4],"left":0,"right":2)" +
                precisions);
}

TEST(Presets, AreThePublishedFiles) {
  const std::string folder =
      std::string(RECPIM_SOURCE_DIR) + "/../shared/data/nasrec_best_architectures/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent: NOT TESTED";
  for (const char* data : {"criteo", "avazu", "kdd"}) {
    for (const bool is_full : {true, false}) {
      const std::string kind = is_full ? "full" : "small";
      const NasrecFile file =
          read_nasrec_file(folder + "ea_" + data + "_kaggle_" + (is_full ? "xlarge" : "autoctr") +
                           "_best_1shot.json");
      EXPECT_EQ(file.space, "nasrec-" + kind);
      EXPECT_EQ(encode(preset("nasrec-" + std::string(data) + "-" + kind)),
                encode(file.architecture));
    }
  }
}

}  // namespace
}  // namespace recpim::supernet
