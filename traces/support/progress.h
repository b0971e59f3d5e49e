// SPDX-License-Identifier: Apache-2.0
/// @file
/// A progress bar on standard error for work over a second; silent where that is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace recpim {

class Progress {
 public:
  Progress(std::string label, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Cheap enough for every sample: redraws at most ten times a second. `note` stands at the end
  /// of the line (a loss, say).
  void update(std::uint64_t done, const std::string& note = "");

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  std::uint64_t total_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_, last_;
};

}  // namespace recpim
