// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the benchmarks stand beside: the bare arithmetic, without a chip around it, for the same
/// instruction sets as the simulator's own loops.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define RECPIM_BENCH_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))

namespace recpim::bench {

/// Plain matrix-vector product, four channels at a time (their number is a multiple of four).
RECPIM_BENCH_CLONES
inline void plain_layer(const std::int16_t* w, const std::int16_t* x, std::ptrdiff_t rows,
                        int channels, std::int32_t* acc) {
  for (int c = 0; c < channels; c += 4, w += 4 * rows) {
    std::int32_t s0 = 0;
    std::int32_t s1 = 0;
    std::int32_t s2 = 0;
    std::int32_t s3 = 0;
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      s0 += static_cast<std::int32_t>(w[r]) * x[r];
      s1 += static_cast<std::int32_t>(w[r + rows]) * x[r];
      s2 += static_cast<std::int32_t>(w[r + 2 * rows]) * x[r];
      s3 += static_cast<std::int32_t>(w[r + 3 * rows]) * x[r];
    }
    acc[c] = s0;
    acc[c + 1] = s1;
    acc[c + 2] = s2;
    acc[c + 3] = s3;
  }
}

/// One read of a 128 x 128 array of 2-bit cells: AND of the driven rows with both planes of every
/// column, and the bits counted. planes: [four columns][word][plane][column of the four].
inline void popcount_read_plain(const std::uint64_t* planes, const std::uint64_t* rows,
                                std::int64_t* sums) {
  for (int c = 0; c < 128; ++c) {
    const std::uint64_t* p = planes + std::ptrdiff_t{16} * (c / 4) + c % 4;
    sums[c] = __builtin_popcountll(p[0] & rows[0]) + 2 * __builtin_popcountll(p[4] & rows[0]) +
              __builtin_popcountll(p[8] & rows[1]) + 2 * __builtin_popcountll(p[12] & rows[1]);
  }
}

#if defined(__x86_64__)
/// The same with AVX2: bits of a nibble by table, the second plane's counted twice, one sum of
/// bytes for four columns.
__attribute__((target("avx2"))) inline void popcount_read_avx2(const std::uint64_t* planes,
                                                               const std::uint64_t* rows,
                                                               std::int64_t* sums) {
  const __m256i once = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                        1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i table[2] = {once, _mm256_add_epi8(once, once)};
  const __m256i low = _mm256_set1_epi8(15);
  const __m256i driven[2] = {_mm256_set1_epi64x(static_cast<long long>(rows[0])),
                             _mm256_set1_epi64x(static_cast<long long>(rows[1]))};
  const auto* from = reinterpret_cast<const __m256i*>(planes);
  for (int c = 0; c < 128; c += 4, from += 4) {
    __m256i count = _mm256_setzero_si256();
    for (int i = 0; i < 4; ++i) {
      const __m256i bits = _mm256_and_si256(_mm256_loadu_si256(from + i), driven[i / 2]);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), low);
      count = _mm256_add_epi8(
          count, _mm256_add_epi8(_mm256_shuffle_epi8(table[i % 2], _mm256_and_si256(bits, low)),
                                 _mm256_shuffle_epi8(table[i % 2], high)));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + c),
                        _mm256_sad_epu8(count, _mm256_setzero_si256()));
  }
}
#endif

inline void popcount_read(const std::uint64_t* planes, const std::uint64_t* rows,
                          std::int64_t* sums) {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) return popcount_read_avx2(planes, rows, sums);
#endif
  popcount_read_plain(planes, rows, sums);
}

}  // namespace recpim::bench
