// SPDX-License-Identifier: Apache-2.0
/// @file
/// A design: a model mapped on a hardware. Says which operator part runs on which tile of the mesh,
/// what flows between tiles, and which weight block or table row sits where. It holds no weights:
/// they are read from the model when values flow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/hardware.h"
#include "traces/support/error.h"

namespace recpim {

/// The model asks for more than the chip has (exit code 2 of `map`; the search counts it as an
/// infeasible candidate). The message says what is needed and what there is.
class DoesNotFit : public InputError {
 public:
  using InputError::InputError;
};

enum class TileKind { kHost, kMvm, kEmbedding, kInteraction };

/// One packet a sample, of a tile to a port of another.
struct Send {
  int tile = 0;           ///< Receiver: position in Design::tiles.
  int port = 0;           ///< Of the receiver.
  int first_element = 0;  ///< Of the sender's output vector (0 at the host and where all is sent).
  int elements = 0;       ///< Elements sent. Lookup packets: their number varies, this is 0.
};

/// Where packets arrive. Ports 0 ... inputs - 1 fill the input buffer, the others partial sums.
struct Port {
  int tile = 0;           ///< Producer: position in Design::tiles.
  int send = 0;           ///< Which of the producer's sends: names its credit counter.
  bool partial = false;   ///< int32 partial sums, added by the vector unit.
  int first_element = 0;  ///< Where the packet's elements go in the input (or partial) vector.
  int elements = 0;       ///< 0: lookups, their number varies.
  int element_bits = 8;   ///< 4, 8, 16; partial sums and lookups 32.
  bool is_signed = true;  ///< Elements are two's complement. Partial sums and lookups: true.
  /// Elements are shifted left on arrival: 4 where 4 bits join 8 (concat, pad, add), else 0. The
  /// inputs of a product or an attention have scales of their own and are never shifted.
  int shift = 0;
};

/// A run of rows of one table held by an embedding tile.
struct TablePart {
  int op = 0;                   ///< The embedding operator.
  std::uint64_t first_row = 0;  ///< Of the table.
  std::uint64_t rows = 0;
  std::uint64_t base = 0;  ///< Local row of first_row: bank = local row / bank rows.
};

struct Tile {
  TileKind kind = TileKind::kMvm;
  int x = 0, y = 0;
  int op = -1;              ///< The operator; the first one of an embedding tile; -1 at the host.
  int part = 0;             ///< Which part of it, from 0.
  std::vector<Port> ports;  ///< Inputs first, then partial sums, in the order they are added.
  std::vector<Send> sends;  ///< In the order in which a sample's packets leave.

  // MVM: rows [first_row, first_row + rows) of the input by channels [first_channel, + channels).
  int first_row = 0, rows = 0, first_channel = 0, channels = 0;
  int adc_shift = 0;  ///< k of the ADC's transfer, of the operator.
  int vectors = 1;    ///< Vectors of a sample that go through the weights, one after the other.
  Axis axis = Axis::kAll;  ///< How they lie in the input vector of rows x vectors elements.
  // Embedding: tables in the order of their output. All have `width` elements a row.
  std::vector<TablePart> tables;
  // Embedding: elements of a table row. Interaction: rows x width elements go in (first_row 0).
  // Dot, FM: the input's shape. Add, mul: a row an input. Attention: rows of queries, keys and
  // values.
  int width = 0;

  // The vector unit and what leaves it.
  int outputs = 0;       ///< Elements of the output vector.
  bool raw = false;      ///< int32 accumulators leave as they are, to a home tile.
  bool sigmoid = false;  ///< A fused sigmoid after the requantiser.
  /// The LayerNorm behind the requantiser, which then puts out 16 bits; -1: none. On a tile whose
  /// `op` it is itself the requantiser passes the one input through.
  int norm = -1;
  int output_bits = 8;  ///< 4, 8, 16; 32 where raw.

  int inputs() const;          ///< Number of input ports.
  int partials() const;        ///< Number of partial-sum ports.
  int input_elements() const;  ///< Elements of the input vector (0: lookups).
  int input_bits() const;      ///< Of an element of the input vector: those of the widest port.
};

struct Design {
  std::string name;
  /// Folder of the model, as this process reaches it. In the file it is relative to the design's
  /// folder, and so is Hardware::technology where that is a path.
  std::string model_path;
  std::string model_sha256;
  std::string strategy;
  Hardware hardware;
  std::vector<Tile> tiles;              ///< [0] is the host, at mesh position (0, 0).
  int mesh_columns = 0, mesh_rows = 0;  ///< Routers of the smallest mesh that holds the used tiles.

  int find(int op, int part) const;  ///< -1 where there is none.
};

/// Payload flits of a packet of `elements` elements of `bits` bits (at least one).
int payload_flits(int elements, int bits, int flit_bits);

/// Physical crossbars that an MVM tile uses: row blocks x column blocks (0 for other kinds).
int crossbars_used(const Tile& tile, const Hardware& hardware, int weight_bits);

/// Naive mapping: each operator its own tiles, tables one after the other, row-major placement.
/// Needs a quantised model with its integer weights (std::invalid_argument otherwise). DoesNotFit
/// where the chip is too small, InputError where a model's shape has no mapping. Leaves
/// model_path and model_sha256 to the caller. README.md of this folder has the rules.
Design map_naive(const Model& model, const Hardware& hardware);

/// Throws InputError (naming `file` and the place) where the parts of a design contradict one
/// another: cross references of ports and sends, places on the mesh, shapes, sizes.
void validate(const Design& design, const std::string& file);
/// The same against the model (weights not needed): every operator is mapped, whole, once.
void validate(const Design& design, const Model& model, const std::string& file);

Json design_to_json(const Design& design);
/// Reads and validates, leaving paths as they stand.
Design design_from_json(const JsonView& json);

void save_design(const Design& design, const std::string& path);
/// Reads and validates; checks that the model at model_path is the one that was mapped.
/// `folder_of_model` receives the resolved folder of the model (nullptr: nobody needs the model,
/// and that check is left out).
Design load_design(const std::string& path, std::string* folder_of_model);

}  // namespace recpim
