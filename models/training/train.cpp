// SPDX-License-Identifier: Apache-2.0
#include "models/training/train.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "models/graph/builder.h"
#include "models/ops/batches.h"
#include "models/ops/metrics.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/training/network.h"
#include "models/training/split.h"
#include "traces/support/error.h"
#include "traces/support/progress.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

// Consecutive training samples that are held in memory and shuffled together. A trace of any
// length streams through; one below this size is shuffled as a whole.
constexpr std::size_t kBlockSamples = 65536;
// Validation samples that choose a checkpoint: the error of their mean is far below the
// differences that matter, whatever the size of the trace.
constexpr std::uint64_t kSelectionSamples = 65536;

void shuffle(std::vector<std::uint32_t>& values, Random& random) {
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  }
}

std::vector<std::uint32_t> range(std::size_t n) {
  std::vector<std::uint32_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

class Trainer {
 public:
  Trainer(Model& model, const TraceReader& trace, const TrainOptions& options, SplitSamples parts)
      : model_(model),
        trace_(trace),
        options_(options),
        parts_(std::move(parts)),
        selection_(spread(parts_.validation, kSelectionSamples)),
        selection_labels_(labels_of(trace, selection_)),
        network_(model),
        optimiser_(model, options.adagrad),
        progress_("train", steps_in_all()) {}

  // Returns when, in epochs, the weights that the model is left with were met.
  double run() {
    for (int epoch = 0; epoch < options_.epochs; ++epoch) run_epoch(epoch);
    check_point();
    if (!best_) throw CheckError("training diverged: no checkpoint has a finite log loss");
    for (std::size_t p = 0; p < model_.operators.size(); ++p) {
      model_.operators[p].weight = std::move(best_->operators[p].weight);
      model_.operators[p].bias = std::move(best_->operators[p].bias);
    }
    return best_step_;
  }

 private:
  std::uint64_t steps_an_epoch() const {
    const std::size_t batch = static_cast<std::size_t>(options_.batch);
    std::uint64_t steps = 0;
    for (std::size_t first = 0; first < parts_.train.size(); first += kBlockSamples) {
      steps += (std::min(kBlockSamples, parts_.train.size() - first) + batch - 1) / batch;
    }
    return steps;
  }
  std::uint64_t steps_in_all() const {
    return steps_an_epoch() * static_cast<std::uint64_t>(options_.epochs);
  }

  void run_epoch(int epoch) {
    Random random(options_.seed, 0x6f72646572 + static_cast<std::uint64_t>(epoch));  // "order"
    std::vector<std::uint32_t> blocks =
        range((parts_.train.size() + kBlockSamples - 1) / kBlockSamples);
    shuffle(blocks, random);
    for (const std::uint32_t block : blocks) {
      const std::size_t first = block * kBlockSamples;
      const std::size_t end = std::min(first + kBlockSamples, parts_.train.size());
      trace_.gather({parts_.train.begin() + static_cast<std::ptrdiff_t>(first),
                     parts_.train.begin() + static_cast<std::ptrdiff_t>(end)},
                    chunk_);
      run_block(random);
    }
  }

  void run_block(Random& random) {
    std::vector<std::uint32_t> order = range(chunk_.count);
    shuffle(order, random);
    const std::uint64_t every =
        std::max<std::uint64_t>(1, steps_an_epoch() / static_cast<unsigned>(options_.checkpoints));
    const auto size = static_cast<std::ptrdiff_t>(options_.batch);
    Batch batch;
    batch.chunk = &chunk_;
    for (auto from = order.begin(); from < order.end();) {
      const auto to = order.end() - from > size ? from + size : order.end();
      batch.samples.assign(from, to);
      from = to;
      step(batch);
      if (step_ % every == 0) check_point();
    }
  }

  void step(const Batch& batch) {
    const Matrix& logits = network_.forward(batch);
    gradient_.resize(logits.rows(), 1);
    for (Eigen::Index b = 0; b < logits.rows(); ++b) {
      const float p = 1.0F / (1.0F + std::exp(-logits(b, 0)));
      const float label = chunk_.labels[batch.samples[static_cast<std::size_t>(b)]];
      gradient_(b, 0) = (p - label) / static_cast<float>(logits.rows());
    }
    network_.backward(batch, gradient_);
    // The rate falls linearly to 0.
    optimiser_.step(network_,
                    1.0 - static_cast<double>(step_) / static_cast<double>(steps_in_all()));
    progress_.update(++step_, note_);
  }

  // Keeps the averaged weights where they are the best so far on validation.
  void check_point() {
    if (last_check_ == step_) return;
    last_check_ = step_;
    const Model& average = optimiser_.average();
    Network network(average);
    std::vector<double> probabilities;
    for_each_chunk(trace_, selection_, [&](const TraceChunk& chunk) {
      const Batch all{&chunk, range(chunk.count)};
      const Matrix& logits = network.forward(all);
      for (Eigen::Index b = 0; b < logits.rows(); ++b) {
        probabilities.push_back(1.0 / (1.0 + std::exp(-static_cast<double>(logits(b, 0)))));
      }
    });
    const double loss = log_loss(selection_labels_, probabilities);
    char text[48];
    std::snprintf(text, sizeof text, "validation log loss %.5f", loss);
    note_ = text;
    if (std::isfinite(loss) && (!best_ || loss < best_loss_)) {
      best_ = average;
      best_loss_ = loss;
      best_step_ = static_cast<double>(step_) / static_cast<double>(steps_an_epoch());
    }
  }

  Model& model_;
  const TraceReader& trace_;
  const TrainOptions& options_;
  const SplitSamples parts_;
  const std::vector<std::uint64_t> selection_;
  const std::vector<float> selection_labels_;
  Network network_;
  Optimiser optimiser_;
  Progress progress_;
  TraceChunk chunk_;
  Matrix gradient_;
  std::string note_;
  std::uint64_t step_ = 0, last_check_ = 0;
  std::optional<Model> best_;
  double best_loss_ = 0, best_step_ = 0;
};

// A new model starts from the share of clicks, not from one half: its logit's bias is still 0.
void start_from_click_rate(Model& model, const std::vector<float>& labels) {
  Operator& logit = model.operators[static_cast<std::size_t>(model.output().inputs[0])];
  if (logit.bias[0] != 0) return;
  const double clicks = std::accumulate(labels.begin(), labels.end(), 0.0);
  const double rate = (clicks + 1) / (static_cast<double>(labels.size()) + 2);
  logit.bias[0] = static_cast<float>(std::log(rate / (1 - rate)));
}

}  // namespace

