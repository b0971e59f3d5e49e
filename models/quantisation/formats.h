// SPDX-License-Identifier: Apache-2.0
/// @file
/// Which operators' outputs share one integer scale.
#pragma once

#include <cstddef>
#include <vector>

#include "models/graph/graph.h"

namespace recpim {

/// For each operator the position of one that stands for its group: the inputs of what joins them
/// (kinds.h), and itself where it is wiring.
std::vector<std::size_t> format_groups(const Model& model);

/// Chooses the output format of every operator. `seen`: each operator's float outputs on the
/// samples that calibrate.
void choose_formats(Model& model, const std::vector<std::vector<float>>& seen);

}  // namespace recpim
