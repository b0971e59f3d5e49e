// SPDX-License-Identifier: Apache-2.0
// recpim cosim: the generated RTL against the simulator.
#include <filesystem>
#include <iostream>

#include "rtl/cosim/cosim.h"
#include "sim/app/command.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::app {
namespace {

constexpr std::int64_t kMost = 1'000'000'000;

}  // namespace

int run_cosim(const Arguments& arguments) {
  Options options("recpim cosim DESIGN --trace FILE -o FOLDER [options]");
  options.positional("design", "design.json of recpim map")
      .value("trace,t", "trace file (HDF5)")
      .value("out,o", "folder for cosim.json, the generated chip, and a waveform at a mismatch")
      .value("samples,n", "samples to run", "8")
      .value("first", "first sample of the trace", "0")
      .value("cache", "folder of compiled chips; $XDG_CACHE_HOME/recpim where not given")
      .value("x-initial", "seed of random values in every register before reset; 0: zeros", "0");
  if (!options.parse(arguments)) return 0;

  CosimOptions run;
  run.simulate.samples = static_cast<std::uint64_t>(options.integer("samples", 1, kMost));
  run.simulate.first = static_cast<std::uint64_t>(options.integer("first", 0, kMost));
  run.verilated.random_seed =
      static_cast<std::uint32_t>(options.integer("x-initial", 0, INT32_MAX));
  if (options.given("cache")) run.verilated.cache = options.text("cache");
  run.progress = true;

  std::string model_folder;
  const Design design = load_design(options.text("design"), &model_folder);
  const TraceReader trace(options.text("trace"));
  const Model model = load_model(model_folder, Weights::kIntegers);
  OutputFolder out(options.text("out"), "cosim.json");
  run.rtl_folder = out.path() + "/chip";
  run.waveform = out.path() + "/mismatch.fst";
  const CosimResult result = cosimulate(design, model, trace, run);
  write_json_file(out.path() + "/cosim.json", cosim_json(result));
  out.commit();
  std::cout << design.name << ": " << result.mismatches << " mismatches in " << result.transfers
            << " transfers, " << result.cycles << " cycles\n"
            << "result: " << (std::filesystem::path(options.text("out")) / "cosim.json").string()
            << "\n";
  if (result.first) {
    const CosimMismatch& m = *result.first;
    throw CheckError(
        "mismatch at " + m.block + ", " + m.port + ", cycle " + std::to_string(m.cycle) +
        ": simulator " + m.simulator + ", RTL " + m.rtl +
        "; waveform: " + (std::filesystem::path(options.text("out")) / "mismatch.fst").string());
  }
  return 0;
}

}  // namespace recpim::app