double fit(Model& model, const TraceReader& trace, const TrainOptions& options) {
  const std::uint64_t samples = trace.info().samples;
  if (!trace.info().has_labels) reject(trace.path(), "labels", "none", "a trace with labels");
  if (samples < 10) {
    reject(trace.path(), "samples", std::to_string(samples), "at least 10 to split 8:1:1");
  }
  const Split split{options.seed, samples};
  const SplitSamples parts = split_samples(split);
  if (model.random_weights) initialise_weights(model);
  start_from_click_rate(model, labels_of(trace, spread(parts.train, kTrainEvaluation)));
  const double best_step = Trainer(model, trace, options, parts).run();
  model.split = split;
  model.random_weights = false;
  return best_step;
}

TrainReport train(Model& model, const TraceReader& trace, const TrainOptions& options) {
  TrainReport report;
  report.best_step = fit(model, trace, options);
  const SplitSamples parts = split_samples(*model.split);
  const std::vector<std::uint64_t> calibration = spread(parts.train, kCalibrationSamples);
  equalise(model, trace, calibration);
  quantise(model, trace, calibration);
  report.train_samples = parts.train.size();
  report.train = evaluate(model, trace, spread(parts.train, kTrainEvaluation));
  report.validation = evaluate(model, trace, parts.validation);
  report.test = evaluate(model, trace, parts.test);
  return report;
}

}  // namespace recpim
