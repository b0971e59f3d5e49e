// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/arrivals.h"

#include <cmath>

#include "traces/generate/poisson.h"
#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim {
namespace {

constexpr double kLastSecond = 18'000;  // sc_time ends at 18,446 s.
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

[[noreturn]] void reject_rate(double rate, const std::string& accepted) {
  reject("", "--rate", Json(rate).dump(), accepted);
}

Cycle cycle_at(double cycles, const ArrivalOptions& options, std::int64_t clock_hz) {
  if (!(cycles < kLastSecond * static_cast<double>(clock_hz))) {
    reject_rate(options.rate, "a rate at which the last sample arrives within 18000 s");
  }
  return static_cast<Cycle>(std::ceil(cycles));
}

std::vector<Cycle> poisson(const ArrivalOptions& options, std::uint64_t samples,
                           std::int64_t clock_hz) {
  const double mean_gap = static_cast<double>(clock_hz) / options.rate;
  PoissonArrivals arrivals(options.seed);
  std::vector<Cycle> cycles;
  cycles.reserve(samples);
  for (std::uint64_t i = 0; i < samples; ++i) {
    cycles.push_back(cycle_at(arrivals.next() * mean_gap, options, clock_hz));
  }
  return cycles;
}

std::vector<Cycle> recorded(const ArrivalOptions& options, const TraceReader& trace,
                            std::uint64_t first, std::uint64_t samples, std::int64_t clock_hz) {
  if (!trace.info().has_arrivals) {
    reject(trace.path(), "/arrival_ns", "", "arrivals for --arrival trace; the trace has none");
  }
  const std::vector<std::uint64_t> ns = trace.arrivals(first, samples);
  const std::uint64_t span = ns.back() - ns.front();
  std::vector<Cycle> cycles;
  cycles.reserve(samples);
  if (options.rate > 0) {
    if (span == 0) {
      reject(trace.path(), "/arrival_ns", "",
             "arrivals that differ, so that --rate can scale them");
    }
    const double scale = static_cast<double>(samples - 1) * static_cast<double>(clock_hz) /
                         options.rate / static_cast<double>(span);
    for (const std::uint64_t at : ns) {
      cycles.push_back(cycle_at(static_cast<double>(at - ns.front()) * scale, options, clock_hz));
    }
    return cycles;
  }
  if (static_cast<double>(span) > kLastSecond * static_cast<double>(kNanosecondsPerSecond)) {
    reject(trace.path(), "/arrival_ns", std::to_string(span) + " from first to last",
           "at most 18000 s; --rate scales");
  }
  const auto hz = static_cast<unsigned __int128>(clock_hz);
  for (const std::uint64_t at : ns) {
    const unsigned __int128 product = (at - ns.front()) * hz + kNanosecondsPerSecond - 1;
    cycles.push_back(static_cast<Cycle>(product / kNanosecondsPerSecond));
  }
  return cycles;
}

}  // namespace

const std::vector<std::string>& arrival_names() {
  static const std::vector<std::string> names = {"back-to-back", "poisson", "trace"};
  return names;
}

std::vector<Cycle> arrival_cycles(const ArrivalOptions& options, const TraceReader& trace,
                                  std::uint64_t first, std::uint64_t samples,
                                  std::int64_t clock_hz) {
  switch (options.process) {
    case ArrivalProcess::kBackToBack:
      break;
    case ArrivalProcess::kPoisson:
      if (!(options.rate > 0)) reject_rate(options.rate, "samples a second, above 0");
      return poisson(options, samples, clock_hz);
    case ArrivalProcess::kTrace:
      return recorded(options, trace, first, samples, clock_hz);
  }
  return {};
}

}  // namespace recpim
