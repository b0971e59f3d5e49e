// SPDX-License-Identifier: Apache-2.0
/// @file
/// The run store: a folder with search.sqlite, one row an evaluation, written as results come.
/// Every row is a transaction of its own, so a kill at any moment leaves whole rows. Schema and
/// example queries: README.md of search/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "search/algorithms/algorithm.h"
#include "search/score/measurement.h"
#include "traces/support/json.h"

namespace recpim::search {

/// One evaluation. Number 0 is the reference (the base hardware, the model's own weight bits);
/// candidates count from 1 in the order in which the algorithm proposed them.
struct Evaluation {
  int number = 0;
  int parent = kNone;   ///< Evaluation that it was bred from.
  int same_as = kNone;  ///< Earlier evaluation of the same genome whose outcome it shares.
  std::string genome;   ///< Space::encode.
  Outcome outcome;
};

class Store {
 public:
  /// Opens or makes the run folder. InputError where another search writes there, where the folder
  /// holds something and `resume` is off, or where it was made with another configuration (the
  /// first difference is named). With `resume` and no store yet it is made.
  /// `git`: the revision of this program, kept beside the configuration but not compared.
  Store(const std::string& folder, const Json& config, const std::string& git, bool resume);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& folder() const { return folder_; }
  /// The revision that made the store.
  std::string git() const;
  /// Everything stored, by number.
  std::vector<Evaluation> evaluations() const;
  /// Adds one evaluation, durably (it survives the death of this process).
  void add(const Evaluation& evaluation, std::uint64_t seed);

  /// The search could not begin: takes away the store that this object made, and its folder if that
  /// is then empty. Nothing where the store was there before.
  void abandon();

  static constexpr const char* kFile = "search.sqlite";
  static constexpr const char* kLock = "search.lock";
  static constexpr const char* kSchema = "recpim.search.store/1";

 private:
  struct Database;
  template <typename Read>
  auto reading(const Read& read) const;
  std::vector<Evaluation> read_evaluations() const;
  void lock();
  void require_ours(bool resume) const;
  void create(const Json& config, const std::string& git) const;
  void compare(const Json& config) const;
  void insert(const Evaluation& evaluation, std::uint64_t seed);

  std::string folder_;
  int lock_ = -1;
  bool made_ = false;
  std::unique_ptr<Database> database_;
};

}  // namespace recpim::search
