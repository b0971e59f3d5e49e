// SPDX-License-Identifier: Apache-2.0
/// @file
/// One architecture as a model, and where its weights lie in the shared ones: every weight of a
/// sub-network is a part of one parameter of the supernet, its first outputs and some runs of its
/// inputs. The same construction trains, evaluates and extracts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/supernet/architecture.h"
#include "models/supernet/space.h"
#include "traces/format/trace.h"

namespace recpim::supernet {

constexpr int kEmbeddingDim = 16;  ///< NASRec, arXiv 2207.07187, section 5.1
constexpr int kDsiRows = 8;        ///< Rows that a dense-to-sparse merger adds; its public code.
constexpr int kHeads = 8;          ///< Of the transformer; its public code.
constexpr const char* kLogit = "logit";  ///< The last parameter, and the fc that has it.

/// A weight of the supernet at its full size.
struct Parameter {
  std::string name;           ///< b3_dot_rows: block 3, the dot product's projection of rows.
  std::uint64_t rows = 0;     ///< Outputs of an fc, places of a LayerNorm, rows of a table.
  std::uint64_t columns = 1;  ///< Inputs of an fc, 1 of a LayerNorm, width of a table.
  bool biased = false;        ///< An fc's biases are trained. (A LayerNorm's always are.)
  bool norm = false;          ///< Of a LayerNorm: gains and biases.
  float initial_gain = 1;     ///< norm
  int table = -1;             ///< Which table of the trace, -1 for none.
};

/// All parameters of a space on traces of that shape; their order is the order on disk.
/// std::invalid_argument where more dense features come in than the widest output has.
std::vector<Parameter> parameters(const SpaceDescription& space, const TraceInfo& trace);

/// Columns [first, first + count) of a parameter.
struct Run {
  std::uint64_t first = 0, count = 0;
};

/// An operator's weight is rows 0 ... rows - 1 of a parameter, its runs of columns side by side.
struct Slice {
  std::size_t op = 0;         ///< Position in Model::operators.
  std::size_t parameter = 0;  ///< Position in parameters().
  std::uint64_t rows = 0;
  std::vector<Run> columns;
};

struct Subnetwork {
  Model model;  ///< Kind "nasrec", without weights; every operator's precision is its slot's.
  std::vector<Slice> slices;
};

/// round(sqrt(2 D)): to how many rows a dot product with D outputs projects its rows, so that it
/// has about D pairs.
int projected_rows(int dense_width);

/// Builds sub-networks of one space for traces of one shape.
class SubnetworkBuilder {
 public:
  SubnetworkBuilder(SpaceDescription space, TraceInfo trace);

  const SpaceDescription& space() const { return space_; }
  const TraceInfo& trace() const { return trace_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

  /// The architecture must be of the space (std::invalid_argument where its widths are larger).
  Subnetwork build(const Architecture& architecture) const;
  /// The full path: every operator of the space in every block, their outputs added; all inputs,
  /// the largest widths, both switches on, precision 8/8. `left` and `right` are the last block's.
  Subnetwork build_full_path() const;

 private:
  SpaceDescription space_;
  TraceInfo trace_;
  std::vector<Parameter> parameters_;
};

}  // namespace recpim::supernet
