// SPDX-License-Identifier: Apache-2.0
/// @file
/// Units that no publication has a figure for, made up of multipliers and adders that have one.
#pragma once

#include <string>
#include <vector>

#include "sim/cost/technology.h"

namespace recpim {

/// What one event of a unit multiplies and adds, and what one instance of it is made of (each of
/// them does one a cycle). Shifters, comparisons and tables of constants are not counted.
struct Composite {
  std::string name;
  int multipliers = 0, adders = 0;
};

/// "square", "exponential", ...: README.md of this folder says what each consists of.
const std::vector<Composite>& composites();

/// pJ an event and mm2 or mW an instance, of a component of the technology or of a composite.
double part_energy_pj(const Technology& technology, const std::string& part,
                      const Hardware& hardware);
double part_area_mm2(const Technology& technology, const std::string& part,
                     const Hardware& hardware);
double part_leakage_mw(const Technology& technology, const std::string& part);
/// Whether the technology has the component (composites: always).
bool has_part(const Technology& technology, const std::string& part);

}  // namespace recpim
