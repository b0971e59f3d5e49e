// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "models/mapping/encoding.h"
#include "models/ops/integer_reference.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr std::int64_t kMaxLocalRows = std::int64_t{1} << 24;  // A lookup's row field: 24 bits.
constexpr int kMaxTables = 128;                                // Its table field: 7 bits.

[[noreturn]] void does_not_fit(const std::string& place, const std::string& need,
                               const std::string& there_is) {
  throw DoesNotFit(place + ": does not fit the chip: needs " + need + ": accepted: " + there_is);
}

class NaiveMapper {
 public:
  NaiveMapper(const Model& model, const Hardware& hardware) : model_(model), hardware_(hardware) {
    design_.name = model.name;
    design_.strategy = "naive";
    design_.hardware = hardware;
    homes_.resize(model.operators.size());
  }

  Design run() {
    check();
    Tile host;
    host.kind = TileKind::kHost;
    design_.tiles.push_back(host);
    for (int i = 0; i < static_cast<int>(model_.operators.size()); ++i) place_operator(i);
    place_on_mesh();
    for (int t = 0; t < static_cast<int>(design_.tiles.size()); ++t) wire(t);
    return std::move(design_);
  }

 private:
  /// Elements [first, first + elements) of an operator's output are elements from `offset` on of
  /// the output of a tile.
  struct Home {
    int tile, first, elements, offset;
  };
  /// Elements [first, first + elements) of operator `op` come to position `at` of an input vector.
  struct Segment {
    int op, first, elements, at;
  };
  struct Piece {
    int tile, first, elements, at;
  };

  const Operator& op(int index) const { return model_.operators[static_cast<std::size_t>(index)]; }
  Tile& tile(int index) { return design_.tiles[static_cast<std::size_t>(index)]; }
  std::vector<Home>& homes(int index) { return homes_[static_cast<std::size_t>(index)]; }

  int add_tile(TileKind kind, int index) {
    Tile tile;
    tile.kind = kind;
    tile.op = index;
    tile.output_bits = op(index).output.bits;
    design_.tiles.push_back(tile);
    return static_cast<int>(design_.tiles.size()) - 1;
  }

