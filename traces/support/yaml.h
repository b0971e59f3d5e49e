// SPDX-License-Identifier: Apache-2.0
/// @file
/// YAML files (yaml-cpp) read into the JSON values that JsonView checks.
#pragma once

#include <cstdint>
#include <string>

#include "traces/support/json.h"

namespace recpim {

/// Reads one YAML document. Plain scalars are null, booleans, whole numbers or decimals as in the
/// YAML core schema, quoted ones strings. InputError: a syntax error (with its line), a key given
/// twice, a key that is no string, a decimal that a double does not hold exactly as written (more
/// than 15 significant digits).
Json read_yaml_file(const std::string& path);

/// The exact value of a decimal number times 10^power: (1.2, 9) -> 1200000000. InputError with
/// `accepted` where the value is no number, the product is not whole, or not in [low, high].
std::int64_t exact_decimal(const JsonView& value, int power, std::int64_t low, std::int64_t high,
                           const std::string& accepted);
/// The reverse: value / 10^power as a JSON number, whole where it can be.
Json decimal_json(std::int64_t value, int power);

}  // namespace recpim
