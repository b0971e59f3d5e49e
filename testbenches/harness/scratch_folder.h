// SPDX-License-Identifier: Apache-2.0
/// @file
/// A folder of this process's own among the temporary files, gone when the process ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace recpim::testing {

/// Made at the first call. A forked child uses its parent's and leaves it there.
inline const std::string& scratch_folder() {
  struct Folder {
    pid_t owner = getpid();
    std::string path =
        (std::filesystem::temp_directory_path() / ("recpim-scratch-" + std::to_string(owner)))
            .string();
    Folder() { std::filesystem::create_directories(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
      std::error_code ignored;
      if (getpid() == owner) std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder folder;
  return folder.path;
}

}  // namespace recpim::testing
