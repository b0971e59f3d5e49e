// SPDX-License-Identifier: Apache-2.0
/// @file
/// One-shot training: every step trains another sub-network of the shared weights, with the
/// precisions of its slots. Method and deviations from NASRec: README.md, "Training".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/supernet/space.h"
#include "models/supernet/supernet_file.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

/// What the trained weights do not depend on.
struct TrainingRun {
  int threads = 1;
  double checkpoint_seconds = 600;
  std::uint64_t checkpoint_steps = 0;  ///< 0: by time alone.
  /// Called from time to time and at the end; may be empty.
  std::function<void(const Supernet&)> checkpoint;
};

/// On validation samples.
struct SupernetReport {
  std::uint64_t samples = 0;
  int networks = 0;             ///< Fixed sub-networks,
  double logloss = 0;           ///< and the mean of their losses, fake-quantised.
  double constant_logloss = 0;  ///< Of always predicting the share of clicks.
};

/// For a trace of so many samples. From 10 million training samples on NASRec's; below, what was
/// tuned on 32,000: README.md, "Training". Without the warm-up.
SupernetOptions default_options(std::uint64_t samples);
/// A quarter of all steps from 10 million training samples on (NASRec: 20,000 of about 72,000),
/// else half of them.
std::uint64_t default_warmup_steps(std::uint64_t samples, int epochs, int batch);

/// Random weights, nothing trained yet. InputError where the trace has no labels, no dense
/// features, no tables or less than 10 samples.
Supernet new_supernet(const SpaceDescription& space, const TraceReader& trace,
                      const SupernetOptions& options);

/// InputError where the trace has other tables, dense features or samples than the one that the
/// supernet is trained on.
void require_same_trace(const Supernet& supernet, const TraceReader& trace);

/// Trains from supernet.step to the end. What comes out is a function of space, trace and options
/// alone: not of threads, and not of where training was interrupted and resumed. CheckError where
/// it diverges.
SupernetReport train_supernet(Supernet& supernet, const TraceReader& trace, const TrainingRun& run);

// --- What each step does, for tests.

/// The bias of the logit, the last parameter, becomes the log odds of a click among `samples`.
void start_from_click_rate(SharedWeights& weights, const TraceReader& trace,
                           const std::vector<std::uint64_t>& samples);
/// The schedule: linear up over the first tenth of the steps, then half a cosine down to 0.
double rate_factor(std::uint64_t step, std::uint64_t steps);
StepOptions scaled(const StepOptions& options, double factor);  ///< Both rates.
/// Falls linearly from 1 to 0 over the first `warmup_steps`.
double full_path_probability(std::uint64_t step, std::uint64_t warmup_steps);
/// What a step trains; none: the full path. Depends on seed and step alone.
std::optional<Architecture> drawn(const ArchitectureSpace& space, const SupernetOptions& options,
                                  std::uint64_t step);

}  // namespace recpim::supernet
