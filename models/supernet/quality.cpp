// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/quality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/ops/metrics.h"
#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

// Large enough for matrix products, small enough that a batch stays in the cache.
constexpr std::uint32_t kBatch = 256;

}  // namespace

QualityMeter::QualityMeter(const TraceReader& trace, const std::vector<std::uint64_t>& samples,
                           const NetworkOptions& options)
    : options_(options) {
  if (!trace.info().has_labels) reject(trace.path(), "labels", "none", "a trace with labels");
  if (samples.empty()) reject(trace.path(), "samples", "0", "at least one sample");
  trace.gather(samples, chunk_);
}

Quality QualityMeter::measure(const Model& model) {
  if (network_ == nullptr) {
    network_ = std::make_unique<Network>(model, options_);
  } else {
    network_->rebind(model);
  }
  std::vector<double> probabilities;
  Batch batch;
  batch.chunk = &chunk_;
  const auto count = static_cast<std::uint32_t>(chunk_.count);
  for (std::uint32_t first = 0; first < count; first += kBatch) {
    batch.samples.resize(std::min(kBatch, count - first));
    std::iota(batch.samples.begin(), batch.samples.end(), first);
    const Matrix& logits = network_->forward(batch);
    for (Eigen::Index b = 0; b < logits.rows(); ++b) {
      probabilities.push_back(1.0 / (1.0 + std::exp(-double{logits(b, 0)})));
    }
  }
  return {log_loss(chunk_.labels, probabilities), auc(chunk_.labels, probabilities)};
}

Quality QualityMeter::measure(SharedWeights& weights, Subnetwork network) {
  weights.gather(network);
  const BorrowedTables tables(weights, network);
  return measure(network.model);
}

double QualityMeter::constant_log_loss() const {
  const double share = std::accumulate(chunk_.labels.begin(), chunk_.labels.end(), 0.0) /
                       static_cast<double>(chunk_.count);
  return log_loss(chunk_.labels, std::vector<double>(chunk_.labels.size(), share));
}

}  // namespace recpim::supernet
