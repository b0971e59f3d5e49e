// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/design.h"

#include <algorithm>
#include <set>

#include "models/mapping/encoding.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr int kMaxPorts = 1 << 15;   // The head flit's port field.
constexpr int kMaxVector = 1 << 20;  // Elements, as an operator's.

/// Complaints about one design file.
class Checker {
 public:
  Checker(const Design& design, std::string file) : design_(design), file_(std::move(file)) {}

  void run() {
    const auto& tiles = design_.tiles;
    require(
        !tiles.empty() && tiles[0].kind == TileKind::kHost && tiles[0].x == 0 && tiles[0].y == 0,
        "tiles[0]", "the host, at (0, 0)");
    require(design_.mesh_columns >= 1 && design_.mesh_columns <= design_.hardware.mesh.columns &&
                design_.mesh_rows >= 1 && design_.mesh_rows <= design_.hardware.mesh.rows,
            "mesh", "a mesh that the hardware has");
    std::set<std::pair<int, int>> places;
    for (std::size_t t = 0; t < tiles.size(); ++t) {
      const Tile& tile = tiles[t];
      const std::string place = "tiles[" + std::to_string(t) + "]";
      require(t == 0 || tile.kind != TileKind::kHost, place, "one host");
      require(
          tile.x >= 0 && tile.x < design_.mesh_columns && tile.y >= 0 && tile.y < design_.mesh_rows,
          place + ".x, .y", "a place inside the mesh");
      require(places.insert({tile.x, tile.y}).second, place + ".x, .y", "a place of its own");
      require(!tile.sends.empty() && tile.sends.size() < kMaxPorts, place + ".sends",
              "from 1 to 32767 sends");
      require(!tile.ports.empty() && tile.ports.size() < kMaxPorts, place + ".ports",
              "from 1 to 32767 ports");
      for (std::size_t s = 0; s < tile.sends.size(); ++s) send(t, s, place);
      for (std::size_t p = 0; p < tile.ports.size(); ++p) port(t, p, place);
      engine(tile, place);  // First: it bounds what input_vector multiplies.
      input_vector(tile, place);
    }
  }

 private:
  void require(bool holds, const std::string& place, const std::string& accepted) const {
    if (!holds) reject(file_, place, "", accepted);
  }
  const Tile* tile(int index) const {
    if (index < 0 || index >= static_cast<int>(design_.tiles.size())) return nullptr;
    return &design_.tiles[static_cast<std::size_t>(index)];
  }

  void send(std::size_t t, std::size_t s, const std::string& outer) const {
    const Tile& from = design_.tiles[t];
    const Send& send = from.sends[s];
    const std::string place = outer + ".sends[" + std::to_string(s) + "]";
    const Tile* to = tile(send.tile);
    require(to != nullptr, place + ".tile", "a position in tiles");
    require(send.port >= 0 && send.port < static_cast<int>(to->ports.size()), place + ".port",
            "a port of the receiver");
    const Port& port = to->ports[static_cast<std::size_t>(send.port)];
    require(port.tile == static_cast<int>(t) && port.send == static_cast<int>(s), place,
            "a send that the receiver's port names back");
    require(port.elements == send.elements, place + ".elements", "as many as the receiver's port");
    const bool lookups = from.kind == TileKind::kHost && to->kind == TileKind::kEmbedding;
    require(lookups ? send.elements == 0 : send.elements >= 1, place + ".elements",
            "at least 1; 0 for lookups");
    require(send.first_element >= 0 && (from.kind == TileKind::kHost ||
                                        send.first_element + send.elements <= from.outputs),
            place + ".first_element", "elements of the sender's output");
    const int bits = lookups                        ? 32
                     : from.kind == TileKind::kHost ? port.element_bits
                                                    : from.output_bits;
    require(port.element_bits == bits, place, "the element_bits of the receiver's port");
    require(port.partial == from.raw, place, "raw accumulators to partial ports, and no others");
  }

  void port(std::size_t t, std::size_t p, const std::string& outer) const {
    const Port& port = design_.tiles[t].ports[p];
    const std::string place = outer + ".ports[" + std::to_string(p) + "]";
    const Tile* from = tile(port.tile);
    require(from != nullptr, place + ".tile", "a position in tiles");
    require(port.send >= 0 && port.send < static_cast<int>(from->sends.size()), place + ".send",
            "a send of the producer");
    const Send& send = from->sends[static_cast<std::size_t>(port.send)];
    require(send.tile == static_cast<int>(t) && send.port == static_cast<int>(p), place,
            "a port that the producer's send names back");
  }

