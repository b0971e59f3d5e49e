// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/supernet_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "models/graph/weight_file.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim::supernet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "recpim.supernet/1";
constexpr const char* kDescriptionFile = "supernet.json";
constexpr const char* kWeightFile = "weights.h5";
constexpr std::int64_t kLargest = INT64_MAX;
constexpr std::int64_t kMostSteps = INT32_MAX;
// Of widths and rows of a space: what a LayerNorm normalises (models/ops/integer_layernorm.h).
constexpr std::int64_t kLeastSize = 2, kLargestSize = 1024;

std::string in_folder(const std::string& folder, const char* file) {
  return (fs::path(folder) / file).string();
}

// --- supernet.json

Json to_json(const Supernet& supernet) {
  const TraceInfo& trace = supernet.builder.trace();
  Json tables = Json::array();
  for (const TraceTable& table : trace.tables) {
    tables.push_back({{"name", table.name}, {"rows", table.rows}});
  }
  const SupernetOptions& options = supernet.options;
  return {{"schema", kSchema},
          {"space", ArchitectureSpace(supernet.builder.space()).to_json()},
          {"dense", trace.dense},
          {"tables", tables},
          {"split", {{"seed", supernet.split.seed}, {"samples", supernet.split.samples}}},
          {"trace_sha256", supernet.trace_sha256},
          {"training",
           {{"seed", options.seed},
            {"epochs", options.epochs},
            {"batch", options.batch},
            {"warmup_steps", options.warmup_steps},
            {"fake_quantised", options.fake_quantised},
            {"rate", options.step.rate},
            {"table_rate", options.step.table_rate},
            {"initial", options.step.initial},
            {"table_initial", options.step.table_initial},
            {"epsilon", options.step.epsilon},
            {"clip", options.step.clip}}},
          {"steps", supernet.steps},
          {"step", supernet.step},
          {"finished", supernet.finished()}};
}

std::uint64_t whole(const JsonView& json, std::int64_t low, std::int64_t high) {
  return static_cast<std::uint64_t>(json.integer(low, high));
}

SupernetOptions read_options(const JsonView& json) {
  json.only({"seed", "epochs", "batch", "warmup_steps", "fake_quantised", "rate", "table_rate",
             "initial", "table_initial", "epsilon", "clip"});
  SupernetOptions options;
  options.seed = whole(json.at("seed"), 0, kLargest);
  options.epochs = static_cast<int>(json.at("epochs").integer(1, INT32_MAX));
  options.batch = static_cast<int>(json.at("batch").integer(1, INT32_MAX));
  options.warmup_steps = whole(json.at("warmup_steps"), 0, kLargest);
  options.fake_quantised = json.at("fake_quantised").boolean();
  options.step.rate = json.at("rate").number(0, 1e9);
  options.step.table_rate = json.at("table_rate").number(0, 1e9);
  options.step.initial = json.at("initial").number(0, 1e9);
  options.step.table_initial = json.at("table_initial").number(0, 1e9);
  options.step.epsilon = json.at("epsilon").number(1e-12, 1e9);
  options.step.clip = json.at("clip").number(1e-12, 1e9);
  return options;
}

TraceInfo read_trace(const JsonView& json) {
  TraceInfo trace;
  trace.dense = static_cast<std::uint32_t>(json.at("dense").integer(1, INT32_MAX));
  const JsonView tables = json.at("tables");
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const JsonView table = tables.at(t);
    table.only({"name", "rows"});
    trace.tables.push_back({table.at("name").text(), whole(table.at("rows"), 1, UINT32_MAX)});
  }
  if (trace.tables.empty()) tables.fail("at least one table");
  trace.samples = whole(json.at("split").at("samples"), 1, kLargest);
  trace.has_labels = true;
  return trace;
}

