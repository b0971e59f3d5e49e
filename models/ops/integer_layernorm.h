// SPDX-License-Identifier: Apache-2.0
/// @file
/// The normalisation of a layer norm in integers: to mean 0 and variance 1, without a division.
///
///   S = sum of x, c_i = n x_i - S          (n times the distance from the mean)
///   Q = n sum of x^2 - S^2 + epsilon_q     (n^2 times (variance + epsilon), in steps of x)
///   y_i = (c_i r + 2^(k-1)) >> k           (Q5.10; c_i / sqrt(Q), halves rounded up)
///
/// r and k + 10 are mantissa and shift of integer_rsqrt(Q). epsilon_q = round(n^2 epsilon / s^2),
/// at least 1 and at most kMaxEpsilon, s the scale of x.
///
/// Widths, n at most 1,024 and x of 16 bits: |S| <= 2^25; n sum of x^2 - S^2 = sum over pairs of
/// (x_i - x_j)^2 is 0 ... 2^50, so that Q is below 2^63; |c_i| = |sum of (x_i - x_j)| < 2^26 and
/// its product with r below 2^50.
///
/// Nothing saturates: c_i^2 <= (n - 1) (Q - epsilon_q), so that |c_i| / sqrt(Q) is at most
/// sqrt(1023) = 31.98 and |y_i| at most 32752, errors included.
///
/// The cap on epsilon_q is met only by a scale below 1.5e-12 n (epsilon = 1e-5), where all y are
/// within 2^-5 of 0.
///
/// Error: README.md. y keeps the order of x, is 0 where all x are equal, and does not change when a
/// constant is added to all x.
#pragma once

#include <cstdint>

namespace recpim {

constexpr int kMaxNormaliseLength = 1024;
constexpr std::int64_t kMaxEpsilon = std::int64_t{1} << 62;

/// y[i * y_stride] from x[i * stride], i = 0 ... n - 1. y may be x if the strides are equal. Weight
/// and bias of the layer norm are the caller's.
/// @param n 2 ... kMaxNormaliseLength; epsilon_q 1 ... kMaxEpsilon; else std::invalid_argument.
void integer_normalise(const std::int16_t* x, int n, int stride, std::int64_t epsilon_q,
                       std::int16_t* y, int y_stride);

}  // namespace recpim
