// SPDX-License-Identifier: Apache-2.0
/// @file
/// The quality of sub-networks on samples of a trace, through the batches of the training network:
/// what a search ranks candidates by before it looks closer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/supernet/subnetwork.h"
#include "models/supernet/weights.h"
#include "models/training/evaluate.h"
#include "models/training/network.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

/// Not for two threads at once. A process may fork before the first measure().
class QualityMeter {
 public:
  /// Reads the samples (they stay in memory). InputError where there are none or no labels.
  QualityMeter(const TraceReader& trace, const std::vector<std::uint64_t>& samples,
               const NetworkOptions& options);

  std::uint64_t samples() const { return chunk_.count; }
  /// Of a model that has its float weights and ends in one sigmoid.
  Quality measure(const Model& model);
  /// Of a sub-network with the weights that it inherits. Those of its tables are lent to it
  /// meanwhile; afterwards the shared weights are as they were.
  Quality measure(SharedWeights& weights, Subnetwork network);
  /// The log loss of always predicting the share of clicks among the samples.
  double constant_log_loss() const;

 private:
  NetworkOptions options_;
  TraceChunk chunk_;
  std::unique_ptr<Network> network_;
};

}  // namespace recpim::supernet
