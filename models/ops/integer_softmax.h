// SPDX-License-Identifier: Apache-2.0
/// @file
/// Attention weights of one query in integers: powers of two of the scores' distances from the
/// largest, their sum, and a mean of values weighed by them.
///
///   t_j = min((d multiplier + 2^(shift-1)) >> shift, 2^21 - 1), d = max(s) - s_j
///                                          (Q5.16: minus the base-2 logarithm of weight j)
///   i = bits 9 ... 15 of t, f = bits 0 ... 8, k = bits 16 ... 20
///   e_j = (((T[i] 2^9 - (T[i] - T[i+1]) f) >> k) + 256) >> 9
///                                          (Q1.15: 2^-t; 32768 = 1.0 at the largest score)
///   z = sum of e_j                         (Q11.15: 2^15 ... 2^25)
///   mean = (acc r + 2^(15+p)) >> (16+p)    (Q8.8: acc / z; acc = sum of e_j v_j; r, p of z)
///
/// T[i] = round(2^15 2^(-i/128)), 128 segments with chords in between. multiplier / 2^shift is
/// 2^16 log2(e) times the scale of the scores. r = integer_reciprocal(z).mantissa, p the position
/// of z's leading one.
///
/// Widths, at most 1,024 scores: d is below 2^32, its product with the multiplier plus the rounding
/// term below 2^64 (unsigned); T[i] 2^9 is at most 2^24. With v of 8 signed bits |acc| is at most
/// 2^32 and |acc r| below 2^56.
///
/// A 32-bit acc holds at most 512 scores (-2^31 ... 127 2^24); 33 bits hold 1,024.
///
/// Errors: README.md. The weights fall as the scores fall; e of the largest is exact; the mean of
/// equal values is exact, and no mean leaves the range of its values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/ops/integer_rsqrt.h"

namespace recpim {

constexpr int kMaxSoftmaxScores = 1024;
/// Fraction bits of an exponent t.
constexpr int kExponentFraction = 16;
/// The largest exponent: all ones in Q5.16. Its weight is 0.
constexpr std::uint32_t kMaxExponent = (std::uint32_t{1} << (5 + kExponentFraction)) - 1;

/// round(2^15 * 2^(-i/128)); also the image of the RTL's ROM.
constexpr std::array<std::uint16_t, 129> kExp2Table = {
    32768, 32591, 32415, 32240, 32066, 31893, 31720, 31549, 31379, 31209, 31041, 30873, 30706,
    30541, 30376, 30212, 30048, 29886, 29725, 29564, 29405, 29246, 29088, 28931, 28774, 28619,
    28464, 28311, 28158, 28006, 27855, 27704, 27554, 27406, 27258, 27110, 26964, 26818, 26674,
    26530, 26386, 26244, 26102, 25961, 25821, 25681, 25543, 25405, 25268, 25131, 24995, 24860,
    24726, 24593, 24460, 24328, 24196, 24066, 23936, 23806, 23678, 23550, 23423, 23296, 23170,
    23045, 22921, 22797, 22674, 22552, 22430, 22309, 22188, 22068, 21949, 21831, 21713, 21595,
    21479, 21363, 21247, 21133, 21019, 20905, 20792, 20680, 20568, 20457, 20347, 20237, 20127,
    20019, 19911, 19803, 19696, 19590, 19484, 19379, 19274, 19170, 19066, 18963, 18861, 18759,
    18658, 18557, 18457, 18357, 18258, 18160, 18061, 17964, 17867, 17770, 17674, 17579, 17484,
    17390, 17296, 17202, 17109, 17017, 16925, 16834, 16743, 16652, 16562, 16473, 16384};

/// t of a score that lies `distance` below the largest.
constexpr std::uint32_t softmax_exponent(std::uint32_t distance, Requantiser r) {
  const std::uint64_t product = std::uint64_t{distance} * static_cast<std::uint32_t>(r.multiplier);
  const std::uint64_t t = (product + (std::uint64_t{1} << (r.shift - 1))) >> r.shift;
  return static_cast<std::uint32_t>(t < kMaxExponent ? t : kMaxExponent);
}

/// 2^-t in Q1.15, 0 ... 32768.
/// @param t Q5.16, at most kMaxExponent.
constexpr std::uint16_t integer_exp2(std::uint32_t t) {
  const std::uint32_t i = (t >> 9) & 127;
  const std::uint32_t f = t & 511;
  const std::uint32_t high = kExp2Table[i];
  const std::uint32_t low = kExp2Table[i + 1];
  const std::uint32_t chord = (high << 9) - (high - low) * f;
  // The bits that the first shift drops are below the rounding term's: this rounds once.
  return static_cast<std::uint16_t>(((chord >> (t >> kExponentFraction)) + 256) >> 9);
}

/// Weight j of a query is e[j] / sum.
struct SoftmaxWeights {
  std::vector<std::uint16_t> e;
  std::uint32_t sum = 0;
};

/// @param n 1 ... kMaxSoftmaxScores; anything else throws std::invalid_argument.
/// @param weights overwritten; keeps its memory from query to query.
void integer_softmax(const std::int32_t* scores, int n, Requantiser r, SoftmaxWeights& weights);

/// acc / sum in units of 2^-8, halves rounded up.
/// @param acc sum of e[j] v[j], v of 8 signed bits.
/// @param reciprocal integer_reciprocal(weights.sum): one for all values of a query.
constexpr std::int32_t softmax_mean(std::int64_t acc, BinaryFraction reciprocal) {
  const int shift = reciprocal.shift - 8;
  const std::int64_t product = acc * reciprocal.mantissa;
  return static_cast<std::int32_t>((product + (std::int64_t{1} << (shift - 1))) >> shift);
}

}  // namespace recpim
