// SPDX-License-Identifier: Apache-2.0
// recpim simulate: runs a design on a trace, once or at several rates of arrival.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>

#include "models/mapping/placement_file.h"
#include "recpim_revision.h"
#include "sim/app/command.h"
#include "sim/app/load_sweep.h"
#include "sim/chip/load_curve.h"
#include "sim/chip/report.h"
#include "sim/chip/simulate.h"
#include "sim/chip/utilisation_report.h"
#include "sim/observe/timeline.h"
#include "sim/observe/wave.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim::app {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kMost = 1'000'000'000'000;

Options simulate_options() {
  Options options("recpim simulate DESIGN --trace FILE -o FOLDER [options]");
  options.positional("design", "design.json of recpim map")
      .value("trace,t", "trace file (HDF5)")
      .value("out,o",
             "folder for result.json and utilisation.csv, or curve.json and curve.csv of several "
             "rates")
      .value("samples,n", "samples to run; all where not given")
      .value("first", "first sample of the trace", "0")
      .value("mode",
             "functional (values flow) or timing (no values, the same cycles); reference "
             "(functional, nothing collapsed: every flit and phase is stepped)",
             "functional")
      .value("arrival",
             "back-to-back (all samples wait from cycle 0), poisson (exponential gaps) or trace "
             "(as the trace records them)",
             "back-to-back")
      .value("rate",
             "samples a second: poisson's, or what the trace's are scaled to; R,R,... for a "
             "curve")
      .value("sweep", "FROM:TO:STEPS samples a second, evenly spaced, for a curve")
      .value("seed", "of poisson arrivals", "1")
      .value("jobs,j", "of a curve: rates at a time; as many as cores where not given")
      .value("timeline", "file for a timeline of the run in Chrome trace events (Perfetto)")
      .value("wave", "file for a waveform of every tile's streams (VCD)")
      .value("window", "FROM:TO cycles that --timeline and --wave keep", "0:100000")
      .value("warmup", "samples left out of the throughput", "0")
      .value("shuffle-wakeups",
             "seed of a random order of wake-ups within a cycle; no result "
             "depends on it",
             "0");
  return options;
}

// What a simulation needs, and at which rates; no rate where arrivals have none.
struct Request {
  SimulateOptions run;
  std::vector<double> rates;
  int jobs = 1;
  Window window;
};

void add_arrivals(const Options& options, Request& request) {
  ArrivalOptions& arrival = request.run.arrival;
  const std::string name = options.one_of("arrival", arrival_names());
  const auto at = std::find(arrival_names().begin(), arrival_names().end(), name);
  arrival.process = static_cast<ArrivalProcess>(at - arrival_names().begin());
  if (arrival.process == ArrivalProcess::kBackToBack) {
    for (const char* option : {"rate", "sweep"}) {
      if (options.given(option)) {
        reject("", "--" + std::string(option), options.text(option),
               "only with --arrival poisson or trace");
      }
    }
  }
  if (options.chosen("seed") && arrival.process != ArrivalProcess::kPoisson) {
    reject("", "--seed", options.text("seed"), "only with --arrival poisson");
  }
  arrival.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  if (options.given("rate") && options.given("sweep")) {
    reject("", "--sweep", options.text("sweep"), "one of --rate and --sweep");
  }
  if (options.given("rate")) request.rates = rates_of_list(options.text("rate"));
  if (options.given("sweep")) request.rates = rates_of_sweep(options.text("sweep"));
  if (request.rates.empty() && arrival.process == ArrivalProcess::kPoisson) {
    reject("--rate", "", "", "samples a second, or --sweep, with --arrival poisson");
  }
  if (!request.rates.empty()) arrival.rate = request.rates.front();
  request.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (options.given("jobs")) {
    if (request.rates.size() < 2) reject("", "--jobs", options.text("jobs"), "only with a curve");
    request.jobs = static_cast<int>(options.integer("jobs", 1, 4096));
  }
}

Window window_of(const Options& options) {
  if (options.chosen("window") && !options.given("timeline") && !options.given("wave")) {
    reject("", "--window", options.text("window"), "only with --timeline or --wave");
  }
  const std::string text = options.text("window");
  Window window;
  const char* colon = text.data() + std::min(text.find(':'), text.size());
  const char* end = text.data() + text.size();
  const auto from = std::from_chars(text.data(), colon, window.from);
  const auto to = std::from_chars(std::min(colon + 1, end), end, window.to);
  if (from.ec != std::errc() || from.ptr != colon || to.ec != std::errc() || to.ptr != end ||
      window.from < 0 || window.from >= window.to || window.to > kMost) {
    reject("", "--window", text, "FROM:TO, cycles from 0 to 1000000000000, FROM below TO");
  }
  return window;
}

Request request_of(const Options& options) {
  Request request;
  SimulateOptions& run = request.run;
  if (options.given("samples")) {
    run.samples = static_cast<std::uint64_t>(options.integer("samples", 1, kMost));
  }
  run.first = static_cast<std::uint64_t>(options.integer("first", 0, kMost));
  run.warmup = static_cast<std::uint64_t>(options.integer("warmup", 0, kMost));
  run.shuffle_wakeups = static_cast<std::uint64_t>(options.integer("shuffle-wakeups", 0, kMost));
  const std::string mode = options.one_of("mode", {"functional", "timing", "reference"});
  run.mode = mode == "timing" ? SimulationMode::kTiming : SimulationMode::kFunctional;
  run.reference = mode == "reference";
  add_arrivals(options, request);
  request.window = window_of(options);
  for (const char* name : {"timeline", "wave"}) {
    if (options.given(name) && request.rates.size() > 1) {
      reject("", "--" + std::string(name), options.text(name), "only with a single rate");
    }
  }
  return request;
}

