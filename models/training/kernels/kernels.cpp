// SPDX-License-Identifier: Apache-2.0
#include "models/training/kernels/kernels.h"

#include <algorithm>
#include <stdexcept>

namespace recpim {

extern const Kernels kBaselineKernels, kV3Kernels, kV4Kernels;

namespace {

constexpr std::size_t kMostLanes = 16;

std::size_t padded(Index n) {
  return (static_cast<std::size_t>(n) + kMostLanes - 1) / kMostLanes * kMostLanes;
}

}  // namespace

bool is_supported(FloatIsa isa) {
  switch (isa) {
    case FloatIsa::kBaseline:
      return true;
    case FloatIsa::kV3:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
             __builtin_cpu_supports("bmi2") != 0;
    case FloatIsa::kV4:
      return is_supported(FloatIsa::kV3) && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  }
  return false;
}

FloatIsa best_float_isa() {
  static const FloatIsa best = is_supported(FloatIsa::kV4)   ? FloatIsa::kV4
                               : is_supported(FloatIsa::kV3) ? FloatIsa::kV3
                                                             : FloatIsa::kBaseline;
  return best;
}

const Kernels& kernels(FloatIsa isa) {
  if (!is_supported(isa)) throw std::invalid_argument("an instruction set of this processor");
  return isa == FloatIsa::kV4 ? kV4Kernels : isa == FloatIsa::kV3 ? kV3Kernels : kBaselineKernels;
}

Index attention_queries(Index rows) { return static_cast<Index>(padded(rows)); }

std::size_t attention_scratch(Index rows, Index width) {
  // Four matrices and, lane by lane, the sums of keys and values; or the scores of two vectors.
  const auto r = static_cast<std::size_t>(rows);
  const auto w = static_cast<std::size_t>(width);
  return 4 * w * padded(rows) + 2 * r * w * kMostLanes;
}

std::size_t dot_scratch(Index rows, Index width) {
  const auto r = static_cast<std::size_t>(rows);
  return std::max(static_cast<std::size_t>(width) * padded(rows), kProductScratch + r * r);
}

}  // namespace recpim
