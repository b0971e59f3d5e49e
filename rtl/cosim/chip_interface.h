// SPDX-License-Identifier: Apache-2.0
/// @file
/// The C interface of a compiled chip (a shared library built by verilated_build.h). Plain pointers
/// into the model: what they point at is the current cycle's.
#pragma once

#include <cstdint>

extern "C" {

/// Signals of one tile's wires: payload words of 32 bits, least significant first, then a word with
/// bit 0 tail and bit 1 head, as flit_words() lays them out. Index 0 injected, 1 ejected.
struct RecpimTileView {
  const std::uint8_t* valid[2];
  const std::uint32_t* flit[2];
};

struct RecpimChipView {
  const std::uint8_t* req_ready;
  const std::uint8_t* rsp_valid;
  const std::uint8_t* rsp_last;
  const std::uint32_t* rsp_data;
};

using RecpimNew = void* (*)(const char* images, std::uint32_t random_seed);
using RecpimDelete = void (*)(void* chip);
using RecpimReset = void (*)(void* chip);
using RecpimStep = void (*)(void* chip, int req_valid, int req_last, const std::uint32_t* req_data,
                            int rsp_ready);
using RecpimView = void (*)(void* chip, RecpimChipView* view, RecpimTileView* tiles);
/// Returns 0 where the library was built without waveforms.
using RecpimTrace = int (*)(void* chip, const char* path);
using RecpimTraceEnd = void (*)(void* chip);

}  // extern "C"
