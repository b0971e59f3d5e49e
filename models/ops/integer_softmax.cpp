// SPDX-License-Identifier: Apache-2.0
#include "models/ops/integer_softmax.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace recpim {

void integer_softmax(const std::int32_t* scores, int n, Requantiser r, SoftmaxWeights& weights) {
  if (n < 1 || n > kMaxSoftmaxScores) {
    throw std::invalid_argument("a softmax of " + std::to_string(n) + " scores; it takes 1 to " +
                                std::to_string(kMaxSoftmaxScores));
  }
  const auto count = static_cast<std::size_t>(n);
  const std::int32_t largest = *std::max_element(scores, scores + count);
  weights.e.resize(count);
  weights.sum = 0;
  for (std::size_t j = 0; j < count; ++j) {
    // Modulo 2^32, so right even where the signed difference would pass 2^31 - 1.
    const std::uint32_t distance =
        static_cast<std::uint32_t>(largest) - static_cast<std::uint32_t>(scores[j]);
    weights.e[j] = integer_exp2(softmax_exponent(distance, r));
    weights.sum += weights.e[j];
  }
}

}  // namespace recpim
