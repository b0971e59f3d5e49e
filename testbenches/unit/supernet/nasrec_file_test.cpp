// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/nasrec_file.h"

#include <gtest/gtest.h>

#include <functional>

#include "models/supernet/space.h"
#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

Json full() {
  return Json::parse(R"({
    "micro": [
      {"active_nodes": [2, 4], "dense_in_dims": 128, "sparse_in_dims": 64,
       "dense_sparse_interact": 1, "deep_fm": 0},
      {"active_nodes": [0, 5], "dense_in_dims": 1024, "sparse_in_dims": 16,
       "dense_sparse_interact": 0, "deep_fm": 1},
      {"active_nodes": [3, 5], "dense_in_dims": 16, "sparse_in_dims": 48,
       "dense_sparse_interact": 0, "deep_fm": 0}],
    "macro": [
      {"dense_idx": [0], "sparse_idx": [0], "dense_left_idx": [0], "dense_right_idx": [0]},
      {"dense_idx": [1, 0], "sparse_idx": [1], "dense_left_idx": [1], "dense_right_idx": [0]},
      {"dense_idx": [2], "sparse_idx": [2, 0, 1], "dense_left_idx": [0], "dense_right_idx": [2]}],
    "num_blocks": 3, "use_layernorm": 1, "config": "xlarge", "test_loss": 0.45})");
}

TEST(NasrecFile, ByHand) {
  Architecture expected;
  expected.blocks.resize(3);
  Block& first = expected.blocks[0];
  first.dense_operator = DenseOperator::kGating;
  first.sparse_operator = SparseOperator::kTransformer;
  first.dense_width = 128;
  first.sparse_rows = 64;
  first.dsi = true;
  Block& second = expected.blocks[1];
  second.dense_width = 1024;  // fc and efc are the default.
  second.fm = true;
  second.dense_inputs = {0, 1};
  second.sparse_inputs = {1};
  second.left = 1;
  Block& third = expected.blocks[2];
  third.dense_operator = DenseOperator::kSum;
  third.sparse_rows = 48;
  third.dense_inputs = {2};
  third.sparse_inputs = {0, 1, 2};
  third.right = 2;
  const Json json = full();
  const NasrecFile file = nasrec_of(JsonView(json, "f.json"));
  EXPECT_EQ(encode(file.architecture), encode(expected));
  EXPECT_EQ(file.space, "nasrec-full");
}

TEST(NasrecFile, TheSmallConfigNumbersItsOwnOperators) {
  Json json = full();
  json["config"] = "autoctr";
  json["micro"][0]["active_nodes"] = {0, 2};
  json["micro"][1]["active_nodes"] = {2, 1};
  json["micro"][2]["active_nodes"] = {1, 2};
  const NasrecFile file = nasrec_of(JsonView(json, "f.json"));
  EXPECT_EQ(file.space, "nasrec-small");
  const auto& blocks = file.architecture.blocks;
  EXPECT_EQ(blocks[0].dense_operator, DenseOperator::kFc);
  EXPECT_EQ(blocks[1].dense_operator, DenseOperator::kDot);
  EXPECT_EQ(blocks[2].dense_operator, DenseOperator::kDot);
  for (const Block& block : blocks) EXPECT_EQ(block.sparse_operator, SparseOperator::kEfc);
}

TEST(NasrecFile, ResultsAreNotLookedAt) {
  Json json = full();
  json.erase("num_blocks");
  json.erase("use_layernorm");
  json["test_loss"] = "none";
  json["test_auroc"] = {0.8};
  json["hash_token"] = "101";
  EXPECT_EQ(nasrec_of(JsonView(json, "f.json")).architecture.blocks.size(), 3U);
}

void expect_refused(const std::function<void(Json&)>& change, const std::string& message) {
  Json json = full();
  change(json);
  try {
    nasrec_of(JsonView(json, "f.json"));
    ADD_FAILURE() << "accepted, not: " << message;
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), "f.json: " + message);
  }
}

TEST(NasrecFile, RefusesForeignOperators) {
  const std::string accepted =
      ": accepted: one of 0 fc, 1 dot, 2 gating, 3 sum and one of 4 transformer, 5 efc";
  const auto nodes = [](const Json& value) {
    return [value](Json& j) { j["micro"][1]["active_nodes"] = value; };
  };
  expect_refused(nodes({0}), "micro[1].active_nodes = [0]" + accepted);
  expect_refused(nodes({0, 1}), "micro[1].active_nodes = [0,1]" + accepted);
  expect_refused(nodes({4, 5}), "micro[1].active_nodes = [4,5]" + accepted);
  expect_refused(nodes({0, 1, 5}), "micro[1].active_nodes = [0,1,5]" + accepted);
  expect_refused(nodes({0, 6}),
                 "micro[1].active_nodes[1] = 6: accepted: a whole number from 0 to 5");
  expect_refused([](Json& j) { j["config"] = "xlarge-zeros"; },
                 "config = \"xlarge-zeros\": accepted: xlarge, autoctr");
}

