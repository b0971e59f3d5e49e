// SPDX-License-Identifier: Apache-2.0
/// @file
/// The random sequences of a supernet's training: each thing that is drawn has its own.
#pragma once

#include <cstdint>

#include "traces/support/random.h"

namespace recpim::supernet {

/// What is drawn. The values lie far from the streams of the split and of models' weights.
enum class Draw : std::uint64_t {
  kWeights = 0x776569,        // "wei", of parameter `number`
  kArchitectures = 0x617263,  // "arc", of step `number`
  kBlocks = 0x626c6f,         // "blo", of epoch `number`
  kSamples = 0x73616d,        // "sam", of a block of an epoch
  kFixed = 0x666978,          // "fix", of validation network `number`
};

inline Random random_of(std::uint64_t seed, Draw what, std::uint64_t number) {
  return Random(seed, (static_cast<std::uint64_t>(what) << 40U) + number);
}

}  // namespace recpim::supernet
