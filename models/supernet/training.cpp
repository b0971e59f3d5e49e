// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>

#include "models/supernet/quality.h"
#include "models/supernet/subnetwork_step.h"
#include "models/supernet/training_batches.h"
#include "models/supernet/training_streams.h"
#include "models/training/evaluate.h"
#include "models/training/split.h"
#include "models/training/train.h"
#include "traces/support/error.h"
#include "traces/support/progress.h"
#include "traces/support/sha256.h"

namespace recpim::supernet {
namespace {

constexpr std::uint64_t kMostSteps = INT32_MAX;
// Training samples from which on NASRec's options are the default; how many samples less of them
// are seen by default, in how many passes at most.
constexpr std::uint64_t kManySamples = 10'000'000, kFewSamples = 128'000, kMostEpochs = 4;
constexpr double kWarmup = 0.1;  // Of all steps; NASRec's public code.

// What the progress note and the report look at. More samples or networks would cost as much as
// the training of a small trace.
constexpr int kFixedNetworks = 4;
constexpr std::uint64_t kFixedSamples = 1024;
constexpr std::uint64_t kLooks = 20;       // In all.
constexpr std::uint64_t kStepsALook = 32;  // At least.

std::uint64_t train_samples(std::uint64_t samples) { return samples - 2 * (samples / 10); }

std::uint64_t steps_in_all(std::uint64_t samples, const SupernetOptions& options) {
  const BatchOrder order(static_cast<std::size_t>(train_samples(samples)),
                         static_cast<std::size_t>(options.batch), 0);
  return order.steps_an_epoch() * static_cast<std::uint64_t>(options.epochs);
}

class Trainer {
 public:
  Trainer(Supernet& supernet, const TraceReader& trace, const TrainingRun& run)
      : supernet_(supernet),
        run_(run),
        space_(supernet.builder.space()),
        full_path_(supernet.builder.build_full_path()),
        batches_(trace, split_samples(supernet.split).train, supernet.options.batch,
                 supernet.options.seed),
        meter_(trace, spread(split_samples(supernet.split).validation, kFixedSamples),
               {run.threads, supernet.options.fake_quantised}),
        step_(supernet.weights, {run.threads, supernet.options.fake_quantised}),
        progress_("train", supernet.steps) {}

  SupernetReport run() {
    last_checkpoint_ = Clock::now();
    const std::uint64_t every = std::max(kStepsALook, supernet_.steps / kLooks);
    while (!supernet_.finished()) {
      step();
      ++supernet_.step;
      if (supernet_.step % every == 0) validation_ = look();
      progress_.update(supernet_.step, note());
      if (!supernet_.finished()) checkpoint();
    }
    supernet_.weights.drop_sums();
    store();
    return {meter_.samples(), kFixedNetworks, look(), meter_.constant_log_loss()};
  }

 private:
  using Clock = std::chrono::steady_clock;

  void step() {
    const std::uint64_t number = supernet_.step;
    const std::optional<Architecture> architecture = drawn(space_, supernet_.options, number);
    step_.run(architecture ? supernet_.builder.build(*architecture) : full_path_, batches_, number,
              scaled(supernet_.options.step, rate_factor(number, supernet_.steps)));
  }

  // The mean validation loss of a few sub-networks, always the same.
  double look() {
    double sum = 0;
    for (int i = 0; i < kFixedNetworks; ++i) {
      Random random =
          random_of(supernet_.options.seed, Draw::kFixed, static_cast<std::uint64_t>(i));
      const Architecture architecture = space_.sample_for_training(random);
      sum += meter_.measure(supernet_.weights, supernet_.builder.build(architecture)).logloss;
    }
    return sum / kFixedNetworks;
  }

  std::string note() const {
    char text[64];
    std::snprintf(text, sizeof text, "loss %.4f", batches_.smooth_loss());
    std::string all = text;
    if (validation_ > 0) {
      std::snprintf(text, sizeof text, ", validation %.5f", validation_);
      all += text;
    }
    return all;
  }

  // Weights may overflow where the gradients are still finite.
  void store() const {
    if (!supernet_.weights.finite()) {
      throw CheckError("training diverged before step " + std::to_string(supernet_.step) +
                       ": the weights are not finite; a lower rate may help");
    }
    if (run_.checkpoint) run_.checkpoint(supernet_);
  }

  void checkpoint() {
    if (!run_.checkpoint) return;
    ++since_checkpoint_;
    const std::chrono::duration<double> passed = Clock::now() - last_checkpoint_;
    const bool by_steps = run_.checkpoint_steps > 0 && since_checkpoint_ >= run_.checkpoint_steps;
    if (!by_steps && passed.count() < run_.checkpoint_seconds) return;
    store();
    since_checkpoint_ = 0;
    last_checkpoint_ = Clock::now();
  }

