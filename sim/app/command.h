// SPDX-License-Identifier: Apache-2.0
/// @file
/// What every subcommand of `recpim` shares: option parsing with one-line complaints.
///
/// A subcommand is one file <name>_command.cpp with `int run_<name>(const Arguments&)`, and one
/// line in the list of main.cpp. It returns 0, or throws InputError (exit 2) or CheckError (exit
/// 1).
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace recpim::app {

using Arguments = std::vector<std::string>;
namespace po = boost::program_options;

/// The options of one subcommand. All values are read as text and checked by the getters, so that a
/// wrong one is named with what is accepted ("--samples = minus: accepted: a whole number ...").
class Options {
 public:
  /// `usage` is the first line of --help, e.g. "recpim simulate DESIGN --trace FILE [options]".
  explicit Options(std::string usage);

  Options& positional(const std::string& name, const std::string& help);  ///< Required, in order.
  Options& value(const std::string& names, const std::string& help,
                 const std::string& default_value = "");  ///< names: "out,o" or "seed".
  Options& flag(const std::string& names, const std::string& help);

  /// Parses. Prints the help and returns false where --help is given (the subcommand then
  /// returns 0). Unknown, repeated or incomplete options and surplus words are InputErrors.
  bool parse(const Arguments& arguments);

  bool given(const std::string& name) const;   ///< Given, or with a default.
  bool chosen(const std::string& name) const;  ///< Given on the command line.
  bool on(const std::string& name) const;      ///< A flag.
  /// InputError where it is missing, empty or no UTF-8 (every path ends up in a JSON file).
  std::string text(const std::string& name) const;
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const;
  double number(const std::string& name, double low, double high) const;
  std::string one_of(const std::string& name, const std::vector<std::string>& accepted) const;
  /// "64-16" or "64,16": whole numbers with a common separator.
  std::vector<int> integers(const std::string& name, int low, int high) const;
  /// "1,0.5,0.25": exactly `count` numbers joined by commas.
  std::vector<double> numbers(const std::string& name, std::size_t count, double low,
                              double high) const;

 private:
  std::string place_of(const std::string& name) const;

  std::string usage_;
  po::options_description description_{"options"}, hidden_;
  po::positional_options_description positional_;
  std::vector<std::pair<std::string, std::string>> positional_help_;
  po::variables_map values_;
};

/// Samples a second that arrivals can have.
constexpr double kLeastRate = 1e-3, kMostRate = 1e12;

/// InputError where `out` is one of the files that are read, whatever links lead there.
void keep_inputs(const std::string& out, const std::vector<std::string>& inputs);
/// For keep_inputs().
std::vector<std::string> files_of_model(const std::string& folder);

/// The command line of this process, for the provenance of results.
const std::string& command_line();

int run_trace(const Arguments& arguments);
int run_model(const Arguments& arguments);
int run_model_extract(const Arguments& arguments);
int run_model_create(const Arguments& arguments);
int run_model_import(const Arguments& arguments);
int run_explain_cost(const Arguments& arguments);
int run_map(const Arguments& arguments);
int run_cosim(const Arguments& arguments);
int run_simulate(const Arguments& arguments);
int run_search(const Arguments& arguments);
int run_train(const Arguments& arguments);
int run_rtl(const Arguments& arguments);
int run_version(const Arguments& arguments);

}  // namespace recpim::app
