// SPDX-License-Identifier: Apache-2.0
/// @file
/// Tables in Markdown from the lines of results.
#pragma once

#include <string>
#include <vector>

#include "testbenches/bench/training/quality/contender.h"
#include "traces/support/json.h"

namespace recpim::quality {

/// A row for each model and number format: means, paired differences to the base model's float and
/// to the model's own float, standard errors. Lines of other settings than the chosen ones are left
/// out.
std::string quality_table(const QualityConfig& config, const std::vector<Json>& results);

/// What was tried for each model, the best mean validation log loss first; the chosen one is bold.
/// At most `most` lines a model, the chosen one always.
std::string tuning_table(const QualityConfig& config, const std::vector<Json>& results,
                         std::size_t most);

}  // namespace recpim::quality