TEST(NasrecFile, RefusesForeignValues) {
  expect_refused([](Json& j) { j["micro"][2]["dense_in_dims"] = 100; },
                 "micro[2].dense_in_dims = 100: accepted: one of [16,32,64,128,256,512,768,1024]");
  expect_refused([](Json& j) { j["micro"][2]["sparse_in_dims"] = 80; },
                 "micro[2].sparse_in_dims = 80: accepted: a whole number from 0 to 64");
  expect_refused([](Json& j) { j["micro"][0]["dense_sparse_interact"] = true; },
                 "micro[0].dense_sparse_interact = true: accepted: a whole number from 0 to 1");
  expect_refused([](Json& j) { j["micro"][0]["deep_fm"] = 2; },
                 "micro[0].deep_fm = 2: accepted: a whole number from 0 to 1");
  expect_refused([](Json& j) { j["use_layernorm"] = 0; },
                 "use_layernorm = 0: accepted: a whole number from 1 to 1");
}

TEST(NasrecFile, RefusesForeignWiring) {
  expect_refused(
      [](Json& j) {
        j["macro"][1]["dense_idx"] = {0, 2};
      },
      "macro[1].dense_idx[1] = 2: accepted: a whole number from 0 to 1");
  expect_refused(
      [](Json& j) {
        j["macro"][1]["sparse_idx"] = {1, 1};
      },
      "macro[1].sparse_idx = [1,1]: accepted: 1 to 4 different numbers");
  expect_refused([](Json& j) { j["macro"][1]["sparse_idx"] = Json::array(); },
                 "macro[1].sparse_idx = []: accepted: 1 to 4 different numbers");
  expect_refused(
      [](Json& j) {
        j["macro"][2]["dense_left_idx"] = {0, 1};
      },
      "macro[2].dense_left_idx = [0,1]: accepted: one number");
  expect_refused([](Json& j) { j["macro"][2]["dense_right_idx"] = {3}; },
                 "macro[2].dense_right_idx[0] = 3: accepted: a whole number from 0 to 2");
  Json five = full();
  for (int i = 0; i < 3; ++i) {
    five["micro"].push_back(five["micro"][2]);
    five["macro"].push_back(five["macro"][2]);
  }
  five["num_blocks"] = 6;
  nasrec_of(JsonView(five, "f.json"));
  five["macro"][5]["dense_idx"] = {0, 1, 2, 3, 5};
  EXPECT_THROW(nasrec_of(JsonView(five, "f.json")), InputError);
}

TEST(NasrecFile, RefusesForeignKeysAndLengths) {
  expect_refused([](Json& j) { j["depth"] = 3; },
                 "depth = unknown key: accepted: config, hash_token, macro, micro, num_blocks, "
                 "test_acc, test_auroc, test_loss, use_layernorm");
  expect_refused([](Json& j) { j["micro"][0]["in_dims"] = 3; },
                 "micro[0].in_dims = unknown key: accepted: active_nodes, deep_fm, "
                 "dense_in_dims, dense_sparse_interact, sparse_in_dims");
  expect_refused([](Json& j) { j["macro"][0]["idx"] = 3; },
                 "macro[0].idx = unknown key: accepted: dense_idx, dense_left_idx, "
                 "dense_right_idx, sparse_idx");
  expect_refused([](Json& j) { j["micro"][0].erase("deep_fm"); },
                 "micro[0].deep_fm: accepted: this key, which is missing");
  expect_refused([](Json& j) { j.erase("config"); },
                 "config: accepted: this key, which is missing");
  expect_refused([](Json& j) { j["num_blocks"] = 7; },
                 "num_blocks = 7: accepted: a whole number from 3 to 3");
  EXPECT_THROW(read_nasrec_file("/nowhere/f.json"), InputError);
  for (const char* text : {"[]", "3", R"({"config":"xlarge","micro":[],"macro":[]})",
                           R"({"config":"xlarge","micro":{},"macro":[]})"}) {
    const Json json = Json::parse(text);
    EXPECT_THROW(nasrec_of(JsonView(json, "f.json")), InputError) << text;
  }
  Json uneven = full();
  uneven["macro"].push_back(uneven["macro"][2]);
  EXPECT_THROW(nasrec_of(JsonView(uneven, "f.json")), InputError);
}

}  // namespace
}  // namespace recpim::supernet
