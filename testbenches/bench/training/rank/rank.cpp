// SPDX-License-Identifier: Apache-2.0
// Do the weights that sub-networks share rank them as training each alone would? README.md.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "models/supernet/alone.h"
#include "models/supernet/extract.h"
#include "models/supernet/quality.h"
#include "models/supernet/training.h"
#include "models/training/split.h"
#include "sim/app/command.h"
#include "testbenches/bench/training/rank/summary.h"
#include "traces/support/error.h"

namespace recpim::rank {
namespace {

using app::Options;
using supernet::Supernet;
using supernet::SupernetOptions;

// Of the list of sub-networks, whatever the seeds of the trainings: "rank".
constexpr std::uint64_t kNetworkStream = 0x72616e6b;
constexpr std::uint64_t kSplitSeed = 1;
// Validation samples that a log loss is taken on.
constexpr std::uint64_t kEvaluation = 20'000;

struct Setting {
  std::string data, mode, part, work;
  int networks = 0, seeds = 0, threads = 0, tuning_steps = 0;
  std::uint64_t scratch_samples = 0;
  SupernetOptions sharing, scratch;
  double tuning_rate = 0;
  bool rounded() const { return mode == "mixed"; }
};

class Ranking {
 public:
  Ranking(const Setting& setting, const TraceReader& trace, Results& results)
      : setting_(setting),
        trace_(trace),
        results_(results),
        space_(supernet::space_of("nasrec-full")),
        builder_(space_.description(), trace.info()),
        split_{kSplitSeed, trace.info().samples},
        parts_(split_samples(split_)),
        meter_(trace, spread(parts_.validation, kEvaluation),
               {setting.threads, setting.rounded()}) {}

