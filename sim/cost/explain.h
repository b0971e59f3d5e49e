// SPDX-License-Identifier: Apache-2.0
/// @file
/// Accounts of a design's costs: count x figure = contribution, with the source of each figure.
#pragma once

#include <string>
#include <vector>

#include "sim/cost/cost_model.h"

namespace recpim {

/// The charges of a whole chip, one entry a component: tiles, then "router", "link". They add up to
/// energy_of() without leakage.
std::vector<Charge> chip_charges(const Design& design, const ChipEvents& events,
                                 const Technology& technology, std::int64_t cycles,
                                 Activity activity = Activity::kWorst);

/// What one sample does on the chip without simulating it: `lookups` in each table, none of which
/// share a read; flits along XY routes, their heads and credits. Replicas: those of sample 0.
ChipEvents one_sample(const Design& design, const Model& model, int lookups);

/// Instances of one component on all tiles of a design (routers of its mesh).
struct Part {
  std::string component;
  double count = 0;
  double area_mm2 = 0;    ///< Of one.
  double leakage_mw = 0;  ///< Of one.
};
std::vector<Part> chip_parts(const Design& design, const Model& model,
                             const Technology& technology);

/// Where a component's figures come from: source and conditions, scaling between nodes, what is not
/// published. Of a composite: what it is made up of.
std::string provenance_of(const Technology& technology, const std::string& component);

}  // namespace recpim
