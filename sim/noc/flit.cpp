// SPDX-License-Identifier: Apache-2.0
#include "sim/noc/flit.h"

#include <stdexcept>

namespace recpim {
namespace {

constexpr int kWordBits = 32;

std::uint32_t head_word(const Packet& packet) {
  return static_cast<std::uint32_t>(packet.dst_x) << head_flit::kDstXLsb |
         static_cast<std::uint32_t>(packet.dst_y) << head_flit::kDstYLsb |
         static_cast<std::uint32_t>(packet.port) << head_flit::kPortLsb |
         (packet.credit ? 1U : 0U) << head_flit::kKindLsb;
}

}  // namespace

std::vector<std::uint32_t> flit_words(const Packet& packet, int k, int flit_bits) {
  if (k < 0 || k >= packet.flits || flit_bits < kWordBits || flit_bits % kWordBits != 0) {
    throw std::invalid_argument("flit_words: no such flit");
  }
  const int words = flit_bits / kWordBits;
  std::vector<std::uint32_t> wire(static_cast<std::size_t>(words) + 1);
  wire.back() = (k == packet.flits - 1 ? 1U : 0U) | (k == 0 ? 2U : 0U);
  if (k == 0) {
    wire[0] = head_word(packet);
    return wire;
  }
  if (packet.values == nullptr) return wire;
  const int bits = packet.element_bits;  // Divides a word, so no element straddles two.
  const std::uint32_t mask = bits == kWordBits ? ~0U : (1U << bits) - 1U;
  const int each = flit_bits / bits;
  for (int i = 0; i < each; ++i) {
    const int element = (k - 1) * each + i;
    if (element >= packet.elements) break;
    const auto index =
        static_cast<std::size_t>(packet.first_element) + static_cast<std::size_t>(element);
    const auto value = static_cast<std::uint32_t>((*packet.values)[index]) & mask;
    const int bit = i * bits;
    wire[static_cast<std::size_t>(bit) / kWordBits] |= value << (bit % kWordBits);
  }
  return wire;
}

}  // namespace recpim