  /// Input ports come first, in the order of the input vector. What they leave out of it is
  /// padding: whether it should be, the model says.
  void input_vector(const Tile& tile, const std::string& place) const {
    int filled = 0;
    bool partial = false;
    for (const Port& port : tile.ports) {
      require(port.partial || !partial, place + ".ports", "inputs before partial sums");
      partial = port.partial;
      if (partial) {
        require(tile.kind != TileKind::kHost && port.first_element == 0 &&
                    port.elements == tile.outputs && port.element_bits == 32,
                place + ".ports", "partial sums of the whole output, of 32 bits");
        continue;
      }
      require(port.first_element >= filled, place + ".ports",
              "inputs in the order of the input vector");
      require(port.shift == 0 || (port.shift == 4 && port.element_bits == 4), place + ".ports",
              "a shift of 0, or of 4 for 4 bits");
      filled = port.first_element + port.elements;
    }
    require(tile.inputs() >= 1, place + ".ports", "at least one input");
    if (tile.kind == TileKind::kEmbedding) {
      require(tile.inputs() == 1 && tile.ports[0].tile == 0, place + ".ports",
              "one input, the host's lookups");
    } else if (tile.kind != TileKind::kHost) {
      require(filled <= tile.input_elements(), place + ".ports",
              "inputs inside the input vector of " + std::to_string(tile.input_elements()) +
                  " elements");
    }
  }

  void engine(const Tile& tile, const std::string& place) const {
    if (tile.kind == TileKind::kHost) return;
    require(
        (!tile.raw || tile.output_bits == 32) &&
            (tile.raw || tile.output_bits == 4 || tile.output_bits == 8 || tile.output_bits == 16),
        place + ".output_bits", "4, 8 or 16; 32 where raw");
    require(!tile.sigmoid || (!tile.raw && tile.kind == TileKind::kMvm), place + ".sigmoid",
            "a sigmoid behind the requantiser of an MVM tile");
    require(tile.norm < 0 || (!tile.raw && !tile.sigmoid && tile.kind != TileKind::kEmbedding),
            place + ".norm", "a LayerNorm behind a requantiser, without a sigmoid");
    if (tile.kind == TileKind::kMvm) {
      require(tile.outputs == std::int64_t{tile.channels} * tile.vectors, place + ".outputs",
              "channels * vectors");
      require(std::int64_t{tile.rows} * tile.vectors <= kMaxVector && tile.outputs <= kMaxVector,
              place + ".vectors", "input and output vectors of at most 2^20 elements");
    } else if (tile.kind == TileKind::kInteraction) {
      require(static_cast<std::int64_t>(tile.rows) * tile.width <=
                  design_.hardware.interaction_tile.max_elements,
              place + ".rows", "at most interaction_tile.max_elements elements");
      // Pairs of rows, a value a column, or one an element of a third of the rows (attention).
      const std::int64_t rows = tile.rows;
      require(tile.outputs == rows * (rows - 1) / 2 || tile.outputs == tile.width ||
                  (rows % 3 == 0 && tile.outputs == rows / 3 * tile.width),
              place + ".outputs", "those of an interaction of rows x width elements");
    } else {
      embedding(tile, place);
    }
  }

  void embedding(const Tile& tile, const std::string& place) const {
    require(!tile.tables.empty() && tile.tables.size() <= 128, place + ".tables",
            "from 1 to 128 tables");
    require(tile.outputs == tile.width * static_cast<int>(tile.tables.size()), place + ".outputs",
            "tables * width");
    std::uint64_t used = 0;
    for (const TablePart& part : tile.tables) {
      require(part.base >= used && part.rows >= 1 && part.base + part.rows <= (1U << 24U),
              place + ".tables", "tables one after the other, below row 2^24");
      used = part.base + part.rows;
    }
  }

  const Design& design_;
  std::string file_;
};

}  // namespace

int Tile::inputs() const {
  return static_cast<int>(
      std::count_if(ports.begin(), ports.end(), [](const Port& port) { return !port.partial; }));
}

int Tile::partials() const { return static_cast<int>(ports.size()) - inputs(); }

int Tile::input_elements() const {
  if (kind == TileKind::kMvm) return rows * vectors;
  if (kind == TileKind::kInteraction) return rows * width;
  if (kind == TileKind::kEmbedding) return 0;
  int elements = 0;
  for (const Port& port : ports) elements += port.elements;
  return elements;
}

int Tile::input_bits() const {
  int bits = 0;
  for (const Port& port : ports) {
    if (!port.partial) bits = std::max(bits, port.element_bits + port.shift);
  }
  return bits;
}

int Design::find(int op, int part) const {
  for (std::size_t t = 1; t < tiles.size(); ++t) {
    if (tiles[t].op == op && tiles[t].part == part) return static_cast<int>(t);
  }
  return -1;
}

int payload_flits(int elements, int bits, int flit_bits) {
  return std::max(1, static_cast<int>(ceil_div(static_cast<std::int64_t>(elements) * bits,
                                               static_cast<std::int64_t>(flit_bits))));
}

int crossbars_used(const Tile& tile, const Hardware& hardware, int weight_bits) {
  if (tile.kind != TileKind::kMvm) return 0;
  return ceil_div(tile.rows, hardware.crossbar.rows) *
         ceil_div(tile.channels, hardware.channels_per_crossbar(weight_bits));
}

void validate(const Design& design, const std::string& file) {
  validate(design.hardware, file);
  Checker(design, file).run();
}

}  // namespace recpim
