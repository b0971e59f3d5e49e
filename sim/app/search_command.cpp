// SPDX-License-Identifier: Apache-2.0
// recpim search: varies hardware and weight bits, scores every candidate by simulation.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>

#include "models/mapping/design.h"
#include "models/ops/sample.h"
#include "models/training/split.h"
#include "recpim_revision.h"
#include "search/report.h"
#include "search/score/simulated_score.h"
#include "search/search.h"
#include "sim/app/command.h"
#include "sim/cost/technology.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::int64_t kMostEvaluations = 10'000'000;

Options search_options() {
  Options options("recpim search --model FOLDER --trace FILE -o FOLDER [options]");
  options.value("model", "folder of the model whose hardware and weight bits are searched")
      .value("trace,t", "trace file (HDF5) with labels")
      .value("hardware-space", "space file (YAML); the built-in space where none is named")
      .value("algorithm", "regularised-evolution or random", "regularised-evolution")
      .value("evaluations,n", "candidates to score", "64")
      .value("samples", "samples that each candidate is simulated on", "64")
      .value("jobs,j", "workers at a time, --lag of them busy; as many as cores if not given")
      .value("seed", "of the algorithm", "1")
      .value("objective", "weights of the scalar objective, a product of ratios to the reference",
             "logloss=100,latency=1,energy=1,area=1")
      .value("population",
             "evolution: individuals alive; a quarter of the evaluations, 8 to 64, if not given")
      .value("tournament", "evolution: draws for each parent; half the population if not given")
      .value("lag", "a candidate is bred from the results up to this many before it", "4")
      .value("timeout", "seconds after which a candidate has failed", "600")
      .value("out,o", "run folder: search.sqlite, front.json, best/")
      .flag("resume", "go on with the search in the run folder")
      .flag("count", "print the exact size of the space and stop");
  return options;
}

// Everything that the command line says, checked before anything is written.
struct Arrangement {
  std::string folder, model_folder, trace_path, algorithm;
  search::SearchOptions run;
  search::EvolutionParameters evolution;
  std::uint64_t samples = 0;
};

