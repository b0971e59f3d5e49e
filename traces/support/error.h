// SPDX-License-Identifier: Apache-2.0
/// @file
/// The two ways in which a command fails. Only main() turns them into exit codes.
#pragma once

#include <stdexcept>
#include <string>

namespace recpim {

/// The input is wrong (exit code 2). The message is one line: file, place, value, what is accepted.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The work ran and its check failed (exit code 1): a mismatch, a deadlock, a search in
/// which no candidate could be scored.
class CheckError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InputError "file: place = value: accepted: what". Empty parts are left out.
[[noreturn]] void reject(const std::string& file, const std::string& place,
                         const std::string& value, const std::string& accepted);

}  // namespace recpim
