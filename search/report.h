// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a finished search says: front.json and a table.
#pragma once

#include <string>
#include <vector>

#include "search/search.h"
#include "search/space/design_space.h"

namespace recpim::search {

/// The candidate with the least scalar objective, the first of several; nullptr where none is done.
const Evaluation* best_of(const std::vector<Evaluation>& evaluations,
                          const ScalarObjective& objective);

/// front.json without host and provenance: equal for equal searches. Layout: README.md of search/.
Json front_json(const DesignSpace& space, const std::vector<Evaluation>& evaluations,
                const ScalarObjective& objective, const Json& config);

/// The front, the reference above it, for a person.
std::string front_table(const DesignSpace& space, const std::vector<Evaluation>& evaluations,
                        const ScalarObjective& objective);

/// The exact size of the space and of its parts, for a person.
std::string count_table(const DesignSpace& space);

}  // namespace recpim::search
