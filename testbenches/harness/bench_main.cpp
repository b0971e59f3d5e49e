// SPDX-License-Identifier: Apache-2.0
// The entry point of every benchmark program: SystemC owns main, the benchmarks run inside sc_main.
// A process can elaborate only once: a benchmark builds its modules lazily, all before the first
// sc_start, and runs them for more cycles in every iteration.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <systemc>

namespace {
// Before main, which is libsystemc's and prints a banner on standard error.
const int kQuiet = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
}  // namespace

int sc_main(int argc, char** argv) {
  (void)kQuiet;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
