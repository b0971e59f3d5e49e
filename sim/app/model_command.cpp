// SPDX-License-Identifier: Apache-2.0
// recpim model {create, show, evaluate}.
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "models/graph/cost.h"
#include "models/graph/graph.h"
#include "models/graph/kinds.h"
#include "models/ops/sample.h"
#include "models/training/evaluate.h"
#include "models/training/split.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim::app {
namespace {

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
    const OperatorCost cost = cost_of(model, op);
    Json one = {{"name", op.name},
                {"kind", kind_name(op.kind)},
                {"rows", op.rows},
                {"width", op.width},
                {"parameters", cost.parameters},
                {"multiply_accumulates", cost.multiply_accumulates},
                {"flops", cost.flops},
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
    const std::uint64_t parameters = cost_of(model, op).parameters;
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
  const ModelCost cost = cost_of(model);
  std::cout << "parameters in all: " << total << " (" << cost.table_parameters << " in tables); "
            << static_cast<double>(cost.multiply_accumulates) / 1e6 << " M multiply-accumulates, "
            << static_cast<double>(cost.flops) / 1e6 << " MFLOPs a sample\n";
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

Json to_json(const BayesQuality& bayes) {
  Json json = to_json(bayes.realised);
  json["expected_logloss"] = bayes.expected_logloss;
  return json;
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
  if (options.given("out")) {
    keep_inputs(options.text("out"), files_of_model(folder));
    keep_inputs(options.text("out"), {trace.path()});
  }
  const std::vector<std::uint64_t> samples = part_of(model, folder, trace, part);
  const Evaluation result = evaluate(model, trace, samples);
  const std::optional<BayesQuality> bayes = bayes_quality(trace, samples);
  const Json json = {{"split", part},
                     {"samples", result.samples},
                     {"float", to_json(result.floating)},
                     {"integer", to_json(result.integer)},
                     {"bayes", bayes ? to_json(*bayes) : Json()},
                     {"model_sha256", model_sha256(folder)},
                     {"trace", trace.path()}};
  if (options.given("out")) write_json_file(options.text("out"), json);
  std::printf("%s, %llu samples: float log loss %.5f, AUC %.4f; integer log loss %.5f, AUC %.4f\n",
              part.c_str(), static_cast<unsigned long long>(result.samples),
              result.floating.logloss, result.floating.auc, result.integer.logloss,
              result.integer.auc);
  if (bayes) {
    std::printf("true probabilities: log loss %.5f, AUC %.4f; expected log loss %.5f\n",
                bayes->realised.logloss, bayes->realised.auc, bayes->expected_logloss);
  }
  return 0;
}

struct Verb {
  const char* name;
  const char* help;
  int (*run)(const Arguments&);
};

constexpr Verb kVerbs[] = {
    {"create", "a new model with random weights, quantised", run_model_create},
    {"import", "a model from an ONNX file, quantised", run_model_import},
    {"extract", "a sub-network of a supernet as a model, quantised", run_model_extract},
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