Json provenance(const std::string& trace, const SimulateOptions& run) {
  const bool random = run.arrival.process == ArrivalProcess::kPoisson;
  return {{"version", RECPIM_VERSION},
          {"git", RECPIM_GIT},
          {"seed", random ? Json(run.arrival.seed) : Json()},
          {"trace_sha256", sha256_of_file(trace)},
          {"command", command_line()}};
}

// What watches a run where the options ask for it.
class Watch {
 public:
  Watch(const Options& options, const Window& window, const Design& design, const Model& model,
        SimulateOptions& run) {
    if (options.given("timeline")) {
      timeline_.emplace(options.text("timeline"), design, model, window);
      run.tile_observer = &*timeline_;
      run.host_observer = &*timeline_;
      flits_.add(*timeline_);
    }
    if (options.given("wave")) {
      wave_.emplace(options.text("wave"), design, model, window);
      flits_.add(*wave_);
    }
    if (timeline_ || wave_) run.observer = &flits_;
  }
  void finish() {
    if (timeline_) timeline_->finish();
    if (wave_) wave_->finish();
  }

 private:
  std::optional<Timeline> timeline_;
  std::optional<Wave> wave_;
  FlitFork flits_;
};

// A deadlock leaves its timeline and wave: they show how it came to it.
SimulationResult simulate_watched(const Design& design, const Model& model,
                                  const TraceReader& trace, const SimulateOptions& run,
                                  Watch& watch) {
  try {
    SimulationResult result = simulate(design, model, trace, run);
    watch.finish();
    return result;
  } catch (const CheckError&) {
    watch.finish();
    throw;
  }
}

std::filesystem::path place_of(const Options& options, const char* name) {
  std::error_code failure;
  const std::filesystem::path place =
      std::filesystem::weakly_canonical(options.text(name), failure);
  return failure ? std::filesystem::path(options.text(name)) : place;
}

// A file to write must be none of those that are read, nor the other one.
void keep_apart(const Options& options, const std::string& model_folder) {
  std::vector<std::string> inputs = files_of_model(model_folder);
  inputs.push_back(options.text("design"));
  inputs.push_back(options.text("trace"));
  inputs.push_back(placement_path(options.text("design")));
  for (const char* name : {"timeline", "wave"}) {
    if (!options.given(name)) continue;
    keep_inputs(options.text(name), inputs);
    for (const char* result : {"result.json", "utilisation.csv", "curve.json", "curve.csv"}) {
      if (place_of(options, name) == place_of(options, "out") / result) {
        reject("", std::string("--") + name, options.text(name),
               std::string("another file than ") + result + " of -o");
      }
    }
  }
  if (options.given("timeline") && options.given("wave") &&
      place_of(options, "timeline") == place_of(options, "wave")) {
    reject("", "--wave", options.text("wave"), "another file than --timeline");
  }
}

// Where the last file of a run lies, as the user wrote the folder.
void print_place(const char* what, const Options& options, const char* file) {
  std::cout << what << (fs::path(options.text("out")) / file).string() << "\n";
}

int run_once(const Options& options, const Design& design, const Model& model, Request& request) {
  const TraceReader trace(options.text("trace"));
  OutputFolder out(options.text("out"), "result.json");
  request.run.progress = true;
  Watch watch(options, request.window, design, model, request.run);
  SimulationResult result = simulate_watched(design, model, trace, request.run, watch);
  result.json["provenance"] = provenance(trace.path(), request.run);
  write_json_file(out.path() + "/result.json", result.json);
  write_text_file(out.path() + "/utilisation.csv", utilisation_csv(result.json));
  out.commit();
  std::cout << report_table(result.json);
  print_place("result: ", options, "result.json");
  for (const char* name : {"timeline", "wave"}) {
    if (options.given(name)) std::cout << name << ": " << options.text(name) << "\n";
  }
  return 0;
}

int run_curve(const Options& options, const Design& design, const Model& model, Request& request) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const std::string trace = options.text("trace");
  OutputFolder out(options.text("out"), "curve.json");
  request.run.compare = false;  // Log losses do not depend on the load.
  const std::vector<Json> results =
      simulate_rates(design, model, trace, request.run, request.rates, request.jobs);
  Json curve = load_curve(results);
  curve["schema"] = "recpim.curve/1";
  for (const char* key : {"design", "mode", "samples", "clock_mhz"}) curve[key] = results[0][key];
  curve["arrival"] = {{"process", results[0]["arrival"]["process"]},
                      {"seed", results[0]["arrival"]["seed"]}};
  curve["host"] = {{"jobs", request.jobs},
                   {"wall_s", std::chrono::duration<double>(Clock::now() - start).count()}};
  curve["provenance"] = provenance(trace, request.run);
  write_json_file(out.path() + "/curve.json", curve);
  write_text_file(out.path() + "/curve.csv", curve_csv(curve));
  out.commit();
  std::cout << curve_table(curve);
  print_place("curve: ", options, "curve.json");
  return 0;
}

}  // namespace

int run_simulate(const Arguments& arguments) {
  Options options = simulate_options();
  if (!options.parse(arguments)) return 0;
  Request request = request_of(options);
  std::string model_folder;
  const Design design = load_design(options.text("design"), &model_folder);
  const Model model =
      load_model(model_folder,
                 request.run.mode == SimulationMode::kTiming ? Weights::kNone : Weights::kIntegers);
  validate(design, model, options.text("design"));
  keep_apart(options, model_folder);
  return request.rates.size() > 1 ? run_curve(options, design, model, request)
                                  : run_once(options, design, model, request);
}

}  // namespace recpim::app
