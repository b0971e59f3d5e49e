// SPDX-License-Identifier: Apache-2.0
// recpim model create: a new model of any kind, with random weights.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <stdexcept>

#include "models/graph/cost.h"
#include "models/graph/create.h"
#include "models/ops/sample.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/nasrec_file.h"
#include "models/supernet/presets.h"
#include "models/supernet/subnetwork.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::app {
namespace {

constexpr int kMaxLayer = 65536;
constexpr const char* kNasrecFile = "nasrec:";

// What create() of a kind is given.
struct Request {
  const Options& options;
  const TraceReader& trace;
  Precision precision;
  std::uint64_t seed;
};

ClickShape click_shape(const Request& r) {
  ClickShape shape;
  shape.embedding_dim = static_cast<int>(r.options.integer("embedding-dim", 1, 4096));
  shape.deep = r.options.integers("deep", 1, kMaxLayer);
  shape.cross_layers = static_cast<int>(r.options.integer("cross-layers", 1, 64));
  return shape;
}

Model new_mlp(const Request& r) {
  const std::vector<int> layers = r.options.integers("layers", 1, kMaxLayer);
  if (layers.size() < 2) {
    reject("", "--layers", r.options.text("layers"), "the input's width and at least one layer");
  }
  return create_mlp(layers, r.precision, r.seed);
}

Model new_dlrm(const Request& r) {
  const TraceInfo& info = r.trace.info();
  DlrmShape shape;
  shape.embedding_dim = static_cast<int>(r.options.integer("embedding-dim", 1, 4096));
  shape.bottom = r.options.integers("bottom", 1, kMaxLayer);
  shape.top = r.options.integers("top", 1, kMaxLayer);
  if (info.dense == 0 && r.options.chosen("bottom")) {
    reject("", "--bottom", r.options.text("bottom"),
           "only where the trace has dense features, " + r.trace.path() + " has none");
  }
  if (info.dense > 0 && shape.bottom.back() != shape.embedding_dim) {
    reject("", "--bottom", r.options.text("bottom"),
           "a last width of " + std::to_string(shape.embedding_dim) + ", the --embedding-dim");
  }
  if (shape.top.back() != 1) reject("", "--top", r.options.text("top"), "a last width of 1");
  if (info.tables.empty() || info.tables.size() + (info.dense > 0 ? 1 : 0) < 2) {
    reject(r.trace.path(), "tables", std::to_string(info.tables.size()),
           "two tables or more, or one and dense features, for a dlrm");
  }
  return create_dlrm(info, shape, r.precision, r.seed);
}

// One kind: its name, the options that shape it, and what makes it.
struct Kind {
  const char* name;
  std::vector<std::string> options;
  Model (*create)(const Request&);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"dlrm", {"embedding-dim", "bottom", "top"}, new_dlrm},
      {"mlp", {"layers"}, new_mlp},
      {"lr", {}, [](const Request& r) { return create_lr(r.trace.info(), r.precision, r.seed); }},
      {"fm",
       {"embedding-dim"},
       [](const Request& r) {
         return create_fm(r.trace.info(), click_shape(r), r.precision, r.seed);
       }},
      {"wide-deep",
       {"embedding-dim", "deep"},
       [](const Request& r) {
         return create_wide_deep(r.trace.info(), click_shape(r), r.precision, r.seed);
       }},
      {"deepfm",
       {"embedding-dim", "deep"},
       [](const Request& r) {
         return create_deepfm(r.trace.info(), click_shape(r), r.precision, r.seed);
       }},
      {"dcn", {"embedding-dim", "deep", "cross-layers"}, [](const Request& r) {
         return create_dcn(r.trace.info(), click_shape(r), r.precision, r.seed);
       }}};
  return all;
}

std::string accepted_kinds() {
  std::string list;
  for (const Kind& kind : kinds()) list += std::string(kind.name) + ", ";
  for (const std::string& name : supernet::preset_names()) list += name + ", ";
  return list + "nasrec:FILE";
}

// An option that another kind of model has would be without effect: likely a mistake.
void forbid_others(const Options& options, const std::string& kind,
                   const std::vector<std::string>& taken) {
  for (const char* name : {"embedding-dim", "bottom", "top", "layers", "deep", "cross-layers"}) {
    if (options.chosen(name) && std::find(taken.begin(), taken.end(), name) == taken.end()) {
      reject("", "--" + std::string(name), options.text(name), "no such option of --kind " + kind);
    }
  }
}

// A preset's name or nasrec:FILE; FILE as NASRec publishes it, or in our own format.
supernet::NasrecFile block_wise(const std::string& kind) {
  if (kind.rfind(kNasrecFile, 0) != 0) {
    const bool full = kind.size() > 5 && kind.compare(kind.size() - 5, 5, "-full") == 0;
    return {supernet::preset(kind), full ? "nasrec-full" : "nasrec-small"};
  }
  const std::string path = kind.substr(std::string(kNasrecFile).size());
  if (path.empty()) reject("", "--kind", kind, "nasrec:FILE");
  const Json json = read_json_file(path);
  const JsonView view(json, path);
  if (view.has("micro") || view.has("macro")) return supernet::nasrec_of(view);
  return {supernet::architecture_of(view), "nasrec-full"};
}

