// SPDX-License-Identifier: Apache-2.0
#include "traces/support/yaml.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <optional>

#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

constexpr int kMaxDepth = 16;  // An alias may name a node that holds it: no file of ours is deep.
constexpr int kMaxNodes = 1 << 18;  // And aliases of aliases grow exponentially.

/// digits * 10^exponent, sign apart, no trailing zeros in digits: one form for each value.
struct Decimal {
  bool negative = false;
  std::string digits;
  long exponent = 0;
  bool operator==(const Decimal& other) const {
    return negative == other.negative && digits == other.digits && exponent == other.exponent;
  }
};

/// Takes the digits at `at` of `text`, which it moves past them.
std::string digits_at(const std::string& text, std::size_t& at) {
  const std::size_t from = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return text.substr(from, at - from);
}

/// Of a plain decimal: [-+] digits [. digits] [e [-+] digits]. Nothing where it is none.
std::optional<Decimal> decimal_of(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  constexpr std::size_t kLongestExponent = 4;
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::size_t at = text[0] == '-' || text[0] == '+' ? 1 : 0;
  Decimal decimal;
  decimal.digits = digits_at(text, at);
  if (at < text.size() && text[at] == '.') {
    const std::string fraction = digits_at(text, ++at);
    decimal.digits += fraction;
    decimal.exponent = -static_cast<long>(fraction.size());
  }
  if (decimal.digits.empty()) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool down = ++at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::string exponent = digits_at(text, at);
    if (exponent.empty() || exponent.size() > kLongestExponent) return std::nullopt;
    decimal.exponent += (down ? -1 : 1) * std::stol(exponent);
  }
  if (at != text.size()) return std::nullopt;
  decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
  while (!decimal.digits.empty() && decimal.digits.back() == '0') {
    decimal.digits.pop_back();
    ++decimal.exponent;
  }
  if (decimal.digits.empty()) decimal.exponent = 0;
  decimal.negative = text[0] == '-' && !decimal.digits.empty();
  return decimal;
}

class Converter {
 public:
  explicit Converter(std::string file) : file_(std::move(file)) {}

  Json convert(const YAML::Node& node, const std::string& place, int depth) {
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
      reject(file_, place, "", "at most " + std::to_string(kMaxDepth) + " levels of nesting");
    }
    if (node.IsMap()) return map(node, place, depth);
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const auto& item : node) {
        list.push_back(convert(item, place + "[" + std::to_string(list.size()) + "]", depth + 1));
      }
      return list;
    }
    return node.IsScalar() ? scalar(node, place) : Json(nullptr);
  }

 private:
  Json map(const YAML::Node& node, const std::string& place, int depth) {
    Json object = Json::object();
    const std::string prefix = place.empty() ? "" : place + ".";
    for (const auto& item : node) {
      const std::string where = "line " + std::to_string(item.first.Mark().line + 1);
      if (!item.first.IsScalar()) reject(file_, where, "", "a plain word as key");
      const std::string key = item.first.Scalar();
      std::string inner = prefix;
      inner += key;
      if (object.contains(key)) reject(file_, inner, where, "each key once");
      object[key] = convert(item.second, inner, depth + 1);
    }
    return object;
  }

  Json scalar(const YAML::Node& node, const std::string& place) const {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // Quoted.
    if (text.empty() || text == "~" || text == "null") return nullptr;
    if (text == "true" || text == "false") return text == "true";
    const auto decimal = decimal_of(text);
    if (!decimal) return text;
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto r = std::from_chars(begin, end, whole); r.ec == std::errc() && r.ptr == end) {
      return whole;
    }
    double value = 0;
    const auto r = std::from_chars(begin, end, value);
    if (r.ec != std::errc() || r.ptr != end || !(decimal_of(Json(value).dump()) == decimal)) {
      reject(file_, place, text, "a number of at most 15 significant digits");
    }
    return value;
  }

  std::string file_;
  int nodes_ = 0;
};

}  // namespace

Json read_yaml_file(const std::string& path) {
  const std::string text = read_text_file(path);
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) reject(path, "", "", "one YAML document");
    if (documents.empty()) return nullptr;
    return Converter(path).convert(documents[0], "", 0);
  } catch (const YAML::Exception& error) {
    reject(path, "line " + std::to_string(error.mark.line + 1), error.msg, "YAML");
  }
}

std::int64_t exact_decimal(const JsonView& value, int power, std::int64_t low, std::int64_t high,
                           const std::string& accepted) {
  if (!value.raw().is_number()) value.fail(accepted);
  // dump() prints the shortest decimal that names the double: what was written, see above.
  auto decimal = decimal_of(value.raw().dump());
  if (!decimal) value.fail(accepted);
  decimal->exponent += power;
  if (decimal->exponent < 0 || decimal->exponent > 18) value.fail(accepted);
  const std::string digits = (decimal->negative ? "-" : "") +
                             (decimal->digits.empty() ? "0" : decimal->digits) +
                             std::string(static_cast<std::size_t>(decimal->exponent), '0');
  std::int64_t result = 0;
  const char* end = digits.data() + digits.size();
  const auto r = std::from_chars(digits.data(), end, result);
  if (r.ec != std::errc() || r.ptr != end || result < low || result > high) value.fail(accepted);
  return result;
}

Json decimal_json(std::int64_t value, int power) {
  std::int64_t unit = 1;
  for (int i = 0; i < power; ++i) unit *= 10;
  if (value % unit == 0) return value / unit;
  // One division of two exact doubles (both below 2^53) is the double nearest to the decimal.
  return static_cast<double>(value) / static_cast<double>(unit);
}

}  // namespace recpim
