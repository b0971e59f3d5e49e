// SPDX-License-Identifier: Apache-2.0
// recpim simulate: runs a design on a trace.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "recpim_revision.h"
#include "sim/app/command.h"
#include "sim/chip/report.h"
#include "sim/chip/simulate.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim::app {
namespace {

constexpr std::int64_t kMost = 1'000'000'000'000;

Json provenance(const TraceReader& trace) {
  return {{"version", RECPIM_VERSION},
          {"git", RECPIM_GIT},
          {"seed", nullptr},
          {"trace_sha256", sha256_of_file(trace.path())},
          {"command", command_line()}};
}

}  // namespace

int run_simulate(const Arguments& arguments) {
  Options options("recpim simulate DESIGN --trace FILE -o FOLDER [options]");
  options.positional("design", "design.json of recpim map")
      .value("trace,t", "trace file (HDF5)")
      .value("out,o", "folder for result.json")
      .value("samples,n", "samples to run; all where not given")
      .value("first", "first sample of the trace", "0")
      .value("mode",
             "functional (values flow) or timing (no values, the same cycles); reference "
             "(functional, nothing collapsed: every flit and phase is stepped)",
             "functional")
      .value("warmup", "samples left out of the throughput", "0")
      .value("shuffle-wakeups",
             "seed of a random order of wake-ups within a cycle; no result "
             "depends on it",
             "0");
  if (!options.parse(arguments)) return 0;

  SimulateOptions run;
  if (options.given("samples")) {
    run.samples = static_cast<std::uint64_t>(options.integer("samples", 1, kMost));
  }
  run.first = static_cast<std::uint64_t>(options.integer("first", 0, kMost));
  run.warmup = static_cast<std::uint64_t>(options.integer("warmup", 0, kMost));
  run.shuffle_wakeups = static_cast<std::uint64_t>(options.integer("shuffle-wakeups", 0, kMost));
  const std::string mode = options.one_of("mode", {"functional", "timing", "reference"});
  run.mode = mode == "timing" ? SimulationMode::kTiming : SimulationMode::kFunctional;
  run.reference = mode == "reference";
  run.progress = true;

  std::string model_folder;
  const Design design = load_design(options.text("design"), &model_folder);
  const TraceReader trace(options.text("trace"));
  const Model model = load_model(
      model_folder, run.mode == SimulationMode::kTiming ? Weights::kNone : Weights::kIntegers);
  validate(design, model, options.text("design"));
  OutputFolder out(options.text("out"), "result.json");
  SimulationResult result = simulate(design, model, trace, run);
  result.json["provenance"] = provenance(trace);
  write_json_file(out.path() + "/result.json", result.json);
  out.commit();
  std::cout << report_table(result.json)
            << "result: " << (std::filesystem::path(options.text("out")) / "result.json").string()
            << "\n";
  return 0;
}

}  // namespace recpim::app
