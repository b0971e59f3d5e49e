// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a process that is interrupted (Ctrl-C, SIGTERM, SIGHUP) takes away before it ends: files
/// and folders that are still being written.
#pragma once

#include <string>

namespace recpim {

/// Installs the signal handlers; for main(). A signal that is ignored (nohup) stays ignored.
void remove_temporaries_at_interruption();

/// A process group that an interruption ends before temporaries go. One at a time.
class RunningGroup {
 public:
  explicit RunningGroup(int group);
  ~RunningGroup();
  RunningGroup(const RunningGroup&) = delete;
  RunningGroup& operator=(const RunningGroup&) = delete;
};

/// Registers a path for as long as it lives. At most 16 at a time and of up to 4095 characters are
/// remembered; what is beyond stays behind and is removed by the next run into that place.
class Temporary {
 public:
  explicit Temporary(const std::string& path);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

 private:
  int slot_ = -1;
};

}  // namespace recpim
