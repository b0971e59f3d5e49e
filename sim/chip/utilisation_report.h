// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where the cycles of every tile went and what limits the throughput: "utilisation" of
/// result.json. Definitions: sim/README.md, "Where the cycles went".
#pragma once

#include <string>

#include "sim/chip/chip.h"

namespace recpim {

/// Of a run of `cycles` cycles: "limit", "operators", "tiles" (README.md of this folder).
Json utilisation_of(const Design& design, const Model& model, const Chip& chip, Cycle cycles);

/// Utilisation of every tile, a line each, cycles in columns.
std::string utilisation_csv(const Json& result);
/// The same by operator, shares of the cycles of its busiest engine, and the line "LIMIT: ...".
std::string utilisation_table(const Json& result);

}  // namespace recpim
