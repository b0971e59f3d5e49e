// SPDX-License-Identifier: Apache-2.0
/// @file
/// Vectors of float as wide as the unit's instruction set has them. Only for the units of this
/// folder that compile the kernels: everything is in an unnamed namespace, so that the linker never
/// puts a function of one instruction set in the place of another's.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "models/training/kernels/kernels.h"

namespace recpim {
namespace {

#if defined(__AVX512F__)
constexpr Index kLanes = 16;
#elif defined(__AVX2__)
constexpr Index kLanes = 8;
#else
constexpr Index kLanes = 4;
#endif

using Vec = float __attribute__((vector_size(kLanes * 4)));
using IntVec = std::int32_t __attribute__((vector_size(kLanes * 4)));
// The same where it lies in memory, at any address, among floats.
using LooseVec = float __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vec load(const float* p) { return *reinterpret_cast<const LooseVec*>(p); }
inline void store(float* p, Vec v) { *reinterpret_cast<LooseVec*>(p) = v; }
inline Vec splat(float x) { return x - Vec{}; }

// The first n < kLanes lanes; the others read as 0, or stay as they are in memory.
inline Vec load_part(const float* p, Index n) {
  Vec v{};
  for (Index i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void store_part(float* p, Vec v, Index n) {
  for (Index i = 0; i < n; ++i) p[i] = v[i];
}
inline Vec load(const float* p, Index n) { return n >= kLanes ? load(p) : load_part(p, n); }
inline void store(float* p, Vec v, Index n) {
  if (n >= kLanes) {
    store(p, v);
  } else {
    store_part(p, v, n);
  }
}

#if defined(__AVX512F__)
inline Vec multiply_add(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
// With a mask of all lanes: the headers of g++ 12 warn of an uninitialised value in the plain ones.
inline Vec greater(Vec a, Vec b) { return _mm512_maskz_max_ps(0xffff, a, b); }
inline Vec lesser(Vec a, Vec b) { return _mm512_maskz_min_ps(0xffff, a, b); }
inline Vec square_root(Vec a) { return _mm512_maskz_sqrt_ps(0xffff, a); }
#elif defined(__AVX2__)
inline Vec multiply_add(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec greater(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec lesser(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec square_root(Vec a) { return _mm256_sqrt_ps(a); }
#else
inline Vec multiply_add(Vec a, Vec b, Vec c) { return a * b + c; }
inline Vec greater(Vec a, Vec b) { return _mm_max_ps(a, b); }
inline Vec lesser(Vec a, Vec b) { return _mm_min_ps(a, b); }
inline Vec square_root(Vec a) { return _mm_sqrt_ps(a); }
#endif

// v where the mask is all ones, else 0.
inline Vec where(IntVec mask, Vec v) {
  return reinterpret_cast<Vec>(mask & reinterpret_cast<IntVec>(v));
}

inline float total(Vec v) {
  float lanes[kLanes];
  store(lanes, v);
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}
inline float largest_of(Vec v) {
  float most = v[0];
  for (Index i = 1; i < kLanes; ++i) most = v[i] > most ? v[i] : most;
  return most;
}

// x rounded to a whole number, to even in the middle; |x| < 2^22.
inline Vec whole(Vec x) {
  const Vec shift = splat(12582912.0F);  // 1.5 * 2^23: the unit in the last place is 1.
  return (x + shift) - shift;
}

// Within 2 units in the last place. 2^n * e^r with |r| <= log(2) / 2; log(2) in two parts so that
// r is exact; the polynomial is that of expf in the Cephes library (S. L. Moshier, 1992).
inline Vec exponential(Vec x) {
  x = lesser(greater(x, splat(-87.3F)), splat(88.3F));
  const Vec n = whole(x * splat(1.44269504088896341F));
  const Vec r = multiply_add(n, splat(2.12194440e-4F), multiply_add(n, splat(-0.693359375F), x));
  Vec p = splat(1.9875691500e-4F);
  p = multiply_add(p, r, splat(1.3981999507e-3F));
  p = multiply_add(p, r, splat(8.3334519073e-3F));
  p = multiply_add(p, r, splat(4.1665795894e-2F));
  p = multiply_add(p, r, splat(1.6666665459e-1F));
  p = multiply_add(p, r, splat(5.0000001201e-1F));
  p = multiply_add(p * r, r, r) + splat(1.0F);
  const IntVec power = (__builtin_convertvector(n, IntVec) + 127) << 23;
  return p * reinterpret_cast<Vec>(power);
}

// work(i, n) for every group of n <= kLanes elements of `count`, from i on.
template <typename Work>
inline void for_lanes(Index count, const Work& work) {
  Index i = 0;
  for (; i + kLanes <= count; i += kLanes) work(i, kLanes);
  if (i < count) work(i, count - i);
}

inline Index rounded_up(Index n, Index multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace
}  // namespace recpim
