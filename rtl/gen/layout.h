// SPDX-License-Identifier: Apache-2.0
/// @file
/// The program of a tile as the hardware reads it: which word and which bits hold what. The one
/// description from which rtl/lib/recpim_layout.svh is generated (`recpim_layout_text()`); a unit
/// test compares the committed file with it.
#pragma once

#include <array>
#include <string>

namespace recpim::layout {

/// A run of bits of a program word.
struct Field {
  const char* name;
  int lsb;
  int bits;
};

/// One word a port: where its packets go. Element ports (input vectors) count in elements, flit
/// ports (lookups, partial sums, predictions) in payload flits.
namespace port {
constexpr Field kBase{"PortBase", 0, 24};            ///< First element, or flit, in the buffer.
constexpr Field kElements{"PortElements", 24, 24};   ///< Elements of a packet; flit ports: unused.
constexpr Field kStep{"PortStep", 48, 8};            ///< Elements a flit; flit ports 1.
constexpr Field kPartial{"PortPartial", 56, 1};      ///< A port of partial sums.
constexpr Field kBitsLog2{"PortBitsLog2", 57, 3};    ///< log2 of the bits of an element.
constexpr Field kSigned{"PortSigned", 60, 1};        ///< Elements are two's complement.
constexpr Field kShift{"PortShift", 61, 1};          ///< Elements are shifted left by 4 on arrival.
constexpr Field kSlotFirst{"PortSlotFirst", 62, 8};  ///< Slot of its first packet.
constexpr Field kSlotStep{"PortSlotStep", 70, 8};    ///< From one packet's slot to the next one's.
constexpr int kBits = 78;
inline constexpr std::array kFields{kBase,   kElements, kStep,      kPartial, kBitsLog2,
                                    kSigned, kShift,    kSlotFirst, kSlotStep};
}  // namespace port

/// One word a step of the program of sends: a send's head flit's low 32 bits and what is cut from
/// the output vector. The steps are the sends of one sample, in order; where not every sample goes
/// everywhere (sim/README.md, "Replicas"), of as many samples as it takes until the turns repeat.
namespace send {
constexpr Field kHead{"SendHead", 0, 32};
constexpr Field kOffset{"SendOffset", 32, 24};      ///< First bit in the output vector.
constexpr Field kFlits{"SendFlits", 56, 16};        ///< Payload flits.
constexpr Field kLastBits{"SendLastBits", 72, 10};  ///< Bits of the last one that are values.
constexpr Field kNumber{"SendNumber", 82, 15};      ///< Of the send: its credit counter.
constexpr Field kCredits{"SendCredits", 97, 3};     ///< Packets that may be out.
constexpr Field kFinal{"SendFinal", 100, 1};        ///< The last one of its sample.
constexpr int kBits = 101;
inline constexpr std::array kFields{kHead, kOffset, kFlits, kLastBits, kNumber, kCredits, kFinal};
}  // namespace send

/// One a lane and element group of the vector unit.
namespace vector {
constexpr Field kBias{"VectorBias", 0, 32};
constexpr Field kMultiplier{"VectorMultiplier", 32, 31};
constexpr Field kShift{"VectorShift", 63, 6};
constexpr int kBits = 69;
inline constexpr std::array kFields{kBias, kMultiplier, kShift};
}  // namespace vector

/// One a lane and element group: where the element's accumulator is.
namespace map {
constexpr Field kRow{"MapRow", 0, 16};
constexpr Field kColumn{"MapColumn", 16, 16};
constexpr int kBits = 32;
inline constexpr std::array kFields{kRow, kColumn};
}  // namespace map

/// One a lane and pair group of the interaction engine: first elements of the two rows.
namespace pair {
constexpr Field kA{"PairA", 0, 16};
constexpr Field kB{"PairB", 16, 16};
constexpr int kBits = 32;
inline constexpr std::array kFields{kA, kB};
}  // namespace pair

/// One a lane and element group of the normaliser.
namespace norm {
constexpr Field kBias{"NormBias", 0, 32};
constexpr Field kMultiplier{"NormMultiplier", 32, 31};
constexpr Field kShift{"NormShift", 63, 6};
constexpr Field kNegative{"NormNegative", 69, 1};  ///< Its gain is negative.
constexpr Field kVector{"NormVector", 70, 16};     ///< Which vector the element belongs to.
constexpr int kBits = 86;
inline constexpr std::array kFields{kBias, kMultiplier, kShift, kNegative, kVector};
}  // namespace norm

/// The 32-bit settings of a tile, in the order in which they lie. What a kind of tile has no use
/// for is 0.
enum class Config {
  kInputs,          ///< Input ports.
  kPartials,        ///< Ports of partial sums.
  kSends,           ///< Steps of the program of sends.
  kGroups,          ///< Element groups of the vector unit: ceil(outputs / lanes).
  kInputBitsLog2,   ///< log2 of the bits of an input element, the widest port's; elements of fewer
                    ///< bits are shifted left by the difference. Mul, attention: 2, no shift.
  kInputSigned,     ///< 1: input elements are two's complement.
  kOutputBitsLog2,  ///< log2 of the bits of an output element.
  kRaw,             ///< 1: accumulators leave as they are.
  kSigmoid,         ///< 1: sigmoid behind the requantiser.
  kLow,             ///< Saturation bounds of the requantiser, int32.
  kHigh,
  kReadCycles,        ///< t_read.
  kConversionCycles,  ///< t_conv of one column.
  kScanCycles,        ///< m * t_conv.
  kInterval,          ///< II = max(t_read, m * t_conv).
  kPhases,            ///< MVM: phases of an input.
  kLowBits,           ///< MVM: bits that the phases before a sign phase drive.
  kAdcShift,          ///< MVM: k.
  kOffsetEncoding,    ///< MVM: 1 offset, 0 differential.
  kWeightBits,        ///< MVM: b_w.
  kChannelColumns,    ///< MVM: columns of a channel.
  kChannels,          ///< MVM: channels of an ADC group.
  kVectors,           ///< MVM: vectors of a sample.
  kPairGroups,        ///< Interaction: G.
  kWidth,             ///< Interaction: d, steps of a sum.
  kPairStride,        ///< Interaction: elements from one step's operands to the next's.
  kPairOnes,          ///< Interaction: 1: operand B is 1 (add).
  kPairFm,            ///< Interaction: 1: B is A; (sum of A)^2 - sum of A^2.
  kAttentionRows,     ///< Attention: R.
  kAttentionHeads,    ///< Attention: h.
  kAttentionDepth,    ///< Attention: D.
  kAttentionGroups,   ///< Attention: g.
  kScoreMultiplier,   ///< Attention: of the scores to the exponent.
  kScoreShift,
  kNormalise,          ///< 1: the vector unit's output goes through the normaliser.
  kHold,               ///< Cycles between a sample's last element group and the next one's first.
  kNormVectors,        ///< Normaliser: K.
  kNormLength,         ///< Normaliser: n.
  kNormBlocks,         ///< Normaliser: b.
  kNormElementStride,  ///< Normaliser: from one element of a vector to the next.
  kNormVectorStride,   ///< Normaliser: from a vector's first element to the next one's.
  kNormEpsilonLow,     ///< Normaliser: epsilon_q, 64 bits.
  kNormEpsilonHigh,
  kNormLow,  ///< Normaliser: saturation bounds of its output, int32.
  kNormHigh,
  kBankRows,  ///< Embedding: local row / this = bank.
  kBeats,     ///< Host: payload flits of a prediction, all ports.
  kCount,
};

/// Names of the settings in SystemVerilog, in the order of Config.
extern const std::array<const char*, static_cast<std::size_t>(Config::kCount)> kConfigNames;

/// The text of rtl/lib/recpim_layout.svh.
std::string recpim_layout_text();
/// The texts of rtl/lib/*_table.svh, from the tables of models/ops (tables.cpp).
std::string sigmoid_table_text();
std::string exp2_table_text();
std::string reciprocal_table_text();
std::string rsqrt_table_text();

}  // namespace recpim::layout
