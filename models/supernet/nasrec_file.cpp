// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/nasrec_file.h"

#include <algorithm>
#include <optional>

#include "models/supernet/space.h"

namespace recpim::supernet {
namespace {

constexpr std::size_t kMaxInputs = 4;

/// What one number of active_nodes stands for.
struct Node {
  std::optional<DenseOperator> dense;
  std::optional<SparseOperator> sparse;
};

/// A `config` of NASRec: the operators by number, and which space that is here.
struct Config {
  std::string space;
  std::vector<Node> nodes;
  std::string listed;
};

const Config& config_of(const std::string& name) {
  static const Config kFull = {
      "nasrec-full",
      {{DenseOperator::kFc, {}},
       {DenseOperator::kDot, {}},
       {DenseOperator::kGating, {}},
       {DenseOperator::kSum, {}},
       {{}, SparseOperator::kTransformer},
       {{}, SparseOperator::kEfc}},
      "one of 0 fc, 1 dot, 2 gating, 3 sum and one of 4 transformer, 5 efc"};
  static const Config kSmall = {
      "nasrec-small",
      {{DenseOperator::kFc, {}}, {DenseOperator::kDot, {}}, {{}, SparseOperator::kEfc}},
      "one of 0 fc, 1 dot and 2 efc"};
  return name == "xlarge" ? kFull : kSmall;
}

void read_operators(const JsonView& json, const Config& config, Block& block) {
  std::optional<DenseOperator> dense;
  std::optional<SparseOperator> sparse;
  for (const auto number : json.integers(0, static_cast<int>(config.nodes.size()) - 1)) {
    const Node& node = config.nodes[static_cast<std::size_t>(number)];
    if (node.dense) dense = node.dense;
    if (node.sparse) sparse = node.sparse;
  }
  if (json.size() != 2 || !dense || !sparse) json.fail(config.listed);
  block.dense_operator = *dense;
  block.sparse_operator = *sparse;
}

int listed_value(const JsonView& json, const std::vector<int>& values) {
  const auto high = *std::max_element(values.begin(), values.end());
  const auto value = static_cast<int>(json.integer(0, high));
  if (std::find(values.begin(), values.end(), value) == values.end()) {
    json.fail("one of " + Json(values).dump());
  }
  return value;
}

/// In any order in the file: NASRec joins the inputs in ascending order whatever the list says.
std::vector<int> subset(const JsonView& json, int number) {
  std::vector<int> inputs;
  for (const auto input : json.integers(0, number - 1)) inputs.push_back(static_cast<int>(input));
  std::sort(inputs.begin(), inputs.end());
  const bool repeated = std::adjacent_find(inputs.begin(), inputs.end()) != inputs.end();
  if (inputs.empty() || inputs.size() > kMaxInputs || repeated) {
    json.fail("1 to " + std::to_string(kMaxInputs) + " different numbers");
  }
  return inputs;
}

int single(const JsonView& json, int number) {
  if (json.size() != 1) json.fail("one number");
  return static_cast<int>(json.at(std::size_t{0}).integer(0, number - 1));
}

Block block_of(const JsonView& micro, const JsonView& macro, const Config& config,
               const SpaceDescription& space, int number) {
  micro.only(
      {"active_nodes", "dense_in_dims", "sparse_in_dims", "dense_sparse_interact", "deep_fm"});
  macro.only({"dense_idx", "sparse_idx", "dense_left_idx", "dense_right_idx"});
  Block block;
  read_operators(micro.at("active_nodes"), config, block);
  block.dense_width = listed_value(micro.at("dense_in_dims"), space.dense_widths);
  block.sparse_rows = listed_value(micro.at("sparse_in_dims"), space.sparse_rows);
  block.dsi = micro.at("dense_sparse_interact").integer(0, 1) == 1;
  block.fm = micro.at("deep_fm").integer(0, 1) == 1;
  block.dense_inputs = subset(macro.at("dense_idx"), number);
  block.sparse_inputs = subset(macro.at("sparse_idx"), number);
  block.left = single(macro.at("dense_left_idx"), number);
  block.right = single(macro.at("dense_right_idx"), number);
  return block;
}

}  // namespace

NasrecFile nasrec_of(const JsonView& json) {
  // The last four are results: they say nothing about the architecture and are not looked at.
  json.only({"micro", "macro", "config", "num_blocks", "use_layernorm", "test_loss", "test_acc",
             "test_auroc", "hash_token"});
  const Config& config = config_of(json.at("config").one_of({"xlarge", "autoctr"}));
  const SpaceDescription space = space_of(config.space);
  const JsonView micro = json.at("micro");
  const JsonView macro = json.at("macro");
  const auto blocks = static_cast<int>(std::min<std::size_t>(micro.size(), kMaxBlocks + 1));
  if (blocks < 1 || blocks > kMaxBlocks) {
    micro.fail("1 to " + std::to_string(kMaxBlocks) + " blocks");
  }
  if (macro.size() != micro.size()) macro.fail("as many blocks as micro");
  if (json.has("num_blocks")) json.at("num_blocks").integer(blocks, blocks);
  // Operators have LayerNorm here, always; without it they are others.
  if (json.has("use_layernorm")) json.at("use_layernorm").integer(1, 1);
  NasrecFile file;
  file.space = config.space;
  for (int number = 1; number <= blocks; ++number) {
    const auto i = static_cast<std::size_t>(number - 1);
    file.architecture.blocks.push_back(block_of(micro.at(i), macro.at(i), config, space, number));
  }
  return file;
}

NasrecFile read_nasrec_file(const std::string& path) {
  const Json json = read_json_file(path);
  return nasrec_of(JsonView(json, path));
}

}  // namespace recpim::supernet