  Supernet& supernet_;
  const TrainingRun& run_;
  const ArchitectureSpace space_;
  const Subnetwork full_path_;
  TrainingBatches batches_;
  QualityMeter meter_;
  SubnetworkStep step_;
  Progress progress_;
  double validation_ = 0;
  std::uint64_t since_checkpoint_ = 0;
  Clock::time_point last_checkpoint_;
};

}  // namespace

void start_from_click_rate(SharedWeights& weights, const TraceReader& trace,
                           const std::vector<std::uint64_t>& samples) {
  const std::vector<float> labels = labels_of(trace, spread(samples, kTrainEvaluation));
  const double clicks = std::accumulate(labels.begin(), labels.end(), 0.0);
  const double rate = (clicks + 1) / (static_cast<double>(labels.size()) + 2);
  weights.values(weights.parameters().size() - 1).bias.at(0) =
      static_cast<float>(std::log(rate / (1 - rate)));
}

double rate_factor(std::uint64_t step, std::uint64_t steps) {
  const double done = static_cast<double>(step);
  const double up = kWarmup * static_cast<double>(steps);
  if (done < up) return std::min(1.0, (done + 1) / up);
  const double pi = std::acos(-1.0);
  return 0.5 * (1 + std::cos(pi * (done - up) / (static_cast<double>(steps) - up)));
}

StepOptions scaled(const StepOptions& options, double factor) {
  StepOptions now = options;
  now.rate *= factor;
  now.table_rate *= factor;
  return now;
}

double full_path_probability(std::uint64_t step, std::uint64_t warmup_steps) {
  if (step >= warmup_steps) return 0;
  return 1 - static_cast<double>(step) / static_cast<double>(warmup_steps);
}

std::optional<Architecture> drawn(const ArchitectureSpace& space, const SupernetOptions& options,
                                  std::uint64_t step) {
  Random random = random_of(options.seed, Draw::kArchitectures, step);
  if (random.uniform() < full_path_probability(step, options.warmup_steps)) return std::nullopt;
  return space.sample_for_training(random);
}

SupernetOptions default_options(std::uint64_t samples) {
  SupernetOptions options;
  const std::uint64_t train = std::max<std::uint64_t>(1, train_samples(samples));
  if (train >= kManySamples) return options;
  // Tuned on 32,000 samples: README.md, "Training".
  options.batch = 128;
  options.epochs = static_cast<int>(
      std::clamp<std::uint64_t>((kFewSamples + train / 2) / train, 1, kMostEpochs));
  options.step.rate = 0.01;
  options.step.table_rate = 0.06;
  options.step.initial = 1e-6;
  options.step.table_initial = 1e-8;
  options.step.epsilon = 1e-8;
  options.step.clip = 1;
  return options;
}

std::uint64_t default_warmup_steps(std::uint64_t samples, int epochs, int batch) {
  SupernetOptions options;
  options.epochs = epochs;
  options.batch = batch;
  return steps_in_all(samples, options) / (train_samples(samples) >= kManySamples ? 4 : 2);
}

Supernet new_supernet(const SpaceDescription& space, const TraceReader& trace,
                      const SupernetOptions& options) {
  const TraceInfo& info = trace.info();
  if (!info.has_labels) reject(trace.path(), "labels", "none", "a trace with labels");
  if (info.samples < 10) {
    reject(trace.path(), "samples", std::to_string(info.samples), "at least 10 to split 8:1:1");
  }
  if (info.dense == 0) reject(trace.path(), "dense features", "0", "at least one");
  if (info.tables.empty()) reject(trace.path(), "tables", "0", "at least one");
  Supernet supernet{SubnetworkBuilder(space, info)};
  supernet.options = options;
  supernet.steps = steps_in_all(info.samples, options);
  if (supernet.steps > kMostSteps) {
    reject(trace.path(), "steps", std::to_string(supernet.steps),
           "at most " + std::to_string(kMostSteps) + ": fewer epochs or larger batches");
  }
  supernet.split = {options.seed, info.samples};
  supernet.trace_sha256 = sha256_of_file(trace.path());
  supernet.weights = SharedWeights::random(supernet.builder, options.seed);
  supernet.weights.start_sums(options.step);
  start_from_click_rate(supernet.weights, trace, split_samples(supernet.split).train);
  return supernet;
}

void require_same_trace(const Supernet& supernet, const TraceReader& trace) {
  const TraceInfo& wanted = supernet.builder.trace();
  const TraceInfo& found = trace.info();
  const auto require = [&](const std::string& place, std::uint64_t is, std::uint64_t should) {
    if (is == should) return;
    reject(trace.path(), place, std::to_string(is),
           std::to_string(should) + ", as in the trace that trained the supernet");
  };
  if (!found.has_labels) reject(trace.path(), "labels", "none", "a trace with labels");
  require("dense features", found.dense, wanted.dense);
  require("tables", found.tables.size(), wanted.tables.size());
  for (std::size_t t = 0; t < wanted.tables.size(); ++t) {
    require("rows of table " + std::to_string(t), found.tables[t].rows, wanted.tables[t].rows);
  }
  require("samples", found.samples, supernet.split.samples);
}

SupernetReport train_supernet(Supernet& supernet, const TraceReader& trace,
                              const TrainingRun& run) {
  require_same_trace(supernet, trace);
  return Trainer(supernet, trace, run).run();
}

}  // namespace recpim::supernet
