// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the quality table compares: models with their settings, read from a JSON file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/create.h"
#include "models/graph/graph.h"
#include "models/training/train.h"
#include "traces/support/json.h"

namespace recpim::quality {

/// One setting of a model of some kind: shape and training.
struct Contender {
  std::string name;  ///< Its row in the table.
  /// lr, fm, dlrm, wide-deep, deepfm, dcn, a preset of NASRec, nasrec:FILE, or bayes: the true
  /// probabilities of a generated trace.
  std::string kind;
  DlrmShape dlrm;
  ClickShape click;
  TrainOptions train;
};

/// A row of the table and what was tried to find its settings.
struct Entry {
  Contender chosen;
  std::vector<Contender> tried;
};

struct QualityConfig {
  std::string data;  ///< What the trace is called in results.
  std::string base;  ///< The model that differences are taken to.
  std::vector<std::uint64_t> splits, initialisations;
  std::vector<std::uint64_t> tuning_splits;
  std::vector<Entry> models;
};

/// InputError with file and place.
QualityConfig read_config(const std::string& path);

/// All that shapes the outcome of a training, defaults included: the same settings, the same text.
Json settings_of(const Contender& contender);

/// With random weights of the seed, to be trained; every precision 8/8. InputError where the kind
/// is unknown or does not fit the trace.
Model create(const Contender& contender, const TraceInfo& trace, std::uint64_t seed);

}  // namespace recpim::quality
