// SPDX-License-Identifier: Apache-2.0
/// @file
/// Toy spaces and functions that stand in for the simulator, and a folder that goes away.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "search/search.h"

namespace recpim::search {

/// `genes` genes of values 0 ... choices - 1.
inline Space toy_space(int genes, int choices) {
  std::vector<int> values(static_cast<std::size_t>(choices));
  std::iota(values.begin(), values.end(), 0);
  std::vector<Gene> list(static_cast<std::size_t>(genes));
  for (std::size_t g = 0; g < list.size(); ++g) list[g] = {"g" + std::to_string(g), "toy", values};
  return Space(list);
}

/// 1 + sum of (value - g mod 5)^2: one optimum, value g mod 5 everywhere, of 1.
inline double bowl(const std::vector<int>& values) {
  double sum = 1;
  for (std::size_t g = 0; g < values.size(); ++g) {
    const double distance = values[g] - static_cast<int>(g % 5);
    sum += distance * distance;
  }
  return sum;
}

/// Log loss is the bowl; the others trade off against it.
inline Outcome toy_outcome(const Values& values) {
  Outcome outcome;
  outcome.state = State::kDone;
  double total = 1;
  for (const int v : values) total += v;
  outcome.objectives = {bowl(values), 100 / total, total / 3, 7};
  outcome.details["cycles"] = static_cast<int>(10 * total);
  outcome.details["auc"] = nullptr;
  return outcome;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "recpim-search-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The message of the InputError that `call` must throw.
template <typename Error, typename Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace recpim::search
