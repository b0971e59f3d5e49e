// SPDX-License-Identifier: Apache-2.0
/// @file
/// Random numbers that depend on a key and a position alone, never on threads or on the order of
/// calls: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace recpim {

/// The Philox4x32-10 block function: 128 random bits from a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// A sequence of random numbers named by (seed, stream). Two sequences with different names are
/// independent; the same name gives the same numbers. Satisfies UniformRandomBitGenerator, but the
/// distributions of <random> are not the same in every library: use the members below.
class Random {
 public:
  using result_type = std::uint32_t;
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffU; }
  result_type operator()() { return next32(); }

  std::uint32_t next32();
  std::uint64_t next64();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Uniform integer in [0, n), n > 0, without bias.
  std::uint64_t below(std::uint64_t n);
  /// Standard normal (Box-Muller; two draws of uniform() a pair).
  double normal();

 private:
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace recpim
