// SPDX-License-Identifier: Apache-2.0
// Trains every model of a configuration on every split, or what was listed to be tried, appends a
// line a training to a file, and prints tables from such files. README.md of this folder.
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "recpim_revision.h"
#include "testbenches/bench/training/quality/contender.h"
#include "testbenches/bench/training/quality/results.h"
#include "testbenches/bench/training/quality/table.h"
#include "testbenches/bench/training/quality/training_run.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"

namespace recpim::quality {
namespace {

constexpr const char* kUsage =
    "usage: quality run   CONFIG RESULTS TRACE [MODEL]   train, test, append a line a training\n"
    "       quality tune  CONFIG RESULTS TRACE [MODEL]   the same for what is tried, validation "
    "only\n"
    "       quality table CONFIG RESULTS                 the table, in Markdown\n"
    "       quality tried CONFIG RESULTS [MOST]          what was tried, at most MOST lines a "
    "model\n";

std::string machine() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

using Work = Json (*)(const Contender&, const TraceReader&, std::uint64_t, std::uint64_t);

class Driver {
 public:
  Driver(std::string command, const QualityConfig& config, std::string results, std::string trace)
      : command_(std::move(command)),
        config_(config),
        path_(std::move(results)),
        lines_(read_results(path_)),
        trace_(trace),
        sha256_(sha256_of_samples(trace)) {}

  void once(const Contender& contender, std::uint64_t split, std::uint64_t initialisation,
            Work work) {
    Json line = key_of(sha256_, contender, split, initialisation);
    for (const Json& old : lines_) {
      if (answers(old, line)) return;
    }
    const auto start = std::chrono::steady_clock::now();
    line.update(work(contender, trace_, split, initialisation));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    line["data"] = config_.data;
    line["seconds"] = std::round(taken.count() * 10) / 10;
    line["command"] = command_;
    line["date"] = today();
    line["machine"] = machine();
    line["revision"] = RECPIM_GIT;
    append_result(path_, line);
    lines_.push_back(line);
    std::cerr << contender.name << ", split " << split << ", initialisation " << initialisation
              << ": " << line["seconds"] << " s\n";
  }

 private:
  std::string command_;
  const QualityConfig& config_;
  std::string path_;
  std::vector<Json> lines_;
  TraceReader trace_;
  std::string sha256_;
};

// Initialisation by initialisation, split by split, all models each time: what is there after an
// interruption can be compared.
void run_all(Driver& driver, const QualityConfig& config, const std::string& only) {
  for (const std::uint64_t initialisation : config.initialisations) {
    for (const std::uint64_t split : config.splits) {
      for (const Entry& entry : config.models) {
        const Contender& c = entry.chosen;
        if (!only.empty() && c.name != only) continue;
        if (c.kind == "bayes" && initialisation != config.initialisations.front()) continue;
        driver.once(c, split, initialisation, run_once);
      }
    }
  }
}

void tune_all(Driver& driver, const QualityConfig& config, const std::string& only) {
  for (const Entry& entry : config.models) {
    if (entry.chosen.kind == "bayes" || (!only.empty() && entry.chosen.name != only)) continue;
    std::vector<Contender> all = entry.tried;
    all.insert(all.begin(), entry.chosen);
    for (const std::uint64_t split : config.tuning_splits) {
      for (const Contender& c : all) {
        driver.once(c, split, config.initialisations.front(), validate_once);
      }
    }
  }
}

int run(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "--help" || verb == "-h") {
    std::cout << kUsage;
    return 0;
  }
  const bool trains = verb == "run" || verb == "tune";
  if (!trains && verb != "table" && verb != "tried") {
    reject("", "quality", verb, "run, tune, table, tried; see --help");
  }
  if (words.size() < (trains ? 4U : 3U) || words.size() > (trains            ? 5U
                                                           : verb == "tried" ? 4U
                                                                             : 3U)) {
    reject("", "quality " + verb, std::to_string(words.size() - 1) + " words",
           "what quality --help says");
  }
  const QualityConfig config = read_config(words[1]);
  if (!trains) {
    const std::vector<Json> lines = read_results(words[2]);
    if (verb == "table") {
      std::cout << quality_table(config, lines);
      return 0;
    }
    const Json most = words.size() > 3 ? Json::parse(words[3], nullptr, false) : Json(1000000);
    if (!most.is_number_unsigned()) reject("", "MOST", words[3], "a whole number");
    std::cout << tuning_table(config, lines, most.get<std::size_t>());
    return 0;
  }
  // Names of files without their folders: where a user keeps them says nothing about the result.
  std::string command = "quality";
  for (const std::string& word : words) {
    command += " " + std::filesystem::path(word).filename().string();
  }
  const std::string only = words.size() > 4 ? words[4] : "";
  const auto named = [&](const Entry& e) { return e.chosen.name == only; };
  if (!only.empty() && std::none_of(config.models.begin(), config.models.end(), named)) {
    reject(words[1], "models", only, "the name of a model in there");
  }
  Driver driver(command, config, words[2], words[3]);
  (verb == "run" ? run_all : tune_all)(driver, config, only);
  return 0;
}

}  // namespace
}  // namespace recpim::quality

int main(int count, char** words) {
  try {
    return recpim::quality::run({words + 1, words + count});
  } catch (const recpim::InputError& error) {
    std::cerr << "quality: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "quality: " << error.what() << "\n";
    return 1;
  }
}
