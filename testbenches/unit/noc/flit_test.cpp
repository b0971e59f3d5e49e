// SPDX-License-Identifier: Apache-2.0
#include "sim/noc/flit.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace recpim {
namespace {

using Words = std::vector<std::uint32_t>;

TEST(Flit, HeadSaysWhereThePacketGoes) {
  Packet packet;
  packet.dst_x = 0x12;
  packet.dst_y = 0x34;
  packet.port = 0x5678;
  packet.flits = 2;
  EXPECT_EQ(flit_words(packet, 0, 64), (Words{0x56783412, 0, 2}));
  packet.credit = true;
  packet.flits = 1;
  EXPECT_EQ(flit_words(packet, 0, 32), (Words{0xd6783412, 3}));
}

TEST(Flit, ElementsLieLeastSignificantFirst) {
  Packet packet;
  packet.values = std::make_shared<const std::vector<std::int32_t>>(
      std::vector<std::int32_t>{99, 1, -1, 3, -128, 5, 6, 7, 8, 9, 10});
  packet.first_element = 1;
  packet.elements = 10;
  packet.element_bits = 8;
  packet.flits = 3;  // Head, 8 elements, 2 elements.
  EXPECT_EQ(flit_words(packet, 1, 64), (Words{0x8003ff01, 0x08070605, 0}));
  EXPECT_EQ(flit_words(packet, 2, 64), (Words{0x00000a09, 0, 1}));
  packet.element_bits = 4;
  packet.flits = 2;
  EXPECT_EQ(flit_words(packet, 1, 64), (Words{0x876503f1, 0x000000a9, 1}));
  packet.element_bits = 16;
  packet.elements = 3;
  EXPECT_EQ(flit_words(packet, 1, 64), (Words{0xffff0001, 0x00000003, 1}));
  packet.element_bits = 32;
  packet.elements = 2;
  EXPECT_EQ(flit_words(packet, 1, 64), (Words{1, 0xffffffff, 1}));
}

TEST(Flit, IsZeroWithoutValues) {
  Packet packet;
  packet.elements = 8;
  packet.flits = 2;
  EXPECT_EQ(flit_words(packet, 1, 64), (Words{0, 0, 1}));
  EXPECT_THROW(flit_words(packet, 2, 64), std::invalid_argument);
  EXPECT_THROW(flit_words(packet, 0, 16), std::invalid_argument);
}

}  // namespace
}  // namespace recpim
