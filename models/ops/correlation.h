// SPDX-License-Identifier: Apache-2.0
/// @file
/// How far two lists of figures of the same things agree.
#pragma once

#include <vector>

namespace recpim {

/// Kendall's tau-b: of all pairs, those in the same order less those in opposite order, over the
/// geometric mean of the pairs that are not tied in the one and in the other list (Kendall 1945).
/// NaN where all of a list are equal, there are less than two, or one is NaN.
/// std::invalid_argument where the lengths differ.
double kendall_tau(const std::vector<double>& a, const std::vector<double>& b);

/// Pearson's correlation coefficient; NaN and std::invalid_argument in the same cases.
double pearson_r(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace recpim
