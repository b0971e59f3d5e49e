// SPDX-License-Identifier: Apache-2.0
/// @file
/// Kills a process that writes checkpoints, at a moment that the machine's load does not move.
#pragma once

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <tuple>

namespace recpim::supernet::test {

/// What a file is now; another one after each rename onto its place.
inline std::tuple<ino_t, time_t, long> identity(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {};
  return {found.st_ino, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

/// Waits until the child has put `times` new files at `path`, and a little, then kills it. True if
/// it died of that.
inline bool kill_after(pid_t child, const std::string& path, int times,
                       std::chrono::microseconds little) {
  auto last = identity(path);
  int status = 0;
  while (times > 0) {
    if (waitpid(child, &status, WNOHANG) != 0) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    const auto now = identity(path);
    if (now != last) --times;
    last = now;
  }
  std::this_thread::sleep_for(little);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

}  // namespace recpim::supernet::test
