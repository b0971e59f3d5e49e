// SPDX-License-Identifier: Apache-2.0
/// @file
/// New models with random float weights, not yet quantised.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/builder.h"
#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

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

struct ClickShape {
  int embedding_dim = 16;
  std::vector<int> deep = {64, 32};  ///< Widths of the hidden fcs.
  int cross_layers = 2;              ///< create_dcn.
};

/// Models that join everything in a last fc, whose output is the logit. "First order": an embedding
/// of one value a row for each table, and the dense features as they are.
/// std::invalid_argument where the trace has neither tables nor dense features.
///
/// Logistic regression: first order alone.
Model create_lr(const TraceInfo& trace, Precision precision, std::uint64_t seed);
/// Factorisation machine (Rendle, ICDM 2010): first order and the sum over pairs of rows, one value
/// a dimension of the embedding; the last fc weighs the dimensions (Rendle's all alike).
Model create_fm(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                std::uint64_t seed);
/// Wide & Deep (Cheng et al., arXiv 1606.07792), its wide part without hand-made crosses: first
/// order, and hidden fcs on embeddings and dense features.
Model create_wide_deep(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                       std::uint64_t seed);
/// DeepFM (Guo et al., arXiv 1703.04247): both of the above with shared embeddings.
Model create_deepfm(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                    std::uint64_t seed);
/// Deep & Cross with cross layers x_{l+1} = x_0 * (W x_l + b) + x_l (DCN-V2, Wang et al., arXiv
/// 2008.13535) beside the hidden fcs, both on embeddings and dense features.
Model create_dcn(const TraceInfo& trace, const ClickShape& shape, Precision precision,
                 std::uint64_t seed);

/// Fully connected layers: layers[0] is the input's width, then one fc a number, ReLU between.
Model create_mlp(const std::vector<int>& layers, Precision precision, std::uint64_t seed);

}  // namespace recpim
