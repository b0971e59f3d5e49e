// SPDX-License-Identifier: Apache-2.0
// recpim model import: a model that was trained elsewhere, from an ONNX file.
#include "models/import/import.h"

#include <cstdio>
#include <stdexcept>

#include "models/graph/cost.h"
#include "models/ops/sample.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim::app {
namespace {

Options import_options() {
  Options options("recpim model import FILE.onnx --trace FILE -o FOLDER [options]");
  options.positional("file", "an ONNX file, as PyTorch exports it")
      .value("trace", "the trace that the model is for; also calibrates its quantisation")
      .value("weight-bits", "bits of every weight: 2, 4, 8", "8")
      .value("activation-bits", "bits of every activation: 4, 8", "8")
      .flag("sigmoid", "the file's output is a logit: a sigmoid follows")
      .value("name", "name of the model, kept in model.json", "onnx")
      .value("out,o", "folder to write");
  return options;
}

}  // namespace

int run_model_import(const Arguments& arguments) {
  Options options = import_options();
  if (!options.parse(arguments)) return 0;
  const std::string file = options.text("file");
  const std::string out = options.text("out");
  const std::string name = options.text("name");
  if (!is_model_name(name)) reject("", "--name", Json(name).dump(), kModelNames);
  const Precision precision{std::stoi(options.one_of("weight-bits", {"2", "4", "8"})),
                            std::stoi(options.one_of("activation-bits", {"4", "8"}))};
  const TraceReader trace(options.text("trace"));
  require_samples(trace);
  Model model = import_onnx(file, trace.info(), precision, options.on("sigmoid"));
  model.name = name;
  require_fit(model, trace);
  try {
    const std::vector<std::uint64_t> calibration = spread_samples(trace.info().samples);
    equalise(model, trace, calibration);
    quantise(model, trace, calibration);
  } catch (const std::invalid_argument& error) {
    throw InputError(file + ": " + error.what());
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
