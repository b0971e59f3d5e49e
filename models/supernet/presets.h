// SPDX-License-Identifier: Apache-2.0
/// @file
/// The six best architectures that NASRec published, built in.
#pragma once

#include <string>
#include <vector>

#include "models/supernet/architecture.h"

namespace recpim::supernet {

/// nasrec-criteo-full, nasrec-criteo-small, nasrec-avazu-full, ... nasrec-kdd-small
std::vector<std::string> preset_names();
/// Every precision 8/8. InputError where there is none of that name.
Architecture preset(const std::string& name);

}  // namespace recpim::supernet
