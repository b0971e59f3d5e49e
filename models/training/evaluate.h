// SPDX-License-Identifier: Apache-2.0
/// @file
/// The quality of a click model on samples of a trace, in float and in integers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

struct Quality {
  double logloss = 0;
  double auc = 0;  ///< NaN where only one class is there.
};

struct Evaluation {
  std::uint64_t samples = 0;
  Quality floating, integer;
};

/// Both references over the samples. The log loss of the integers takes p = output / 65536.
/// InputError where the trace has no labels or `samples` is empty; std::invalid_argument where the
/// model does not end in one sigmoid or is not quantised. The trace must fit (require_fit).
Evaluation evaluate(const Model& model, const TraceReader& trace,
                    const std::vector<std::uint64_t>& samples);

/// Of the log odds that generated labels were drawn with: what no model beats but by chance.
struct BayesQuality {
  Quality realised;             ///< On the labels of the samples.
  double expected_logloss = 0;  ///< The mean entropy of a label given its features.
};
/// None where the trace has no true logits or no labels. `samples` is not empty.
std::optional<BayesQuality> bayes_quality(const TraceReader& trace,
                                          const std::vector<std::uint64_t>& samples);

/// The labels of samples, in their order.
std::vector<float> labels_of(const TraceReader& trace, const std::vector<std::uint64_t>& samples);

/// Evenly spread `limit` of a list, or the whole list where it is no longer.
std::vector<std::uint64_t> spread(const std::vector<std::uint64_t>& samples, std::uint64_t limit);

}  // namespace recpim
