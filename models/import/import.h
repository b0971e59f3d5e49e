// SPDX-License-Identifier: Apache-2.0
/// @file
/// Models of other frameworks: an ONNX file, as PyTorch exports it, to our graph. What is
/// understood is in README.md of this folder.
#pragma once

#include <string>

#include "models/graph/builder.h"
#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

/// A model of kind "onnx" with the file's float weights, not yet quantised. Tables and dense
/// features are matched with those of the trace by position; require_fit() tells whether their
/// sizes fit. InputError names the file and the node that is not understood.
Model import_onnx(const std::string& file, const TraceInfo& trace, Precision precision,
                  bool add_sigmoid = false);

}  // namespace recpim
