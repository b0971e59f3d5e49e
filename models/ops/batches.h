// SPDX-License-Identifier: Apache-2.0
/// @file
/// Walks over samples of a trace in chunks, so that no caller holds more than one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "traces/format/trace.h"

namespace recpim {

/// Samples a chunk: large enough that HDF5's cost a call does not show, small enough that a chunk
/// of 26 tables stays in a few megabytes.
constexpr std::uint64_t kChunkSamples = 4096;

/// Calls use(const TraceChunk&) for [first, first + count), in order.
template <typename Use>
void for_each_chunk(const TraceReader& trace, std::uint64_t first, std::uint64_t count, Use use) {
  TraceChunk chunk;
  for (std::uint64_t done = 0; done < count; done += kChunkSamples) {
    trace.read(first + done, std::min(kChunkSamples, count - done), chunk);
    use(chunk);
  }
}

/// Calls use(const TraceChunk&) for the given samples, in their order.
template <typename Use>
void for_each_chunk(const TraceReader& trace, const std::vector<std::uint64_t>& samples, Use use) {
  TraceChunk chunk;
  for (std::size_t done = 0; done < samples.size(); done += kChunkSamples) {
    const std::size_t end = std::min<std::size_t>(done + kChunkSamples, samples.size());
    trace.gather({samples.begin() + static_cast<std::ptrdiff_t>(done),
                  samples.begin() + static_cast<std::ptrdiff_t>(end)},
                 chunk);
    use(chunk);
  }
}

}  // namespace recpim
