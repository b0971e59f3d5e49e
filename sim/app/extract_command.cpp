// SPDX-License-Identifier: Apache-2.0
// recpim model extract: one architecture with the weights that it inherits from a supernet.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <thread>

#include "models/graph/cost.h"
#include "models/graph/graph.h"
#include "models/supernet/extract.h"
#include "models/supernet/quality.h"
#include "models/training/evaluate.h"
#include "models/training/split.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim::app {
namespace {

// Validation samples that the report looks at: a second of the largest models.
constexpr std::uint64_t kReportSamples = 4096;

}  // namespace

int run_model_extract(const Arguments& arguments) {
  Options options(
      "recpim model extract --supernet FOLDER --genome G --trace FILE -o FOLDER [options]");
  options.value("supernet", "folder of the trained supernet")
      .value("genome",
             "the architecture: its JSON text, a file with it or with NASRec's JSON, or a preset "
             "(nasrec-criteo-full, ...)")
      .value("trace", "the trace that trained the supernet: calibrates, and trains --fine-tune")
      .value("fine-tune", "steps of training of the last fc alone; NASRec has 500", "0")
      .value("batch", "samples of such a step", "512")
      .value("seed", "of the order of samples in --fine-tune", "1")
      .value("threads", "as many as cores if not given; they change no result")
      .value("name", "name of the model, kept in model.json")
      .value("out,o", "folder to write");
  if (!options.parse(arguments)) return 0;
  supernet::FineTuneOptions tune;
  tune.steps = static_cast<int>(options.integer("fine-tune", 0, 100'000'000));
  tune.batch = static_cast<int>(options.integer("batch", 1, 1 << 20));
  tune.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  tune.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (options.given("threads")) tune.threads = static_cast<int>(options.integer("threads", 1, 256));
  if (options.given("name") && !is_model_name(options.text("name"))) {
    reject("", "--name", Json(options.text("name")).dump(), kModelNames);
  }
  const std::string out = options.text("out");
  const std::string folder = options.text("supernet");
  const supernet::Architecture architecture =
      supernet::architecture_named(options.text("genome"), "--genome");
  const TraceReader trace(options.text("trace"));
  const supernet::Supernet supernet = supernet::load_supernet(folder);
  if (!supernet.finished()) {
    std::cerr << "recpim: note: " << folder << " is at step " << supernet.step << " of "
              << supernet.steps << " of its training\n";
  }
  tune.step = supernet.options.step;
  Model model = supernet::extract(supernet, architecture, trace, tune);
  if (options.given("name")) model.name = options.text("name");
  save_model(model, out);
  supernet::QualityMeter meter(
      trace, spread(split_samples(supernet.split).validation, kReportSamples), {tune.threads});
  const Quality quality = meter.measure(model);
  const ModelCost cost = cost_of(model);
  std::printf("%s: %s, %zu operators, %llu parameters besides tables, %.2f MFLOPs\n", out.c_str(),
              model.kind.c_str(), model.operators.size(),
              static_cast<unsigned long long>(cost.parameters),
              1e-6 * static_cast<double>(cost.flops));
  std::printf("validation, %llu samples: float log loss %.5f, AUC %.4f\n",
              static_cast<unsigned long long>(meter.samples()), quality.logloss, quality.auc);
  return 0;
}

}  // namespace recpim::app
