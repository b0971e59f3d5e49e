// SPDX-License-Identifier: Apache-2.0
/// @file
/// A space and traces small enough for tests that train.
#pragma once

#include <string>
#include <vector>

#include "models/supernet/space.h"
#include "models/supernet/subnetwork.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/generate/generator.h"

namespace recpim::supernet::test {

using recpim::test::random_chunk;
using recpim::test::ScratchFolder;
using recpim::test::small_info;
using recpim::test::write_trace;

/// Every operator in two blocks of widths 16 and 32, rows 8 and 16.
inline SpaceDescription tiny_space() {
  SpaceDescription space = space_of("nasrec-full");
  space.name = "tiny";
  space.blocks = 2;
  space.dense_widths = {16, 32};
  space.sparse_rows = {8, 16};
  space.precisions = {{8, 8}, {4, 8}, {4, 4}};
  return space;
}

/// Three dense features, tables of 10 and 20 rows.
inline TraceInfo tiny_info() { return small_info(3, {10, 20}); }

/// A generated trace whose labels can be learnt.
inline std::string generated_trace(const ScratchFolder& folder, std::uint64_t samples,
                                   std::uint64_t seed = 7) {
  GenerateOptions options;
  options.rows = {40, 60, 30};
  options.pooling = {1, 1, 2};
  options.dense = 5;
  options.samples = samples;
  options.seed = seed;
  std::string path = folder.at("t" + std::to_string(samples) + "-" + std::to_string(seed) + ".h5");
  generate_trace(options, path);
  return path;
}

}  // namespace recpim::supernet::test
