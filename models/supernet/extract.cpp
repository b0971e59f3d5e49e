// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/extract.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/nasrec_file.h"
#include "models/supernet/presets.h"
#include "models/supernet/training.h"
#include "models/supernet/training_batches.h"
#include "models/training/evaluate.h"
#include "models/training/network.h"
#include "models/training/split.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/progress.h"

namespace recpim::supernet {
namespace {

Architecture architecture_in(const std::string& path) {
  const Json json = read_json_file(path);
  const JsonView view(json, path);
  // NASRec's files have the choices of blocks and their wiring apart.
  if (json.is_object() && (view.has("micro") || view.has("macro"))) {
    return nasrec_of(view).architecture;
  }
  return architecture_of(view);
}

std::string note(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "loss %.4f", loss);
  return text;
}

}  // namespace

Architecture architecture_named(const std::string& words, const std::string& what) {
  if (!words.empty() && words[0] == '{') return decode(words, what);
  const std::vector<std::string> presets = preset_names();
  if (std::find(presets.begin(), presets.end(), words) != presets.end()) {
    return preset(words);
  }
  std::error_code failure;
  if (std::filesystem::is_regular_file(words, failure)) {
    return architecture_in(words);
  }
  std::string accepted;
  for (const std::string& name : presets) accepted += name + ", ";
  reject("", what, words, accepted + "a file with an architecture, or its text");
}

Model inherit(const Supernet& supernet, const Architecture& architecture) {
  Subnetwork network = supernet.builder.build(architecture);
  supernet.weights.gather_all(network);
  network.model.seed = supernet.options.seed;
  network.model.split = supernet.split;
  network.model.random_weights = false;
  return std::move(network.model);
}

void fine_tune(Model& model, const TraceReader& trace, const FineTuneOptions& options) {
  const auto logit = static_cast<std::size_t>(model.output().inputs[0]);
  Operator& op = model.operators[logit];
  const auto first = static_cast<float>(options.step.initial);
  std::vector<float> weight_sums(op.weight.size(), first);
  std::vector<float> bias_sums(op.bias.size(), first);
  TrainingBatches batches(trace, split_samples(*model.split).train, options.batch, options.seed);
  Network network(model, {options.threads, options.fake_quantised});
  Progress progress("fine-tune", static_cast<std::uint64_t>(options.steps));
  const auto steps = static_cast<std::uint64_t>(options.steps);
  for (std::uint64_t step = 0; step < steps; ++step) {
    const Batch& batch = batches.take(step);
    const Matrix& gradient = batches.loss_gradient(network.forward(batch));
    network.backward(batch, gradient);
    StepOptions now = options.step;
    now.rate *= rate_factor(step, steps);
    const Gradient& found = network.gradient(logit);
    const double norm = std::sqrt(static_cast<double>(found.weight.squaredNorm()) +
                                  static_cast<double>(found.bias.squaredNorm()));
    if (!std::isfinite(norm)) throw CheckError("fine-tuning diverged: its gradient is not finite");
    const Pace pace = pace_of(now, norm);
    adagrad(op.weight.data(), weight_sums.data(), found.weight.data(), op.weight.size(), pace);
    adagrad(op.bias.data(), bias_sums.data(), found.bias.data(), op.bias.size(), pace);
    progress.update(step + 1, note(batches.smooth_loss()));
  }
}

Model extract(const Supernet& supernet, const Architecture& architecture, const TraceReader& trace,
              const FineTuneOptions& options) {
  ArchitectureSpace(supernet.builder.space()).validate(architecture);
  require_same_trace(supernet, trace);
  Model model = inherit(supernet, architecture);
  fine_tune(model, trace, options);
  const std::vector<std::uint64_t> calibration =
      spread(split_samples(supernet.split).train, kCalibrationSamples);
  try {
    equalise(model, trace, calibration);
    quantise(model, trace, calibration);
  } catch (const std::invalid_argument& error) {
    throw InputError(trace.path() + ": " + error.what());
  }
  return model;
}

}  // namespace recpim::supernet
