// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a format's parser makes of a line.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "traces/import/importer.h"

namespace recpim {

/// The identifier of an empty field: it gets row 0.
constexpr std::uint64_t kMissing = UINT64_MAX;

struct Record {
  float label = 0;
  std::vector<float> dense;
  /// One a table; with a single table any number: the sample's bag.
  std::vector<std::uint64_t> ids;
};

/// Why a line is malformed. The importer adds file and line.
struct Complaint {
  std::string place, value, accepted;
};

/// How identifiers become rows where the options do not say.
enum class RowPolicy {
  kHashed,    ///< (id mod (rows - 1)) + 1 with default rows.
  kCounted,   ///< Own rows for those seen often enough.
  kIdentity,  ///< The identifier is the row; the table ends at the largest.
};

struct Schema {
  std::uint32_t dense = 0;
  std::vector<std::string> tables;
  std::vector<std::uint64_t> default_rows;  ///< A table each; for kHashed.
  bool labels = true;
  RowPolicy policy = RowPolicy::kHashed;
  std::uint64_t min_count = 1;  ///< Default for kCounted.
  /// Dense width or largest identifier are known only after a pass over the whole file.
  bool width_from_file = false;
};

enum class Status { kRecord, kBad, kEnd };

/// A data set as a sequence of records.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Where it returns kBad, the record is unspecified and the next call goes on behind the line.
  virtual Status next(Record& record, Complaint& complaint) = 0;
  virtual void rewind() = 0;
  virtual const Schema& schema() const = 0;
  virtual std::string place() const = 0;  ///< "line 12", of the record that was read last.
  virtual std::uint64_t bytes_read() const = 0;
  virtual std::uint64_t file_size() const = 0;
};

/// The source of options.format; the format is one of import_formats().
std::unique_ptr<RecordSource> open_source(const ImportOptions& options, const std::string& file);

/// log(1 + max(x, 0)), what click models are fed with.
inline float squash(std::int64_t x) {
  constexpr std::size_t kTabled = 4096;
  static const auto kTable = [] {
    std::array<float, kTabled> table{};
    for (std::size_t i = 0; i < kTabled; ++i) {
      table[i] = static_cast<float>(std::log1p(static_cast<double>(i)));
    }
    return table;
  }();
  if (x <= 0) return 0;
  if (static_cast<std::uint64_t>(x) < kTabled) return kTable[static_cast<std::size_t>(x)];
  return static_cast<float>(std::log1p(static_cast<double>(x)));
}

/// A whole field as a number; false where it is none or does not fit.
template <typename T>
bool parse_whole(std::string_view text, T& value, int base = 10) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  return result.ec == std::errc() && result.ptr == end;
}

inline bool parse_whole(std::string_view text, double& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(value);
}

}  // namespace recpim
