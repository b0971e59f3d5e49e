// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/load_report.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim {
namespace {

// Nearest rank: the least value that at least p thousandths of the values do not exceed.
Cycle percentile(const std::vector<Cycle>& sorted, std::uint64_t p) {
  const std::uint64_t rank = ceil_div<std::uint64_t>(p * sorted.size(), 1000);
  return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

Json distribution(std::vector<Cycle> values) {
  double sum = 0;
  for (const Cycle value : values) sum += static_cast<double>(value);
  std::sort(values.begin(), values.end());
  return {{"mean", sum / static_cast<double>(values.size())},
          {"p50", percentile(values, 500)},
          {"p99", percentile(values, 990)},
          {"p999", percentile(values, 999)},
          {"max", values.back()}};
}

template <typename Figure>
std::vector<Cycle> each(const std::vector<Prediction>& predictions, Figure figure) {
  std::vector<Cycle> values;
  values.reserve(predictions.size());
  for (const Prediction& p : predictions) values.push_back(figure(p));
  return values;
}

// So many samples over a span of cycles, in samples a second.
Json rate(std::uint64_t samples, Cycle span, std::int64_t clock_hz) {
  if (samples == 0 || span <= 0) return nullptr;
  return static_cast<double>(samples) * static_cast<double>(clock_hz) / static_cast<double>(span);
}

}  // namespace

Json latency_of(const std::vector<Prediction>& predictions) {
  return distribution(
      each(predictions, [](const Prediction& p) { return p.transferred - p.arrival; }));
}

Json throughput_of(const std::vector<Prediction>& predictions, std::uint64_t warmup,
                   std::int64_t clock_hz) {
  if (predictions.size() < warmup + 2) return nullptr;
  return rate(predictions.size() - warmup - 1,
              predictions.back().transferred - predictions[warmup].transferred, clock_hz);
}

Json arrival_of(const SimulateOptions& options) {
  const ArrivalOptions& arrival = options.arrival;
  const bool random = arrival.process == ArrivalProcess::kPoisson;
  return {{"process", options.arrivals.empty()
                          ? arrival_names()[static_cast<std::size_t>(arrival.process)]
                          : "given"},
          {"rate_samples_per_s", arrival.rate > 0 ? Json(arrival.rate) : Json()},
          {"seed", random ? Json(arrival.seed) : Json()}};
}

Json load_of(const std::vector<Prediction>& predictions, const SimulateOptions& options,
             std::int64_t clock_hz) {
  const bool back_to_back =
      options.arrivals.empty() && options.arrival.process == ArrivalProcess::kBackToBack;
  Json load = {{"offered_samples_per_s", nullptr},
               {"achieved_samples_per_s", throughput_of(predictions, options.warmup, clock_hz)},
               {"queue_cycles", nullptr},
               {"service_cycles", distribution(each(predictions, [](const Prediction& p) {
                  return p.transferred - p.accepted;
                }))}};
  if (back_to_back) return load;
  load["queue_cycles"] =
      distribution(each(predictions, [](const Prediction& p) { return p.accepted - p.arrival; }));
  if (predictions.size() >= options.warmup + 2) {
    load["offered_samples_per_s"] =
        rate(predictions.size() - options.warmup - 1,
             predictions.back().arrival - predictions[options.warmup].arrival, clock_hz);
  }
  return load;
}

}  // namespace recpim
