// SPDX-License-Identifier: Apache-2.0
/// @file
/// The naive mapping at work: naive.cpp has its order and the mesh, naive_placement.cpp which tiles
/// an operator gets, naive_wiring.cpp what flows between them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/mapping/design.h"
#include "models/mapping/wiring.h"

namespace recpim {

[[noreturn]] void does_not_fit(const std::string& place, const std::string& need,
                               const std::string& there_is);

class NaiveMapper {
 public:
  NaiveMapper(const Model& model, const Hardware& hardware);
  Design run();

 private:
  /// Elements [first, first + elements) of an operator's output are elements from `offset` on of
  /// the output of a tile.
  struct Home {
    int tile, first, elements, offset;
  };
  struct Piece {
    int tile, first, elements, at, shift;
  };

  const Operator& op(int index) const { return model_.operators[static_cast<std::size_t>(index)]; }
  Tile& tile(int index) { return design_.tiles[static_cast<std::size_t>(index)]; }
  std::string place_of(int index) const { return model_.name + ": " + op(index).name; }

  void check();
  void place_on_mesh();

  // naive_placement.cpp
  int add_tile(TileKind kind, int index);
  void place_operator(int index);
  void check_accumulator(int index) const;
  int crossbar_channels(int index) const;
  void place_fc(int index);
  void place_interaction(int index);
  void place_layer_norm(int index);
  void fuse_sigmoid(int index);
  std::int64_t tile_rows(const Operator& table) const;
  bool joins(int t, const Operator& table, std::int64_t capacity) const;
  void place_embedding(int index);
  void split_table(int index, std::uint64_t capacity);

  // naive_wiring.cpp
  void find_homes();
  std::vector<Piece> pieces(const std::vector<Segment>& segments, const InputSlice& slice) const;
  void connect(int from, int first, int to, const Port& port);
  void wire(int t);
  TensorFormat format_of(int t) const;

  const Model& model_;
  const Hardware& hardware_;
  Design design_;
  std::vector<int> consumers_;            ///< Of each operator.
  std::vector<std::vector<Home>> homes_;  ///< Of each operator, in element order.
  int open_ = -1;                         ///< The embedding tile that the next table may join.
};

}  // namespace recpim
