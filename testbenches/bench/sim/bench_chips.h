// SPDX-License-Identifier: Apache-2.0
/// @file
/// The chips that the benchmarks run, each with its trace, in a temporary folder.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "models/graph/create.h"
#include "models/mapping/design.h"
#include "models/quantisation/quantise.h"
#include "models/supernet/presets.h"
#include "models/supernet/subnetwork.h"
#include "traces/format/trace.h"
#include "traces/generate/generator.h"

namespace recpim::bench {

struct BenchChip {
  std::string trace;
  Model model;
  Design design;
};

/// Where traces go, removed when the process ends.
inline std::string scratch() {
  struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("recpim-bench-" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder folder;
  return folder.path.string();
}

inline std::string generated_trace(int tables, int dense, std::uint64_t samples) {
  GenerateOptions options;
  options.rows.assign(static_cast<std::size_t>(tables), 100'000);
  options.pooling.assign(static_cast<std::size_t>(tables), 1);
  options.dense = static_cast<std::uint32_t>(dense);
  options.samples = samples;
  options.version = "bench";
  std::string path = scratch() + "/" + std::to_string(tables) + "-" + std::to_string(dense) + ".h5";
  generate_trace(options, path);
  return path;
}

/// An MLP with 8-bit weights and inputs on default hardware with an ADC of `adc_bits`.
inline BenchChip mlp_chip(const std::vector<int>& layers, int adc_bits, std::uint64_t samples) {
  BenchChip chip;
  chip.trace = generated_trace(0, layers.front(), samples);
  chip.model = create_mlp(layers, {}, 1);
  const TraceReader trace(chip.trace);
  quantise(chip.model, trace, spread_samples(samples));
  Hardware hardware;
  hardware.adc.bits = adc_bits;
  chip.design = map_naive(chip.model, hardware);
  return chip;
}

/// The default DLRM: 26 tables of 100,000 rows, embeddings of 16, bottom 64-16, top 64-32-1.
inline BenchChip dlrm_chip(std::uint64_t samples) {
  BenchChip chip;
  chip.trace = generated_trace(26, 13, samples);
  const TraceReader trace(chip.trace);
  chip.model = create_dlrm(trace.info(), {}, {}, 1);
  quantise(chip.model, trace, spread_samples(samples));
  chip.design = map_naive(chip.model, Hardware{});
  return chip;
}

/// The best architecture that NASRec published for Criteo in its full space, at 8 bits.
inline BenchChip nasrec_chip(std::uint64_t samples) {
  BenchChip chip;
  chip.trace = generated_trace(26, 13, samples);
  const TraceReader trace(chip.trace);
  const supernet::Architecture architecture = supernet::preset("nasrec-criteo-full");
  supernet::SpaceDescription space = supernet::space_of("nasrec-full");
  space.blocks = static_cast<int>(architecture.blocks.size());
  chip.model = supernet::SubnetworkBuilder(space, trace.info()).build(architecture).model;
  initialise_weights(chip.model);
  quantise(chip.model, trace, spread_samples(samples));
  chip.design = map_naive(chip.model, Hardware{});
  return chip;
}

}  // namespace recpim::bench
