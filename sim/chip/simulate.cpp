// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/simulate.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "models/ops/integer_reference.h"
#include "models/ops/metrics.h"
#include "sim/chip/chip.h"
#include "sim/chip/report.h"
#include "traces/support/error.h"

#ifdef RECPIM_SANITIZED
extern "C" void recpim_on_main_stack();  // testbenches/harness/sanitizer.cpp
#endif

namespace recpim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void report_deadlock(const Chip& chip, std::uint64_t completed,
                                  std::uint64_t samples) {
  std::string text = "deadlock: " + std::to_string(completed) + " of " + std::to_string(samples) +
                     " samples finished and nothing can happen any more";
  for (const std::string& line : chip.blocked()) text += "\n  " + line;
  throw CheckError(text);
}

}  // namespace

SimulationResult simulate(const Design& design, const Model& model, const TraceReader& trace,
                          const SimulateOptions& options) {
  static bool elaborated = false;
  if (elaborated) throw std::logic_error("simulate: one chip a process; fork first");
  const std::uint64_t there = trace.info().samples;
  const std::uint64_t samples =
      options.samples != 0 ? options.samples : there - std::min(options.first, there);
  if (options.warmup != 0 && options.warmup >= samples) {
    reject("", "--warmup", std::to_string(options.warmup),
           "fewer than the " + std::to_string(samples) + " samples that run");
  }
  require_trace_fits(model, trace, options.first, samples);
  const std::vector<Cycle> arrivals = !options.arrivals.empty()
                                          ? options.arrivals
                                          : arrival_cycles(options.arrival, trace, options.first,
                                                           samples, design.hardware.clock_hz);
  elaborated = true;
  use_femtosecond_resolution();

  const auto start = Clock::now();
  const bool values = options.mode == SimulationMode::kFunctional;
  Chip chip("chip", design, model, options);
  TracePlayer player("player", design, model, trace, options.first, samples, values,
                     values ? prediction_elements(model) : 0, arrivals, options.progress);
  if (options.host_observer != nullptr) options.host_observer->begins(arrivals);
  player.initiator_o.bind(chip.host().target_i);
  sc_core::sc_start();
#ifdef RECPIM_SANITIZED
  recpim_on_main_stack();
#endif
  player.rethrow_failure();
  if (player.results().size() != samples) {
    report_deadlock(chip, chip.host().completed(), samples);
  }
  const double wall = seconds_since(start);

  SimulationResult result;
  result.predictions.reserve(samples);
  for (auto& r : player.results()) {
    const Cycle arrival = arrivals.empty() ? r.accepted : arrivals[result.predictions.size()];
    result.predictions.push_back({arrival, r.accepted, r.transferred, std::move(r.values)});
  }
  result.json = make_report(design, model, trace, options, chip, result.predictions, wall);
  return result;
}

}  // namespace recpim
