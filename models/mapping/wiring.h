// SPDX-License-Identifier: Apache-2.0
/// @file
/// Which element of which operator stands where: in the input vector of an operator, seen through
/// concat and pad, and in the output vector of a tile. The mapper lays ports and sends out by it,
/// validate() holds a design to it.
#pragma once

#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"

namespace recpim {

/// Elements 0 ... elements - 1 of operator `op` stand from `at` on in an input vector, shifted left
/// by `shift`.
struct Segment {
  int op = 0, elements = 0, at = 0, shift = 0;
};

/// The input vector of an operator: its inputs one after the other. Places in no segment are 0.
std::vector<Segment> input_segments(const Model& model, int op);
/// The same of the predictions: the output of the last operator.
std::vector<Segment> prediction_segments(const Model& model);

/// The part of its operator's input vector that a tile takes: [first, first + elements).
struct InputSlice {
  int first = 0, elements = 0;
};
InputSlice input_slice(const Tile& tile);

/// Elements [first, first + elements) of operator `op` are those from `offset` on of a tile's
/// output vector.
struct OutputRun {
  int op = 0, first = 0, elements = 0, offset = 0;
};

/// What a tile sends: nothing where raw. The host's output vector is the dense input.
std::vector<OutputRun> output_runs(const Model& model, const Tile& tile);

/// The operator whose output leaves a tile of one operator: that of the tile, or the LayerNorm or
/// sigmoid that is fused behind it.
int result_of(const Model& model, const Tile& tile);

}  // namespace recpim
