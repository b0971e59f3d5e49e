// SPDX-License-Identifier: Apache-2.0
// recpim model {create, show, evaluate}.
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "models/graph/create.h"
#include "models/graph/graph.h"
#include "models/graph/kinds.h"
#include "models/ops/sample.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/training/evaluate.h"
#include "models/training/split.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim::app {
namespace {

constexpr int kMaxLayer = 65536;

int bits_of(const Options& options, const std::string& name,
            const std::vector<std::string>& accepted) {
  return std::stoi(options.one_of(name, accepted));
}

// An option that another kind of model has would be without effect: likely a mistake.
void forbid(const Options& options, const std::string& kind,
            const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (options.chosen(name)) {
      reject("", "--" + name, options.text(name), "no such option of --kind " + kind);
    }
  }
}

Model new_model(const Options& options, const TraceReader& trace) {
  const Precision precision{bits_of(options, "weight-bits", {"2", "4", "8"}),
                            bits_of(options, "activation-bits", {"4", "8"})};
  const auto seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  if (options.one_of("kind", {"dlrm", "mlp"}) == "mlp") {
    forbid(options, "mlp", {"embedding-dim", "bottom", "top"});
    const std::vector<int> layers = options.integers("layers", 1, kMaxLayer);
    if (layers.size() < 2) {
      reject("", "--layers", options.text("layers"), "the input's width and at least one layer");
    }
    return create_mlp(layers, precision, seed);
  }
  forbid(options, "dlrm", {"layers"});
  DlrmShape shape;
  shape.embedding_dim = static_cast<int>(options.integer("embedding-dim", 1, 4096));
  shape.bottom = options.integers("bottom", 1, kMaxLayer);
  shape.top = options.integers("top", 1, kMaxLayer);
  if (trace.info().dense > 0 && shape.bottom.back() != shape.embedding_dim) {
    reject("", "--bottom", options.text("bottom"),
           "a last width of " + std::to_string(shape.embedding_dim) + ", the --embedding-dim");
  }
  if (shape.top.back() != 1) reject("", "--top", options.text("top"), "a last width of 1");
  const std::size_t tables = trace.info().tables.size();
  if (tables == 0 || tables + (trace.info().dense > 0 ? 1 : 0) < 2) {
    reject(trace.path(), "tables", std::to_string(tables),
           "two tables or more, or one and dense features, for a dlrm");
  }
  return create_dlrm(trace.info(), shape, precision, seed);
}

int run_create(const Arguments& arguments) {
  Options options("recpim model create --kind dlrm|mlp --trace FILE -o FOLDER [options]");
  options.value("kind", "dlrm or mlp", "dlrm")
      .value("trace", "the trace that the model is for; also calibrates its quantisation")
      .value("embedding-dim", "dlrm: width of a table's row", "16")
      .value("bottom", "dlrm: widths of the fcs on the dense features", "64-16")
      .value("top", "dlrm: widths of the last fcs", "64-32-1")
      .value("layers", "mlp: the input's width, then the width of each fc", "512-512-256-64-16")
      .value("weight-bits", "bits of every weight: 2, 4, 8", "8")
      .value("activation-bits", "bits of every activation: 4, 8", "8")
      .value("name", "name of the model, kept in model.json")
      .value("seed", "of the random weights", "1")
      .value("out,o", "folder to write");
  if (!options.parse(arguments)) return 0;
  const std::string out = options.text("out");
  const TraceReader trace(options.text("trace"));
  Model model = new_model(options, trace);
  if (options.given("name")) {
    model.name = options.text("name");
    if (!is_model_name(model.name)) reject("", "--name", Json(model.name).dump(), kModelNames);
  }
  require_fit(model, trace);
  if (trace.info().samples == 0) reject(trace.path(), "samples", "0", "at least one sample");
  try {
    const std::vector<std::uint64_t> calibration = spread_samples(trace.info().samples);
    equalise(model, trace, calibration);
    quantise(model, trace, calibration);
  } catch (const std::invalid_argument& error) {
    throw InputError(trace.path() + ": " + error.what());
  }
  save_model(model, out);
  std::uint64_t weights = 0;
  for (const Operator& op : model.operators) weights += op.weight.size() + op.bias.size();
  std::cout << out << ": " << model.kind << ", " << model.operators.size() << " operators, "
            << weights << " parameters\n";
  return 0;
}

std::string format_text(const Model& model, const Operator& op) {
  if (!model.quantised) return std::to_string(op.activation_bits);
  return (op.output.is_signed ? "s" : "u") + std::to_string(op.output.bits);
}

Json show_json(const Model& model, const std::string& folder) {
  Json json = {{"name", model.name},
               {"kind", model.kind},
               {"seed", model.seed},
               {"quantised", model.quantised},
               {"sha256", model_sha256(folder)},
               {"operators", Json::array()}};
  json["split"] = nullptr;
  if (model.split) {
    json["split"] = {{"seed", model.split->seed}, {"samples", model.split->samples}};
  }
  for (const Operator& op : model.operators) {
    const OperatorShape shape = shape_of(model, op);
    Json one = {{"name", op.name},
                {"kind", kind_name(op.kind)},
                {"rows", op.rows},
                {"width", op.width},
                {"parameters", shape.weights() + shape.biases},
                {"weight_bits", nullptr},
                {"activation_bits", op.activation_bits},
                {"scale", nullptr}};
    if (has_weights(op.kind)) one["weight_bits"] = op.weight_bits;
    if (model.quantised) one["scale"] = op.output.scale;
    json["operators"].push_back(std::move(one));
  }
  return json;
}