  void run() {
    for (int seed = 1; seed <= setting_.seeds; ++seed) {
      if (setting_.part != "scratch") share(seed);
      if (setting_.part == "shared") continue;
      for (int i = 0; i < setting_.networks; ++i) train_scratch(i, seed);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  supernet::Architecture network(int i) const {
    Random random(kNetworkStream, static_cast<std::uint64_t>(i));
    return space_.sample(random);
  }
  Key key(Source source, int network, int seed) const {
    return {setting_.data, setting_.mode, source, network, seed};
  }
  void add(const Key& key, const Measured& measured) {
    results_.append(key, measured);
    std::printf("%s %s %s %d, seed %d: %.5f\n", key.data.c_str(), key.mode.c_str(),
                name(key.source), key.network, key.seed, measured.quality.logloss);
    std::fflush(stdout);
  }

  // The supernet of a seed, trained as far as it was and then to its end.
  Supernet trained(int seed, const std::string& folder) {
    if (supernet::presence_of(folder) == supernet::Presence::kNone) {
      SupernetOptions options = setting_.sharing;
      options.seed = static_cast<std::uint64_t>(seed);
      options.fake_quantised = setting_.rounded();
      Supernet fresh = supernet::new_supernet(space_.description(), trace_, options);
      // All seeds on one split, so that their losses are of the same samples.
      fresh.split = split_;
      supernet::start_from_click_rate(fresh.weights, trace_, parts_.train);
      supernet::write_supernet(fresh, folder);
    }
    Supernet supernet = supernet::load_supernet(folder);
    if (supernet.finished()) return supernet;
    supernet::TrainingRun run;
    run.threads = setting_.threads;
    run.checkpoint = [&](const Supernet& now) { supernet::update_supernet(now, folder); };
    supernet::train_supernet(supernet, trace_, run);
    return supernet;
  }

  void share(int seed) {
    bool all = true;
    for (int i = 0; i < setting_.networks; ++i) {
      all = all && results_.has(key(Source::kInherited, i, seed)) &&
            results_.has(key(Source::kTuned, i, seed));
    }
    if (all) return;
    const std::string folder =
        setting_.work + "/" + setting_.data + "-" + setting_.mode + "-" + std::to_string(seed);
    const Supernet supernet = trained(seed, folder);
    const auto seen = static_cast<std::uint64_t>(supernet.options.epochs) * parts_.train.size();
    for (int i = 0; i < setting_.networks; ++i) {
      Model model = supernet::inherit(supernet, network(i));
      const Key inherited = key(Source::kInherited, i, seed);
      if (!results_.has(inherited)) add(inherited, {meter_.measure(model), seen, 0});
      const Key tuned = key(Source::kTuned, i, seed);
      if (results_.has(tuned)) continue;
      const auto start = Clock::now();
      supernet::FineTuneOptions options;
      options.steps = setting_.tuning_steps;
      options.batch = setting_.sharing.batch;
      options.seed = static_cast<std::uint64_t>(seed);
      options.threads = setting_.threads;
      options.fake_quantised = setting_.rounded();
      options.step = setting_.sharing.step;
      options.step.rate = setting_.tuning_rate;
      supernet::fine_tune(model, trace_, options);
      const Quality quality = meter_.measure(model);
      add(tuned, {quality, seen + static_cast<std::uint64_t>(options.steps * options.batch),
                  since(start)});
    }
    std::filesystem::remove_all(folder);  // Some 400 MB that nobody needs any more.
  }

  void train_scratch(int i, int seed) {
    const Key scratch = key(Source::kScratch, i, seed);
    if (results_.has(scratch)) return;
    const auto start = Clock::now();
    SupernetOptions options = setting_.scratch;
    options.seed = static_cast<std::uint64_t>(seed);
    options.fake_quantised = setting_.rounded();
    supernet::Alone alone = supernet::make_alone(builder_, network(i), options.seed);
    const std::vector<std::uint64_t> samples = spread(parts_.train, setting_.scratch_samples);
    const std::uint64_t seen = static_cast<std::uint64_t>(options.epochs) * samples.size();
    supernet::train_alone(alone, trace_, samples, options, setting_.threads);
    const Quality quality = meter_.measure(alone.weights, alone.network);
    add(scratch, {quality, seen, since(start)});
  }

  const Setting& setting_;
  const TraceReader& trace_;
  Results& results_;
  const supernet::ArchitectureSpace space_;
  const supernet::SubnetworkBuilder builder_;
  const Split split_;
  const SplitSamples parts_;
  supernet::QualityMeter meter_;
};

std::string machine() {
  std::ifstream in("/proc/cpuinfo");
  std::string processor = "unknown processor";
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    processor = line.substr(line.find(':') + 2);
    break;
  }
  return processor + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

int run_measurements(const app::Arguments& arguments) {
  Options options("supernet_rank run --trace FILE --data NAME --results FILE [options]");
  options.value("trace", "trace with labels")
      .value("data", "what the results call it")
      .value("mode", "mixed: precisions as drawn; float: no rounding", "mixed")
      .value("part", "all, or what needs a supernet (shared) or none (scratch) alone", "all")
      .value("results", "CSV file that each measurement is appended to; what it has is not redone")
      .value("work", "folder for supernets in training", "build/rank")
      .value("networks", "random sub-networks of nasrec-full", "30")
      .value("seeds", "trainings of each", "3")
      .value("tune", "steps in which the last fc is trained alone", "50")
      .value("tune-rate", "highest rate of these steps", "0.001")
      .value("epochs", "of a supernet; by the size of the trace if not given")
      .value("scratch-epochs", "of a sub-network alone", "1")
      .value("scratch-batch", "samples a step of it", "128")
      .value("scratch-rate", "its rate of fcs and LayerNorms", "0.01")
      .value("scratch-table-rate", "of its tables", "0.06")
      .value("scratch-samples", "training samples that a sub-network alone sees; 0: all", "0")
      .value("threads", "they change no result", "1");
  if (!options.parse(arguments)) return 0;
  Setting setting;
  setting.data = options.text("data");
  if (setting.data.size() > 100 || setting.data.find_first_of(",|\n#") != std::string::npos) {
    reject("", "--data", setting.data, "at most 100 characters without comma, bar, number sign");
  }
  setting.mode = options.one_of("mode", {"mixed", "float"});
  setting.part = options.one_of("part", {"all", "shared", "scratch"});
  setting.work = options.text("work");
  setting.networks = static_cast<int>(options.integer("networks", 3, 10'000));
  setting.seeds = static_cast<int>(options.integer("seeds", 1, 1000));
  setting.threads = static_cast<int>(options.integer("threads", 1, 256));
  setting.tuning_steps = static_cast<int>(options.integer("tune", 0, 1'000'000));
  setting.tuning_rate = options.number("tune-rate", 0, 1000);
  const TraceReader trace(options.text("trace"));
  setting.sharing = setting.scratch = supernet::default_options(trace.info().samples);
  if (options.given("epochs")) {
    setting.sharing.epochs = static_cast<int>(options.integer("epochs", 1, 10'000));
  }
  setting.sharing.warmup_steps = supernet::default_warmup_steps(
      trace.info().samples, setting.sharing.epochs, setting.sharing.batch);
  setting.scratch.epochs = static_cast<int>(options.integer("scratch-epochs", 1, 10'000));
  setting.scratch.batch = static_cast<int>(options.integer("scratch-batch", 1, 1 << 20));
  setting.scratch.step.rate = options.number("scratch-rate", 0, 1000);
  setting.scratch.step.table_rate = options.number("scratch-table-rate", 0, 1000);
  const auto some = static_cast<std::uint64_t>(options.integer("scratch-samples", 0, INT64_MAX));
  setting.scratch_samples = some > 0 ? some : trace.info().samples;
  std::string command = "# supernet_rank run";
  for (const std::string& argument : arguments) command += " " + argument;
  Results results(options.text("results"), command + "\n# " + machine() + "\n");
  std::filesystem::create_directories(setting.work);
  Ranking(setting, trace, results).run();
  return 0;
}

int summarise(const app::Arguments& files) {
  if (files.empty()) reject("supernet_rank summary", "files", "none", "results of supernet_rank");
  std::map<Key, Measured> all;
  for (const std::string& file : files) {
    if (!std::filesystem::exists(file)) reject(file, "", "", "a file that can be read");
    const Results results(file, "");
    all.insert(results.all().begin(), results.all().end());
  }
  std::cout << table(all);
  return 0;
}

int run(app::Arguments arguments) {
  const std::string verb = arguments.empty() ? "" : arguments[0];
  if (verb != "run" && verb != "summary") reject("", "supernet_rank", verb, "run, summary");
  arguments.erase(arguments.begin());
  return verb == "run" ? run_measurements(arguments) : summarise(arguments);
}

}  // namespace
}  // namespace recpim::rank

int main(int argc, char** argv) {
  try {
    return recpim::rank::run({argv + 1, argv + argc});
  } catch (const recpim::InputError& error) {
    std::cerr << "supernet_rank: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "supernet_rank: " << error.what() << '\n';
    return 1;
  }
}
