// SPDX-License-Identifier: Apache-2.0
// One lossy 128 x 128 array (2-bit cells, 1-bit DAC, 6-bit ADC) in array reads a second, a read
// being one bit-plane of an input vector through every column and its ADC, on each instruction set;
// and the limit: AND + popcount of the same planes, without converters or shift-add. Inputs are
// uniform 8-bit numbers, so half of the rows are driven in a read.
#include <benchmark/benchmark.h>

#include <vector>

#include "sim/device/mvm_array.h"
#include "testbenches/bench/sim/bench_chips.h"
#include "testbenches/bench/sim/limits.h"
#include "traces/support/random.h"

namespace recpim::bench {
namespace {

constexpr int kRows = 128, kChannels = 32, kPhases = 8;
constexpr std::size_t kVectors = 64;

std::vector<std::int32_t> random_inputs() {
  Random random(3);
  std::vector<std::int32_t> x(kVectors * kRows);
  for (auto& v : x) v = static_cast<std::int32_t>(random.below(256));
  return x;
}

void BM_LossyArray(benchmark::State& state) {
  const auto isa = static_cast<KernelIsa>(state.range(0));
  if (!is_supported(isa)) {
    state.SkipWithError("not supported by this processor");
    return;
  }
  const BenchChip chip = mlp_chip({kRows, kChannels}, 6, 100);
  MvmArray array(chip.design, chip.design.tiles[1], chip.model);
  if (array.lossless() || array.crossbars() != 1 || array.phases() != kPhases) {
    state.SkipWithError("not the one lossy crossbar that is meant");
    return;
  }
  array.use_isa(isa);
  const auto x = random_inputs();
  std::vector<std::int32_t> acc(kChannels);
  std::size_t vector = 0;
  for ([[maybe_unused]] auto _ : state) {
    array.multiply_by_columns(&x[vector * kRows], acc.data());
    benchmark::DoNotOptimize(acc.data());
    vector = (vector + 1) % kVectors;
  }
  state.SetItemsProcessed(state.iterations() * kPhases);
}
BENCHMARK(BM_LossyArray)->ArgName("isa")->Arg(0)->Arg(1)->Arg(2);

void BM_LimitPopcount(benchmark::State& state) {
  Random random(4);
  std::vector<std::uint64_t> planes(std::size_t{128} * 4);
  for (auto& plane : planes) plane = random.next64();
  std::vector<std::uint64_t> rows(2 * kVectors);
  for (auto& row : rows) row = random.next64();
  std::vector<std::int64_t> sums(128);
  std::vector<std::int64_t> expected(128);
  popcount_read_plain(planes.data(), rows.data(), expected.data());
  popcount_read(planes.data(), rows.data(), sums.data());
  if (sums != expected) state.SkipWithError("the limit counts wrongly");
  std::size_t vector = 0;
  for ([[maybe_unused]] auto _ : state) {
    popcount_read(planes.data(), &rows[2 * vector], sums.data());
    benchmark::DoNotOptimize(sums.data());
    benchmark::ClobberMemory();
    vector = (vector + 1) % kVectors;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LimitPopcount);

}  // namespace
}  // namespace recpim::bench
