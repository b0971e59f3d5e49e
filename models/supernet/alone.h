// SPDX-License-Identifier: Apache-2.0
/// @file
/// A sub-network that shares its weights with no other, trained from scratch by the steps that
/// train a supernet: what its inherited weights are measured against.
#pragma once

#include <cstdint>
#include <vector>

#include "models/supernet/subnetwork.h"
#include "models/supernet/supernet_file.h"
#include "models/supernet/weights.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

struct Alone {
  Subnetwork network;     ///< Its slices cover all of `weights`.
  SharedWeights weights;  ///< Only what it uses, at its own sizes.
};

/// With random weights, drawn as those of a supernet: by its own numbers of inputs.
Alone make_alone(const SubnetworkBuilder& builder, const Architecture& architecture,
                 std::uint64_t seed);

/// Trains it on these samples of the trace with the epochs, batches, rates and seed of `options`;
/// there is no full path, so warmup_steps has no effect. A function of its arguments but for the
/// threads. CheckError where it diverges.
void train_alone(Alone& alone, const TraceReader& trace, std::vector<std::uint64_t> samples,
                 const SupernetOptions& options, int threads);

}  // namespace recpim::supernet
