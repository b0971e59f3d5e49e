// SPDX-License-Identifier: Apache-2.0
/// @file
/// From one architecture and a trained supernet to a model of its own.
#pragma once

#include <cstdint>
#include <string>

#include "models/graph/graph.h"
#include "models/supernet/architecture.h"
#include "models/supernet/supernet_file.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

/// An architecture as a user names it: its text, a preset, or a file with its text or with NASRec's
/// JSON. InputError; `what` says there where the words came from.
Architecture architecture_named(const std::string& words, const std::string& what);

/// A model with the float weights that the sub-network inherits, not quantised.
Model inherit(const Supernet& supernet, const Architecture& architecture);

struct FineTuneOptions {
  int steps = 0;           ///< NASRec: 500.
  std::uint64_t seed = 1;  ///< Of the order of samples.
  int batch = 512;
  int threads = 1;
  bool fake_quantised = true;
  StepOptions step;
};
/// Trains the last fc alone on the training samples of the model's split, with new sums and the
/// schedule of a training of its own. CheckError where it diverges.
void fine_tune(Model& model, const TraceReader& trace, const FineTuneOptions& options);

/// The whole way: inherit, fine-tune, equalise, quantise with calibration on training samples.
/// InputError where the architecture is not of the space, the trace not the supernet's or an
/// accumulator could exceed 32 bits.
Model extract(const Supernet& supernet, const Architecture& architecture, const TraceReader& trace,
              const FineTuneOptions& options);

}  // namespace recpim::supernet
