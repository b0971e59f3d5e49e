// SPDX-License-Identifier: Apache-2.0
#include "sim/device/column_kernel.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#define RECPIM_AVX2 __attribute__((target("avx2")))
#if defined(__clang__)
#define RECPIM_AVX512 __attribute__((target("avx512bw,avx512vl")))
#else
#define RECPIM_AVX512 __attribute__((target("avx512bw,avx512vl,prefer-vector-width=512")))
#endif
#endif

namespace recpim {

bool is_supported(KernelIsa isa) {
#if defined(__x86_64__)
  if (isa == KernelIsa::kAvx2) return __builtin_cpu_supports("avx2") != 0;
  if (isa == KernelIsa::kAvx512) {
    return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  }
#endif
  return isa == KernelIsa::kBaseline;
}

KernelIsa best_kernel_isa() {
  for (const KernelIsa isa : {KernelIsa::kAvx512, KernelIsa::kAvx2}) {
    if (is_supported(isa)) return isa;
  }
  return KernelIsa::kBaseline;
}

// --- Which rows are driven.

namespace {

constexpr std::uint64_t kEachByte = 0x0101010101010101;

// The numbers of the bits that are 1 in a byte, as bytes, the lowest first; and how many.
struct BitLists {
  std::array<std::uint64_t, 256> numbers{};
  std::array<std::uint8_t, 256> counts{};
};

constexpr BitLists make_bit_lists() {
  BitLists lists;
  for (std::size_t value = 0; value < 256; ++value) {
    std::uint8_t count = 0;
    for (std::uint64_t bit = 0; bit < 8; ++bit) {
      if ((value >> bit & 1U) == 0) continue;
      lists.numbers[value] |= bit << (8U * count);
      ++count;
    }
    lists.counts[value] = count;
  }
  return lists;
}

constexpr BitLists kBitLists = make_bit_lists();

// Byte i bit j becomes byte j bit i: three exchanges of blocks (Warren, Hacker's Delight, 7-3).
std::uint64_t transpose_bits(std::uint64_t x) {
  std::uint64_t t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aa;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000cccc0000cccc;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0;
  return x ^ t ^ (t << 28);
}

}  // namespace

DrivenRows::DrivenRows(int input_bits, int segments, int segment_rows)
    : input_bits_(input_bits),
      segments_(segments),
      segment_rows_(segment_rows),
      lists_(static_cast<std::size_t>(input_bits * segments) * kListBytes),
      counts_(static_cast<std::size_t>(input_bits * segments)) {}

void DrivenRows::set(const std::int32_t* x, int rows) {
  for (int segment = 0; segment < segments_; ++segment) {
    const int first = std::min(segment * segment_rows_, rows);
    const int count = std::min(segment_rows_, rows - first);
    for (int byte = 0; 8 * byte < input_bits_; ++byte) set_byte(x + first, count, segment, byte);
  }
}

namespace {

// Bits `from` ... from + 7 of the levels of eight rows, one byte a row.
std::uint64_t level_bytes(const std::int32_t* x, int rows, int from) {
  std::uint64_t bytes = 0;
  const auto byte = [&](int i) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(x[i]) >> from & 0xffU) << (8 * i);
  };
  if (rows >= 8) {
    for (int i = 0; i < 8; ++i) bytes |= byte(i);
  } else {
    for (int i = 0; i < rows; ++i) bytes |= byte(i);
  }
  return bytes;
}

}  // namespace

// Input bits 8 * byte ... of one segment: eight rows at a time, whose bytes become, transposed, a
// byte of rows for each bit.
void DrivenRows::set_byte(const std::int32_t* x, int rows, int segment, int byte) {
  std::array<std::uint8_t*, 8> lists{};
  const auto bits = static_cast<std::size_t>(std::min(8, input_bits_ - 8 * byte));
  for (std::size_t b = 0; b < bits; ++b) {
    lists[b] = &lists_[index(8 * byte + static_cast<int>(b), segment)];
  }
  std::array<std::uint8_t*, 8> ends = lists;
  for (int r = 0; r < rows; r += 8) {
    std::uint64_t driven = transpose_bits(level_bytes(x + r, rows - r, 8 * byte));
    const std::uint64_t first = kEachByte * static_cast<std::uint64_t>(r);
    for (std::size_t b = 0; b < bits; ++b, driven >>= 8) {
      const std::uint64_t numbers = kBitLists.numbers[driven & 0xffU] + first;
      std::memcpy(ends[b], &numbers, 8);
      ends[b] += kBitLists.counts[driven & 0xffU];
    }
  }
  const std::uint64_t zeros = kEachByte * static_cast<std::uint64_t>(segment_rows_);
  for (std::size_t b = 0; b < bits; ++b) {
    std::memcpy(ends[b], &zeros, 8);
    const auto count = static_cast<int>(ends[b] - lists[b]);
    counts_[static_cast<std::size_t>((8 * byte + static_cast<int>(b)) * segments_ + segment)] =
        (count + kRowsAtATime - 1) / kRowsAtATime * kRowsAtATime;
  }
}

