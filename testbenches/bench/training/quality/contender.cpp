// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/quality/contender.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "models/supernet/extract.h"
#include "models/supernet/presets.h"
#include "models/supernet/subnetwork.h"
#include "traces/support/error.h"

namespace recpim::quality {
namespace {

constexpr const char* kFile = "nasrec:";
constexpr std::int64_t kMostSeed = INT64_MAX;

std::vector<int> widths(const JsonView& json) {
  std::vector<int> result;
  for (const std::int64_t w : json.integers(1, 65536)) result.push_back(static_cast<int>(w));
  return result;
}

const std::set<std::string>& setting_keys() {
  static const std::set<std::string> keys = {
      "embedding_dim", "bottom",        "top",     "deep",       "cross_layers",
      "epochs",        "batch",         "rate",    "initial",    "table_rate",
      "table_decay",   "table_initial", "average", "checkpoints"};
  return keys;
}

void read_number(const JsonView& json, const char* key, double high, double& value) {
  if (json.has(key)) value = json.at(key).number(0, high);
}

void read_count(const JsonView& json, const char* key, int high, int& value) {
  if (json.has(key)) value = static_cast<int>(json.at(key).integer(1, high));
}

void read_settings(const JsonView& json, Contender& c) {
  int dim = c.click.embedding_dim;
  read_count(json, "embedding_dim", 4096, dim);
  c.click.embedding_dim = c.dlrm.embedding_dim = dim;
  if (json.has("bottom")) c.dlrm.bottom = widths(json.at("bottom"));
  if (json.has("top")) c.dlrm.top = widths(json.at("top"));
  if (json.has("deep")) c.click.deep = widths(json.at("deep"));
  // Its last width is the embedding's, whatever was said before.
  if (!c.dlrm.bottom.empty()) c.dlrm.bottom.back() = dim;
  read_count(json, "cross_layers", 64, c.click.cross_layers);
  read_count(json, "epochs", 100000, c.train.epochs);
  read_count(json, "batch", 1 << 20, c.train.batch);
  read_count(json, "checkpoints", 1000, c.train.checkpoints);
  AdagradOptions& adagrad = c.train.adagrad;
  read_number(json, "rate", 1e3, adagrad.rate);
  read_number(json, "initial", 1e6, adagrad.initial);
  read_number(json, "table_rate", 1e3, adagrad.table_rate);
  read_number(json, "table_initial", 1e6, adagrad.table_initial);
  read_number(json, "table_decay", 1e3, adagrad.table_decay);
  read_number(json, "average", 0.999999, adagrad.average);
}

Entry read_entry(const JsonView& json) {
  std::set<std::string> known = setting_keys();
  known.insert({"name", "kind", "try"});
  json.only(known);
  Contender plain;
  plain.kind = json.at("kind").text();
  plain.name = json.has("name") ? json.at("name").text() : plain.kind;
  Entry entry{plain, {}};
  read_settings(json, entry.chosen);
  const std::size_t tries = json.has("try") ? json.at("try").size() : 0;
  for (std::size_t i = 0; i < tries; ++i) {
    const JsonView one = json.at("try").at(i);
    one.only(setting_keys());
    // A try starts from the defaults, so that it says all that it is.
    entry.tried.push_back(plain);
    read_settings(one, entry.tried.back());
  }
  return entry;
}

std::vector<std::uint64_t> seeds(const JsonView& json) {
  std::vector<std::uint64_t> result;
  for (const std::int64_t s : json.integers(0, kMostSeed)) {
    result.push_back(static_cast<std::uint64_t>(s));
  }
  return result;
}

Model create_block_wise(const Contender& contender, const TraceInfo& trace) {
  const bool file = contender.kind.rfind(kFile, 0) == 0;
  const std::string words =
      file ? contender.kind.substr(std::string(kFile).size()) : contender.kind;
  const supernet::Architecture architecture = supernet::architecture_named(words, "kind");
  supernet::SpaceDescription space = supernet::space_of("nasrec-full");
  space.blocks = static_cast<int>(architecture.blocks.size());
  return supernet::SubnetworkBuilder(std::move(space), trace).build(architecture).model;
}

}  // namespace

QualityConfig read_config(const std::string& path) {
  const Json json = read_json_file(path);
  const JsonView view(json, path);
  view.only({"data", "base", "splits", "initialisations", "tuning_splits", "models"});
  QualityConfig config;
  config.data = view.at("data").text();
  config.base = view.at("base").text();
  config.splits = seeds(view.at("splits"));
  config.initialisations = seeds(view.at("initialisations"));
  config.tuning_splits = seeds(view.at("tuning_splits"));
  std::set<std::string> names;
  const JsonView models = view.at("models");
  for (std::size_t i = 0; i < models.size(); ++i) {
    config.models.push_back(read_entry(models.at(i)));
    if (!names.insert(config.models.back().chosen.name).second) {
      models.at(i).at("name").fail("a name that no other model has");
    }
  }
  if (names.count(config.base) == 0) view.at("base").fail("the name of one of the models");
  return config;
}

Json settings_of(const Contender& c) {
  Json json;
  json["kind"] = c.kind;
  if (c.kind == "bayes") return json;
  if (c.kind == "dlrm") {
    json["embedding_dim"] = c.dlrm.embedding_dim;
    json["bottom"] = c.dlrm.bottom;
    json["top"] = c.dlrm.top;
  } else if (c.kind == "fm" || c.kind == "wide-deep" || c.kind == "deepfm" || c.kind == "dcn") {
    json["embedding_dim"] = c.click.embedding_dim;
    if (c.kind != "fm") json["deep"] = c.click.deep;
    if (c.kind == "dcn") json["cross_layers"] = c.click.cross_layers;
  }
  json["epochs"] = c.train.epochs;
  json["batch"] = c.train.batch;
  json["checkpoints"] = c.train.checkpoints;
  json["rate"] = c.train.adagrad.rate;
  json["initial"] = c.train.adagrad.initial;
  json["table_rate"] = c.train.adagrad.table_rate;
  json["table_initial"] = c.train.adagrad.table_initial;
  json["table_decay"] = c.train.adagrad.table_decay;
  json["average"] = c.train.adagrad.average;
  return json;
}

Model create(const Contender& c, const TraceInfo& trace, std::uint64_t seed) {
  const Precision precision{8, 8};
  try {
    if (c.kind == "lr") return create_lr(trace, precision, seed);
    if (c.kind == "fm") return create_fm(trace, c.click, precision, seed);
    if (c.kind == "dlrm") return create_dlrm(trace, c.dlrm, precision, seed);
    if (c.kind == "wide-deep") return create_wide_deep(trace, c.click, precision, seed);
    if (c.kind == "deepfm") return create_deepfm(trace, c.click, precision, seed);
    if (c.kind == "dcn") return create_dcn(trace, c.click, precision, seed);
    const std::vector<std::string> presets = supernet::preset_names();
    if (c.kind.rfind(kFile, 0) != 0 &&
        std::find(presets.begin(), presets.end(), c.kind) == presets.end()) {
      reject("", "kind", c.kind,
             "lr, fm, dlrm, wide-deep, deepfm, dcn, bayes, a preset of NASRec, nasrec:FILE");
    }
    Model model = create_block_wise(c, trace);
    model.seed = seed;
    initialise_weights(model);
    return model;
  } catch (const std::invalid_argument& error) {
    throw InputError(c.name + ": " + error.what());
  }
}

}  // namespace recpim::quality