  void check() const {
    if (!model_.quantised) throw std::invalid_argument("map_naive: the model is not quantised");
    std::vector<int> consumers(model_.operators.size(), 0);
    int dense = 0;
    for (const Operator& each : model_.operators) {
      for (const int input : each.inputs) ++consumers[static_cast<std::size_t>(input)];
      if (each.kind == OpKind::kDenseInput) ++dense;
    }
    if (dense > 1) reject(model_.name, "operators", std::to_string(dense), "one dense input");
    ++consumers.back();  // The host.
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      const Operator& each = model_.operators[i];
      if (consumers[i] == 0 && each.kind != OpKind::kDenseInput) {
        reject(model_.name, each.name, "no consumer", "an operator whose output is used");
      }
      if (each.kind != OpKind::kSigmoid) continue;
      const int input = each.inputs.at(0);
      if (op(input).kind != OpKind::kFc || consumers[static_cast<std::size_t>(input)] != 1) {
        reject(model_.name, each.name, op(input).name,
               "a sigmoid behind a fully connected operator that feeds nothing else");
      }
    }
  }

  [[noreturn]] void no_tile_for(const Operator& op, const std::string& what) const {
    reject(model_.name, op.name, what,
           "dense_input, embedding, fc of all elements, concat of one precision, dot, sigmoid: the "
           "chip has no tile for others yet");
  }

  void place_operator(int index) {
    if (op(index).kind == OpKind::kFc && op(index).axis != Axis::kAll) {
      no_tile_for(op(index), std::string("fc along ") + axis_name(op(index).axis));
    }
    for (const int input : op(index).inputs) {
      if (op(index).kind == OpKind::kConcat && op(input).output.bits != op(index).output.bits) {
        no_tile_for(op(index), "concat of 4 and 8 bits");
      }
    }
    switch (op(index).kind) {
      case OpKind::kDenseInput:
        homes(index) = {{0, 0, op(index).elements(), 0}};
        break;
      case OpKind::kEmbedding:
        place_embedding(index);
        break;
      case OpKind::kFc:
        place_fc(index);
        break;
      case OpKind::kDot:
        place_dot(index);
        break;
      case OpKind::kSigmoid:  // Fused into the operator that feeds it.
        homes(index) = homes(op(index).inputs[0]);
        for (const Home& home : homes(index)) {
          tile(home.tile).sigmoid = true;
          tile(home.tile).output_bits = op(index).output.bits;
        }
        break;
      case OpKind::kConcat:  // Resolved where its consumer is wired.
        break;
      case OpKind::kLayerNorm:
      case OpKind::kAdd:
      case OpKind::kMul:
      case OpKind::kFm:
      case OpKind::kAttention:
      case OpKind::kPad:
        no_tile_for(op(index), kind_name(op(index).kind));
    }
  }

  void check_accumulator(int index) const {
    const std::int64_t greatest = accumulator_bound(model_, static_cast<std::size_t>(index));
    if (greatest > std::numeric_limits<std::int32_t>::max()) {
      does_not_fit(model_.name + ": " + op(index).name,
                   "an accumulator for sums up to " + std::to_string(greatest), "sums of 32 bits");
    }
  }

  void place_fc(int index) {
    const Operator& fc = op(index);
    if (fc.weight_q.empty()) {
      throw std::invalid_argument("map_naive: " + fc.name + " has no integer weights");
    }
    const int per_block = hardware_.channels_per_crossbar(fc.weight_bits);
    if (per_block == 0) {
      does_not_fit(
          model_.name + ": " + fc.name,
          std::to_string(hardware_.columns_per_weight(fc.weight_bits)) +
              " columns on one ADC for a weight of " + std::to_string(fc.weight_bits) + " bits",
          "adc.columns_per_adc, which is " + std::to_string(hardware_.adc.columns_per_adc));
    }
    const int inputs = static_cast<int>(fc.weight_q.size() / static_cast<std::size_t>(fc.width));
    check_accumulator(index);
    const int crossbars = hardware_.mvm_tile.crossbars;
    const int row_blocks = ceil_div(inputs, hardware_.crossbar.rows);
    const int rows = std::min(row_blocks, crossbars) * hardware_.crossbar.rows;
    const int channels = std::max(1, crossbars / row_blocks) * per_block;
    const int shift = operator_adc_shift(hardware_, fc);
    int part = 0;
    for (int channel = 0; channel < fc.width; channel += channels) {
      for (int row = 0; row < inputs; row += rows) {
        const int t = add_tile(TileKind::kMvm, index);
        Tile& each = tile(t);
        each.part = part++;
        each.first_row = row;
        each.rows = std::min(rows, inputs - row);
        each.first_channel = channel;
        each.channels = std::min(channels, fc.width - channel);
        each.adc_shift = shift;
        each.outputs = each.channels;
        if (row == 0) {
          homes(index).push_back({t, channel, each.channels, 0});
        } else {
          each.raw = true;
          each.output_bits = 32;
        }
      }
    }
  }

  void place_dot(int index) {
    const Operator& dot = op(index);
    int elements = 0;
    for (const int input : dot.inputs) elements += op(input).elements();
    int rows = 2;
    while (rows * (rows - 1) / 2 < dot.elements()) ++rows;
    if (rows * (rows - 1) / 2 != dot.elements() || elements % rows != 0) {
      throw std::invalid_argument("map_naive: " + dot.name + ": no rows make that many pairs");
    }
    if (elements > hardware_.interaction_tile.max_elements) {
      does_not_fit(model_.name + ": " + dot.name, std::to_string(elements) + " input elements",
                   "interaction_tile.max_elements, which is " +
                       std::to_string(hardware_.interaction_tile.max_elements));
    }
    check_accumulator(index);
    const int t = add_tile(TileKind::kInteraction, index);
    tile(t).rows = rows;
    tile(t).width = elements / rows;
    tile(t).outputs = dot.elements();
    homes(index) = {{t, 0, dot.elements(), 0}};
  }

  std::int64_t tile_rows(const Operator& table) const {
    const int row_bits = hardware_.table_row_bits(table.width, table.weight_bits);
    const std::int64_t bank_rows = hardware_.bank_rows(row_bits);
    if (bank_rows == 0) {
      does_not_fit(
          model_.name + ": " + table.name, std::to_string(row_bits) + " bits a table row",
          "embedding_tile.bank_kib, which is " + std::to_string(hardware_.embedding_tile.bank_kib));
    }
    return std::min(kMaxLocalRows, bank_rows * hardware_.embedding_tile.banks);
  }

  bool joins(int t, const Operator& table, std::int64_t capacity) const {
    if (t < 0) return false;
    const Tile& each = design_.tiles[static_cast<std::size_t>(t)];
    const Operator& first = op(each.op);
    const TablePart& last = each.tables.back();
    return first.width == table.width && first.weight_bits == table.weight_bits &&
           first.output.bits == table.output.bits &&
           first.output.is_signed == table.output.is_signed &&
           static_cast<int>(each.tables.size()) < kMaxTables &&
           static_cast<std::int64_t>(last.base + last.rows + table.table_rows) <= capacity;
  }

  void place_embedding(int index) {
    const Operator& table = op(index);
    const std::int64_t capacity = tile_rows(table);
    if (static_cast<std::int64_t>(table.table_rows) > capacity) {
      split_table(index, static_cast<std::uint64_t>(capacity));
      open_ = -1;
      return;
    }
    if (!joins(open_, table, capacity)) {
      open_ = add_tile(TileKind::kEmbedding, index);
      tile(open_).width = table.width;
    }
    Tile& each = tile(open_);
    const std::uint64_t base =
        each.tables.empty() ? 0 : each.tables.back().base + each.tables.back().rows;
    each.tables.push_back({index, 0, table.table_rows, base});
    homes(index) = {{open_, 0, table.width, each.outputs}};
    each.outputs += table.width;
  }

  void split_table(int index, std::uint64_t capacity) {
    const Operator& table = op(index);
    const std::uint64_t parts = ceil_div(table.table_rows, capacity);
    const int there = hardware_.mesh.columns * hardware_.mesh.rows - 1;
    if (parts > static_cast<std::uint64_t>(there)) {
      does_not_fit(model_.name + ": " + table.name,
                   std::to_string(parts) + " embedding tiles for " +
                       std::to_string(table.table_rows) + " rows",
                   "at most " + std::to_string(there));
    }
    for (std::uint64_t part = 0; part < parts; ++part) {
      const int t = add_tile(TileKind::kEmbedding, index);
      Tile& each = tile(t);
      each.part = static_cast<int>(part);
      each.width = each.outputs = table.width;
      const std::uint64_t first = part * capacity;
      each.tables = {{index, first, std::min(capacity, table.table_rows - first), 0}};
      if (part == 0) {
        homes(index) = {{t, 0, table.width, 0}};
      } else {
        each.raw = true;
        each.output_bits = 32;
      }
    }
  }

  void place_on_mesh() {
    const int tiles = static_cast<int>(design_.tiles.size());
    const int columns = hardware_.mesh.columns;
    if (tiles > columns * hardware_.mesh.rows) {
      does_not_fit(model_.name, std::to_string(tiles) + " tiles, the host's included",
                   "at most " + std::to_string(columns * hardware_.mesh.rows) +
                       ", the mesh being " + std::to_string(columns) + " x " +
                       std::to_string(hardware_.mesh.rows));
    }
    for (int t = 0; t < tiles; ++t) {
      tile(t).x = t % columns;
      tile(t).y = t / columns;
    }
    design_.mesh_columns = std::min(columns, tiles);
    design_.mesh_rows = ceil_div(tiles, columns);
  }

  /// Appends where the elements of operator `index`, put at `at`, come from.
  void resolve(int index, int at, std::vector<Segment>& out) const {
    if (op(index).kind != OpKind::kConcat) {
      out.push_back({index, 0, op(index).elements(), at});
      return;
    }
    for (const int input : op(index).inputs) {
      resolve(input, at, out);
      at += op(input).elements();
    }
  }

  /// The packets that bring elements [first, first + elements) of an input vector: one a run that
  /// is consecutive in one producer and at the consumer.
  std::vector<Piece> pieces(const std::vector<Segment>& segments, int first, int elements) {
    std::vector<Piece> out;
    for (const Segment& segment : segments) {
      for (const Home& home : homes(segment.op)) {
        const int at = segment.at + home.first;  // Of the home's first element, in the vector.
        const int low = std::max(at, first);
        const int high = std::min(at + home.elements, first + elements);
        if (low >= high) continue;
        const Piece piece{home.tile, home.offset + low - at, high - low, low - first};
        if (!out.empty() && out.back().tile == piece.tile &&
            out.back().first + out.back().elements == piece.first &&
            out.back().at + out.back().elements == piece.at) {
          out.back().elements += piece.elements;
        } else {
          out.push_back(piece);
        }
      }
    }
    return out;
  }

  void connect(int from, int first, int to, const Port& port) {
    Port here = port;
    here.tile = from;
    here.send = static_cast<int>(tile(from).sends.size());
    tile(from).sends.push_back({to, static_cast<int>(tile(to).ports.size()), first, port.elements});
    tile(to).ports.push_back(here);
  }

  void wire(int t) {
    const TileKind kind = tile(t).kind;
    std::vector<Segment> segments;
    int first = 0;
    int elements = 0;
    if (kind == TileKind::kHost) {
      resolve(static_cast<int>(model_.operators.size()) - 1, 0, segments);
      elements = model_.output().elements();
    } else if (kind == TileKind::kEmbedding) {
      connect(0, 0, t, {0, 0, false, 0, 0, 32});
    } else {
      int at = 0;
      for (const int input : op(tile(t).op).inputs) {
        resolve(input, at, segments);
        at += op(input).elements();
      }
      first = tile(t).first_row;
      elements = tile(t).input_elements();
    }
    for (const Piece& piece : pieces(segments, first, elements)) {
      const int bits = piece.tile == 0 ? dense_bits() : tile(piece.tile).output_bits;
      connect(piece.tile, piece.first, t, {0, 0, false, piece.at, piece.elements, bits});
    }
    if (kind == TileKind::kHost || tile(t).raw) return;
    // A home: the raw parts follow it, up to the next home.
    for (int p = t + 1; p < static_cast<int>(design_.tiles.size()); ++p) {
      if (tile(p).op != tile(t).op || !tile(p).raw) break;
      connect(p, 0, t, {0, 0, true, 0, tile(p).outputs, 32});
    }
  }

  int dense_bits() const {
    for (const Operator& each : model_.operators) {
      if (each.kind == OpKind::kDenseInput) return each.output.bits;
    }
    return 8;
  }

  const Model& model_;
  const Hardware& hardware_;
  Design design_;
  std::vector<std::vector<Home>> homes_;  ///< Of each operator, in element order.
  int open_ = -1;                         ///< The embedding tile that the next table may join.
};

}  // namespace

Design map_naive(const Model& model, const Hardware& hardware) {
  return NaiveMapper(model, hardware).run();
}

}  // namespace recpim
