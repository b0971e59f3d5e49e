// SPDX-License-Identifier: Apache-2.0
/// @file
/// Gains that leave a model's function as it is and make its pairwise interaction fit one integer
/// format. The inputs of a concatenation share one scale, so bottom output, embeddings and dot
/// products would lose bits to the largest of them. Scaling part t of the interaction by a_t, and
/// the columns of the next fc by 1/a_t (the part itself) and 1/(a_t a_u) (the dot product of t and
/// u), is exact: ReLU and sums commute with a positive gain.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// Parts -> rows of a concat -> dot -> [some parts, dots] -> fc, with no other reader on the way.
struct Interaction {
  std::vector<std::size_t> parts;  ///< Embeddings and fcs, one a row.
  std::size_t dot = 0;
  std::size_t consumer = 0;              ///< The fc.
  std::vector<std::int64_t> own_column;  ///< Where a part starts in the fc's input, -1 where not.
  std::int64_t dot_column = 0;
};

/// The interactions of a model that have this form; a DLRM has one, an MLP none.
std::vector<Interaction> find_interactions(const Model& model);

/// Applies the gains (one a part, above 0) and compensates them. Float weights only: quantise()
/// afterwards.
void apply_gains(Model& model, const Interaction& interaction, const std::vector<double>& gains);

/// Gives every part and the dot products of each interaction the same range on `samples` of the
/// trace, then what else is joined (equalise_joined.h).
void equalise(Model& model, const TraceReader& trace, const std::vector<std::uint64_t>& samples);

}  // namespace recpim
