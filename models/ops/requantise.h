// SPDX-License-Identifier: Apache-2.0
/// @file
/// The step from an accumulator to an activation, and from a float to one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/graph/graph.h"

namespace recpim {

/// The integers that an operator's output may take.
struct OutputRange {
  std::int32_t low = 0, high = 0;
};

constexpr OutputRange format_range(bool is_signed, int bits) {
  return is_signed ? OutputRange{-(1 << (bits - 1)), (1 << (bits - 1)) - 1}
                   : OutputRange{0, (1 << bits) - 1};
}

/// The range of the format; with ReLU the low bound is 0.
inline OutputRange output_range(const Operator& op) {
  OutputRange range = format_range(op.output.is_signed, op.output.bits);
  if (op.relu) range.low = 0;
  return range;
}

/// (acc * multiplier + 2^(shift-1)) >> shift, saturated. Ties go to +infinity. The product is below
/// 2^62 and the rounding term at most 2^61, so 64 bits hold the sum.
inline std::int32_t requantise(std::int32_t acc, Requantiser r, OutputRange range) {
  const std::int64_t product = std::int64_t{acc} * r.multiplier;
  // A right shift of a negative number is arithmetic on every compiler we accept.
  const std::int64_t rounded = (product + (std::int64_t{1} << (r.shift - 1))) >> r.shift;
  return static_cast<std::int32_t>(
      std::clamp(rounded, std::int64_t{range.low}, std::int64_t{range.high}));
}

/// A dense feature as the machine is fed: clamp(floor(x / scale + 1/2)) in double precision. A
/// value that is not a number is 0.
inline std::int32_t quantise_dense(float x, const TensorFormat& format) {
  const OutputRange range = format_range(format.is_signed, format.bits);
  const double steps = std::floor(static_cast<double>(x) / format.scale + 0.5);
  if (std::isnan(steps)) return 0;
  return static_cast<std::int32_t>(
      std::clamp(steps, static_cast<double>(range.low), static_cast<double>(range.high)));
}

}  // namespace recpim
