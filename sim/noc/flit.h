// SPDX-License-Identifier: Apache-2.0
/// @file
/// Packets and their flits: the one description of their layout, from which the SystemVerilog
/// constants are generated as well. Rules: sim/README.md, "Flits and packets".
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace recpim {

/// Bit positions in the payload of a head flit.
namespace head_flit {
constexpr int kDstXLsb = 0, kDstXBits = 8;
constexpr int kDstYLsb = 8, kDstYBits = 8;
constexpr int kPortLsb = 16, kPortBits = 15;
constexpr int kKindLsb = 31;  ///< 0 data, 1 credit.
}  // namespace head_flit

/// Bit positions in a lookup element.
namespace lookup_element {
constexpr int kRowLsb = 0, kRowBits = 24;
constexpr int kTableLsb = 24, kTableBits = 7;
constexpr int kValidLsb = 31;
}  // namespace lookup_element

/// Values on their way: one vector shared by the packets that carry slices of it.
using Values = std::shared_ptr<const std::vector<std::int32_t>>;

struct Packet {
  int dst_x = 0, dst_y = 0;
  int port = 0;  ///< Of the receiver; of a credit packet the receiver's send.
  bool credit = false;
  int flits = 1;  ///< Head and payload.
  // Payload; values is null in timing mode and in credit packets.
  Values values;
  int first_element = 0, elements = 0, element_bits = 8;
  // Not in the hardware, for the account of waits (sim/tile/occupancy.h): cycles in which its
  // sample was offered to the chip, and from which on only links kept it from leaving.
  std::int64_t offered = 0, ready = 0;
};

/// Flit k of a packet (0 is the head) as it stands on the wire: flit_bits payload bits in words of
/// 32, least significant first, then one word with bit 0 tail and bit 1 head. What values do not
/// fill is 0 (all of it where values is null).
std::vector<std::uint32_t> flit_words(const Packet& packet, int k, int flit_bits);

}  // namespace recpim
