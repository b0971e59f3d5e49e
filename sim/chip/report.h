// SPDX-License-Identifier: Apache-2.0
/// @file
/// From a finished simulation to result.json (schema recpim.result/1) and to a table to read.
#pragma once

#include <string>
#include <vector>

#include "sim/chip/chip.h"
#include "sim/chip/simulate.h"

namespace recpim {

Json make_report(const Design& design, const Model& model, const TraceReader& trace,
                 const SimulateOptions& options, const Chip& chip,
                 const std::vector<Prediction>& predictions, double wall_s);

/// The table that `recpim simulate` prints.
std::string report_table(const Json& result);

}  // namespace recpim
