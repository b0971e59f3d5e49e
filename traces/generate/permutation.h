// SPDX-License-Identifier: Apache-2.0
/// @file
/// A random permutation of 0 .. n-1 that is computed, not stored.
#pragma once

#include <array>
#include <cstdint>

namespace recpim {

/// A Feistel network over the least even number of bits that holds n, applied again until the value
/// is below n ("cycle walking": Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA
/// 2002). The same (n, seed, stream) give the same permutation. No cipher: do not hide secrets.
class Permutation {
 public:
  /// 0 < n <= 2^62.
  Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t stream);
  std::uint64_t at(std::uint64_t i) const;  ///< i < n.

 private:
  static constexpr std::size_t kRounds = 6;
  std::uint64_t n_;
  unsigned half_bits_ = 1;
  std::array<std::uint64_t, kRounds> keys_{};
};

}  // namespace recpim
