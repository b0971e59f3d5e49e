// SPDX-License-Identifier: Apache-2.0
// recpim train.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <stdexcept>

#include "models/graph/graph.h"
#include "models/ops/sample.h"
#include "models/training/train.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"

namespace recpim::app {
namespace {

void print_line(const char* part, const Evaluation& e) {
  std::printf("%-11s %9llu   %8.5f  %6.4f   %8.5f  %6.4f\n", part,
              static_cast<unsigned long long>(e.samples), e.floating.logloss, e.floating.auc,
              e.integer.logloss, e.integer.auc);
}

void print_report(const TrainReport& report) {
  std::printf("best on validation after %.2f epochs\n", report.best_step);
  std::printf("%-11s %9s   %16s   %16s\n", "split", "samples", "float: loss  AUC",
              "integer: loss AUC");
  print_line("train", report.train);
  print_line("validation", report.validation);
  print_line("test", report.test);
  if (report.train.samples != report.train_samples) {
    std::printf("train: %llu of its %llu samples, evenly spread\n",
                static_cast<unsigned long long>(report.train.samples),
                static_cast<unsigned long long>(report.train_samples));
  }
}

}  // namespace

int run_train(const Arguments& arguments) {
  const TrainOptions defaults;
  Options options("recpim train --model FOLDER --trace FILE -o FOLDER [options]");
  options.value("model", "folder of the model to train")
      .value("trace", "trace with labels")
      .value("epochs", "passes over the training samples", std::to_string(defaults.epochs))
      .value("batch", "samples a step", std::to_string(defaults.batch))
      .value("learning-rate", "Adagrad's, of the fcs")
      .value("table-learning-rate", "Adagrad's, of the embedding tables")
      .value("seed", "of the split 8:1:1 and of the order of samples", "1")
      .value("out,o", "folder to write");
  if (!options.parse(arguments)) return 0;
  TrainOptions train_options;
  train_options.epochs = static_cast<int>(options.integer("epochs", 1, 100000));
  train_options.batch = static_cast<int>(options.integer("batch", 1, 1 << 20));
  train_options.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  AdagradOptions& adagrad = train_options.adagrad;
  if (options.given("learning-rate")) adagrad.rate = options.number("learning-rate", 0, 1e3);
  if (options.given("table-learning-rate")) {
    adagrad.table_rate = options.number("table-learning-rate", 0, 1e3);
  }
  const std::string out = options.text("out");
  const std::string folder = options.text("model");
  const TraceReader trace(options.text("trace"));
  Model model = load_model(folder);
  if (model.output().kind != OpKind::kSigmoid || model.output().elements() != 1) {
    reject(folder, "operators", model.kind, "a model that ends in a sigmoid of one logit");
  }
  require_fit(model, trace);
  const TrainReport report = train(model, trace, train_options);
  save_model(model, out);
  print_report(report);
  return 0;
}

}  // namespace recpim::app
