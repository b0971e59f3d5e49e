// SPDX-License-Identifier: Apache-2.0
// Loading and saving a model's folder; the format is in README.md.
#include <filesystem>
#include <stdexcept>

#include "models/graph/graph.h"
#include "models/graph/kinds.h"
#include "models/graph/weight_file.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim {
namespace {

constexpr const char* kSchema = "recpim.model/1";
constexpr const char* kGraphFile = "model.json";
constexpr const char* kWeightFile = "model.h5";
constexpr std::int64_t kLargest = INT64_MAX;

constexpr OpKind kKinds[] = {OpKind::kDenseInput, OpKind::kEmbedding, OpKind::kFc,
                             OpKind::kConcat,     OpKind::kDot,       OpKind::kSigmoid,
                             OpKind::kLayerNorm,  OpKind::kAdd,       OpKind::kMul,
                             OpKind::kFm,         OpKind::kAttention, OpKind::kPad};
constexpr Axis kAxes[] = {Axis::kAll, Axis::kWidth, Axis::kRows};

bool has_axis(OpKind kind) { return kind == OpKind::kFc || kind == OpKind::kLayerNorm; }

std::string in_folder(const std::string& folder, const char* file) {
  return (std::filesystem::path(folder) / file).string();
}

Json to_json(const Model& model, const Operator& op) {
  Json json;
  json["name"] = op.name;
  json["kind"] = kind_name(op.kind);
  json["inputs"] = Json::array();
  for (const int input : op.inputs) {
    json["inputs"].push_back(model.operators[static_cast<std::size_t>(input)].name);
  }
  json["rows"] = op.rows;
  json["width"] = op.width;
  if (has_axis(op.kind)) {
    json["relu"] = op.relu;
    json["axis"] = axis_name(op.axis);
  }
  if (op.kind == OpKind::kFc) json["biased"] = op.biased;
  if (op.kind == OpKind::kAttention) json["heads"] = op.heads;
  if (op.kind == OpKind::kLayerNorm) json["initial_gain"] = op.initial_gain;
  if (op.kind == OpKind::kEmbedding) {
    json["table"] = op.table;
    json["table_rows"] = op.table_rows;
  }
  if (has_weights(op.kind)) json["weight_bits"] = op.weight_bits;
  json["activation_bits"] = op.activation_bits;
  if (model.quantised) {
    json["output"] = {
        {"signed", op.output.is_signed}, {"bits", op.output.bits}, {"scale", op.output.scale}};
    if (op.kind == OpKind::kLayerNorm) json["epsilon"] = op.epsilon_q;
  }
  return json;
}

Json to_json(const Model& model) {
  Json json;
  json["schema"] = kSchema;
  json["name"] = model.name;
  json["kind"] = model.kind;
  json["seed"] = model.seed;
  json["quantised"] = model.quantised;
  json["random_weights"] = model.random_weights;
  json["split"] = nullptr;
  if (model.split) {
    json["split"] = {{"seed", model.split->seed}, {"samples", model.split->samples}};
  }
  json["operators"] = Json::array();
  for (const Operator& op : model.operators) json["operators"].push_back(to_json(model, op));
  return json;
}

OpKind read_kind(const JsonView& view) {
  std::vector<std::string> names;
  for (const OpKind kind : kKinds) names.emplace_back(kind_name(kind));
  const std::string name = view.one_of(names);
  for (const OpKind kind : kKinds) {
    if (name == kind_name(kind)) return kind;
  }
  view.fail("a kind of operator");
}

Axis read_axis(const JsonView& view) {
  std::vector<std::string> names;
  for (const Axis axis : kAxes) names.emplace_back(axis_name(axis));
  const std::string name = view.one_of(names);
  for (const Axis axis : kAxes) {
    if (name == axis_name(axis)) return axis;
  }
  view.fail("an axis");
}

void check_keys(const JsonView& view, OpKind kind, bool quantised) {
  std::set<std::string> known = {"name", "kind", "inputs", "rows", "width", "activation_bits"};
  if (has_axis(kind)) known.insert({"relu", "axis"});
  if (kind == OpKind::kFc) known.insert("biased");
  if (kind == OpKind::kAttention) known.insert("heads");
  if (kind == OpKind::kLayerNorm) known.insert("initial_gain");
  if (kind == OpKind::kLayerNorm && quantised) known.insert("epsilon");
  if (kind == OpKind::kEmbedding) known.insert({"table", "table_rows"});
  if (has_weights(kind)) known.insert("weight_bits");
  if (quantised) known.insert("output");
  view.only(known);
}

Operator read_operator(const JsonView& view, const Model& before) {
  Operator op;
  op.kind = read_kind(view.at("kind"));
  check_keys(view, op.kind, before.quantised);
  op.name = view.at("name").text();
  const JsonView inputs = view.at("inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const int input = before.find(inputs.at(i).text());
    if (input < 0) inputs.at(i).fail("the name of an earlier operator");
    op.inputs.push_back(input);
  }
  op.rows = static_cast<int>(view.at("rows").integer(1, INT32_MAX));
  op.width = static_cast<int>(view.at("width").integer(1, INT32_MAX));
  if (has_axis(op.kind)) {
    op.relu = view.at("relu").boolean();
    // Models written before there was a choice have neither axis nor biased.
    if (view.has("axis") || op.kind == OpKind::kLayerNorm) op.axis = read_axis(view.at("axis"));
    if (view.has("biased")) op.biased = view.at("biased").boolean();
  }
  if (op.kind == OpKind::kLayerNorm) {
    op.initial_gain = static_cast<float>(view.at("initial_gain").number(0, 1e6));
  }
  if (op.kind == OpKind::kAttention) {
    op.heads = static_cast<int>(view.at("heads").integer(1, INT32_MAX));
  }
  if (op.kind == OpKind::kEmbedding) {
    op.table = static_cast<int>(view.at("table").integer(0, INT32_MAX));
    op.table_rows = static_cast<std::uint64_t>(view.at("table_rows").integer(1, kLargest));
  }
  if (has_weights(op.kind)) op.weight_bits = static_cast<int>(view.at("weight_bits").integer(2, 8));
  op.activation_bits = static_cast<int>(view.at("activation_bits").integer(4, 16));
  if (before.quantised) {
    const JsonView output = view.at("output");
    output.only({"signed", "bits", "scale"});
    op.output.is_signed = output.at("signed").boolean();
    op.output.bits = static_cast<int>(output.at("bits").integer(4, 16));
    op.output.scale = output.at("scale").number(0, 1e300);
    if (op.kind == OpKind::kLayerNorm) op.epsilon_q = view.at("epsilon").integer(1, kLargest);
  }
  return op;
}

Model read_graph(const std::string& path) {
  const Json json = read_json_file(path);
  const JsonView view(json, path);
  view.only(
      {"schema", "name", "kind", "seed", "quantised", "random_weights", "split", "operators"});
  view.at("schema").one_of({kSchema});
  Model model;
  model.name = view.at("name").text();
  if (!is_model_name(model.name)) view.at("name").fail(kModelNames);
  model.kind = view.at("kind").text();
  model.seed = static_cast<std::uint64_t>(view.at("seed").integer(0, kLargest));
  model.quantised = view.at("quantised").boolean();
  if (view.has("random_weights")) model.random_weights = view.at("random_weights").boolean();
  const JsonView split = view.at("split");
  if (!split.raw().is_null()) {
    split.only({"seed", "samples"});
    model.split = Split{static_cast<std::uint64_t>(split.at("seed").integer(0, kLargest)),
                        static_cast<std::uint64_t>(split.at("samples").integer(1, kLargest))};
  }
  const JsonView operators = view.at("operators");
  for (std::size_t i = 0; i < operators.size(); ++i) {
    model.operators.push_back(read_operator(operators.at(i), model));
  }
  return model;
}

void write_operator(WeightWriter& out, const Model& model, const Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  const std::string at = "/" + op.name + "/";
  if (shape.requantisers + shape.weights() == 0) return;
  out.group("/" + op.name);
  const Shape matrix = {shape.rows, shape.columns};
  if (shape.weights() != 0) out.write(at + "weight", op.weight, matrix);
  if (shape.biases != 0) out.write(at + "bias", op.bias, {shape.biases});
  if (!model.quantised) return;
  // A model whose integers were made by hand has no moments.
  if (shape.moments != 0 && !op.input_mean.empty() && !op.input_square.empty()) {
    out.write(at + "input_mean", op.input_mean, {shape.moments});
    out.write(at + "input_square", op.input_square, {shape.moments});
  }
  if (shape.weights() != 0) out.write(at + "weight_q", op.weight_q, matrix);
  if (shape.biases != 0) out.write(at + "bias_q", op.bias_q, {shape.biases});
  if (shape.scales != 0) out.write(at + "weight_scale", op.weight_scale, {shape.scales});
  std::vector<std::int32_t> multiplier;
  std::vector<std::uint8_t> shift;
  for (const Requantiser& r : op.requantiser) {
    multiplier.push_back(r.multiplier);
    shift.push_back(r.shift);
  }
  out.write(at + "multiplier", multiplier, {shape.requantisers});
  out.write(at + "shift", shift, {shape.requantisers});
}

// Reads an array, or only checks its shape.
template <typename T>
void fetch(const WeightReader& in, const std::string& dataset, const Shape& shape, bool values,
           std::vector<T>& out) {
  for (const std::uint64_t n : shape) {
    if (n == 0) return;
  }
  if (values) {
    out = in.read<T>(dataset, shape);
  } else {
    in.check<T>(dataset, shape);
  }
}

void read_operator_weights(const WeightReader& in, const Model& model, Operator& op,
                           Weights weights) {
  const OperatorShape shape = shape_of(model, op);
  const std::string at = "/" + op.name + "/";
  const bool floats = weights == Weights::kAll;
  const Shape matrix = {shape.rows, shape.columns};
  fetch(in, at + "weight", matrix, floats, op.weight);
  fetch(in, at + "bias", {shape.biases}, floats, op.bias);
  if (!model.quantised) return;
  if (in.has(at + "input_mean")) {
    fetch(in, at + "input_mean", {shape.moments}, floats, op.input_mean);
    fetch(in, at + "input_square", {shape.moments}, floats, op.input_square);
  }
  const bool integers = weights != Weights::kNone;
  fetch(in, at + "weight_q", matrix, integers, op.weight_q);
  fetch(in, at + "bias_q", {shape.biases}, integers, op.bias_q);
  fetch(in, at + "weight_scale", {shape.scales}, integers, op.weight_scale);
  std::vector<std::int32_t> multiplier;
  std::vector<std::uint8_t> shift;
  fetch(in, at + "multiplier", {shape.requantisers}, integers, multiplier);
  fetch(in, at + "shift", {shape.requantisers}, integers, shift);
  for (std::size_t i = 0; i < multiplier.size(); ++i) {
    op.requantiser.push_back({multiplier[i], shift[i]});
  }
}

// validate() speaks of operators; the user needs the file as well.
void validate_as_input(const Model& model, const std::string& path) {
  try {
    validate(model);
  } catch (const std::invalid_argument& error) {
    throw InputError(path + ": " + error.what());
  }
}

void require_complete(const Model& model) {
  for (const Operator& op : model.operators) {
    const OperatorShape shape = shape_of(model, op);
    bool whole = op.weight.size() == shape.weights() && op.bias.size() == shape.biases;
    if (model.quantised) {
      whole = whole && op.weight_q.size() == shape.weights() && op.bias_q.size() == shape.biases &&
              op.weight_scale.size() == shape.scales && op.requantiser.size() == shape.requantisers;
    }
    if (!whole) throw std::invalid_argument("operator " + op.name + ": weights are missing");
  }
}

}  // namespace

Model load_model(const std::string& folder, Weights weights) {
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure)) {
    reject(folder, "", "", "the folder of a model (model.json, model.h5)");
  }
  const std::string graph = in_folder(folder, kGraphFile);
  Model model = read_graph(graph);
  validate_as_input(model, graph);
  const std::string file = in_folder(folder, kWeightFile);
  const WeightReader in(file);
  for (Operator& op : model.operators) read_operator_weights(in, model, op, weights);
  validate_as_input(model, file);
  return model;
}

void save_model(const Model& model, const std::string& folder) {
  validate(model);
  require_complete(model);
  OutputFolder out(folder, kGraphFile);
  write_json_file(in_folder(out.path(), kGraphFile), to_json(model));
  WeightWriter weights(in_folder(out.path(), kWeightFile));
  for (const Operator& op : model.operators) write_operator(weights, model, op);
  weights.close();
  out.commit();
}

std::string model_sha256(const std::string& folder) {
  return sha256_of_text(sha256_of_file(in_folder(folder, kGraphFile)) +
                        sha256_of_file(in_folder(folder, kWeightFile)));
}

}  // namespace recpim
