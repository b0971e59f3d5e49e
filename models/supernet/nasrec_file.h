// SPDX-License-Identifier: Apache-2.0
/// @file
/// The JSON in which NASRec (arXiv 2207.07187) publishes an architecture; README.md, "NASRec
/// files".
#pragma once

#include <string>

#include "models/supernet/architecture.h"
#include "traces/support/json.h"

namespace recpim::supernet {

struct NasrecFile {
  Architecture architecture;  ///< 8/8 everywhere; in the space but for the number of blocks.
  std::string space;          ///< A name of space_names().
};

/// InputError with file, place, value and what is accepted for anything that is not as described.
NasrecFile read_nasrec_file(const std::string& path);
NasrecFile nasrec_of(const JsonView& json);

}  // namespace recpim::supernet