// --- The kernel.

namespace {

// Inlined into a function for each instruction set, and vectorised there.
#define RECPIM_BODY inline __attribute__((always_inline))

// bytes[c] = sum of the cells of the listed rows in column c, kept in registers of kWidth bytes.
template <int kWidth>
RECPIM_BODY void add_rows(const std::uint8_t* cells, const std::uint8_t* list, int count,
                          std::uint8_t* bytes) {
  typedef std::uint8_t Register __attribute__((vector_size(kWidth), aligned(1), may_alias));
  constexpr int kRegisters = kStripColumns / kWidth;
  Register sums[kRegisters] = {};
  for (int i = 0; i < count; i += kRowsAtATime) {
    for (int j = 0; j < kRowsAtATime; ++j) {
      const std::uint8_t* row = cells + std::ptrdiff_t{list[i + j]} * kStripColumns;
      for (int k = 0; k < kRegisters; ++k) {
        sums[k] += *reinterpret_cast<const Register*>(row + k * kWidth);
      }
    }
  }
  std::memcpy(bytes, sums, kStripColumns);
}

// ADC transfer, and the phase's weight.
template <typename Sum>
RECPIM_BODY void convert(const KernelArray& array, const Sum* sums, std::int32_t weight,
                         std::int32_t* codes) {
  const int shift = array.adc_shift;
  const std::int32_t half = (std::int32_t{1} << shift) >> 1;
  const std::int32_t most = array.adc_max;
  for (int n = 0; n < kStripColumns; ++n) {
    const std::int32_t code = (sums[n] + half) >> shift;
    codes[n] += (code < most ? code : most) * weight;
  }
}

template <int kWidth>
RECPIM_BODY void read_strip_body(const KernelArray& array, const std::uint8_t* cells,
                                 const DrivenRows& driven, std::int32_t* to) {
  alignas(64) std::uint8_t bytes[kStripColumns];
  alignas(64) std::int32_t sums[kStripColumns];
  alignas(64) std::int32_t codes[kStripColumns] = {};
  for (const KernelPhase& phase : array.phases) {
    if (phase.bits == 1 && array.segments == 1) {
      add_rows<kWidth>(cells, driven.list(phase.first_bit, 0), driven.count(phase.first_bit, 0),
                       bytes);
      convert(array, bytes, phase.weight, codes);
      continue;
    }
    std::memset(sums, 0, sizeof sums);
    for (int bit = 0; bit < phase.bits; ++bit) {
      for (int segment = 0; segment < array.segments; ++segment) {
        const int from = phase.first_bit + bit;
        add_rows<kWidth>(cells + static_cast<std::size_t>(segment) * array.segment_bytes(),
                         driven.list(from, segment), driven.count(from, segment), bytes);
        for (int n = 0; n < kStripColumns; ++n) sums[n] += bytes[n] << bit;
      }
    }
    convert(array, sums, phase.weight, codes);
  }
  std::memcpy(to, codes, sizeof codes);
}

void read_strip_baseline(const KernelArray& array, const std::uint8_t* cells,
                         const DrivenRows& driven, std::int32_t* codes) {
  read_strip_body<16>(array, cells, driven, codes);
}

#if defined(__x86_64__)
RECPIM_AVX2 void read_strip_avx2(const KernelArray& array, const std::uint8_t* cells,
                                 const DrivenRows& driven, std::int32_t* codes) {
  read_strip_body<32>(array, cells, driven, codes);
}

RECPIM_AVX512 void read_strip_avx512(const KernelArray& array, const std::uint8_t* cells,
                                     const DrivenRows& driven, std::int32_t* codes) {
  read_strip_body<64>(array, cells, driven, codes);
}
#endif

}  // namespace

void read_strip(KernelIsa isa, const KernelArray& array, const std::uint8_t* cells,
                const DrivenRows& driven, std::int32_t* codes) {
#if defined(__x86_64__)
  if (isa == KernelIsa::kAvx512) return read_strip_avx512(array, cells, driven, codes);
  if (isa == KernelIsa::kAvx2) return read_strip_avx2(array, cells, driven, codes);
#endif
  (void)isa;
  read_strip_baseline(array, cells, driven, codes);
}

}  // namespace recpim
