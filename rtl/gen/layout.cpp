// SPDX-License-Identifier: Apache-2.0
#include "rtl/gen/layout.h"

#include "sim/noc/flit.h"

namespace recpim::layout {

const std::array<const char*, static_cast<std::size_t>(Config::kCount)> kConfigNames{
    "CfgInputs",
    "CfgPartials",
    "CfgSends",
    "CfgGroups",
    "CfgInputBitsLog2",
    "CfgInputSigned",
    "CfgOutputBitsLog2",
    "CfgRaw",
    "CfgSigmoid",
    "CfgLow",
    "CfgHigh",
    "CfgReadCycles",
    "CfgConversionCycles",
    "CfgScanCycles",
    "CfgInterval",
    "CfgPhases",
    "CfgLowBits",
    "CfgAdcShift",
    "CfgOffsetEncoding",
    "CfgWeightBits",
    "CfgChannelColumns",
    "CfgChannels",
    "CfgVectors",
    "CfgPairGroups",
    "CfgWidth",
    "CfgPairStride",
    "CfgPairOnes",
    "CfgPairFm",
    "CfgAttentionRows",
    "CfgAttentionHeads",
    "CfgAttentionDepth",
    "CfgAttentionGroups",
    "CfgScoreMultiplier",
    "CfgScoreShift",
    "CfgNormalise",
    "CfgHold",
    "CfgNormVectors",
    "CfgNormLength",
    "CfgNormBlocks",
    "CfgNormElementStride",
    "CfgNormVectorStride",
    "CfgNormEpsilonLow",
    "CfgNormEpsilonHigh",
    "CfgNormLow",
    "CfgNormHigh",
    "CfgBankRows",
    "CfgBeats"};

namespace {

std::string constant(const std::string& name, int value) {
  return "localparam int unsigned " + name + " = " + std::to_string(value) + ";\n";
}

std::string field(const Field& f) {
  return constant(std::string(f.name) + "Lsb", f.lsb) +
         constant(std::string(f.name) + "Bits", f.bits);
}

template <typename Fields>
std::string word(const std::string& comment, const Fields& fields, const std::string& name,
                 int bits) {
  std::string text = "// " + comment + "\n";
  for (const Field& f : fields) text += field(f);
  return text + constant(name, bits);
}

}  // namespace

std::string recpim_layout_text() {
  std::string text =
      "// SPDX-License-Identifier: Apache-2.0\n"
      "// Generated from sim/noc/flit.h and rtl/gen/layout.h; see rtl/README.md. Do not edit.\n"
      "// Included inside each module that needs it.\n"
      "/* verilator lint_off UNUSED */\n";
  const std::array head{Field{"HeadDstX", head_flit::kDstXLsb, head_flit::kDstXBits},
                        Field{"HeadDstY", head_flit::kDstYLsb, head_flit::kDstYBits},
                        Field{"HeadPort", head_flit::kPortLsb, head_flit::kPortBits},
                        Field{"HeadKind", head_flit::kKindLsb, 1}};
  const std::array lookup{
      Field{"LookupRow", lookup_element::kRowLsb, lookup_element::kRowBits},
      Field{"LookupTable", lookup_element::kTableLsb, lookup_element::kTableBits},
      Field{"LookupValid", lookup_element::kValidLsb, 1}};
  text += word("Payload of a head flit.", head, "HeadBits", 32);
  text += word("A lookup element.", lookup, "LookupBits", 32);
  text += word(
      "Program words: a port, a send, lanes of the vector unit, of the accumulator map, "
      "of a pair group.",
      port::kFields, "PortWordBits", port::kBits);
  text += word("A send.", send::kFields, "SendWordBits", send::kBits);
  text += word("A lane of the vector unit.", vector::kFields, "VectorLaneBits", vector::kBits);
  text += word("A lane of the accumulator map.", map::kFields, "MapLaneBits", map::kBits);
  text += word("A lane of the normaliser.", norm::kFields, "NormLaneBits", norm::kBits);
  text += word("A lane of a pair group.", pair::kFields, "PairLaneBits", pair::kBits);
  text += "// Words of config_rom.\n";
  for (std::size_t i = 0; i < kConfigNames.size(); ++i) {
    text += constant(kConfigNames[i], static_cast<int>(i));
  }
  text += constant("ConfigWords", static_cast<int>(kConfigNames.size()));
  return text + "/* verilator lint_on UNUSED */\n";
}

}  // namespace recpim::layout
