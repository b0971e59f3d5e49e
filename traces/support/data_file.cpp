// SPDX-License-Identifier: Apache-2.0
#include "traces/support/data_file.h"

#include <filesystem>
#include <system_error>

namespace recpim {

std::string data_file(const std::string& relative) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = program.parent_path().parent_path() / "share" / "recpim" / relative;
    if (fs::exists(installed, error)) return installed.string();
  }
  return (fs::path(RECPIM_SOURCE_DIR) / relative).string();
}

}  // namespace recpim
