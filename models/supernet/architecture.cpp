// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/architecture.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

constexpr const char* kSchema = "recpim.architecture/1";
constexpr int kMaxSize = 1 << 20;  // Of a width or a number of rows, far above any sensible one.

const std::vector<std::string>& dense_names() {
  static const std::vector<std::string> kNames = {"fc", "dot", "gating", "sum"};
  return kNames;
}

const std::vector<std::string>& sparse_names() {
  static const std::vector<std::string> kNames = {"transformer", "efc"};
  return kNames;
}

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> kNames = {"dense_operator",
                                                  "sparse_operator",
                                                  "dense_width",
                                                  "sparse_rows",
                                                  "dsi",
                                                  "fm",
                                                  "dense_inputs",
                                                  "sparse_inputs",
                                                  "left",
                                                  "right",
                                                  "dense_precision",
                                                  "sparse_precision",
                                                  "fm_precision",
                                                  "dsi_precision"};
  return kNames;
}

std::size_t position(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

auto fields(const Block& b) {
  return std::tie(b.dense_operator, b.sparse_operator, b.dense_width, b.sparse_rows, b.dsi, b.fm,
                  b.dense_inputs, b.sparse_inputs, b.left, b.right, b.dense_precision,
                  b.sparse_precision, b.fm_precision, b.dsi_precision);
}

std::string listed(const std::vector<int>& values) {
  std::string text = "[";
  for (const int value : values) text += (text.size() > 1 ? "," : "") + std::to_string(value);
  return text + "]";
}

/// Written directly: a search encodes every candidate, and a detour over Json takes four times as
/// long. No text here needs an escape.
void append_block(const Block& block, std::string& to) {
  bool first = true;
  const auto append = [&](Field field, const std::string& value, const char* quote = "") {
    to.append(first ? "{\"" : ",\"").append(name(field)).append("\":");
    to.append(quote).append(value).append(quote);
    first = false;
  };
  const auto boolean = [](bool value) { return value ? "true" : "false"; };
  append(Field::kDenseOperator, name(block.dense_operator), "\"");
  append(Field::kSparseOperator, name(block.sparse_operator), "\"");
  append(Field::kDenseWidth, std::to_string(block.dense_width));
  append(Field::kSparseRows, std::to_string(block.sparse_rows));
  append(Field::kDsi, boolean(block.dsi));
  append(Field::kFm, boolean(block.fm));
  append(Field::kDenseInputs, listed(block.dense_inputs));
  append(Field::kSparseInputs, listed(block.sparse_inputs));
  append(Field::kLeft, std::to_string(block.left));
  append(Field::kRight, std::to_string(block.right));
  append(Field::kDensePrecision, text(block.dense_precision), "\"");
  append(Field::kSparsePrecision, text(block.sparse_precision), "\"");
  append(Field::kFmPrecision, text(block.fm_precision), "\"");
  append(Field::kDsiPrecision, text(block.dsi_precision), "\"");
  to += "}";
}

int integer(const JsonView& json, int low, int high) {
  return static_cast<int>(json.integer(low, high));
}

/// Of block `number`, which sees as many outputs.
std::vector<int> inputs_of(const JsonView& json, int number) {
  std::vector<int> inputs;
  for (const auto input : json.integers(0, number - 1)) {
    if (!inputs.empty() && input <= inputs.back()) json.fail("ascending numbers");
    inputs.push_back(static_cast<int>(input));
  }
  if (inputs.empty()) json.fail("at least one number");
  return inputs;
}

SlotPrecision precision_of(const JsonView& block, const char* key) {
  static const std::vector<std::string> kTexts = {"2/4", "2/8", "4/4", "4/8", "8/4", "8/8"};
  if (!block.has(key)) return {};
  const std::string text = block.at(key).one_of(kTexts);
  return {text[0] - '0', text[2] - '0'};
}

Block block_of(const JsonView& json, int number) {
  static const std::set<std::string> kKeys(field_names().begin(), field_names().end());
  json.only(kKeys);
  Block block;
  block.dense_operator = static_cast<DenseOperator>(
      position(dense_names(), json.at("dense_operator").one_of(dense_names())));
  block.sparse_operator = static_cast<SparseOperator>(
      position(sparse_names(), json.at("sparse_operator").one_of(sparse_names())));
  block.dense_width = integer(json.at("dense_width"), 1, kMaxSize);
  block.sparse_rows = integer(json.at("sparse_rows"), 1, kMaxSize);
  block.dsi = json.at("dsi").boolean();
  block.fm = json.at("fm").boolean();
  block.dense_inputs = inputs_of(json.at("dense_inputs"), number);
  block.sparse_inputs = inputs_of(json.at("sparse_inputs"), number);
  block.left = integer(json.at("left"), 0, number - 1);
  block.right = integer(json.at("right"), 0, number - 1);
  block.dense_precision = precision_of(json, "dense_precision");
  block.sparse_precision = precision_of(json, "sparse_precision");
  block.fm_precision = precision_of(json, "fm_precision");
  block.dsi_precision = precision_of(json, "dsi_precision");
  return block;
}

}  // namespace

const char* name(DenseOperator op) { return dense_names()[static_cast<std::size_t>(op)].c_str(); }

const char* name(SparseOperator op) { return sparse_names()[static_cast<std::size_t>(op)].c_str(); }

const char* name(Field field) { return field_names()[static_cast<std::size_t>(field)].c_str(); }

bool operator==(const SlotPrecision& a, const SlotPrecision& b) {
  return a.weight_bits == b.weight_bits && a.activation_bits == b.activation_bits;
}

bool operator==(const Block& a, const Block& b) { return fields(a) == fields(b); }

bool operator==(const Architecture& a, const Architecture& b) { return a.blocks == b.blocks; }

std::string text(const SlotPrecision& precision) {
  return std::to_string(precision.weight_bits) + "/" + std::to_string(precision.activation_bits);
}

std::string encode(const Architecture& architecture) {
  std::string text = std::string("{\"schema\":\"") + kSchema + "\",\"blocks\":[";
  for (const Block& block : architecture.blocks) {
    if (&block != &architecture.blocks.front()) text += ",";
    append_block(block, text);
  }
  return text + "]}";
}

Json to_json(const Architecture& architecture) { return Json::parse(encode(architecture)); }

Architecture architecture_of(const JsonView& json) {
  json.only({"schema", "blocks"});
  json.at("schema").one_of({kSchema});
  const JsonView blocks = json.at("blocks");
  if (blocks.size() < 1 || blocks.size() > static_cast<std::size_t>(kMaxBlocks)) {
    blocks.fail("1 to " + std::to_string(kMaxBlocks) + " blocks");
  }
  Architecture architecture;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    architecture.blocks.push_back(block_of(blocks.at(i), static_cast<int>(i) + 1));
  }
  return architecture;
}

Architecture decode(const std::string& text, const std::string& file) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    reject(file, "", text.size() > 60 ? text.substr(0, 57) + "..." : text, "JSON");
  }
  return architecture_of(JsonView(json, file));
}

}  // namespace recpim::supernet
