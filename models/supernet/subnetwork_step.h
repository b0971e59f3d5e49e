// SPDX-License-Identifier: Apache-2.0
/// @file
/// One step of training: a sub-network of shared weights on a batch.
#pragma once

#include <memory>

#include "models/supernet/subnetwork.h"
#include "models/supernet/training_batches.h"
#include "models/supernet/weights.h"
#include "models/training/network.h"

namespace recpim::supernet {

/// Keeps the memory of the passes from step to step. Not for two threads at once.
class SubnetworkStep {
 public:
  /// The weights need their sums.
  SubnetworkStep(SharedWeights& weights, const NetworkOptions& options)
      : weights_(weights), options_(options) {}

  /// Trains what `network` uses on the batch that `batches` has for step `number`. CheckError where
  /// the loss or the gradients are not finite; the weights are then those before.
  void run(Subnetwork network, TrainingBatches& batches, std::uint64_t number,
           const StepOptions& options);

 private:
  SharedWeights& weights_;
  const NetworkOptions options_;
  std::unique_ptr<Subnetwork> current_;  // What the network is bound to.
  std::unique_ptr<Network> network_;
};

}  // namespace recpim::supernet
