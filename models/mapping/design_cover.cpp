// SPDX-License-Identifier: Apache-2.0
// A design held to its model: every operator is there, whole, once, and is fed what it reads.
#include <algorithm>

#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "models/mapping/placement.h"
#include "models/mapping/replicas.h"
#include "models/mapping/wiring.h"

namespace recpim {
namespace {

class CoverChecker {
 public:
  CoverChecker(const Design& design, const Model& model, std::string file)
      : design_(design),
        model_(model),
        file_(std::move(file)),
        covered_(model.operators.size(), 0) {}

  void run() {
    for (std::size_t t = 0; t < design_.tiles.size(); ++t) {
      const Tile& tile = design_.tiles[t];
      const std::string place = "tiles[" + std::to_string(t) + "]";
      if (tile.phase > 0) {
        replica(tile, place);
        continue;
      }
      if (tile.kind == TileKind::kMvm) fc(tile, place);
      if (tile.kind == TileKind::kEmbedding) tables(tile, place);
      if (tile.kind == TileKind::kInteraction) interaction(tile, place);
      fused(tile, place);
    }
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      if (covered_[i] != whole(model_.operators[i])) {
        reject(file_, "tiles", model_.operators[i].name, "tiles that hold the whole operator once");
      }
    }
    for (std::size_t t = 0; t < design_.tiles.size(); ++t) {
      partial_sums(design_.tiles[t], "tiles[" + std::to_string(t) + "]");
    }
    for (const Tile& tile : design_.tiles) runs_.push_back(output_runs(model_, tile));
    for (std::size_t t = 0; t < design_.tiles.size(); ++t) {
      inputs(design_.tiles[t], "tiles[" + std::to_string(t) + "]");
    }
  }

 private:
  const Operator& op(int index) const { return model_.operators[static_cast<std::size_t>(index)]; }

  std::size_t find(int op, const std::string& place) const {
    const auto index = static_cast<std::size_t>(op);
    if (op < 0 || index >= model_.operators.size()) {
      reject(file_, place, std::to_string(op), "an operator of the model");
    }
    return index;
  }
  std::size_t find(int op, OpKind kind, const std::string& place) const {
    const std::size_t index = find(op, place);
    if (model_.operators[index].kind != kind) {
      reject(file_, place, std::to_string(op), "an operator of the tile's kind");
    }
    return index;
  }

  /// Weights, table rows or elements of an operator that tiles hold. From shapes, not from weights:
  /// they may not be loaded.
  std::uint64_t whole(const Operator& op) const {
    switch (op.kind) {
      case OpKind::kFc: {
        const FcShape shape = fc_shape(model_, op);
        return static_cast<std::uint64_t>(shape.inputs) * static_cast<std::uint64_t>(shape.outputs);
      }
      case OpKind::kEmbedding:
        return op.table_rows;
      case OpKind::kDenseInput:
      case OpKind::kConcat:
      case OpKind::kPad:
        return 0;
      default:
        return static_cast<std::uint64_t>(op.elements());
    }
  }

  /// It holds and does what replica 0 does, but has other neighbours.
  void replica(const Tile& tile, const std::string& place) const {
    for (const Tile& first : design_.tiles) {
      if (first.op != tile.op || first.part != tile.part || first.phase != 0) continue;
      Tile same = tile;
      same.x = first.x;
      same.y = first.y;
      same.phase = 0;
      // Rows may lie elsewhere: each replica has places of its own.
      same.layout = first.layout;
      same.placed = first.placed;
      same.ports = first.ports;
      same.sends = first.sends;
      Design one;
      Design two;
      one.tiles = {first};
      two.tiles = {same};
      if (design_to_json(one).at("tiles") == design_to_json(two).at("tiles")) return;
    }
    reject(file_, place, "", "a copy of the replica of phase 0");
  }

  void fc(const Tile& tile, const std::string& place) {
    const std::size_t index = find(tile.op, OpKind::kFc, place + ".op");
    const Operator& op = model_.operators[index];
    const FcShape shape = fc_shape(model_, op);
    if (tile.first_row < 0 || tile.rows < 1 || tile.first_channel < 0 || tile.channels < 1 ||
        std::int64_t{tile.first_row} + tile.rows > shape.inputs ||
        std::int64_t{tile.first_channel} + tile.channels > shape.outputs) {
      reject(file_, place, op.name, "rows and channels of the operator");
    }
    if (tile.axis != op.axis || tile.vectors != shape.vectors ||
        (op.axis == Axis::kWidth && tile.rows != shape.inputs)) {
      reject(file_, place, op.name, "axis and vectors of the operator; along the width all rows");
    }
    const int per_block = design_.hardware.channels_per_crossbar(op.weight_bits);
    if (per_block < 1 || crossbars_used(tile, design_.hardware, op.weight_bits) >
                             design_.hardware.mvm_tile.crossbars) {
      reject(file_, place, op.name, "at most mvm_tile.crossbars crossbars a tile");
    }
    covered_[index] +=
        static_cast<std::uint64_t>(tile.rows) * static_cast<std::uint64_t>(tile.channels);
  }

