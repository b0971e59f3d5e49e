// SPDX-License-Identifier: Apache-2.0
// The recpim command: finds the subcommand, turns errors into exit codes.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <systemc>

#include "recpim_revision.h"
#include "sim/app/command.h"
#include "traces/support/error.h"
#include "traces/support/interruption.h"

namespace recpim::app {
namespace {

struct Subcommand {
  const char* name;
  const char* help;
  int (*run)(const Arguments&);
};

// One line a subcommand, in the order of a user's work.
constexpr Subcommand kSubcommands[] = {
    {"trace", "import, generate and describe traces", run_trace},
    {"train", "train a click model on a trace and quantise it", run_train},
    {"model", "create, show and evaluate models", run_model},
    {"map", "map a model on a chip", run_map},
    {"simulate", "run a design on a trace: cycles, energy, area, predictions", run_simulate},
    {"explain-cost", "count x figure of every component of a design or a run, with sources",
     run_explain_cost},
    {"search", "search hardware and weight bits by simulation", run_search},
    {"rtl", "write the chip of a design as SystemVerilog", run_rtl},
    {"cosim", "run the RTL of a design against the simulator", run_cosim},
    {"version", "print version and revision", run_version},
};

std::string g_command_line;

// Before main, which is libsystemc's and prints a banner on standard error.
const int kQuiet = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);

void print_help(std::ostream& out) {
  out << "usage: recpim SUBCOMMAND [options]; recpim SUBCOMMAND --help tells its options\n";
  for (const auto& s : kSubcommands) {
    out << "  " << s.name << std::string(14 - std::string(s.name).size(), ' ') << s.help << "\n";
  }
}

int run(const Arguments& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help(words.empty() ? std::cerr : std::cout);
    return words.empty() ? 2 : 0;
  }
  const std::string name = words[0] == "--version" ? "version" : words[0];
  for (const auto& s : kSubcommands) {
    if (name == s.name) return s.run({words.begin() + 1, words.end()});
  }
  std::string list;
  for (const auto& s : kSubcommands) list += (list.empty() ? "" : ", ") + std::string(s.name);
  reject("", "subcommand", name, list);
}

}  // namespace

const std::string& command_line() { return g_command_line; }

int run_version(const Arguments& arguments) {
  Options options("recpim version");
  if (!options.parse(arguments)) return 0;
  std::cout << "recpim " << RECPIM_VERSION << " (" << RECPIM_GIT << ")\n";
  return 0;
}

// A result that did not arrive (a full disk, a closed pipe) must not look like success.
int with_output_written(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::cout.good()) return code;
  throw CheckError("standard output: what was printed could not be written");
}

int guarded(int argc, char** argv) {
  (void)kQuiet;
  remove_temporaries_at_interruption();
  for (int i = 0; i < argc; ++i) g_command_line += (i == 0 ? "" : " ") + std::string(argv[i]);
  try {
    return with_output_written(run({argv + 1, argv + argc}));
  } catch (const InputError& error) {
    std::cerr << "recpim: " << error.what() << "\n";
    return 2;
  } catch (const CheckError& error) {
    std::cerr << "recpim: " << error.what() << "\n";
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "recpim: internal error: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace recpim::app

int sc_main(int argc, char** argv) { return recpim::app::guarded(argc, argv); }
