// SPDX-License-Identifier: Apache-2.0
/// @file
/// Gains for what is joined by a concatenation and then multiplied by fcs only. Such operators
/// share one integer scale, so small ones (tables, deviation 0.03) would lose their bits to large
/// ones (outputs of a LayerNorm, deviation 1). A gain above 0 on one of them and its inverse in the
/// columns of all fcs that read it leave the float function as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// Where one fc reads an operator: columns [first, first + elements) of its weight, along its axis.
struct Reading {
  std::size_t fc = 0;
  std::int64_t first = 0, columns = 0;
};

/// An operator whose output may take a gain: an embedding, fc or LayerNorm that is read by fcs
/// alone, directly or through concatenations and pads, in whole columns.
struct Joined {
  std::size_t op = 0;
  std::vector<Reading> readings;
};

/// All of a model's, in its order; those that are joined with nothing are left out.
std::vector<Joined> find_joined(const Model& model);

/// Multiplies the output of `joined` by `gain` (above 0) and takes it back in its readers.
void apply_gain(Model& model, const Joined& joined, double gain);

/// Gives everything that is joined with one another one best scale on `samples` of the trace: that
/// of the members which can take no gain, if there are such, else the geometric mean.
void equalise_joined(Model& model, const TraceReader& trace,
                     const std::vector<std::uint64_t>& samples);

}  // namespace recpim
