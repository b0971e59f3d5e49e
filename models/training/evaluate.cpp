// SPDX-License-Identifier: Apache-2.0
#include "models/training/evaluate.h"

#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/ops/batches.h"
#include "models/ops/float_reference.h"
#include "models/ops/integer_reference.h"
#include "models/ops/metrics.h"
#include "traces/support/error.h"
#include "traces/support/math.h"

namespace recpim {

std::vector<float> labels_of(const TraceReader& trace, const std::vector<std::uint64_t>& samples) {
  if (!trace.info().has_labels) reject(trace.path(), "labels", "none", "a trace with labels");
  std::vector<float> labels;
  for_each_chunk(trace, samples, [&](const TraceChunk& chunk) {
    labels.insert(labels.end(), chunk.labels.begin(), chunk.labels.end());
  });
  return labels;
}

std::vector<std::uint64_t> spread(const std::vector<std::uint64_t>& samples, std::uint64_t limit) {
  if (samples.size() <= limit) return samples;
  std::vector<std::uint64_t> some(limit);
  for (std::uint64_t i = 0; i < limit; ++i) some[i] = samples[i * samples.size() / limit];
  return some;
}

std::optional<BayesQuality> bayes_quality(const TraceReader& trace,
                                          const std::vector<std::uint64_t>& samples) {
  if (!trace.info().has_true_logits || !trace.info().has_labels) return std::nullopt;
  BayesQuality result;
  std::vector<float> labels;
  std::vector<double> logits;
  for_each_chunk(trace, samples, [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const auto logit = static_cast<double>(chunk.true_logits[i]);
      labels.push_back(chunk.labels[i]);
      logits.push_back(logit);
      result.realised.logloss += softplus(chunk.labels[i] != 0 ? -logit : logit);
      result.expected_logloss += label_entropy(logit);
    }
  });
  result.realised.logloss /= static_cast<double>(logits.size());
  result.expected_logloss /= static_cast<double>(logits.size());
  result.realised.auc = auc(labels, logits);
  return result;
}

Evaluation evaluate(const Model& model, const TraceReader& trace,
                    const std::vector<std::uint64_t>& samples) {
  if (model.output().kind != OpKind::kSigmoid || model.output().elements() != 1) {
    throw std::invalid_argument("a model that ends in a sigmoid of one logit");
  }
  if (samples.empty()) reject(trace.path(), "samples", "0", "at least one sample");
  const std::vector<float> labels = labels_of(trace, samples);
  std::vector<double> in_float;
  std::vector<double> in_integers;
  FloatReference floats(model);
  IntegerReference integers(model);
  for_each_chunk(trace, samples, [&](const TraceChunk& chunk) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      in_float.push_back(floats.evaluate(chunk, i).back()[0]);
      in_integers.push_back(integers.evaluate(chunk, i).back()[0] * kProbabilityScale);
    }
  });
  Evaluation result;
  result.samples = samples.size();
  result.floating = {log_loss(labels, in_float), auc(labels, in_float)};
  result.integer = {log_loss(labels, in_integers), auc(labels, in_integers)};
  return result;
}

}  // namespace recpim
