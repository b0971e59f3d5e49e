// SPDX-License-Identifier: Apache-2.0
/// @file
/// A chip small enough to work out by hand: the host at (0, 0), one fully connected layer of 4
/// inputs and 3 outputs at (1, 0). 1 GHz; crossbars of 16 x 16 with 2-bit cells, read in 10 cycles;
/// one ADC of a conversion a cycle for 16 columns; 8-bit unsigned inputs in 8 phases.
#pragma once

#include <string>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "testbenches/harness/scratch_folder.h"
#include "traces/format/trace.h"

namespace recpim::testing {

inline Hardware small_hardware() {
  Hardware hw;
  hw.clock_hz = 1'000'000'000;
  hw.mesh.flit_bits = 64;
  hw.crossbar.rows = hw.crossbar.columns = 16;
  hw.crossbar.read_ps = 10'000;
  hw.adc.columns_per_adc = 16;
  hw.adc.samples_per_s = 1'000'000'000;
  hw.mvm_tile.vector_lanes = 16;
  hw.buffer_slots = 2;
  return hw;
}

/// y = W x + b with W = [[1, 2, 3, 4], [-1, 0, 1, 0], [127, -127, 127, -127]], b = [5, -5, 0],
/// requantised with multiplier 1 and shift 1: (acc + 1) >> 1, saturated to 8 signed bits.
inline Model small_model() {
  Model model;
  model.name = model.kind = "mlp";
  model.quantised = true;
  Operator dense;
  dense.name = "dense";
  dense.kind = OpKind::kDenseInput;
  dense.width = 4;
  dense.output = {false, 8, 1.0};
  Operator fc;
  fc.name = "fc0";
  fc.kind = OpKind::kFc;
  fc.inputs = {0};
  fc.width = 3;
  fc.output = {true, 8, 1.0};
  fc.weight_q = {1, 2, 3, 4, -1, 0, 1, 0, 127, -127, 127, -127};
  fc.weight.assign(fc.weight_q.begin(), fc.weight_q.end());
  fc.bias_q = {5, -5, 0};
  fc.bias = {5, -5, 0};
  fc.weight_scale = {1, 1, 1};
  fc.requantiser.assign(3, Requantiser{1, 1});
  model.operators = {dense, fc};
  return model;
}

/// A trace of `samples` samples with dense features 10, 20, 30, 40.
inline std::string small_trace(std::uint64_t samples) {
  const std::string path = scratch_folder() + "/trace.h5";
  TraceInfo info;
  info.dense = 4;
  TraceWriter writer(path, info);
  TraceChunk chunk;
  chunk.count = samples;
  for (std::uint64_t s = 0; s < samples; ++s) {
    for (const float x : {10.0F, 20.0F, 30.0F, 40.0F}) chunk.dense.push_back(x);
  }
  writer.append(chunk);
  writer.finish();
  return path;
}

}  // namespace recpim::testing
