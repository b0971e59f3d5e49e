// SPDX-License-Identifier: Apache-2.0
/// @file
/// A folder of its own for one test case, and what an InputError said.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "traces/support/error.h"

namespace recpim {

class Scratch {
 public:
  Scratch() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = "recpim-" + std::string(test->test_suite_name()) + "-" + test->name() + "-" +
                       std::to_string(getpid()) + "-" + std::to_string(count_++);
    std::replace(name.begin(), name.end(), '/', '-');
    folder_ = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t files() const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) n += entry.exists();
    return n;
  }

 private:
  static inline int count_ = 0;
  std::filesystem::path folder_;
};

/// What the InputError of `work` says; "" where there is none.
template <typename Work>
std::string complaint(Work work) {
  try {
    work();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "";
}

}  // namespace recpim
