// SPDX-License-Identifier: Apache-2.0
/// @file
/// Training a click model on a trace, then quantising it. How the defaults were tuned is in
/// README.md of models/.
#pragma once

#include <cstdint>

#include "models/graph/graph.h"
#include "models/training/evaluate.h"
#include "models/training/optimiser.h"
#include "traces/format/trace.h"

namespace recpim {

struct TrainOptions {
  int epochs = 2;
  std::uint64_t seed = 1;  ///< Of the split and of the order of samples.
  int batch = 32;
  int checkpoints = 4;  ///< An epoch; the one of least validation log loss becomes the model.
  AdagradOptions adagrad;
};

struct TrainReport {
  Evaluation train, validation, test;  ///< train: at most kTrainEvaluation samples of it.
  std::uint64_t train_samples = 0;
  double best_step = 0;  ///< In epochs.
};

constexpr std::uint64_t kTrainEvaluation = 100000;

/// The float part of train(): splits, trains `model` and leaves it with the weights of the best
/// checkpoint, not quantised. Returns when, in epochs, these were met.
double fit(Model& model, const TraceReader& trace, const TrainOptions& options);

/// Splits the trace 8:1:1 by seed, trains the float weights of `model` on the train part,
/// takes the checkpoint that is best on validation, quantises with calibration on training
/// samples, and writes the split into the model. The same seed, trace and model give the same
/// weights; one thread. InputError where the trace has no labels or under 10 samples; CheckError
/// where training diverges. The trace must fit (require_fit).
TrainReport train(Model& model, const TraceReader& trace, const TrainOptions& options);

}  // namespace recpim
