// SPDX-License-Identifier: Apache-2.0
/// @file
/// JSON files read with a place for every complaint.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace recpim {

using Json = nlohmann::ordered_json;

/// Parses a file; a syntax error is an InputError with line and column.
Json read_json_file(const std::string& path);
void write_json_file(const std::string& path, const Json& json);

/// A view of one JSON object or array that knows the file and place it came from
/// ("operators[3].output.bits"). Every getter throws InputError with that place where the value is
/// missing, of another type or out of range.
class JsonView {
 public:
  JsonView(const Json& json, std::string file, std::string place = "");

  const Json& raw() const { return *json_; }
  const std::string& file() const { return file_; }
  const std::string& place() const { return place_; }
  bool has(const std::string& key) const;
  JsonView at(const std::string& key) const;  ///< A member that must be there.
  JsonView at(std::size_t index) const;       ///< An array element.
  std::size_t size() const;                   ///< Of an array; InputError where it is none.

  std::int64_t integer(std::int64_t low, std::int64_t high) const;
  double number(double low, double high) const;
  bool boolean() const;
  std::string text() const;
  std::string one_of(const std::vector<std::string>& accepted) const;
  std::vector<std::int64_t> integers(std::int64_t low, std::int64_t high) const;

  /// InputError where the object has a key that is not in `known`.
  void only(const std::set<std::string>& known) const;
  [[noreturn]] void fail(const std::string& accepted) const;

 private:
  const Json* json_;
  std::string file_, place_;
};

}  // namespace recpim
