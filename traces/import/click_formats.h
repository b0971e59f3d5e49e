// SPDX-License-Identifier: Apache-2.0
/// @file
/// The line parsers of the click data sets: Criteo, Avazu, KDD Cup 2012 track 2.
#pragma once

#include "traces/import/record.h"

namespace recpim {

/// What the line-based formats have in common; LineSource (sources.cpp) calls it.
class LineParser {
 public:
  virtual ~LineParser() = default;
  virtual const Schema& schema() const = 0;
  /// The first line, where the format has a header; false in `complaint` where it is another.
  virtual bool has_header() const { return false; }
  virtual bool check_header(std::string_view /*line*/, Complaint& /*complaint*/) { return true; }
  virtual bool parse(std::string_view line, Record& record, Complaint& complaint) = 0;
};

std::unique_ptr<LineParser> make_criteo_parser();
std::unique_ptr<LineParser> make_avazu_parser();
std::unique_ptr<LineParser> make_kdd2012_parser();

}  // namespace recpim
