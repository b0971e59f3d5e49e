// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a trace's lookups look like, table by table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/format/trace.h"
#include "traces/support/json.h"

namespace recpim {

struct TableProfile {
  std::string name;
  std::uint64_t rows = 0;
  std::uint64_t lookups = 0;
  std::uint64_t unique_rows = 0;
  std::uint64_t max_bag = 0;
  /// Share of the lookups that go to the most looked-up ceil(rows / 100) rows of the table.
  double hottest_share = 0;
  double reuse = 0;  ///< Lookups a touched row.
  /// Bin i: rows that are looked up 2^(i-1) + 1 .. 2^i times (bin 0: once).
  std::vector<std::uint64_t> rows_by_reuse, lookups_by_reuse;
};

struct TraceProfile {
  TraceInfo info;
  /// Samples a second between the first and the last arrival; 0 where that is not known.
  double arrival_rate = 0;
  double positive_share = 0;
  /// Of the true probabilities where the trace has them: their log loss on the labels, and its
  /// expectation (their mean entropy).
  double bayes_logloss = 0, expected_logloss = 0;
  std::vector<TableProfile> tables;
};

/// Reads the trace once. Memory: 4 bytes for every row up to the highest one that is looked up.
TraceProfile profile_trace(const TraceReader& trace);

Json to_json(const TraceProfile& profile);
/// A table for a person, with a line break at its end.
std::string to_text(const TraceProfile& profile);

}  // namespace recpim
