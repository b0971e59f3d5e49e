// SPDX-License-Identifier: Apache-2.0
#include "sim/app/load_sweep.h"

#include <algorithm>
#include <charconv>

#include "search/score/worker_pool.h"
#include "sim/app/command.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/progress.h"

namespace recpim::app {
namespace {

constexpr double kNoTimeout = 1e8;  // Seconds.
constexpr int kMostRates = 1000;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

template <typename T>
bool parse(const std::string& text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parse_rate(const std::string& text, double& rate) {
  return parse(text, rate) && rate >= kLeastRate && rate <= kMostRate;
}

}  // namespace

std::vector<double> rates_of_list(const std::string& text) {
  std::vector<double> rates;
  for (const std::string& part : split(text, ',')) {
    double rate = 0;
    if (!parse_rate(part, rate) || (!rates.empty() && rate <= rates.back()) ||
        rates.size() == kMostRates) {
      reject("", "--rate", text,
             "samples a second from 0.001 to 1e+12, or up to 1000 of them, rising, joined by ,");
    }
    rates.push_back(rate);
  }
  return rates;
}

std::vector<double> rates_of_sweep(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  double from = 0;
  double to = 0;
  int steps = 0;
  if (parts.size() != 3 || !parse_rate(parts[0], from) || !parse_rate(parts[1], to) || from >= to ||
      !parse(parts[2], steps) || steps < 2 || steps > kMostRates) {
    reject("", "--sweep", text,
           "FROM:TO:STEPS, samples a second from 0.001 to 1e+12, FROM below TO, 2 to 1000 steps");
  }
  std::vector<double> rates(static_cast<std::size_t>(steps));
  for (int i = 0; i < steps; ++i) {
    rates[static_cast<std::size_t>(i)] = from + (to - from) * i / (steps - 1);
  }
  return rates;
}

std::vector<Json> simulate_rates(const Design& design, const Model& model, const std::string& trace,
                                 const SimulateOptions& options, const std::vector<double>& rates,
                                 int jobs) {
  search::WorkerPool pool(jobs, kNoTimeout);
  std::vector<search::WorkerPool::Finished> finished(rates.size());
  Progress progress("simulate", rates.size());
  std::size_t started = 0;
  for (std::size_t done = 0; done < rates.size(); ++done) {
    for (; started < rates.size() && !pool.full(); ++started) {
      pool.start(static_cast<int>(started), [&, rate = rates[started]] {
        // Its own reader: a file position is shared by forked processes.
        const TraceReader reader(trace);
        SimulateOptions run = options;
        run.arrival.rate = rate;
        return simulate(design, model, reader, run).json.dump();
      });
    }
    search::WorkerPool::Finished one = pool.wait();
    const auto number = static_cast<std::size_t>(one.number);
    finished[number] = std::move(one);
    progress.update(done + 1);
  }
  std::vector<Json> results;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (finished[i].input_is_wrong) throw InputError(finished[i].reason);
    if (!finished[i].ok) {
      throw CheckError("at " + Json(rates[i]).dump() + " samples/s: " + finished[i].reason);
    }
    results.push_back(Json::parse(finished[i].payload));
  }
  return results;
}

}  // namespace recpim::app
