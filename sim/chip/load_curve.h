// SPDX-License-Identifier: Apache-2.0
/// @file
/// Latency against load: one point a simulated rate, and the knee of the curve.
#pragma once

#include <string>
#include <vector>

#include "traces/support/json.h"

namespace recpim {

/// Of the rates of a curve, the largest at which, and below which throughout, the p99 latency is at
/// most this many times the one at the lowest rate.
constexpr double kKneeFactor = 2;

/// `points` and `knee` of curve.json (README.md) from result.json of runs in rising order of
/// `arrival.rate_samples_per_s`.
Json load_curve(const std::vector<Json>& results);
std::string curve_csv(const Json& curve);    ///< A header and one line a point.
std::string curve_table(const Json& curve);  ///< What `recpim simulate` prints.

}  // namespace recpim
