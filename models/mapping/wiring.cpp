// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/wiring.h"

#include <algorithm>

#include "models/graph/kinds.h"

namespace recpim {
namespace {

const Operator& at(const Model& model, int op) {
  return model.operators[static_cast<std::size_t>(op)];
}

/// Appends where the elements of operator `op`, put from `place` on among elements of `bits` bits,
/// come from. Whatever is joined has one scale but for its number of bits (sim/README.md,
/// "Joining"), so the shift follows from these however deep the joins are nested.
void resolve(const Model& model, int op, int place, int bits, std::vector<Segment>& out) {
  const Operator& self = at(model, op);
  if (!is_wiring(self.kind)) {
    out.push_back({op, self.elements(), place, bits - self.output.bits});
    return;
  }
  for (const int input : self.inputs) {
    resolve(model, input, place, bits, out);
    place += at(model, input).elements();
  }
}

}  // namespace

std::vector<Segment> input_segments(const Model& model, int op) {
  const Operator& self = at(model, op);
  int widest = 0;
  for (const int input : self.inputs) widest = std::max(widest, at(model, input).output.bits);
  std::vector<Segment> segments;
  int place = 0;
  for (const int input : self.inputs) {
    const Operator& from = at(model, input);
    resolve(model, input, place, joins_inputs(self.kind) ? widest : from.output.bits, segments);
    place += from.elements();
  }
  return segments;
}

std::vector<Segment> prediction_segments(const Model& model) {
  std::vector<Segment> segments;
  const int last = static_cast<int>(model.operators.size()) - 1;
  resolve(model, last, 0, model.output().output.bits, segments);
  return segments;
}

InputSlice input_slice(const Tile& tile) {
  return {tile.first_row * tile.vectors, tile.input_elements()};
}

int result_of(const Model& model, const Tile& tile) {
  if (tile.norm >= 0) return tile.norm;
  if (!tile.sigmoid) return tile.op;
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Operator& op = model.operators[i];
    if (op.kind == OpKind::kSigmoid && op.inputs[0] == tile.op) return static_cast<int>(i);
  }
  return tile.op;
}

std::vector<OutputRun> output_runs(const Model& model, const Tile& tile) {
  std::vector<OutputRun> runs;
  if (tile.raw) return runs;
  switch (tile.kind) {
    case TileKind::kHost:
      for (std::size_t i = 0; i < model.operators.size(); ++i) {
        const Operator& op = model.operators[i];
        if (op.kind == OpKind::kDenseInput) {
          runs.push_back({static_cast<int>(i), 0, op.elements(), 0});
        }
      }
      break;
    case TileKind::kEmbedding:
      for (const TablePart& part : tile.tables) {
        const int offset = static_cast<int>(runs.size()) * tile.width;
        runs.push_back({part.op, 0, tile.width, offset});
      }
      break;
    case TileKind::kInteraction:
      runs.push_back({result_of(model, tile), 0, tile.outputs, 0});
      break;
    case TileKind::kMvm: {
      const int result = result_of(model, tile);
      const int outputs = fc_outputs(at(model, tile.op));
      if (tile.axis == Axis::kWidth && tile.channels < outputs) {
        for (int v = 0; v < tile.vectors; ++v) {
          runs.push_back(
              {result, v * outputs + tile.first_channel, tile.channels, v * tile.channels});
        }
      } else {
        runs.push_back({result, tile.first_channel * tile.vectors, tile.outputs, 0});
      }
      break;
    }
  }
  return runs;
}

}  // namespace recpim
