// SPDX-License-Identifier: Apache-2.0
#include "sim/device/pair_product.h"

#include <algorithm>
#include <cstring>

#include "sim/device/column_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace recpim {
namespace {

constexpr int kBlock = 16;  // Columns that are summed at a time: two registers of AVX2.
constexpr int kRows = 4;    // Rows at a time, so that a pair of columns is loaded once for them.

using Sums = std::int32_t[kRows][kBlock];

/// Sums of `rows` (at most kRows) rows and the block of columns from `column` on.
using BlockProduct = void (*)(const std::int16_t* a, std::ptrdiff_t stride, int rows,
                              const PairedMatrix& b, int column, Sums& sums);

void block_baseline(const std::int16_t* a, std::ptrdiff_t stride, int rows, const PairedMatrix& b,
                    int column, Sums& sums) {
  std::memset(&sums, 0, sizeof sums);
  for (int p = 0; p < b.pairs(); ++p) {
    const std::int16_t* right = b.pair(p) + std::ptrdiff_t{2} * column;
    for (int m = 0; m < rows; ++m) {
      const std::int32_t first = a[m * stride + 2 * p];
      const std::int32_t second = a[m * stride + 2 * p + 1];
      for (int n = 0; n < kBlock; ++n) {
        sums[m][n] += first * right[2 * n] + second * right[2 * n + 1];
      }
    }
  }
}

#if defined(__x86_64__)
template <int kCount>
__attribute__((target("avx2"))) inline void rows_avx2(const std::int16_t* a, std::ptrdiff_t stride,
                                                      const PairedMatrix& b, int column,
                                                      Sums& sums) {
  __m256i low[kCount];
  __m256i high[kCount];
  for (int m = 0; m < kCount; ++m) low[m] = high[m] = _mm256_setzero_si256();
  const std::int16_t* right = b.pair(0) + std::ptrdiff_t{2} * column;
  const std::ptrdiff_t step = std::ptrdiff_t{2} * b.padded_columns();
  for (int p = 0; p < b.pairs(); ++p, right += step) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(right));
    const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(right + kBlock));
    for (int m = 0; m < kCount; ++m) {
      std::int32_t pair = 0;
      std::memcpy(&pair, a + m * stride + std::ptrdiff_t{2} * p, sizeof pair);
      const __m256i both = _mm256_set1_epi32(pair);
      low[m] = _mm256_add_epi32(low[m], _mm256_madd_epi16(both, first));
      high[m] = _mm256_add_epi32(high[m], _mm256_madd_epi16(both, second));
    }
  }
  for (int m = 0; m < kCount; ++m) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[m]), low[m]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[m] + 8), high[m]);
  }
}

__attribute__((target("avx2"))) void block_avx2(const std::int16_t* a, std::ptrdiff_t stride,
                                                int rows, const PairedMatrix& b, int column,
                                                Sums& sums) {
  if (rows == kRows) return rows_avx2<kRows>(a, stride, b, column, sums);
  for (int m = 0; m < rows; ++m) {
    Sums one;
    rows_avx2<1>(a + m * stride, stride, b, column, one);
    std::memcpy(sums[m], one[0], sizeof sums[m]);
  }
}
#endif

BlockProduct best_product() {
#if defined(__x86_64__)
  if (is_supported(KernelIsa::kAvx2)) return block_avx2;
#endif
  return block_baseline;
}

}  // namespace

PairedMatrix::PairedMatrix(int terms, int columns)
    : pairs_((terms + 1) / 2),
      columns_(columns),
      padded_((columns + kBlock - 1) / kBlock * kBlock),
      values_(2 * static_cast<std::size_t>(pairs_) * static_cast<std::size_t>(padded_), 0) {}

void PairedMatrix::set_row(int term, const std::int32_t* values) {
  std::int16_t* to = values_.data() + place(term);
  for (int n = 0; n < columns_; ++n) to[2 * n] = static_cast<std::int16_t>(values[n]);
}

void multiply_pairs(const std::int16_t* a, std::ptrdiff_t stride, int rows, const PairedMatrix& b,
                    std::int32_t* out) {
  static const BlockProduct product = best_product();
  Sums sums;
  for (int m = 0; m < rows; m += kRows) {
    const int count = std::min(kRows, rows - m);
    for (int column = 0; column < b.columns(); column += kBlock) {
      product(a + m * stride, stride, count, b, column, sums);
      const auto width = static_cast<std::size_t>(std::min(kBlock, b.columns() - column));
      for (int i = 0; i < count; ++i) {
        std::memcpy(out + std::ptrdiff_t{m + i} * b.columns() + column, sums[i],
                    width * sizeof(std::int32_t));
      }
    }
  }
}

}  // namespace recpim
