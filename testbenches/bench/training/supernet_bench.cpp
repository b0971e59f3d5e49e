// SPDX-License-Identifier: Apache-2.0
// The two figures that a search over the recommender space rests on: training steps of the full
// path (every operator of the space in every block, the largest widths), in FLOP/s of its matrix
// products beside Eigen's; and how long the quality of one sub-network takes.
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <string>

#include "models/supernet/quality.h"
#include "models/supernet/subnetwork.h"
#include "models/supernet/weights.h"
#include "testbenches/bench/training/bench_steps.h"
#include "traces/format/trace.h"

namespace recpim::bench {
namespace {

using supernet::SharedWeights;
using supernet::SubnetworkBuilder;

TraceInfo info_of(std::uint64_t samples) {
  TraceInfo info;
  info.samples = samples;
  info.dense = kDense;
  info.has_labels = true;
  for (int t = 0; t < kTables; ++t) info.tables.push_back({"t" + std::to_string(t), kTableRows});
  return info;
}

const SubnetworkBuilder& full_space() {
  static const SubnetworkBuilder builder(supernet::space_of("nasrec-full"), info_of(kBatch));
  return builder;
}
SharedWeights& weights() {
  static SharedWeights random = SharedWeights::random(full_space(), 1);
  return random;
}

Model full_path() {
  supernet::Subnetwork network = full_space().build_full_path();
  weights().gather_all(network);
  return std::move(network.model);
}

// Arguments: threads, rounding as supernets train with it or not.
void BM_TrainFullPath(benchmark::State& state) {
  NetworkOptions options;
  options.threads = static_cast<int>(state.range(0));
  options.fake_quantised = state.range(1) != 0;
  Training training(full_path(), options);
  // Memory of the network is mapped in the first steps, once.
  for (int i = 0; i < 3; ++i) training.step();
  run(state, cost_of(training.model).flops, [&] { training.step(); });
}
BENCHMARK(BM_TrainFullPath)
    ->ArgNames({"threads", "rounded"})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Iterations(4)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void BM_LimitTrainFullPath(benchmark::State& state) {
  run_limit(state, best_float_isa(), cost_of(full_path()));
}
BENCHMARK(BM_LimitTrainFullPath)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

// One square product, 1024 a side: Eigen at its best.
void BM_LimitSgemm(benchmark::State& state) {
  Cost cost;
  FcShape square;
  square.vectors = square.inputs = square.outputs = 1024;
  cost.fcs.push_back(square);
  run_limit(state, best_float_isa(), cost);
}
BENCHMARK(BM_LimitSgemm)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

// A meter on 4,000 random samples, one thread. They go through a file, as a search reads them.
supernet::QualityMeter meter_of_random_samples() {
  constexpr std::uint64_t kSamples = 4000;
  const TraceInfo info = info_of(kSamples);
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("recpim_supernet_bench_" + std::to_string(getpid()) + ".h5");
  TraceWriter writer(path.string(), info);
  writer.append(random_samples(kSamples));
  writer.finish();
  std::vector<std::uint64_t> all(kSamples);
  std::iota(all.begin(), all.end(), 0U);
  supernet::QualityMeter meter(TraceReader(path.string()), all, {1, true});
  std::filesystem::remove(path);
  return meter;
}

// From an architecture to its log loss on 4,000 samples: sub-networks of the full space in turn.
// Counters: mean and largest seconds of the wall clock over them.
void BM_SubnetworkQuality(benchmark::State& state) {
  constexpr std::uint64_t kNetworks = 20;
  supernet::QualityMeter meter = meter_of_random_samples();
  const supernet::ArchitectureSpace space(full_space().space());
  double all = 0;
  double largest = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (std::uint64_t i = 0; i < kNetworks; ++i) {
      Random random(3, i);
      const auto start = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(
          meter.measure(weights(), full_space().build(space.sample(random))).logloss);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      all += took.count();
      largest = std::max(largest, took.count());
    }
  }
  state.counters["mean_s"] = all / static_cast<double>(state.iterations() * kNetworks);
  state.counters["largest_s"] = largest;
}
BENCHMARK(BM_SubnetworkQuality)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace recpim::bench
