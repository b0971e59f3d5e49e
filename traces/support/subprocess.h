// SPDX-License-Identifier: Apache-2.0
/// @file
/// Another program, run to its end.
#pragma once

#include <string>

namespace recpim {

/// Runs a command line with /bin/sh, its standard input empty. True where it exits with 0.
/// Everything that it starts is one process group: an interruption of this process (interruption.h)
/// ends it too.
bool run_command(const std::string& command);

}  // namespace recpim