Arrangement arrangement_of(const Options& options) {
  Arrangement a;
  a.model_folder = options.text("model");
  a.trace_path = options.text("trace");
  a.folder = options.text("out");
  a.algorithm = options.one_of("algorithm", search::algorithm_names());
  a.samples = static_cast<std::uint64_t>(options.integer("samples", 1, 1'000'000'000));
  a.run.evaluations = static_cast<int>(options.integer("evaluations", 1, kMostEvaluations));
  a.evolution.population = std::clamp(a.run.evaluations / 4, 8, 64);
  if (options.given("population")) {
    a.evolution.population = static_cast<int>(options.integer("population", 1, 1'000'000));
  }
  a.evolution.tournament = std::max(1, a.evolution.population / 2);
  if (options.given("tournament")) {
    a.evolution.tournament = static_cast<int>(options.integer("tournament", 1, 1'000'000));
  }
  a.run.lag = static_cast<int>(options.integer("lag", 1, 4096));
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  a.run.jobs = options.given("jobs") ? static_cast<int>(options.integer("jobs", 1, 4096)) : cores;
  if (options.given("jobs") && a.run.jobs > a.run.lag) {
    std::cerr << "recpim: note: --lag " << a.run.lag << " keeps at most " << a.run.lag
              << " workers busy\n";
  }
  a.run.timeout_s = options.number("timeout", 0.001, 1e6);
  a.run.seed = static_cast<std::uint64_t>(options.integer("seed", 0, INT64_MAX));
  a.run.objective = search::ScalarObjective::parse(options.text("objective"));
  a.run.progress = true;
  return a;
}

std::unique_ptr<search::DesignSpace> space_of(const Options& options, const Model& model) {
  if (!options.given("hardware-space")) return std::make_unique<search::DesignSpace>(model);
  return std::make_unique<search::DesignSpace>(options.text("hardware-space"), model);
}

int print_count(const Options& options) {
  for (const char* name : {"trace", "algorithm", "evaluations", "samples", "jobs", "seed",
                           "objective", "population", "tournament", "lag", "timeout", "out"}) {
    if (options.chosen(name)) {
      reject("", "--" + std::string(name), options.text(name),
             "without --count, whose answer does not depend on it");
    }
  }
  if (options.on("resume")) reject("--resume", "", "", "without --count");
  const Model model = options.given("model") ? load_model(options.text("model"), Weights::kNone)
                                             : search::default_count_model();
  std::cout << search::count_table(*space_of(options, model));
  return 0;
}

void require_log_loss(const Arrangement& a, const Model& model, const TraceReader& trace) {
  if (!model.quantised) reject(a.model_folder, "quantised", "false", "a quantised model");
  if (model.output().kind != OpKind::kSigmoid) {
    reject(a.model_folder, "output", model.output().name,
           "a model that ends in a sigmoid, for the log loss");
  }
  if (!trace.info().has_labels) reject(a.trace_path, "labels", "", "a trace with labels");
  require_fit(model, trace);
}

// The samples that candidates are scored on: of the validation split where the trace is the one
// that the model was trained on, else of the whole trace; spread evenly.
std::vector<std::uint64_t> samples_of(const Arrangement& a, const Model& model,
                                      const TraceReader& trace, std::string& from) {
  const bool trained = model.split && model.split->samples == trace.info().samples;
  from = trained ? "validation" : "all";
  std::vector<std::uint64_t> pool;
  if (trained) pool = split_samples(*model.split).validation;
  const std::uint64_t there = trained ? pool.size() : trace.info().samples;
  if (a.samples > there) {
    reject("", "--samples", std::to_string(a.samples),
           "at most " + std::to_string(there) + ", the " + from + " samples of " + a.trace_path);
  }
  std::vector<std::uint64_t> chosen(a.samples);
  for (std::uint64_t i = 0; i < a.samples; ++i) {
    const std::uint64_t position = i * there / a.samples;
    chosen[i] = trained ? pool[position] : position;
  }
  return chosen;
}

// Writes the best candidate so that `recpim simulate FOLDER/best/design.json` runs it.
void write_best(const std::string& folder, const search::DesignSpace& space,
                const search::SimulatedScore& score, const search::Evaluation& best) {
  const search::Values values = space.space().values(space.space().decode(best.genome));
  const Model model = score.model(values);
  OutputFolder out((fs::path(folder) / "best").string(), "design.json");
  const std::string model_folder = out.path() + "/model";
  save_model(model, model_folder);
  Design design = map_naive(model, space.hardware(values));
  design.model_path = model_folder;
  design.model_sha256 = model_sha256(model_folder);
  save_design(design, out.path() + "/design.json");
  out.commit();
}

Json configuration(const Arrangement& a, const search::DesignSpace& space,
                   const search::Algorithm& algorithm, const std::string& from) {
  return {{"model_sha256", model_sha256(a.model_folder)},
          {"trace_sha256", sha256_of_file(a.trace_path)},
          {"space", space.to_json()},
          {"algorithm", {{"name", algorithm.name()}, {"parameters", algorithm.parameters()}}},
          {"evaluations", a.run.evaluations},
          {"samples", {{"count", a.samples}, {"of", from}}},
          {"seed", a.run.seed},
          {"lag", a.run.lag},
          {"objective", a.run.objective.to_json()}};
}

}  // namespace

int run_search(const Arguments& arguments) {
  const auto start = Clock::now();
  Options options = search_options();
  if (!options.parse(arguments)) return 0;
  if (options.on("count")) return print_count(options);
  const Arrangement a = arrangement_of(options);
  Model model = load_model(a.model_folder, Weights::kAll);
  const auto space = space_of(options, model);
  const auto algorithm = search::make_algorithm(a.algorithm, space->space(), a.run.seed,
                                                space->reference(), a.evolution);
  search::ScoredSamples scored;
  std::string from;
  {
    // Closed before workers are forked.
    const TraceReader trace(a.trace_path);
    require_log_loss(a, model, trace);
    scored = search::gather_samples(trace, samples_of(a, model, trace, from));
  }
  // Found here, not by every candidate.
  load_technology(space->hardware(space->space().values(space->reference())).technology);
  const Json config = configuration(a, *space, *algorithm, from);
  const bool nothing_there = !fs::exists(fs::path(a.folder) / search::Store::kFile);
  search::Store store(a.folder, config, RECPIM_GIT, options.on("resume"));
  if (options.on("resume") && nothing_there) {
    // Not an error: a search may be killed before its store is there.
    std::cerr << "recpim: note: " << a.folder << " had no search to go on with; one begins\n";
  }
  if (store.git() != RECPIM_GIT) {
    std::cerr << "recpim: warning: " << a.folder << " was begun by revision " << store.git()
              << ", this is " << RECPIM_GIT << "\n";
  }
  const std::string samples = (fs::path(a.folder) / "samples.h5").string();
  search::write_samples(scored, samples);
  scored = {};

  search::SimulatedScore score(std::move(model), *space, samples, a.run.jobs);
  std::vector<search::Evaluation> evaluations;
  try {
    evaluations = search::run_search(
        space->space(), space->reference(),
        [&](const search::Values& values) { return score.score_once(values); }, *algorithm, store,
        a.run);
  } catch (const InputError&) {
    if (store.evaluations().empty()) {
      fs::remove(samples);
      store.abandon();
    }
    throw;
  }

  Json front = search::front_json(*space, evaluations, a.run.objective, config);
  const double wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  front["host"] = {{"jobs", a.run.jobs}, {"wall_s", wall_s}};
  front["provenance"] = {
      {"version", RECPIM_VERSION}, {"git", RECPIM_GIT}, {"command", command_line()}};
  const std::string front_path = (fs::path(a.folder) / "front.json").string();
  const search::Evaluation* best = search::best_of(evaluations, a.run.objective);
  if (best != nullptr) write_best(a.folder, *space, score, *best);
  write_json_file(front_path, front);
  std::cout << search::front_table(*space, evaluations, a.run.objective);
  if (best == nullptr) {
    throw CheckError(a.folder +
                     ": no candidate could be scored; the first: " + evaluations[1].outcome.reason);
  }
  std::cout << "best: evaluation " << best->number << ", in "
            << (fs::path(a.folder) / "best" / "design.json").string() << "\nfront: " << front_path
            << "\n";
  return 0;
}

}  // namespace recpim::app
