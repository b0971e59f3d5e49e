// SPDX-License-Identifier: Apache-2.0
/// @file
/// SHA-256 of files and strings (OpenSSL libcrypto), as 64 lower-case hexadecimal digits.
#pragma once

#include <string>

namespace recpim {

std::string sha256_of_file(const std::string& path);
std::string sha256_of_text(const std::string& text);

}  // namespace recpim