  void tables(const Tile& tile, const std::string& place) {
    find(tile.op, OpKind::kEmbedding, place + ".op");
    if (tile.tables[0].op != tile.op) {
      reject(file_, place + ".op", std::to_string(tile.op), "the operator of its first table");
    }
    for (const TablePart& part : tile.tables) {
      const std::size_t index = find(part.op, OpKind::kEmbedding, place + ".op");
      const Operator& op = model_.operators[index];
      const std::int64_t rows =
          design_.hardware.bank_rows(design_.hardware.table_row_bits(op.width, op.weight_bits)) *
          design_.hardware.embedding_tile.banks;
      if (part.first_row > op.table_rows || part.rows > op.table_rows - part.first_row ||
          op.width != tile.width || static_cast<std::int64_t>(part.base + part.rows) > rows) {
        reject(file_, place + ".tables", op.name, "rows of the table, which fit the banks");
      }
      covered_[index] += part.rows;
    }
  }

  void interaction(const Tile& tile, const std::string& place) {
    const std::size_t index = find(tile.op, place + ".op");
    const Operator& op = model_.operators[index];
    std::int64_t elements = 0;
    for (const int input : op.inputs) elements += this->op(input).elements();
    const std::int64_t rows = tile.rows;
    bool fits = rows * tile.width == elements && tile.outputs == op.elements();
    switch (op.kind) {
      case OpKind::kDot:
        fits = fits && tile.outputs == rows * (rows - 1) / 2;
        break;
      case OpKind::kAdd:
      case OpKind::kMul:
        fits = fits && rows == static_cast<std::int64_t>(op.inputs.size());
        break;
      case OpKind::kFm:
        fits = fits && tile.width == op.width;
        break;
      case OpKind::kAttention:
        fits = fits && rows == 3 * std::int64_t{op.rows};
        break;
      case OpKind::kLayerNorm:
        fits = fits && rows == 1 && tile.norm == tile.op;
        break;
      default:
        fits = false;
        break;
    }
    if (!fits) reject(file_, place, op.name, "an interaction of its shape");
    if (op.kind != OpKind::kLayerNorm) {  // That one is counted as the tile's norm.
      covered_[index] += static_cast<std::uint64_t>(tile.outputs);
    }
  }

  /// A home and the parts that send it their sums hold all rows of the operator, each once.
  void partial_sums(const Tile& home, const std::string& place) const {
    if (home.raw || (home.kind != TileKind::kMvm && home.kind != TileKind::kEmbedding)) return;
    if (home.kind == TileKind::kEmbedding && home.partials() == 0 && home.tables.size() > 1) return;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> rows = {rows_of(home)};
    for (const Port& port : home.ports) {
      if (!port.partial) continue;
      const Tile& part = design_.tiles[static_cast<std::size_t>(port.tile)];
      if (part.kind != home.kind || part.op != home.op ||
          part.first_channel != home.first_channel || part.channels != home.channels) {
        reject(file_, place + ".ports", op(home.op).name, "sums of the same channels");
      }
      rows.push_back(rows_of(part));
    }
    std::sort(rows.begin(), rows.end());
    std::uint64_t next = 0;
    for (const auto& [first, count] : rows) {
      if (first != next) reject(file_, place + ".ports", op(home.op).name, "each row once");
      next += count;
    }
    const Operator& whole = op(home.op);
    const std::uint64_t all = home.kind == TileKind::kEmbedding
                                  ? whole.table_rows
                                  : static_cast<std::uint64_t>(fc_shape(model_, whole).inputs);
    if (next != all) reject(file_, place + ".ports", whole.name, "sums of all rows");
  }
  static std::pair<std::uint64_t, std::uint64_t> rows_of(const Tile& tile) {
    if (tile.kind == TileKind::kEmbedding) return {tile.tables[0].first_row, tile.tables[0].rows};
    return {static_cast<std::uint64_t>(tile.first_row), static_cast<std::uint64_t>(tile.rows)};
  }