Model new_block_wise(const Request& r, const std::string& kind) {
  forbid_others(r.options, kind, {});
  supernet::NasrecFile file = block_wise(kind);
  const bool precision_given =
      r.options.chosen("weight-bits") || r.options.chosen("activation-bits");
  for (supernet::Block& block : file.architecture.blocks) {
    if (!precision_given) break;
    const supernet::SlotPrecision all{r.precision.weight_bits, r.precision.activation_bits};
    block.dense_precision = block.sparse_precision = all;
    block.fm_precision = block.dsi_precision = all;
  }
  supernet::SpaceDescription space = supernet::space_of(file.space);
  space.blocks = static_cast<int>(file.architecture.blocks.size());
  if (r.trace.info().dense == 0 || r.trace.info().tables.empty()) {
    reject(r.trace.path(), "tables and dense features",
           std::to_string(r.trace.info().tables.size()) + " and " +
               std::to_string(r.trace.info().dense),
           "at least one of each for " + kind);
  }
  const supernet::SubnetworkBuilder builder(std::move(space), r.trace.info());
  Model model = builder.build(file.architecture).model;
  model.seed = r.seed;
  initialise_weights(model);
  return model;
}

Model new_model(const Request& r) {
  const std::string name = r.options.text("kind");
  for (const Kind& kind : kinds()) {
    if (name != kind.name) continue;
    forbid_others(r.options, name, kind.options);
    return kind.create(r);
  }
  const std::vector<std::string> presets = supernet::preset_names();
  if (name.rfind(kNasrecFile, 0) == 0 ||
      std::find(presets.begin(), presets.end(), name) != presets.end()) {
    return new_block_wise(r, name);
  }
  reject("", "--kind", name, accepted_kinds());
}

Options create_options() {
  Options options("recpim model create --kind KIND --trace FILE -o FOLDER [options]");
  options.value("kind", accepted_kinds() + " (as NASRec publishes it)", "dlrm")
      .value("trace", "the trace that the model is for; also calibrates its quantisation")
      .value("embedding-dim", "dlrm, fm, wide-deep, deepfm, dcn: width of a table's row", "16")
      .value("bottom", "dlrm: widths of the fcs on the dense features", "64-16")
      .value("top", "dlrm: widths of the last fcs", "64-32-1")
      .value("deep", "wide-deep, deepfm, dcn: widths of the hidden fcs", "64-32")
      .value("cross-layers", "dcn", "2")
      .value("layers", "mlp: the input's width, then the width of each fc", "512-512-256-64-16")
      .value("weight-bits", "bits of every weight: 2, 4, 8", "8")
      .value("activation-bits", "bits of every activation: 4, 8", "8")
      .value("name", "name of the model, kept in model.json")
      .value("seed", "of the random weights", "1")
      .value("out,o", "folder to write");
  return options;
}

int bits_of(const Options& options, const std::string& name,
            const std::vector<std::string>& accepted) {
  return std::stoi(options.one_of(name, accepted));
}

}  // namespace

int run_model_create(const Arguments& arguments) {
  Options options = create_options();
  if (!options.parse(arguments)) return 0;
  const std::string out = options.text("out");
  const TraceReader trace(options.text("trace"));
  const Request request{options, trace,
                        Precision{bits_of(options, "weight-bits", {"2", "4", "8"}),
                                  bits_of(options, "activation-bits", {"4", "8"})},
                        static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX))};
  if (trace.info().samples == 0) reject(trace.path(), "samples", "0", "at least one sample");
  Model model;
  try {
    model = new_model(request);
    if (options.given("name")) {
      model.name = options.text("name");
      if (!is_model_name(model.name)) reject("", "--name", Json(model.name).dump(), kModelNames);
    }
    require_fit(model, trace);
    const std::vector<std::uint64_t> calibration = spread_samples(trace.info().samples);
    equalise(model, trace, calibration);
    quantise(model, trace, calibration);
  } catch (const std::invalid_argument& error) {
    throw InputError(trace.path() + ": " + error.what());
  }
  save_model(model, out);
  const ModelCost cost = cost_of(model);
  std::printf("%s: %s, %zu operators, %llu parameters and %llu in tables, %.3f MFLOPs a sample\n",
              out.c_str(), model.kind.c_str(), model.operators.size(),
              static_cast<unsigned long long>(cost.parameters),
              static_cast<unsigned long long>(cost.table_parameters),
              static_cast<double>(cost.flops) / 1e6);
  return 0;
}

}  // namespace recpim::app
