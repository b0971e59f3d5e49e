// SPDX-License-Identifier: Apache-2.0
/// @file
/// New models with random float weights, not yet quantised.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

struct Precision {
  int weight_bits = 8;      ///< Of every fc and embedding: 2, 4, 8.
  int activation_bits = 8;  ///< Of every output but logit and probability: 4, 8.
};

struct DlrmShape {
  int embedding_dim = 16;
  std::vector<int> bottom = {64, 16};  ///< Its last width must be embedding_dim.
  std::vector<int> top = {64, 32, 1};  ///< Its last width must be 1.
};

/// The deep learning recommendation model (Naumov et al., arXiv 1906.00091): bottom fcs on the
/// dense features, one embedding a table, dot products of all pairs, top fcs on [bottom, dots],
/// sigmoid. Without dense features there is no bottom and the top sees the dots alone.
/// std::invalid_argument where the shape does not fit the trace.
Model create_dlrm(const TraceInfo& trace, const DlrmShape& shape, Precision precision,
                  std::uint64_t seed);

/// The standard deviation of an operator's initial weights.
double initial_deviation(const Model& model, const Operator& op);

/// Fully connected layers: layers[0] is the input's width, then one fc a number, ReLU between.
Model create_mlp(const std::vector<int>& layers, Precision precision, std::uint64_t seed);

}  // namespace recpim
