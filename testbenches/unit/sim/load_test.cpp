// SPDX-License-Identifier: Apache-2.0
// Latency under load: arrivals, queueing and the curve, against hand-worked figures and Lindley's
// recursion.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/chip/arrivals.h"
#include "sim/chip/load_curve.h"
#include "sim/chip/simulate.h"
#include "testbenches/unit/sim/small_chip.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

using testing::scratch_folder;
using testing::small_hardware;
using testing::small_model;
using testing::small_trace;

// The cycles of ChipByHand.ThreeSamplesOfOneLayer; sample 2 arrives at 2 and its beat is accepted
// at 3, when that of sample 0 has left the FIFO.
TEST(Load, LatencyRunsFromArrivalAndSplitsIntoQueueAndService) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(3));
  SimulateOptions options;
  options.arrivals = {0, 1, 2};
  const Json json = simulate(design, model, trace, options).json;
  const Json& latency = json["latency_cycles"];
  EXPECT_EQ(latency["p50"], 289 - 1);
  EXPECT_EQ(latency["p99"], 417 - 2);
  EXPECT_EQ(latency["p999"], 417 - 2);
  EXPECT_EQ(latency["max"], 417 - 2);
  EXPECT_DOUBLE_EQ(latency["mean"].get<double>(), (161 + 288 + 415) / 3.0);
  const Json& load = json["load"];
  EXPECT_EQ(load["queue_cycles"]["max"], 1);
  EXPECT_DOUBLE_EQ(load["queue_cycles"]["mean"].get<double>(), 1 / 3.0);
  EXPECT_EQ(load["service_cycles"]["max"], 417 - 3);
  EXPECT_DOUBLE_EQ(load["offered_samples_per_s"].get<double>(), 1e9);
  EXPECT_DOUBLE_EQ(load["achieved_samples_per_s"].get<double>(), 1e9 / 128);
  EXPECT_EQ(json["arrival"]["process"], "given");
  EXPECT_EQ(json["mode"], "functional");
}

TEST(Load, BackToBackHasNoQueueAndLatencyFromAcceptance) {
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(3));
  SimulateOptions options;
  options.reference = true;
  const Json json = simulate(design, model, trace, options).json;
  EXPECT_EQ(json["latency_cycles"]["max"], 417 - 3);
  EXPECT_EQ(json["load"]["queue_cycles"], nullptr);
  EXPECT_EQ(json["load"]["offered_samples_per_s"], nullptr);
  EXPECT_EQ(json["arrival"]["process"], "back-to-back");
  EXPECT_EQ(json["arrival"]["seed"], nullptr);
  EXPECT_EQ(json["mode"], "reference");
}

// The chip is a single server: a sample holds the engine for 128 cycles; from its arrival it takes
// 8 to the engine and 153 from there, 161 alone. Lindley: wait(i + 1) = max(0, wait(i) + 128 -
// gap). One thing comes on top: the credit for a prediction leaves the host in the cycle after its
// transfer was planned (161 after the arrival of a sample that met nobody), and a request head that
// is due in that very cycle goes one later.
std::vector<Cycle> lindley(const std::vector<Cycle>& arrivals) {
  constexpr Cycle kService = 128, kToEngine = 8, kFromEngine = 153;
  std::vector<Cycle> latencies;
  std::set<Cycle> credits;
  Cycle wait = 0;
  Cycle before = 0;  // When the sample before was ready at the engine.
  for (const Cycle arrival : arrivals) {
    const Cycle ready = arrival + kToEngine + (credits.count(arrival + 1) != 0 ? 1 : 0);
    if (!latencies.empty()) wait = std::max<Cycle>(0, wait + kService - (ready - before));
    before = ready;
    const Cycle transferred = ready + wait + kFromEngine;
    latencies.push_back(transferred - arrival);
    credits.insert(transferred);
  }
  return latencies;
}

class SingleServer : public ::testing::TestWithParam<double> {};