  /// LayerNorm and sigmoid.
  void fused(const Tile& tile, const std::string& place) {
    if (tile.norm >= 0) {
      const std::size_t index = find(tile.norm, OpKind::kLayerNorm, place + ".norm");
      const Operator& norm = model_.operators[index];
      const bool alone = tile.norm == tile.op;
      if ((!alone && norm.inputs[0] != tile.op) || tile.outputs != norm.elements()) {
        reject(file_, place + ".norm", norm.name, "a LayerNorm of the whole output of the tile");
      }
      covered_[index] += static_cast<std::uint64_t>(tile.outputs);
    }
    if (!tile.sigmoid) return;
    const int result = result_of(model_, tile);
    if (result == tile.op) {
      reject(file_, place + ".sigmoid", op(tile.op).name, "an operator that a sigmoid reads");
    }
    covered_[static_cast<std::size_t>(result)] += static_cast<std::uint64_t>(tile.outputs);
  }

  /// Each element that comes in is the one that the operator reads there, and none is missing.
  void inputs(const Tile& tile, const std::string& place) const {
    if (tile.kind == TileKind::kEmbedding) return;
    const bool host = tile.kind == TileKind::kHost;
    const std::vector<Segment> segments =
        host ? prediction_segments(model_) : input_segments(model_, tile.op);
    const InputSlice slice = host ? InputSlice{0, model_.output().elements()} : input_slice(tile);
    std::int64_t wanted = 0;
    for (const Segment& segment : segments) {
      wanted += std::max(0, std::min(segment.at + segment.elements, slice.first + slice.elements) -
                                std::max(segment.at, slice.first));
    }
    int period = 1;
    for (std::size_t p = 0; p < tile.ports.size(); ++p) {
      if (tile.ports[p].partial) continue;
      input(tile.ports[p], segments, slice, place + ".ports[" + std::to_string(p) + "]");
      period = std::max(period, turn_of(tile, tile.ports[p]).period);
    }
    for (int sample = 0; sample < period; ++sample) {
      std::int64_t brought = 0;
      for (const Port& port : tile.ports) {
        const bool active = turn_of(tile, port).active(static_cast<std::uint64_t>(sample));
        if (active && !port.partial) brought += port.elements;
      }
      if (brought != wanted) {
        reject(file_, place + ".ports", "", "inputs that bring all that is read");
      }
    }
  }
  Turn turn_of(const Tile& tile, const Port& port) const {
    return turn(tile, design_.tiles[static_cast<std::size_t>(port.tile)]);
  }

  void input(const Port& port, const std::vector<Segment>& segments, const InputSlice& slice,
             const std::string& place) const {
    const Tile& from = design_.tiles[static_cast<std::size_t>(port.tile)];
    const Send& send = from.sends[static_cast<std::size_t>(port.send)];
    const std::vector<OutputRun>& runs = runs_[static_cast<std::size_t>(port.tile)];
    int done = 0;
    while (done < port.elements) {
      const int at = slice.first + port.first_element + done;
      const int sent = send.first_element + done;
      const auto segment = std::find_if(segments.begin(), segments.end(), [&](const Segment& s) {
        return at >= s.at && at < s.at + s.elements;
      });
      const auto run = std::find_if(runs.begin(), runs.end(), [&](const OutputRun& r) {
        return sent >= r.offset && sent < r.offset + r.elements;
      });
      if (segment == segments.end() || run == runs.end() || segment->op != run->op ||
          at - segment->at != run->first + sent - run->offset) {
        reject(file_, place, "", "the elements that the operator reads there");
      }
      const TensorFormat& format = op(run->op).output;
      if (port.element_bits != format.bits || port.is_signed != format.is_signed ||
          port.shift != segment->shift) {
        reject(file_, place, op(run->op).name, "bits, sign and shift of what it brings");
      }
      done += std::min(segment->at + segment->elements - at, run->offset + run->elements - sent);
    }
  }

  const Design& design_;
  const Model& model_;
  std::string file_;
  std::vector<std::uint64_t> covered_;  ///< Weights, rows or elements of each operator on tiles.
  std::vector<std::vector<OutputRun>> runs_;
};

}  // namespace

void validate(const Design& design, const Model& model, const std::string& file) {
  CoverChecker(design, model, file).run();
  validate_placement(design, model, file);
}

}  // namespace recpim
