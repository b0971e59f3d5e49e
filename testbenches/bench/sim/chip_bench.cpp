// SPDX-License-Identifier: Apache-2.0
// Whole chips in samples a second: an MLP 512-512-256-64-16 (101 physical crossbars of 128 x 128,
// 8-bit weights in 2-bit cells), the default DLRM and a NASRec architecture. Each run is a child
// process, which elaborates, simulates and reports; what counts is its processor time, which is the
// wall time where the core is not shared. Beside them the limits of their arithmetic.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "models/graph/cost.h"
#include "sim/chip/simulate.h"
#include "testbenches/bench/sim/bench_chips.h"
#include "testbenches/bench/sim/limits.h"
#include "testbenches/harness/random_chip.h"
#include "traces/support/random.h"

namespace recpim::bench {
namespace {

const std::vector<int> kMlp = {512, 512, 256, 64, 16};
constexpr std::uint64_t kSamples = 20'000;
constexpr std::uint64_t kNasrecSamples = 1'000;
constexpr std::uint64_t kCandidateSamples = 64;  // What a search gives a candidate.
constexpr int kLossyBits = 6;
constexpr std::int64_t kCrossbars = 101, kPhases = 8;

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

const BenchChip& mlp(int adc_bits) {
  static const BenchChip lossless = mlp_chip(kMlp, 8, kSamples);
  static const BenchChip lossy = mlp_chip(kMlp, kLossyBits, kSamples);
  return adc_bits == kLossyBits ? lossy : lossless;
}

const BenchChip& dlrm() {
  static const BenchChip only = dlrm_chip(kSamples);
  return only;
}

const BenchChip& nasrec() {
  static const BenchChip only = nasrec_chip(kNasrecSamples);
  return only;
}

void run(benchmark::State& state, const BenchChip& chip, SimulationMode mode,
         std::uint64_t samples_a_run = kSamples) {
  SimulateOptions options;
  options.mode = mode;
  options.samples = samples_a_run;
  options.compare = false;
  double products = 0;
  double wakeups = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::string result = testing::in_child([&] {
      const TraceReader trace(chip.trace);
      const double start = processor_seconds();
      const Json host = simulate(chip.design, chip.model, trace, options).json["host"];
      const Json found = {{"seconds", processor_seconds() - start},
                          {"products", host["crossbar_mvms"]},
                          {"wakeups", host["kernel_wakeups"]}};
      return found.dump();
    });
    const Json found = Json::parse(result);
    state.SetIterationTime(found["seconds"].get<double>());
    products += found["products"].get<double>();
    wakeups += found["wakeups"].get<double>();
  }
  const double samples =
      static_cast<double>(state.iterations()) * static_cast<double>(samples_a_run);
  state.SetItemsProcessed(static_cast<std::int64_t>(samples));
  state.counters["crossbar_products_per_s"] =
      benchmark::Counter(products, benchmark::Counter::kIsRate);
  state.counters["wakeups_a_sample"] = wakeups / samples;
}

void BM_MlpTiming(benchmark::State& state) { run(state, mlp(8), SimulationMode::kTiming); }
void BM_MlpLossless(benchmark::State& state) { run(state, mlp(8), SimulationMode::kFunctional); }
void BM_MlpLossy(benchmark::State& state) {
  run(state, mlp(kLossyBits), SimulationMode::kFunctional);
  state.counters["array_reads_per_s"] =
      benchmark::Counter(static_cast<double>(state.items_processed() * kCrossbars * kPhases),
                         benchmark::Counter::kIsRate);
}
void BM_DlrmTiming(benchmark::State& state) { run(state, dlrm(), SimulationMode::kTiming); }
void BM_DlrmFunctional(benchmark::State& state) { run(state, dlrm(), SimulationMode::kFunctional); }
void BM_NasrecTiming(benchmark::State& state) {
  run(state, nasrec(), SimulationMode::kTiming, kNasrecSamples);
}
void BM_NasrecFunctional(benchmark::State& state) {
  run(state, nasrec(), SimulationMode::kFunctional, kNasrecSamples);
  state.counters["macs_a_sample"] =
      static_cast<double>(cost_of(nasrec().model).multiply_accumulates);
}
// Elaboration weighs here; the time of a run is what counts.
void BM_NasrecCandidate(benchmark::State& state) {
  run(state, nasrec(), SimulationMode::kTiming, kCandidateSamples);
  state.counters["runs_per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_MlpTiming)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_MlpLossless)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_MlpLossy)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_DlrmTiming)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_DlrmFunctional)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_NasrecTiming)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_NasrecFunctional)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(BM_NasrecCandidate)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);

// The products of the MLP alone, in samples a second.
void BM_LimitMlpArithmetic(benchmark::State& state) {
  std::size_t weights = 0;
  for (std::size_t i = 0; i + 1 < kMlp.size(); ++i) {
    weights += static_cast<std::size_t>(kMlp[i] * kMlp[i + 1]);
  }
  Random random(5);
  std::vector<std::int16_t> w(weights);
  for (auto& v : w) v = static_cast<std::int16_t>(random.below(255)) - 127;
  std::vector<std::int16_t> x(512);
  for (auto& v : x) v = static_cast<std::int16_t>(random.below(256));
  std::vector<std::int32_t> acc(512);
  for ([[maybe_unused]] auto _ : state) {
    const std::int16_t* layer = w.data();
    for (std::size_t i = 0; i + 1 < kMlp.size(); ++i) {
      plain_layer(layer, x.data(), kMlp[i], kMlp[i + 1], acc.data());
      benchmark::DoNotOptimize(acc.data());
      layer += kMlp[i] * kMlp[i + 1];
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LimitMlpArithmetic);

// AND + popcount over the planes of all its crossbars, all phases, in array reads a second.
void BM_LimitMlpPopcount(benchmark::State& state) {
  Random random(6);
  constexpr std::size_t kPlanes = std::size_t{128} * 4;
  std::vector<std::uint64_t> planes(kPlanes * kCrossbars);
  for (auto& plane : planes) plane = random.next64();
  std::vector<std::uint64_t> rows(2 * kPhases);
  for (auto& row : rows) row = random.next64();
  std::vector<std::int64_t> sums(128);
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t crossbar = 0; crossbar < kCrossbars; ++crossbar) {
      for (std::size_t phase = 0; phase < kPhases; ++phase) {
        popcount_read(&planes[crossbar * kPlanes], &rows[2 * phase], sums.data());
        benchmark::DoNotOptimize(sums.data());
        benchmark::ClobberMemory();
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kCrossbars * kPhases);
}
BENCHMARK(BM_LimitMlpPopcount);

}  // namespace
}  // namespace recpim::bench
