// SPDX-License-Identifier: Apache-2.0
#include "traces/generate/permutation.h"

#include <stdexcept>

#include "traces/support/math.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

// The finaliser of splitmix64 (S. Vigna, public domain): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

Permutation::Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t stream) : n_(n) {
  if (n == 0 || n > (std::uint64_t{1} << 62U)) {
    throw std::invalid_argument("Permutation: needs 0 < n <= 2^62");
  }
  half_bits_ = static_cast<unsigned>(bit_width(n - 1) + 1) / 2;
  if (half_bits_ == 0) half_bits_ = 1;
  Random random(seed, stream);
  for (auto& key : keys_) key = random.next64();
}

std::uint64_t Permutation::at(std::uint64_t i) const {
  if (i >= n_) throw std::out_of_range("Permutation: i is not below n");
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = i >> half_bits_;
    std::uint64_t right = i & mask;
    for (const std::uint64_t key : keys_) {
      const std::uint64_t next = left ^ (mix(right ^ key) & mask);
      left = right;
      right = next;
    }
    i = (left << half_bits_) | right;
  } while (i >= n_);
  return i;
}

}  // namespace recpim