Supernet read_description(const std::string& path) {
  const Json raw = read_json_file(path);
  const JsonView json(raw, path);
  json.only({"schema", "space", "dense", "tables", "split", "trace_sha256", "training", "steps",
             "step", "finished"});
  json.at("schema").one_of({kSchema});
  json.at("split").only({"seed", "samples"});
  Supernet supernet(SubnetworkBuilder(read_space(json.at("space")), read_trace(json)));
  supernet.split = {whole(json.at("split").at("seed"), 0, kLargest),
                    supernet.builder.trace().samples};
  supernet.trace_sha256 = json.at("trace_sha256").text();
  supernet.options = read_options(json.at("training"));
  supernet.steps = whole(json.at("steps"), 1, kMostSteps);
  // Both say what weights.h5 said when this file was written; weights.h5 is ahead after a kill.
  json.at("step").integer(0, static_cast<std::int64_t>(supernet.steps));
  json.at("finished").boolean();
  return supernet;
}

// --- weights.h5

template <typename Values, typename Use>
void for_each_array(const Parameter& parameter, Values& values, bool sums, Use use) {
  const std::string at = "/" + parameter.name + "/";
  const Shape matrix = {parameter.rows, parameter.columns};
  const Shape biases = {SharedWeights::biases(parameter)};
  use(at + "weight", values.weight, matrix);
  if (biases[0] != 0) use(at + "bias", values.bias, biases);
  if (!sums) return;
  use(at + "weight_sum", values.weight_sum, parameter.table >= 0 ? Shape{parameter.rows} : matrix);
  if (biases[0] != 0) use(at + "bias_sum", values.bias_sum, biases);
}

void write_weights(const Supernet& supernet, const std::string& path) {
  WeightWriter out(path);
  out.write("/step", std::vector<std::int32_t>{static_cast<std::int32_t>(supernet.step)}, {1});
  for (std::size_t p = 0; p < supernet.builder.parameters().size(); ++p) {
    const Parameter& parameter = supernet.builder.parameters()[p];
    out.group("/" + parameter.name);
    for_each_array(parameter, supernet.weights.values(p), !supernet.finished(),
                   [&](const std::string& dataset, const std::vector<float>& values,
                       const Shape& shape) { out.write(dataset, values, shape); });
  }
  out.close();
}

void read_weights(Supernet& supernet, const std::string& path) {
  const WeightReader in(path);
  const std::int32_t step = in.read<std::int32_t>("/step", {1})[0];
  if (step < 0 || static_cast<std::uint64_t>(step) > supernet.steps) {
    reject(path, "/step", std::to_string(step),
           "a whole number from 0 to " + std::to_string(supernet.steps));
  }
  supernet.step = static_cast<std::uint64_t>(step);
  for (std::size_t p = 0; p < supernet.builder.parameters().size(); ++p) {
    for_each_array(
        supernet.builder.parameters()[p], supernet.weights.values(p), !supernet.finished(),
        [&](const std::string& dataset, std::vector<float>& values, const Shape& shape) {
          values = in.read<float>(dataset, shape);
          const auto odd = std::find_if(values.begin(), values.end(),
                                        [](float value) { return !std::isfinite(value); });
          if (odd != values.end()) reject(path, dataset, std::to_string(*odd), "finite numbers");
        });
  }
}

// --- Spaces

template <typename T>
std::vector<T> read_list(const JsonView& json, const std::vector<T>& accepted,
                         std::string (*name_of)(const T&)) {
  std::vector<std::string> names(accepted.size());
  std::transform(accepted.begin(), accepted.end(), names.begin(), name_of);
  if (json.size() == 0) json.fail("at least one value");
  std::vector<T> list;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string found = json.at(i).one_of(names);
    const T& value = accepted[static_cast<std::size_t>(
        std::find(names.begin(), names.end(), found) - names.begin())];
    if (std::find(list.begin(), list.end(), value) != list.end())
      json.at(i).fail("each value once");
    list.push_back(value);
  }
  return list;
}

std::vector<int> read_sizes(const JsonView& json) {
  if (json.size() == 0) json.fail("at least one value");
  std::vector<int> sizes;
  for (const auto size : json.integers(kLeastSize, kLargestSize)) {
    const int value = static_cast<int>(size);
    if (std::find(sizes.begin(), sizes.end(), value) != sizes.end()) {
      json.at(sizes.size()).fail("each value once");
    }
    sizes.push_back(value);
  }
  return sizes;
}

}  // namespace

