// SPDX-License-Identifier: Apache-2.0
/// @file
/// Post-training quantisation: from a model's float weights to the integers of the numeric
/// contract. How the scales are chosen is in README.md of models/.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// At most this many samples calibrate: more move the scales by less than their grid does.
constexpr std::uint64_t kCalibrationSamples = 2048;

/// Chooses every output's format from the float outputs on `samples` of the trace (the first
/// kCalibrationSamples of the list), then quantises the weights. Changes no float weight. The
/// trace must fit the model (require_fit). std::invalid_argument where an accumulator could exceed
/// 32 bits.
void quantise(Model& model, const TraceReader& trace, const std::vector<std::uint64_t>& samples);

/// Quantises the weights of an already calibrated model again, after a change of weight_bits: the
/// output formats stay, nothing but float weights and moments is read. An fc's scales weigh the
/// error of a weight with the mean square of its input, and its biases take back the mean error
/// (Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019,
/// section 4.2).
void quantise_weights(Model& model);

/// The samples that calibrate an untrained model: kCalibrationSamples spread evenly over a trace.
std::vector<std::uint64_t> spread_samples(std::uint64_t samples);

/// multiplier / 2^shift nearest to `ratio`, the multiplier with as many bits as fit.
/// std::invalid_argument where the ratio is negative, not finite or 2^29 and more.
Requantiser make_requantiser(double ratio);

/// The scale in max|v| / levels * {1, 0.98, ...} that leaves the least squared error when the
/// values are rounded to multiples of it and clipped to [-low_levels, levels]. `importance` weighs
/// the errors, one a value or empty for all alike. 1 where all values are 0.
double best_scale(const std::vector<float>& values, int low_levels, int levels,
                  const std::vector<float>& importance = {});

}  // namespace recpim
