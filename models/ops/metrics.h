// SPDX-License-Identifier: Apache-2.0
/// @file
/// The two measures of a click predictor's quality.
#pragma once

#include <cstdint>
#include <vector>

namespace recpim {

/// Mean of -log(p) over clicks and -log(1 - p) over others, natural logarithm. Probabilities are
/// clamped to [2^-24, 1 - 2^-24] so that one saturated prediction does not make it infinite.
/// std::invalid_argument where the sizes differ or are 0.
double log_loss(const std::vector<float>& labels, const std::vector<double>& probabilities);

/// The area under the ROC curve: the chance that a click scores above another sample, ties
/// counting one half. Exact (counted in integers). NaN where only one class is there or a
/// score is NaN.
double auc(const std::vector<float>& labels, const std::vector<double>& scores);

}  // namespace recpim
