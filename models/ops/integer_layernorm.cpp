// SPDX-License-Identifier: Apache-2.0
#include "models/ops/integer_layernorm.h"

#include <cstddef>
#include <stdexcept>
#include <string>

#include "models/ops/integer_rsqrt.h"

namespace recpim {

void integer_normalise(const std::int16_t* x, int n, int stride, std::int64_t epsilon_q,
                       std::int16_t* y, int y_stride) {
  if (n < 2 || n > kMaxNormaliseLength) {
    throw std::invalid_argument("a normalisation of " + std::to_string(n) +
                                " values; it takes 2 to " + std::to_string(kMaxNormaliseLength));
  }
  if (epsilon_q < 1 || epsilon_q > kMaxEpsilon) {
    throw std::invalid_argument("an epsilon of " + std::to_string(epsilon_q) +
                                " steps; it must be 1 to 2^62");
  }
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const std::int64_t value = x[i * stride];
    sum += value;
    squares += value * value;
  }
  const std::int64_t q = n * squares - sum * sum + epsilon_q;
  const BinaryFraction root = integer_rsqrt(static_cast<std::uint64_t>(q));
  const int shift = root.shift - 10;
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const std::int64_t centred = n * std::int64_t{x[i * stride]} - sum;
    y[i * y_stride] = static_cast<std::int16_t>((centred * root.mantissa + half) >> shift);
  }
}

}  // namespace recpim
