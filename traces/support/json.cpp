// SPDX-License-Identifier: Apache-2.0
#include "traces/support/json.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Json read_json_file(const std::string& path) {
  const std::string text = read_text_file(path);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto end =
        text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(error.byte, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    reject(path, "line " + std::to_string(line), "", "JSON");
  }
}

void write_json_file(const std::string& path, const Json& json) {
  write_text_file(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

JsonView::JsonView(const Json& json, std::string file, std::string place)
    : json_(&json), file_(std::move(file)), place_(std::move(place)) {}

void JsonView::fail(const std::string& accepted) const {
  std::string value = json_->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (value.size() > 60) value = value.substr(0, 57) + "...";
  reject(file_, place_.empty() ? "top level" : place_, value, accepted);
}

bool JsonView::has(const std::string& key) const {
  return json_->is_object() && json_->contains(key);
}

JsonView JsonView::at(const std::string& key) const {
  if (!json_->is_object()) fail("an object with the key " + key);
  const std::string inner = place_.empty() ? key : place_ + "." + key;
  const auto found = json_->find(key);
  if (found == json_->end()) reject(file_, inner, "", "this key, which is missing");
  return {*found, file_, inner};
}

JsonView JsonView::at(std::size_t index) const {
  if (!json_->is_array()) fail("an array");
  if (index >= json_->size()) fail("an array of more than " + std::to_string(index) + " elements");
  return {(*json_)[index], file_, place_ + "[" + std::to_string(index) + "]"};
}

std::size_t JsonView::size() const {
  if (!json_->is_array()) fail("an array");
  return json_->size();
}

std::int64_t JsonView::integer(std::int64_t low, std::int64_t high) const {
  const std::string accepted =
      "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  if (!json_->is_number_integer()) fail(accepted);
  if (json_->is_number_unsigned() &&
      json_->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    fail(accepted);
  }
  const auto value = json_->get<std::int64_t>();
  if (value < low || value > high) fail(accepted);
  return value;
}

double JsonView::number(double low, double high) const {
  std::ostringstream accepted;
  accepted << "a number from " << low << " to " << high;
  if (!json_->is_number()) fail(accepted.str());
  const auto value = json_->get<double>();
  if (!(value >= low && value <= high)) fail(accepted.str());
  return value;
}

bool JsonView::boolean() const {
  if (!json_->is_boolean()) fail("true, false");
  return json_->get<bool>();
}

std::string JsonView::text() const {
  if (!json_->is_string()) fail("a string");
  return json_->get<std::string>();
}

std::string JsonView::one_of(const std::vector<std::string>& accepted) const {
  if (!json_->is_string()) fail(join(accepted));
  auto value = json_->get<std::string>();
  if (std::find(accepted.begin(), accepted.end(), value) == accepted.end()) fail(join(accepted));
  return value;
}

std::vector<std::int64_t> JsonView::integers(std::int64_t low, std::int64_t high) const {
  std::vector<std::int64_t> values(size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = at(i).integer(low, high);
  return values;
}

void JsonView::only(const std::set<std::string>& known) const {
  if (!json_->is_object()) fail("an object");
  for (const auto& item : json_->items()) {
    if (known.count(item.key()) == 0) {
      const std::string inner = place_.empty() ? item.key() : place_ + "." + item.key();
      reject(file_, inner, "unknown key",
             join(std::vector<std::string>(known.begin(), known.end())));
    }
  }
}

}  // namespace recpim
