// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/quality/training_run.h"

#include "models/graph/kinds.h"
#include "models/ops/sample.h"
#include "models/quantisation/equalise.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/quality.h"
#include "models/training/evaluate.h"
#include "models/training/split.h"
#include "traces/support/error.h"

namespace recpim::quality {
namespace {

Json to_json(const Quality& q) { return {{"logloss", q.logloss}, {"auc", q.auc}}; }

// The trained float model, and when its weights were met.
Model trained(const Contender& contender, const TraceReader& trace, std::uint64_t split,
              std::uint64_t initialisation, double& best_epoch) {
  Model model = create(contender, trace.info(), initialisation);
  require_fit(model, trace);
  TrainOptions options = contender.train;
  options.seed = split;
  best_epoch = fit(model, trace, options);
  return model;
}

Json validation_of(const Model& model, const TraceReader& trace, const SplitSamples& parts) {
  return to_json(supernet::QualityMeter(trace, parts.validation, {}).measure(model));
}

Json bayes_run(const TraceReader& trace, const SplitSamples& parts) {
  const auto bayes = bayes_quality(trace, parts.test);
  if (!bayes) reject(trace.path(), "true_logits", "none", "a trace with planted interactions");
  Json json;
  json["test"]["float"] = to_json(bayes->realised);
  json["test"]["expected_logloss"] = bayes->expected_logloss;
  return json;
}

void set_weight_bits(Model& model, int bits) {
  for (Operator& op : model.operators) {
    if (has_weights(op.kind)) op.weight_bits = bits;
  }
}

}  // namespace

Json validate_once(const Contender& contender, const TraceReader& trace, std::uint64_t split,
                   std::uint64_t initialisation) {
  Json json;
  double best_epoch = 0;
  const Model model = trained(contender, trace, split, initialisation, best_epoch);
  json["validation"] = validation_of(model, trace, split_samples(*model.split));
  json["best_epoch"] = best_epoch;
  return json;
}

Json run_once(const Contender& contender, const TraceReader& trace, std::uint64_t split,
              std::uint64_t initialisation) {
  const SplitSamples parts = split_samples({split, trace.info().samples});
  if (contender.kind == "bayes") return bayes_run(trace, parts);
  Json json;
  double best_epoch = 0;
  Model model = trained(contender, trace, split, initialisation, best_epoch);
  json["validation"] = validation_of(model, trace, parts);
  json["best_epoch"] = best_epoch;
  const std::vector<std::uint64_t> calibration = spread(parts.train, kCalibrationSamples);
  equalise(model, trace, calibration);
  quantise(model, trace, calibration);
  const Evaluation eight = evaluate(model, trace, parts.test);
  set_weight_bits(model, 4);
  quantise_weights(model);
  json["test"] = {{"samples", parts.test.size()},
                  {"float", to_json(eight.floating)},
                  {"int8", to_json(eight.integer)},
                  {"int4", to_json(evaluate(model, trace, parts.test).integer)}};
  return json;
}

}  // namespace recpim::quality
