// SPDX-License-Identifier: Apache-2.0
/// @file
/// Rounding during training, so that weights learn to live with few bits (quantisation-aware
/// training; Jacob et al. 2018). Values are rounded as the numeric contract has them, but stay
/// float; gradients pass as if nothing had been rounded (Bengio et al. 2013), except where a value
/// lies so far out that it was clipped.
///
/// - Weights of an fc: one step a channel. Rows of a table: one step for all that the batch looks
/// up,
///   from the moments of these rows. Biases, gains and 16-bit outputs stay as they are.
/// - Outputs of 4 and 8 bits: one step an operator, from all of its values in the batch; unsigned
///   after a ReLU, else two's complement.
///
/// At 8 bits the step puts the largest magnitude on the last level: nothing is clipped. Below, it
/// is the multiple of the standard deviation that has the least squared error on normal values.
///
/// An approximation of the integers: quantise() searches each scale on calibration samples, and
/// operators joined by a concat or an add share one there, which they do not here.
#pragma once

#include "models/training/kernels/kernels.h"
#include "models/training/tape.h"

namespace recpim {

/// Steps for normal values of deviation 1, in which E (x - step * round(x / step))^2 over the
/// levels is least. Three levels: 1.2240 (Max, "Quantizing for minimum distortion", 1960, table I,
/// N = 3). The others by minimising the same integral; network_quantised_test.cpp does it again.
constexpr float kStepOf3 = 1.2240F;   ///< Levels -1 ... 1: weights of 2 bits.
constexpr float kStepOf15 = 0.3534F;  ///< Levels -7 ... 7: weights of 4 bits.
constexpr float kStepOf16 = 0.3386F;  ///< Levels -8 ... 7: signed outputs of 4 bits.
/// Levels 0 ... 15 on the positive half: outputs of 4 bits after a ReLU. The deviation is taken
/// from the mean square of the positive values.
constexpr float kStepOfHalf16 = 0.1932F;

/// For weights of 2, 4 or 8 bits. Step 0, which stands for no rounding, where all are 0.
Rounding weight_rounding(int bits, const Moments& moments, Index count);
/// For outputs of 4 or 8 bits; the same.
Rounding output_rounding(int bits, bool is_signed, const Moments& moments, Index count);
/// |x| above which a value was clipped, on the side of `level`.
float clip_of(float step, float level);

/// The weights that an fc computes with: rounded into the arena where the tape says so.
void round_fc_weights(Tape& tape, Node& node);
/// The same for the looked-up rows of a table, once Lookups are there. In a task of its own:
/// `rows` has room for them.
void round_table_rows(Tape& tape, Node& node, float* rows, float* clip);
/// Rounds what an operator has written, where the tape and its bits say so.
void round_output(Tape& tape, Node& node);

}  // namespace recpim
