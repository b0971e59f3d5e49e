// SPDX-License-Identifier: Apache-2.0
/// @file
/// 1 / sqrt(q) and 1 / z of positive integers: normalise, a table of 256 first guesses of 16 bits,
/// one Newton step. No product passes 56 bits and nothing is divided: cheap in hardware too.
///
/// integer_rsqrt, q = 1 ... 2^64 - 1, p the position of its leading one, e = p or p - 1, even:
///
///   m = floor(q 2^(22-e))                  (Q2.22 in [1, 4): 2^22 ... 2^24 - 1)
///   i = m >> 16 if bit 23 of m is set, else (m >> 15) - 128
///                                          (128 segments of [1, 2), 128 of [2, 4))
///   d = 3 2^24 - ((T[i] T[i] m) >> 30)     (Q2.24: 3 - m y^2)
///   mantissa = (T[i] d) >> 17              (Q0.24, 2^23 - 51 ... 2^24 - 1)
///   1 / sqrt(q) = mantissa 2^-(24 + e/2)
///
/// T[i] = floor(2^16 / sqrt(the middle of segment i)). Down and not to the nearest: a guess that is
/// a little low makes the step from one segment to the next go the same way as 1 / sqrt(m).
///
/// integer_reciprocal, z = 1 ... 2^32 - 1, p the position of its leading one:
///
///   m = floor(z 2^(23-p))                  (Q1.23 in [1, 2): 2^23 ... 2^24 - 1)
///   i = (m >> 15) - 256                    (256 segments of [1, 2))
///   d = 2 2^24 - ((T[i] m) >> 15)          (Q2.24: 2 - m y)
///   mantissa = (T[i] d) >> 16              (Q0.24, 2^23 - 34 ... 2^24 - 1)
///   1 / z = mantissa 2^-(24 + p)
///
/// T[i] = round(2^16 / the middle of segment i).
///
/// Relative error over all q and z: the root's -6.0e-6 ... 1.5e-7, the reciprocal's -3.985e-6 ...
/// 1.8e-7. A Newton step never passes the true value, so only truncations make a result too large.
/// Both are monotonic. The derivation is with the test, which goes through every m.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace recpim {

/// mantissa * 2^-shift.
struct BinaryFraction {
  std::uint32_t mantissa = 0;  ///< Below 2^24.
  int shift = 0;               ///< rsqrt: 24 ... 55. Reciprocal: 24 ... 55.
};

namespace detail {

// floor(2^16 / sqrt(c)), c = (257 + 2k) / 256, or twice that in the upper half, in integers: the
// largest t with t^2 (257 + 2k) <= 2^40 (upper: 2^39).
constexpr std::array<std::uint16_t, 256> make_rsqrt_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::uint64_t middle = 257 + 2 * (i & 127);
    const std::uint64_t limit = std::uint64_t{1} << (i < 128 ? 40 : 39);
    std::uint64_t t = 0;
    for (std::uint64_t bit = 1 << 15; bit != 0; bit >>= 1) {
      if ((t + bit) * (t + bit) * middle <= limit) t += bit;
    }
    table[i] = static_cast<std::uint16_t>(t);
  }
  return table;
}

// round(2^16 / c), c = (513 + 2i) / 512. No tie: the divisor is odd.
constexpr std::array<std::uint16_t, 256> make_reciprocal_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::size_t middle = 513 + 2 * i;
    table[i] = static_cast<std::uint16_t>(((std::size_t{1} << 26) + middle) / (2 * middle));
  }
  return table;
}

}  // namespace detail

/// Made at compile time; also the image of the RTL's ROMs.
inline constexpr std::array<std::uint16_t, 256> kRsqrtTable = detail::make_rsqrt_table();
inline constexpr std::array<std::uint16_t, 256> kReciprocalTable = detail::make_reciprocal_table();

/// @param q at least 1.
constexpr BinaryFraction integer_rsqrt(std::uint64_t q) {
  const int even = (63 - __builtin_clzll(q)) & ~1;
  const std::uint64_t m = even > 22 ? q >> (even - 22) : q << (22 - even);
  const bool upper = (m >> 23) != 0;
  const std::uint64_t y = kRsqrtTable[upper ? m >> 16 : (m >> 15) - 128];
  const std::uint64_t d = (std::uint64_t{3} << 24) - ((y * y * m) >> 30);
  return {static_cast<std::uint32_t>((y * d) >> 17), 24 + even / 2};
}

/// @param z at least 1.
constexpr BinaryFraction integer_reciprocal(std::uint32_t z) {
  const int p = 31 - __builtin_clz(z);
  const std::uint64_t m = p > 23 ? z >> (p - 23) : z << (23 - p);
  const std::uint64_t y = kReciprocalTable[(m >> 15) - 256];
  const std::uint64_t d = (std::uint64_t{2} << 24) - ((y * m) >> 15);
  return {static_cast<std::uint32_t>((y * d) >> 16), 24 + p};
}

}  // namespace recpim
