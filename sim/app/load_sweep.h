// SPDX-License-Identifier: Apache-2.0
/// @file
/// `recpim simulate` at several rates: a forked process a rate, a curve of all.
#pragma once

#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/chip/simulate.h"

namespace recpim::app {

/// The runs' result.json, in the order of `rates`; the same whatever `jobs`. The lowest rate that
/// can't be simulated is named: InputError where the input is wrong, else CheckError.
std::vector<Json> simulate_rates(const Design& design, const Model& model, const std::string& trace,
                                 const SimulateOptions& options, const std::vector<double>& rates,
                                 int jobs);

/// "FROM:TO:STEPS": so many rates, evenly spaced, both ends included.
std::vector<double> rates_of_sweep(const std::string& text);
/// "R" or "R,R,...", rising.
std::vector<double> rates_of_list(const std::string& text);

}  // namespace recpim::app