void show_table(const Model& model) {
  std::cout << model.name << " (" << model.kind << "), seed " << model.seed
            << (model.quantised ? ", quantised" : ", float only")
            << (model.split ? ", trained" : "") << "\n"
            << std::left << std::setw(14) << "operator" << std::setw(13) << "kind" << std::right
            << std::setw(12) << "output" << std::setw(12) << "parameters" << std::setw(8)
            << "w bits" << std::setw(8) << "format" << std::setw(13) << "scale"
            << "  inputs\n";
  std::uint64_t total = 0;
  for (const Operator& op : model.operators) {
    const OperatorShape shape = shape_of(model, op);
    const std::uint64_t parameters = shape.weights() + shape.biases;
    total += parameters;
    std::string inputs;
    for (const int i : op.inputs) {
      inputs += (inputs.empty() ? "" : " ") + model.operators[static_cast<std::size_t>(i)].name;
    }
    std::cout << std::left << std::setw(14) << op.name << std::setw(13) << kind_name(op.kind)
              << std::right << std::setw(12)
              << (std::to_string(op.rows) + " x " + std::to_string(op.width)) << std::setw(12)
              << parameters << std::setw(8)
              << (has_weights(op.kind) ? std::to_string(op.weight_bits) : "-") << std::setw(8)
              << format_text(model, op) << std::setw(13) << op.output.scale << "  " << inputs
              << "\n";
  }
  std::cout << "parameters in all: " << total << "\n";
}

int run_show(const Arguments& arguments) {
  Options options("recpim model show FOLDER [--json]");
  options.positional("model", "folder of a model").flag("json", "print JSON");
  if (!options.parse(arguments)) return 0;
  const std::string folder = options.text("model");
  const Model model = load_model(folder, Weights::kNone);
  if (options.on("json")) {
    std::cout << show_json(model, folder).dump(2) << "\n";
  } else {
    show_table(model);
  }
  return 0;
}

// The samples of one part of the split that training wrote into the model.
std::vector<std::uint64_t> part_of(const Model& model, const std::string& folder,
                                   const TraceReader& trace, const std::string& part) {
  const std::uint64_t samples = trace.info().samples;
  if (part == "all") {
    std::vector<std::uint64_t> all(samples);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    return all;
  }
  if (!model.split) {
    reject(folder, "split", "null", "a trained model for --split " + part + ", or --split all");
  }
  if (model.split->samples != samples) {
    reject(trace.path(), "samples", std::to_string(samples),
           std::to_string(model.split->samples) + ", those of the trace that trained the model");
  }
  const SplitSamples parts = split_samples(*model.split);
  return part == "train" ? parts.train : part == "validation" ? parts.validation : parts.test;
}

Json to_json(const Quality& quality) {
  return {{"logloss", quality.logloss}, {"auc", quality.auc}};
}

int run_evaluate(const Arguments& arguments) {
  Options options("recpim model evaluate FOLDER --trace FILE [options]");
  options.positional("model", "folder of a model")
      .value("trace", "trace with labels")
      .value("split", "train, validation, test (of the model's training) or all", "all")
      .value("out,o", "JSON file to write");
  if (!options.parse(arguments)) return 0;
  const std::string folder = options.text("model");
  const std::string part = options.one_of("split", {"train", "validation", "test", "all"});
  const Model model = load_model(folder);
  if (model.output().kind != OpKind::kSigmoid || model.output().elements() != 1) {
    reject(folder, "kind", model.kind, "a model that ends in a sigmoid of one logit");
  }
  if (!model.quantised) reject(folder, "quantised", "false", "a quantised model");
  const TraceReader trace(options.text("trace"));
  require_fit(model, trace);
  const Evaluation result = evaluate(model, trace, part_of(model, folder, trace, part));
  const Json json = {{"split", part},
                     {"samples", result.samples},
                     {"float", to_json(result.floating)},
                     {"integer", to_json(result.integer)},
                     {"model_sha256", model_sha256(folder)},
                     {"trace", trace.path()}};
  if (options.given("out")) write_json_file(options.text("out"), json);
  std::printf("%s, %llu samples: float log loss %.5f, AUC %.4f; integer log loss %.5f, AUC %.4f\n",
              part.c_str(), static_cast<unsigned long long>(result.samples),
              result.floating.logloss, result.floating.auc, result.integer.logloss,
              result.integer.auc);
  return 0;
}

struct Verb {
  const char* name;
  const char* help;
  int (*run)(const Arguments&);
};

constexpr Verb kVerbs[] = {
    {"create", "a new model with random weights, quantised", run_create},
    {"show", "the operators of a model", run_show},
    {"evaluate", "log loss and AUC on a trace, float and integer", run_evaluate},
};

}  // namespace

int run_model(const Arguments& arguments) {
  std::string list;
  for (const Verb& verb : kVerbs) list += (list.empty() ? "" : ", ") + std::string(verb.name);
  if (arguments.empty()) reject("", "recpim model", "", list);
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    std::cout << "usage: recpim model VERB [options]; recpim model VERB --help tells its options\n";
    for (const Verb& verb : kVerbs) {
      std::cout << "  " << std::left << std::setw(10) << verb.name << verb.help << "\n";
    }
    return 0;
  }
  for (const Verb& verb : kVerbs) {
    if (arguments[0] == verb.name) return verb.run({arguments.begin() + 1, arguments.end()});
  }
  reject("", "recpim model", arguments[0], list);
}

}  // namespace recpim::app
