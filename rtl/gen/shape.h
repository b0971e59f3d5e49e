// SPDX-License-Identifier: Apache-2.0
/// @file
/// The dimensions of a chip: the parameters that its modules get. Everything else is data. Two
/// designs of one shape have the same chip.sv and share one Verilator build.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"

namespace recpim {

/// One tile: its module and the parameters in the order in which they are written.
struct TileShape {
  std::string module;
  std::vector<std::pair<std::string, int>> parameters;

  int at(const std::string& name) const;  ///< std::out_of_range where there is none.
};

/// How an MVM tile uses its crossbars.
struct MvmGrid {
  int row_blocks = 0, column_blocks = 0;  ///< Crossbars.
  int channel_columns = 0;                ///< Columns of a channel.
  int group_channels = 0;                 ///< Channels of an ADC.
  int crossbar_channels = 0;              ///< Channels of a crossbar.
  int adcs = 0;                           ///< ADCs of a crossbar.
};
MvmGrid mvm_grid(const Tile& tile, const Model& model, const Hardware& hardware);

/// The vectors that the normaliser of a tile takes to mean 0 and variance 1.
struct NormShape {
  int vectors = 1, length = 0;  ///< K and n of sim/README.md.
  bool along_rows = false;
};
NormShape norm_shape(const Tile& tile, const Model& model);

struct AttentionShape {
  int rows = 0, heads = 1, depth = 0;  ///< R, h and D of sim/README.md.
};
AttentionShape attention_shape(const Tile& tile, const Model& model);

/// Turns of the input ports of a tile until they repeat: a power of two. sim/README.md, "Replicas".
int port_turns(const Design& design, const Tile& tile);

/// A step of a tile's program of sends.
struct SendStep {
  std::size_t send = 0;
  bool last = false;  ///< Of its sample.
};
/// The sends of each sample that are active, until they repeat.
std::vector<SendStep> send_steps(const Design& design, const Tile& tile);

/// Tiles of one kind get the same parameters wherever their engines have the same dimensions; those
/// with several vectors a sample, a normaliser or attention are kinds of their own.
std::vector<TileShape> chip_shape(const Design& design, const Model& model);

}  // namespace recpim
