// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/subnetwork_step.h"

#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "traces/support/error.h"

namespace recpim::supernet {

void SubnetworkStep::run(Subnetwork network, TrainingBatches& batches, std::uint64_t number,
                         const StepOptions& options) {
  auto now = std::make_unique<Subnetwork>(std::move(network));
  weights_.gather(*now);
  std::optional<BorrowedTables> tables(std::in_place, weights_, *now);
  if (network_ == nullptr) {
    network_ = std::make_unique<Network>(now->model, options_);
  } else {
    network_->rebind(now->model);
  }
  current_ = std::move(now);
  const Batch& batch = batches.take(number);
  network_->backward(batch, batches.loss_gradient(network_->forward(batch)));
  tables.reset();
  const bool finite = std::isfinite(batches.loss());
  if (!finite || !std::isfinite(weights_.step(*current_, *network_, options))) {
    throw CheckError("training diverged at step " + std::to_string(number) + ": the " +
                     (finite ? "gradients are" : "loss is") + " not finite; a lower rate may help");
  }
}

}  // namespace recpim::supernet