bool operator==(const SupernetOptions& a, const SupernetOptions& b) {
  return a.epochs == b.epochs && a.batch == b.batch && a.seed == b.seed &&
         a.warmup_steps == b.warmup_steps && a.fake_quantised == b.fake_quantised &&
         a.step == b.step;
}

SpaceDescription read_space(const JsonView& json) {
  json.only({"name", "blocks", "max_inputs", "dense_operators", "sparse_operators", "dense_widths",
             "sparse_rows", "precisions"});
  const SpaceDescription full = space_of("nasrec-full");
  SpaceDescription space;
  space.name = json.at("name").text();
  space.blocks = static_cast<int>(json.at("blocks").integer(1, kMaxBlocks));
  space.max_inputs = static_cast<int>(json.at("max_inputs").integer(1, kMostInputs));
  space.dense_operators =
      read_list<DenseOperator>(json.at("dense_operators"), full.dense_operators,
                               [](const DenseOperator& op) { return std::string(name(op)); });
  space.sparse_operators =
      read_list<SparseOperator>(json.at("sparse_operators"), full.sparse_operators,
                                [](const SparseOperator& op) { return std::string(name(op)); });
  space.dense_widths = read_sizes(json.at("dense_widths"));
  space.sparse_rows = read_sizes(json.at("sparse_rows"));
  space.precisions =
      read_list<SlotPrecision>(json.at("precisions"), full.precisions,
                               [](const SlotPrecision& precision) { return text(precision); });
  try {
    const ArchitectureSpace check(space);
  } catch (const std::invalid_argument& error) {
    throw InputError(json.file() + ": " + error.what());
  }
  return space;
}

SpaceDescription space_named(const std::string& name_or_file) {
  const std::vector<std::string> names = space_names();
  if (std::find(names.begin(), names.end(), name_or_file) != names.end()) {
    return space_of(name_or_file);
  }
  std::error_code failure;
  if (!fs::is_regular_file(name_or_file, failure)) {
    std::string accepted;
    for (const std::string& name : names) accepted += name + ", ";
    reject("", "space", name_or_file, accepted + "or a JSON file that describes a space");
  }
  const Json json = read_json_file(name_or_file);
  return read_space(JsonView(json, name_or_file));
}

Presence presence_of(const std::string& folder) {
  std::error_code failure;
  const std::string path = in_folder(folder, kDescriptionFile);
  if (!fs::exists(path, failure)) return Presence::kNone;
  const Json json = read_json_file(path);
  const bool finished = JsonView(json, path).at("finished").boolean();
  return finished ? Presence::kFinished : Presence::kUnfinished;
}

Supernet load_supernet(const std::string& folder) {
  std::error_code failure;
  if (!fs::is_directory(folder, failure)) {
    reject(folder, "", "", "the folder of a supernet (supernet.json, weights.h5)");
  }
  Supernet supernet = read_description(in_folder(folder, kDescriptionFile));
  read_weights(supernet, in_folder(folder, kWeightFile));
  return supernet;
}

void write_supernet(const Supernet& supernet, const std::string& folder) {
  OutputFolder out(folder, kDescriptionFile);
  write_json_file(in_folder(out.path(), kDescriptionFile), to_json(supernet));
  write_weights(supernet, in_folder(out.path(), kWeightFile));
  out.commit();
}

void update_supernet(const Supernet& supernet, const std::string& folder) {
  // Weights and step are one file, so one rename is the checkpoint; the description follows.
  OutputFile out(in_folder(folder, kWeightFile));
  write_weights(supernet, out.path());
  out.commit();
  write_json_file(in_folder(folder, kDescriptionFile), to_json(supernet));
}

std::string supernet_sha256(const std::string& folder) {
  return sha256_of_text(sha256_of_file(in_folder(folder, kDescriptionFile)) +
                        sha256_of_file(in_folder(folder, kWeightFile)));
}

}  // namespace recpim::supernet
