// SPDX-License-Identifier: Apache-2.0
// Generated from sim/noc/flit.h and rtl/gen/layout.h; see rtl/README.md. Do not edit.
// Included inside each module that needs it.
/* verilator lint_off UNUSED */
// Payload of a head flit.
localparam int unsigned HeadDstXLsb = 0;
localparam int unsigned HeadDstXBits = 8;
localparam int unsigned HeadDstYLsb = 8;
localparam int unsigned HeadDstYBits = 8;
localparam int unsigned HeadPortLsb = 16;
localparam int unsigned HeadPortBits = 15;
localparam int unsigned HeadKindLsb = 31;
localparam int unsigned HeadKindBits = 1;
localparam int unsigned HeadBits = 32;
// A lookup element.
localparam int unsigned LookupRowLsb = 0;
localparam int unsigned LookupRowBits = 24;
localparam int unsigned LookupTableLsb = 24;
localparam int unsigned LookupTableBits = 7;
localparam int unsigned LookupValidLsb = 31;
localparam int unsigned LookupValidBits = 1;
localparam int unsigned LookupBits = 32;
// Program words: a port, a send, lanes of the vector unit, of the accumulator map, of a pair group.
localparam int unsigned PortBaseLsb = 0;
localparam int unsigned PortBaseBits = 24;
localparam int unsigned PortElementsLsb = 24;
localparam int unsigned PortElementsBits = 24;
localparam int unsigned PortStepLsb = 48;
localparam int unsigned PortStepBits = 8;
localparam int unsigned PortPartialLsb = 56;
localparam int unsigned PortPartialBits = 1;
localparam int unsigned PortBitsLog2Lsb = 57;
localparam int unsigned PortBitsLog2Bits = 3;
localparam int unsigned PortSignedLsb = 60;
localparam int unsigned PortSignedBits = 1;
localparam int unsigned PortWordBits = 61;
// A send.
localparam int unsigned SendHeadLsb = 0;
localparam int unsigned SendHeadBits = 32;
localparam int unsigned SendOffsetLsb = 32;
localparam int unsigned SendOffsetBits = 24;
localparam int unsigned SendFlitsLsb = 56;
localparam int unsigned SendFlitsBits = 16;
localparam int unsigned SendLastBitsLsb = 72;
localparam int unsigned SendLastBitsBits = 10;
localparam int unsigned SendWordBits = 82;
// A lane of the vector unit.
localparam int unsigned VectorBiasLsb = 0;
localparam int unsigned VectorBiasBits = 32;
localparam int unsigned VectorMultiplierLsb = 32;
localparam int unsigned VectorMultiplierBits = 31;
localparam int unsigned VectorShiftLsb = 63;
localparam int unsigned VectorShiftBits = 6;
localparam int unsigned VectorLaneBits = 69;
// A lane of the accumulator map.
localparam int unsigned MapRowLsb = 0;
localparam int unsigned MapRowBits = 16;
localparam int unsigned MapColumnLsb = 16;
localparam int unsigned MapColumnBits = 16;
localparam int unsigned MapLaneBits = 32;
// A lane of the normaliser.
localparam int unsigned NormBiasLsb = 0;
localparam int unsigned NormBiasBits = 32;
localparam int unsigned NormMultiplierLsb = 32;
localparam int unsigned NormMultiplierBits = 31;
localparam int unsigned NormShiftLsb = 63;
localparam int unsigned NormShiftBits = 6;
localparam int unsigned NormNegativeLsb = 69;
localparam int unsigned NormNegativeBits = 1;
localparam int unsigned NormVectorLsb = 70;
localparam int unsigned NormVectorBits = 16;
localparam int unsigned NormLaneBits = 86;
// A lane of a pair group.
localparam int unsigned PairALsb = 0;
localparam int unsigned PairABits = 16;
localparam int unsigned PairBLsb = 16;
localparam int unsigned PairBBits = 16;
localparam int unsigned PairLaneBits = 32;
// Words of config_rom.
localparam int unsigned CfgInputs = 0;
localparam int unsigned CfgPartials = 1;
localparam int unsigned CfgSends = 2;
localparam int unsigned CfgGroups = 3;
localparam int unsigned CfgInputBitsLog2 = 4;
localparam int unsigned CfgInputSigned = 5;
localparam int unsigned CfgOutputBitsLog2 = 6;
localparam int unsigned CfgRaw = 7;
localparam int unsigned CfgSigmoid = 8;
localparam int unsigned CfgLow = 9;
localparam int unsigned CfgHigh = 10;
localparam int unsigned CfgReadCycles = 11;
localparam int unsigned CfgConversionCycles = 12;
localparam int unsigned CfgScanCycles = 13;
localparam int unsigned CfgInterval = 14;
localparam int unsigned CfgPhases = 15;
localparam int unsigned CfgLowBits = 16;
localparam int unsigned CfgAdcShift = 17;
localparam int unsigned CfgOffsetEncoding = 18;
localparam int unsigned CfgWeightBits = 19;
localparam int unsigned CfgChannelColumns = 20;
localparam int unsigned CfgChannels = 21;
localparam int unsigned CfgVectors = 22;
localparam int unsigned CfgPairGroups = 23;
localparam int unsigned CfgWidth = 24;
localparam int unsigned CfgPairStride = 25;
localparam int unsigned CfgPairOnes = 26;
localparam int unsigned CfgPairFm = 27;
localparam int unsigned CfgAttentionRows = 28;
localparam int unsigned CfgAttentionHeads = 29;
localparam int unsigned CfgAttentionDepth = 30;
localparam int unsigned CfgAttentionGroups = 31;
localparam int unsigned CfgScoreMultiplier = 32;
localparam int unsigned CfgScoreShift = 33;
localparam int unsigned CfgNormalise = 34;
localparam int unsigned CfgHold = 35;
localparam int unsigned CfgNormVectors = 36;
localparam int unsigned CfgNormLength = 37;
localparam int unsigned CfgNormBlocks = 38;
localparam int unsigned CfgNormElementStride = 39;
localparam int unsigned CfgNormVectorStride = 40;
localparam int unsigned CfgNormEpsilonLow = 41;
localparam int unsigned CfgNormEpsilonHigh = 42;
localparam int unsigned CfgNormLow = 43;
localparam int unsigned CfgNormHigh = 44;
localparam int unsigned CfgBankRows = 45;
localparam int unsigned CfgBeats = 46;
localparam int unsigned ConfigWords = 47;
/* verilator lint_on UNUSED */
