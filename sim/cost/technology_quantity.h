// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the figures of a technology file may scale with.
#pragma once

#include <set>
#include <string>

#include "models/mapping/hardware.h"

namespace recpim {

/// A quantity of the hardware in the units of its file. std::logic_error for another name.
double quantity(const Hardware& hardware, const std::string& name);
const std::set<std::string>& quantities();

}  // namespace recpim
