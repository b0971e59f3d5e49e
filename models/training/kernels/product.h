// SPDX-License-Identifier: Apache-2.0
/// @file
/// Matrix products (only for the units that compile the kernels). After Goto and van de Geijn,
/// "Anatomy of high-performance matrix multiplication", 2008: a panel of b, kDepth x kPanel, is
/// packed into the first-level cache; the rows of a stream past it, kTall at a time, whose sums
/// stay in registers. a is read where it lies: its rows are contiguous along the depth.
#pragma once

#include "models/training/kernels/kernels.h"
#include "models/training/kernels/simd.h"

namespace recpim {
namespace {

constexpr Index kDepth = 256;
constexpr Index kPanel = 2 * kLanes;
#if defined(__AVX512F__)
constexpr int kTall = 12;  // 24 sums, a row of b and an element of a in 32 registers.
#else
constexpr int kTall = 6;  // 12 sums, a row of b and an element of a in 16 registers.
#endif
static_assert(kDepth * kPanel <= static_cast<Index>(kProductScratch));

// A panel of b as it is packed, or as it lies.
struct Panel {
  const float* b;
  Index stride, depth;
};

// kRows rows of c, kWide vectors wide, from as many rows of a.
template <int kRows, int kWide>
void multiply_panel(const float* a, Index a_stride, const Panel& panel, float* c, Index c_stride,
                    bool add) {
  Vec sums[kRows][kWide] = {};
  const float* b = panel.b;
  for (Index k = 0; k < panel.depth; ++k, b += panel.stride) {
    Vec row[kWide];
    for (int w = 0; w < kWide; ++w) row[w] = load(b + w * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec x = splat(a[r * a_stride + k]);
      for (int w = 0; w < kWide; ++w) sums[r][w] = multiply_add(x, row[w], sums[r][w]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int w = 0; w < kWide; ++w) {
      float* to = c + r * c_stride + w * kLanes;
      store(to, add ? load(to) + sums[r][w] : sums[r][w]);
    }
  }
}

// `rows` rows, at most kRows.
template <int kRows, int kWide>
void multiply_rows(Index rows, const float* a, Index a_stride, const Panel& panel, float* c,
                   Index c_stride, bool add) {
  if (rows == kRows) {
    multiply_panel<kRows, kWide>(a, a_stride, panel, c, c_stride, add);
  } else if constexpr (kRows > 1) {
    multiply_rows<kRows - 1, kWide>(rows, a, a_stride, panel, c, c_stride, add);
  }
}

// As many columns of c as the panel has, or fewer: by way of memory that has all of them.
template <int kWide>
void multiply_columns(const Product& p, Index k, Index columns, const Panel& panel, float* c) {
  const bool add = p.add || k > 0;
  for (Index r = 0; r < p.rows; r += kTall) {
    const Index rows = p.rows - r < kTall ? p.rows - r : kTall;
    const float* a = p.a + r * p.a_stride + k;
    float* to = c + r * p.c_stride;
    if (columns == kWide * kLanes) {
      multiply_rows<kTall, kWide>(rows, a, p.a_stride, panel, to, p.c_stride, add);
      continue;
    }
    float part[kTall * kPanel];
    multiply_rows<kTall, kWide>(rows, a, p.a_stride, panel, part, kPanel, false);
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) {
        float& at = to[i * p.c_stride + j];
        at = add ? at + part[i * kPanel + j] : part[i * kPanel + j];
      }
    }
  }
}

inline void pack_rows(const float* b, Index stride, Index depth, Index columns, float* to) {
  for (Index k = 0; k < depth; ++k, b += stride, to += kPanel) {
    store(to, load(b, columns));
    store(to + kLanes, columns > kLanes ? load(b + kLanes, columns - kLanes) : Vec{});
  }
}

// to[k][j] = from[j][k].
inline void transpose_block(const float* from, Index from_stride, Index rows, Index columns,
                            float* to, Index to_stride) {
  Index j = 0;
  for (; j + 4 <= rows; j += 4) {
    const float* s = from + j * from_stride;
    Index k = 0;
    for (; k + 4 <= columns; k += 4) {
      __m128 r0 = _mm_loadu_ps(s + k);
      __m128 r1 = _mm_loadu_ps(s + from_stride + k);
      __m128 r2 = _mm_loadu_ps(s + 2 * from_stride + k);
      __m128 r3 = _mm_loadu_ps(s + 3 * from_stride + k);
      _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
      float* t = to + k * to_stride + j;
      _mm_storeu_ps(t, r0);
      _mm_storeu_ps(t + to_stride, r1);
      _mm_storeu_ps(t + 2 * to_stride, r2);
      _mm_storeu_ps(t + 3 * to_stride, r3);
    }
    for (; k < columns; ++k) {
      for (Index i = 0; i < 4; ++i) to[k * to_stride + j + i] = s[i * from_stride + k];
    }
  }
  for (; j < rows; ++j) {
    for (Index k = 0; k < columns; ++k) to[k * to_stride + j] = from[j * from_stride + k];
  }
}

inline void pack_columns(const float* b, Index stride, Index depth, Index columns, float* to) {
  transpose_block(b, stride, columns, depth, to, kPanel);
  if (columns == kPanel) return;
  for (Index k = 0; k < depth; ++k) {
    for (Index j = columns; j < kPanel; ++j) to[k * kPanel + j] = 0;
  }
}

void multiply(const Product& p, float* scratch) {
  if (p.depth == 0 && !p.add) {
    for (Index r = 0; r < p.rows; ++r) {
      for (Index j = 0; j < p.columns; ++j) p.c[r * p.c_stride + j] = 0;
    }
  }
  for (Index k = 0; k < p.depth; k += kDepth) {
    const Index depth = p.depth - k < kDepth ? p.depth - k : kDepth;
    for (Index j = 0; j < p.columns; j += kPanel) {
      const Index columns = p.columns - j < kPanel ? p.columns - j : kPanel;
      Panel panel{scratch, kPanel, depth};
      const bool whole_vectors = columns == kPanel || columns == kLanes;
      if (p.b_transposed) {
        pack_columns(p.b + j * p.b_stride + k, p.b_stride, depth, columns, scratch);
      } else if (whole_vectors && (p.b_stride <= kPanel || p.rows <= kTall)) {
        panel = {p.b + k * p.b_stride + j, p.b_stride, depth};  // Packing would not pay.
      } else {
        pack_rows(p.b + k * p.b_stride + j, p.b_stride, depth, columns, scratch);
      }
      if (columns > kLanes) {
        multiply_columns<2>(p, k, columns, panel, p.c + j);
      } else {
        multiply_columns<1>(p, k, columns, panel, p.c + j);
      }
    }
  }
}

void transpose(const float* from, Index from_stride, Index rows, Index columns, float* to,
               Index to_stride) {
  transpose_block(from, from_stride, rows, columns, to, to_stride);
}

}  // namespace
}  // namespace recpim
