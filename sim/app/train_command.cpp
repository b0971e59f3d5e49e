// SPDX-License-Identifier: Apache-2.0
// recpim train: one model, or the supernet of a space.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "models/graph/graph.h"
#include "models/ops/sample.h"
#include "models/supernet/training.h"
#include "models/training/train.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/sha256.h"

namespace recpim::app {
namespace {

using supernet::Presence;
using supernet::Supernet;
using supernet::SupernetOptions;

constexpr std::int64_t kMostEpochs = 100000;
constexpr std::int64_t kMostSamples = 1 << 20;  // Of a batch.
constexpr double kHighestRate = 1e3;

Options train_options() {
  const TrainOptions model;
  const SupernetOptions space = supernet::default_options(0);
  const auto both = [](auto first, auto second) {
    std::ostringstream text;
    text << " (" << first << "; space: " << second << ", or by the size of its trace)";
    return text.str();
  };
  Options options(
      "recpim train --model FOLDER --trace FILE -o FOLDER [options]\n"
      "       recpim train --space SPACE --trace FILE -o FOLDER [options]");
  options.value("model", "folder of the model to train")
      .value("space",
             "nasrec-full, nasrec-small or a JSON file: trains the supernet of that space instead")
      .value("trace", "trace with labels")
      .value("epochs", "passes over the training samples" + both(model.epochs, space.epochs))
      .value("batch", "samples a step" + both(model.batch, space.batch))
      .value("learning-rate", "Adagrad's, of the fcs" + both(model.adagrad.rate, space.step.rate))
      .value("table-learning-rate",
             "Adagrad's, of the tables" + both(model.adagrad.table_rate, space.step.table_rate))
      .value("seed", "of the split 8:1:1 and of the order of samples; of a space, of all chance",
             "1")
      .value("warmup-steps",
             "space: steps over which the full path fades out; half of all if not given, of 10 "
             "million "
             "training samples and more a quarter")
      .value("threads", "space: as many as cores if not given; they change no result")
      .value("checkpoint-seconds", "space: between checkpoints (600)")
      .value("checkpoint-steps", "space: a checkpoint at least every so many steps")
      .flag("resume", "space: go on with the training in the output folder")
      .value("out,o", "folder to write");
  return options;
}

// An option that the other kind of training has would be without effect: likely a mistake.
void forbid(const Options& options, const std::vector<std::string>& names, const char* mode) {
  for (const std::string& name : names) {
    if (!options.chosen(name)) continue;
    reject("", "--" + name, options.text(name), std::string("no such option with ") + mode);
  }
}

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

int train_model(const Options& options) {
  forbid(options, {"warmup-steps", "threads", "checkpoint-seconds", "checkpoint-steps"}, "--model");
  TrainOptions chosen;
  if (options.given("epochs")) {
    chosen.epochs = static_cast<int>(options.integer("epochs", 1, kMostEpochs));
  }
  if (options.given("batch")) {
    chosen.batch = static_cast<int>(options.integer("batch", 1, kMostSamples));
  }
  chosen.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  AdagradOptions& adagrad = chosen.adagrad;
  if (options.given("learning-rate")) {
    adagrad.rate = options.number("learning-rate", 0, kHighestRate);
  }
  if (options.given("table-learning-rate")) {
    adagrad.table_rate = options.number("table-learning-rate", 0, kHighestRate);
  }
  const std::string out = options.text("out");
  const std::string folder = options.text("model");
  const TraceReader trace(options.text("trace"));
  Model model = load_model(folder);
  if (model.output().kind != OpKind::kSigmoid || model.output().elements() != 1) {
    reject(folder, "operators", model.kind, "a model that ends in a sigmoid of one logit");
  }
  require_fit(model, trace);
  const TrainReport report = train(model, trace, chosen);
  save_model(model, out);
  print_report(report);
  return 0;
}

// What is given on the command line, over what a supernet has or the defaults.
SupernetOptions supernet_options(const Options& options, SupernetOptions chosen) {
  if (options.given("epochs")) {
    chosen.epochs = static_cast<int>(options.integer("epochs", 1, kMostEpochs));
  }
  if (options.given("batch")) {
    chosen.batch = static_cast<int>(options.integer("batch", 1, kMostSamples));
  }
  if (options.given("learning-rate")) {
    chosen.step.rate = options.number("learning-rate", 0, kHighestRate);
  }
  if (options.given("table-learning-rate")) {
    chosen.step.table_rate = options.number("table-learning-rate", 0, kHighestRate);
  }
  if (options.given("warmup-steps")) {
    chosen.warmup_steps = static_cast<std::uint64_t>(options.integer("warmup-steps", 0, INT64_MAX));
  }
  return chosen;
}

Supernet begin(const Options& options, const TraceReader& trace, const std::string& out) {
  const supernet::SpaceDescription space = supernet::space_named(options.text("space"));
  SupernetOptions chosen =
      supernet_options(options, supernet::default_options(trace.info().samples));
  chosen.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  if (!options.given("warmup-steps")) {
    chosen.warmup_steps =
        supernet::default_warmup_steps(trace.info().samples, chosen.epochs, chosen.batch);
  }
  Supernet supernet = supernet::new_supernet(space, trace, chosen);
  supernet::write_supernet(supernet, out);
  return supernet;
}

// What was said again must be what was said at the beginning.
void require_same(const Options& options, const Supernet& supernet, const TraceReader& trace,
                  const std::string& out) {
  const SupernetOptions& was = supernet.options;
  const auto require = [&](const char* name, bool same, const std::string& is) {
    if (options.chosen(name) && !same) {
      reject("", std::string("--") + name, options.text(name), is + ", as " + out + " was begun");
    }
  };
  const SupernetOptions now = supernet_options(options, was);
  require("epochs", now.epochs == was.epochs, std::to_string(was.epochs));
  require("batch", now.batch == was.batch, std::to_string(was.batch));
  require("learning-rate", now.step.rate == was.step.rate, std::to_string(was.step.rate));
  require("table-learning-rate", now.step.table_rate == was.step.table_rate,
          std::to_string(was.step.table_rate));
  require("warmup-steps", now.warmup_steps == was.warmup_steps, std::to_string(was.warmup_steps));
  const auto seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  require("seed", seed == was.seed, std::to_string(was.seed));
  if (options.given("space")) {
    const supernet::ArchitectureSpace given(supernet::space_named(options.text("space")));
    const supernet::ArchitectureSpace begun(supernet.builder.space());
    require("space", given.to_json() == begun.to_json(), begun.description().name);
  }
  supernet::require_same_trace(supernet, trace);
  if (sha256_of_file(trace.path()) != supernet.trace_sha256) {
    reject(trace.path(), "sha256", sha256_of_file(trace.path()),
           supernet.trace_sha256 + ", the trace with which " + out + " was begun");
  }
}

Supernet begin_or_resume(const Options& options, const TraceReader& trace, const std::string& out) {
  const Presence presence = supernet::presence_of(out);
  if (!options.on("resume")) {
    if (presence == Presence::kUnfinished) {
      reject(out, "finished", "false", "--resume to go on with it, or another folder");
    }
    return begin(options, trace, out);
  }
  if (presence == Presence::kNone) {
    // Not an error: a training may be killed before its folder is there.
    std::cerr << "recpim: note: " << out << " had no training to go on with; one begins\n";
    return begin(options, trace, out);
  }
  Supernet supernet = supernet::load_supernet(out);
  require_same(options, supernet, trace, out);
  return supernet;
}

int train_space(const Options& options) {
  forbid(options, {"model"}, "--space");
  supernet::TrainingRun run;
  run.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (options.given("threads")) run.threads = static_cast<int>(options.integer("threads", 1, 256));
  if (options.given("checkpoint-seconds")) {
    run.checkpoint_seconds = options.number("checkpoint-seconds", 0, 1e9);
  }
  if (options.given("checkpoint-steps")) {
    run.checkpoint_steps =
        static_cast<std::uint64_t>(options.integer("checkpoint-steps", 1, INT64_MAX));
  }
  const std::string out = options.text("out");
  const TraceReader trace(options.text("trace"));
  Supernet supernet = begin_or_resume(options, trace, out);
  run.checkpoint = [&](const Supernet& now) { supernet::update_supernet(now, out); };
  const supernet::SupernetReport report = supernet::train_supernet(supernet, trace, run);
  std::uint64_t parameters = 0;
  for (std::size_t p = 0; p < supernet.weights.parameters().size(); ++p) {
    const supernet::SharedValues& values = supernet.weights.values(p);
    parameters += values.weight.size() + values.bias.size();
  }
  std::printf("%s: %s, %llu parameters, %llu steps\n", out.c_str(),
              supernet.builder.space().name.c_str(), static_cast<unsigned long long>(parameters),
              static_cast<unsigned long long>(supernet.steps));
  std::printf(
      "validation, %llu samples: mean log loss of %d sub-networks %.5f; of the share of "
      "clicks alone %.5f\n",
      static_cast<unsigned long long>(report.samples), report.networks, report.logloss,
      report.constant_logloss);
  return 0;
}

}  // namespace

int run_train(const Arguments& arguments) {
  Options options = train_options();
  if (!options.parse(arguments)) return 0;
  if (options.given("space") || options.on("resume")) return train_space(options);
  if (!options.given("model")) reject("--model", "", "", "a folder, or a --space to train");
  return train_model(options);
}

}  // namespace recpim::app