TEST_P(SingleServer, LatenciesAreThoseOfLindleysRecursion) {
  constexpr std::uint64_t kSamples = 3000;
  const Model model = small_model();
  const Design design = map_naive(model, small_hardware());
  const TraceReader trace(small_trace(kSamples));
  SimulateOptions options;
  options.mode = SimulationMode::kTiming;
  options.arrival = {ArrivalProcess::kPoisson, GetParam() * 1e9 / 128, 5};
  const std::vector<Cycle> arrivals =
      arrival_cycles(options.arrival, trace, 0, kSamples, 1'000'000'000);
  const std::vector<Cycle> expected = lindley(arrivals);
  const SimulationResult result = simulate(design, model, trace, options);
  ASSERT_EQ(result.predictions.size(), kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const Prediction& p = result.predictions[i];
    ASSERT_EQ(p.arrival, arrivals[i]);
    ASSERT_GE(p.accepted, p.arrival);
    ASSERT_EQ(p.transferred - p.arrival, expected[i]) << "sample " << i;
  }
  std::vector<Cycle> sorted = expected;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(result.json["latency_cycles"]["p50"], sorted[1499]);  // Nearest rank: 0.5 * 3000.
  EXPECT_EQ(result.json["latency_cycles"]["p99"], sorted[2969]);
  EXPECT_EQ(result.json["latency_cycles"]["p999"], sorted[2996]);
}
INSTANTIATE_TEST_SUITE_P(Utilisations, SingleServer, ::testing::Values(0.1, 0.5, 0.9, 0.99, 1.5));

/// A trace whose samples arrive at these ns.
std::string trace_arriving(const std::vector<std::uint64_t>& ns) {
  const std::string path = scratch_folder() + "/arriving.h5";
  TraceInfo info;
  info.dense = 1;
  info.has_arrivals = true;
  TraceWriter writer(path, info);
  TraceChunk chunk;
  chunk.count = ns.size();
  chunk.dense.assign(ns.size(), 0.0F);
  chunk.arrival_ns = ns;
  writer.append(chunk);
  writer.finish();
  return path;
}

TEST(Arrivals, OfATraceInCyclesAndScaled) {
  const TraceReader trace(trace_arriving({100, 107, 107, 117, 140}));
  const ArrivalOptions recorded{ArrivalProcess::kTrace, 0, 1};
  // At 1.2 GHz 7 ns are 8.4 cycles: it arrives in the first cycle that starts then or later.
  EXPECT_EQ(arrival_cycles(recorded, trace, 0, 5, 1'200'000'000),
            (std::vector<Cycle>{0, 9, 9, 21, 48}));
  EXPECT_EQ(arrival_cycles(recorded, trace, 1, 3, 1'000'000'000), (std::vector<Cycle>{0, 0, 10}));
  // Four gaps in 40 ns are 10^8 a second; at 25 * 10^6 everything takes four times as long.
  EXPECT_EQ(arrival_cycles({ArrivalProcess::kTrace, 25e6, 1}, trace, 0, 5, 1'000'000'000),
            (std::vector<Cycle>{0, 28, 28, 68, 160}));
}

std::string complaint(const ArrivalOptions& options, const TraceReader& trace) {
  try {
    arrival_cycles(options, trace, 0, trace.info().samples, 1'000'000'000);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Arrivals, ThatCanNotBeAreRefused) {
  const TraceReader without(small_trace(3));
  EXPECT_NE(complaint({ArrivalProcess::kTrace, 0, 1}, without).find("trace.h5: /arrival_ns"),
            std::string::npos);
  const TraceReader same(trace_arriving({7, 7}));
  EXPECT_EQ(complaint({ArrivalProcess::kTrace, 0, 1}, same), "");
  EXPECT_NE(complaint({ArrivalProcess::kTrace, 1e6, 1}, same).find("arrivals that differ"),
            std::string::npos);
  const TraceReader late(trace_arriving({0, 20'000'000'000'000}));
  EXPECT_NE(complaint({ArrivalProcess::kTrace, 0, 1}, late).find("at most 18000 s"),
            std::string::npos);
  EXPECT_EQ(complaint({ArrivalProcess::kTrace, 1, 1}, late), "");
  EXPECT_NE(complaint({ArrivalProcess::kPoisson, 1e-5, 1}, without).find("--rate = 1e-05"),
            std::string::npos);
}

TEST(Arrivals, OfOneSeedAtTwoRatesDifferByTheRateAlone) {
  const TraceReader trace(small_trace(3));
  const auto at = [&](double rate) {
    return arrival_cycles({ArrivalProcess::kPoisson, rate, 9}, trace, 0, 1000, 1'000'000'000);
  };
  const std::vector<Cycle> slow = at(1e5);
  const std::vector<Cycle> fast = at(2e5);
  EXPECT_EQ(fast[0], 0);
  for (std::size_t i = 0; i < slow.size(); ++i) {
    EXPECT_LE(std::abs(2 * fast[i] - slow[i]), 2);  // Two roundings.
  }
  EXPECT_EQ(at(1e5), slow);
}

Json run_at(double rate, int p99) {
  const Json spread = {{"mean", 1.0}, {"p50", 1}, {"p99", p99}, {"p999", p99}, {"max", p99}};
  return {{"arrival", {{"rate_samples_per_s", rate}}},
          {"latency_cycles", spread},
          {"load",
           {{"offered_samples_per_s", rate},
            {"achieved_samples_per_s", rate},
            {"queue_cycles", spread},
            {"service_cycles", spread}}},
          {"utilisation",
           {{"tiles",
             {{{"operator", "a"}, {"part", 0}, {"engine", 0.25}},
              {{"operator", "b"}, {"part", 1}, {"engine", 0.75}}}}}}};
}

TEST(Curve, TheKneeIsTheLastRateBeforeTheTailDoubles) {
  const Json curve = load_curve({run_at(1, 100), run_at(2, 200), run_at(3, 201), run_at(4, 150)});
  EXPECT_EQ(curve["knee"]["rate_samples_per_s"], 2);
  EXPECT_EQ(curve["knee"]["reached"], true);
  EXPECT_EQ(curve["points"][1]["utilisation"], 0.75);
  EXPECT_EQ(curve["points"][1]["busiest"], "b.1");
  const Json flat = load_curve({run_at(1, 100), run_at(2, 200)});
  EXPECT_EQ(flat["knee"]["rate_samples_per_s"], 2);
  EXPECT_EQ(flat["knee"]["reached"], false);
  const std::string csv = curve_csv(flat);
  EXPECT_EQ(csv.substr(csv.find('\n') + 1),
            "1.0,1.0,1.0,1.0,1,100,100,100,1.0,1.0,0.75,\"b.1\"\n"
            "2.0,2.0,2.0,1.0,1,200,200,200,1.0,1.0,0.75,\"b.1\"\n");
}

}  // namespace
}  // namespace recpim
