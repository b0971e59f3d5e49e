// SPDX-License-Identifier: Apache-2.0
/// @file
/// The plain reference of a crossbar product: phase by phase, column by column, through the ADC.
/// It takes no shortcut and calls none of the simulator's; slow on purpose.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/mapping/encoding.h"

namespace recpim {

/// How an input vector is held: TensorFormat without its scale.
struct InputFormat {
  int bits = 8;  ///< 2 ... 16.
  bool is_signed = false;
};

/// The level of phase p of x, and what the phase weighs (negative for the sign phase).
int phase_level(std::int32_t x, const InputFormat& format, int dac_bits, int phase);
std::int64_t phase_weight(const InputFormat& format, int dac_bits, int phase);

/// One physical crossbar: adds to acc[q], q = 0 ... channels - 1, the product of its `block.rows`
/// inputs. `channels` as at encode_block.
void block_product_reference(const EncodedBlock& block, const Hardware& hardware, int weight_bits,
                             int adc_shift, const std::int32_t* x, const InputFormat& format,
                             int channels, std::int32_t* acc);

/// The accumulators of an MVM tile, `tile.channels` of them, before bias and requantisation. `x`
/// is the tile's input vector (tile.rows elements); `op` holds the integer weights.
std::vector<std::int32_t> mvm_reference(const Tile& tile, const Hardware& hardware,
                                        const Operator& op, const InputFormat& format,
                                        const std::int32_t* x);

/// Whether the tile's product is the plain integer product, whatever the inputs.
bool is_lossless(const Tile& tile, const Hardware& hardware, const Operator& op);

}  // namespace recpim
