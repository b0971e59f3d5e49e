// SPDX-License-Identifier: Apache-2.0
/// @file
/// The names inside a trace file, shared by writer and reader; README.md tells what they hold.
#pragma once

#include <cstdint>
#include <string>

namespace recpim::layout {

constexpr const char* kSchema = "recpim.trace/1";
constexpr const char* kSchemaName = "schema";
constexpr const char* kSamplesName = "samples";
constexpr const char* kTablesName = "tables";
constexpr const char* kProvenanceName = "provenance";
constexpr const char* kTableName = "name";
constexpr const char* kRowsName = "rows";
constexpr const char* kBagSizeName = "bag_size";
constexpr const char* kArrivalName = "arrival_ns";
/// Row numbers are 32 bits wide.
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 32U;
/// More tables or dense features than any trace has; keeps a damaged file from asking for memory.
constexpr std::uint64_t kMaxTables = 65536;
constexpr std::uint64_t kMaxDense = 1U << 24U;

/// "/tables/0003": four digits at least, so that listings are in order.
inline std::string table_place(std::size_t table) {
  const std::string digits = std::to_string(table);
  return "/tables/" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

}  // namespace recpim::layout
