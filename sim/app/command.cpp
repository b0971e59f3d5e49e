// SPDX-License-Identifier: Apache-2.0
#include "sim/app/command.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim::app {
namespace {

template <typename T>
bool parse_number(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

std::string range(const std::string& kind, const std::string& low, const std::string& high) {
  return kind + " from " + low + " to " + high;
}

template <typename T>
std::string shown(T value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

// "recpim trace generate" of "recpim trace generate --out FILE [options]".
std::string words_of_command(const std::string& usage) {
  std::istringstream words(usage);
  std::string command;
  std::string word;
  while (words >> word && std::islower(static_cast<unsigned char>(word[0])) != 0) {
    command += (command.empty() ? "" : " ") + word;
  }
  return command;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace

void keep_inputs(const std::string& out, const std::vector<std::string>& inputs) {
  std::error_code failure;
  for (const std::string& input : inputs) {
    if (std::filesystem::equivalent(out, input, failure)) {
      reject(out, "", "", "a place of its own, not that of " + input + ", which is read");
    }
  }
}

std::vector<std::string> files_of_model(const std::string& folder) {
  return {folder + "/model.json", folder + "/model.h5"};
}

Options::Options(std::string usage) : usage_(std::move(usage)) {
  description_.add_options()("help,h", "print this help");
}

Options& Options::positional(const std::string& name, const std::string& help) {
  hidden_.add_options()(name.c_str(), po::value<std::string>(), help.c_str());
  positional_.add(name.c_str(), 1);
  positional_help_.emplace_back(name, help);
  return *this;
}

Options& Options::value(const std::string& names, const std::string& help,
                        const std::string& default_value) {
  auto* semantic = po::value<std::string>();
  if (!default_value.empty()) semantic->default_value(default_value);
  description_.add_options()(names.c_str(), semantic, help.c_str());
  return *this;
}

Options& Options::flag(const std::string& names, const std::string& help) {
  description_.add_options()(names.c_str(), po::bool_switch(), help.c_str());
  return *this;
}

bool Options::parse(const Arguments& arguments) {
  using Style = po::command_line_style::style_t;
  // No guessing: an abbreviation of an option's name is an unknown option.
  const int style = Style::unix_style & ~Style::allow_guessing;
  po::options_description all;
  all.add(description_).add(hidden_);
  try {
    po::store(
        po::command_line_parser(arguments).options(all).positional(positional_).style(style).run(),
        values_);
  } catch (const po::error& error) {
    throw InputError(std::string(error.what()) + "; see " + words_of_command(usage_) + " --help");
  }
  if (values_.count("help") != 0) {
    std::cout << "usage: " << usage_ << "\n";
    for (const auto& [name, help] : positional_help_) {
      std::cout << "  " << upper(name) << "  " << help << "\n";
    }
    std::cout << description_;
    return false;
  }
  for (const auto& [name, help] : positional_help_) {
    if (values_.count(name) == 0) reject(name, "", "", help + ", which is missing");
  }
  return true;
}

bool Options::given(const std::string& name) const { return values_.count(name) != 0; }

bool Options::on(const std::string& name) const { return values_.at(name).as<bool>(); }

bool Options::chosen(const std::string& name) const {
  return given(name) && !values_[name].defaulted();
}

// "--name" of an option, the name in capitals, as the help has it, of a positional one.
std::string Options::place_of(const std::string& name) const {
  for (const auto& item : positional_help_) {
    if (item.first == name) return upper(name);
  }
  return "--" + name;
}

std::string Options::text(const std::string& name) const {
  if (!given(name)) reject("--" + name, "", "", "a value, the option is missing");
  std::string value = values_.at(name).as<std::string>();
  if (value.empty()) reject(place_of(name), "", "", "a value, this one is empty");
  if (!is_utf8(value)) reject(place_of(name), "", "", "text in UTF-8");
  return value;
}

std::int64_t Options::integer(const std::string& name, std::int64_t low, std::int64_t high) const {
  const std::string value = text(name);
  std::int64_t number = 0;
  if (!parse_number(value, number) || number < low || number > high) {
    reject("", "--" + name, value, range("a whole number", shown(low), shown(high)));
  }
  return number;
}

double Options::number(const std::string& name, double low, double high) const {
  const std::string value = text(name);
  double number = 0;
  if (!parse_number(value, number) || !(number >= low && number <= high)) {
    reject("", "--" + name, value, range("a number", shown(low), shown(high)));
  }
  return number;
}

std::string Options::one_of(const std::string& name,
                            const std::vector<std::string>& accepted) const {
  std::string value = text(name);
  if (std::find(accepted.begin(), accepted.end(), value) == accepted.end()) {
    std::string list;
    for (const auto& word : accepted) list += (list.empty() ? "" : ", ") + word;
    reject("", "--" + name, value, list);
  }
  return value;
}

std::vector<int> Options::integers(const std::string& name, int low, int high) const {
  const std::string value = text(name);
  const std::string accepted =
      "whole numbers from " + shown(low) + " to " + shown(high) + " joined by -";
  std::vector<int> numbers;
  std::size_t from = 0;
  while (from <= value.size()) {
    const std::size_t to = std::min(value.find_first_of("-,", from), value.size());
    int number = 0;
    if (!parse_number(value.substr(from, to - from), number) || number < low || number > high) {
      reject("", "--" + name, value, accepted);
    }
    numbers.push_back(number);
    from = to + 1;
  }
  return numbers;
}

std::vector<double> Options::numbers(const std::string& name, std::size_t count, double low,
                                     double high) const {
  const std::string value = text(name);
  std::vector<double> numbers;
  bool good = true;
  for (std::size_t from = 0; from <= value.size() && good;) {
    const std::size_t to = std::min(value.find(',', from), value.size());
    double number = 0;
    good = parse_number(value.substr(from, to - from), number) && number >= low && number <= high;
    numbers.push_back(number);
    from = to + 1;
  }
  if (!good || numbers.size() != count) {
    reject(
        "", "--" + name, value,
        shown(count) + " numbers from " + shown(low) + " to " + shown(high) + " joined by commas");
  }
  return numbers;
}

}  // namespace recpim::app
