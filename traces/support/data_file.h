// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where the files that come with the program lie: technology files, RTL.
#pragma once

#include <string>

namespace recpim {

/// The path of a file or folder of the source tree ("sim/technology/isaac-32nm.yaml", "rtl/lib"):
/// PREFIX/share/recpim/... where the running program is PREFIX/bin/... and it is there, else in the
/// source tree that the program was built from. The result may not exist: the caller checks.
std::string data_file(const std::string& relative);

}  // namespace recpim
