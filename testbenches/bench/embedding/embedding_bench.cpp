// SPDX-License-Identifier: Apache-2.0
// Embedding tiles by placement of table rows and by where bags are pooled: simulated lookups a
// second, latency, energy a lookup (the embedding tiles' own). README.md of the folder above has
// the traces and what limits what. Placements come from the first part of a trace, the last 2,000
// samples are simulated; replicas may take 5 % of the table bytes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "models/mapping/placement.h"
#include "sim/chip/simulate.h"
#include "sim/cost/cost_model.h"
#include "testbenches/bench/sim/bench_chips.h"
#include "testbenches/harness/random_chip.h"
#include "traces/generate/zipf.h"
#include "traces/import/importer.h"

namespace recpim::bench {
namespace {

constexpr int kTables = 4;
constexpr std::uint64_t kRows = 50'000, kBag = 20;
constexpr std::uint64_t kTrace = 12'000, kSimulated = 2'000;
constexpr double kReplicaShare = 0.05;

enum Traces { kLocality, kTopics, kKdd };

std::string shared(const std::string& file) {
  return std::string(RECPIM_SOURCE_DIR) + "/../shared/data/" + file;
}

// The reuse that Meta published of its embedding lookups; rows of a bag are independent.
std::string locality_trace() {
  GenerateOptions options;
  options.rows.assign(kTables, kRows);
  options.pooling.assign(kTables, kBag);
  options.dense = 4;
  options.samples = kTrace;
  options.seed = 3;
  options.locality_file = shared("embedding_locality/2021.txt");
  std::string path = scratch() + "/locality.h5";
  generate_trace(options, path);
  return path;
}

// Bags about something: 400 topics of 125 rows that lie anywhere in the table, topics by Zipf's
// law; 9 of 10 rows of a bag are of its topic, the others of the whole table by Zipf's law.
std::string topics_trace() {
  constexpr std::uint64_t kTopicRows = 125;
  constexpr std::uint64_t kScatter = 17'389;  // Has no divisor in common with kRows.
  const Zipf topics(kRows / kTopicRows, 1.05);
  const Zipf rows(kRows, 1.05);
  TraceInfo info;
  info.dense = 4;
  for (int t = 0; t < kTables; ++t) info.tables.push_back({"t" + std::to_string(t), kRows});
  TraceChunk chunk;
  chunk.count = kTrace;
  chunk.offsets.assign(kTables, {0});
  chunk.indices.resize(kTables);
  Random random(3, 1);
  for (std::uint64_t s = 0; s < kTrace; ++s) {
    for (int d = 0; d < 4; ++d) chunk.dense.push_back(static_cast<float>(random.uniform()));
    for (std::size_t t = 0; t < kTables; ++t) {
      const std::uint64_t topic = topics.draw(random);
      std::vector<std::uint32_t> bag;
      while (bag.size() < kBag) {
        const std::uint64_t row = random.below(10) == 0
                                      ? rows.draw(random)
                                      : topic * kTopicRows + random.below(kTopicRows);
        const auto scattered = static_cast<std::uint32_t>(row * kScatter % kRows);
        if (std::find(bag.begin(), bag.end(), scattered) == bag.end()) bag.push_back(scattered);
      }
      chunk.indices[t].insert(chunk.indices[t].end(), bag.begin(), bag.end());
      chunk.offsets[t].push_back(chunk.indices[t].size());
    }
  }
  std::string path = scratch() + "/topics.h5";
  TraceWriter writer(path, info);
  writer.append(chunk);
  writer.finish();
  return path;
}

// KDD Cup 2012 track 2: identifiers, so bags of one row.
std::string kdd_trace() {
  ImportOptions options;
  options.format = "kdd2012";
  std::string path = scratch() + "/kdd.h5";
  import_trace(options, shared("kdd2012_track2_40k/Click_prediction_small.csv"), path);
  return path;
}

/// A trace and a DLRM on it whose fcs are no bottleneck: 4-bit activations in two phases.
struct Workload {
  std::string trace;
  Model model;
  std::uint64_t samples = 0;
};

const Workload& workload(int number) {
  static std::vector<Workload> made(3);
  Workload& w = made[static_cast<std::size_t>(number)];
  if (!w.trace.empty()) return w;
  w.trace = number == kLocality ? locality_trace()
            : number == kTopics ? topics_trace()
                                : kdd_trace();
  const TraceReader trace(w.trace);
  w.samples = trace.info().samples;
  DlrmShape shape;
  shape.bottom = {16, 16};
  shape.top = {8, 1};
  Precision precision;
  precision.activation_bits = 4;
  w.model = create_dlrm(trace.info(), shape, precision, 1);
  quantise(w.model, trace, spread_samples(w.samples));
  return w;
}

Design design_of(const Workload& w, bool in_array, PlacementKind kind) {
  Hardware hardware;
  hardware.dac_bits = 2;
  hardware.embedding_tile.bank_kib = 512;
  hardware.embedding_tile.max_lookups = 1024;
  if (in_array) hardware.embedding_tile.pooling = TablePooling::kArray;
  Design design = map_naive(w.model, hardware);
  PlacementOptions options;
  options.kind = kind;
  options.samples = w.samples - kSimulated;
  options.replicate_bytes =
      static_cast<std::uint64_t>(kReplicaShare * static_cast<double>(table_bytes(w.model)));
  place_rows(design, w.model, TraceReader(w.trace), options);
  return design;
}

double embedding_pj(const Json& parts) {
  double sum = 0;
  for (const auto& tile : parts.items()) {
    if (tile.key().find("_emb") != std::string::npos) sum += tree_sum(tile.value());
  }
  return sum;
}

void BM_Lookups(benchmark::State& state) {
  const char* needs[] = {"embedding_locality/2021.txt", "",
                         "kdd2012_track2_40k/Click_prediction_small.csv"};
  const auto number = static_cast<int>(state.range(0));
  if (!std::filesystem::exists(shared(needs[number]))) {
    state.SkipWithError(("SKIPPED: needs " + shared(needs[number])).c_str());
    return;
  }
  const Workload& w = workload(number);
  const Design design =
      design_of(w, state.range(1) != 0, static_cast<PlacementKind>(state.range(2)));
  SimulateOptions options;
  options.mode = SimulationMode::kTiming;
  options.compare = false;
  options.first = w.samples - kSimulated;
  Json found;
  for ([[maybe_unused]] auto _ : state) {
    found = Json::parse(testing::in_child(
        [&] { return simulate(design, w.model, TraceReader(w.trace), options).json.dump(); }));
  }
  const double lookups = number == kKdd ? 8 : static_cast<double>(kTables * kBag);
  state.counters["lookups_per_s"] = lookups * found["throughput_samples_per_s"].get<double>();
  state.counters["pj_a_lookup"] =
      embedding_pj(found["energy_pj"]["parts"]) / (lookups * static_cast<double>(kSimulated));
  state.counters["p50_cycles"] = found["latency_cycles"]["p50"].get<double>();
  state.counters["p99_cycles"] = found["latency_cycles"]["p99"].get<double>();
  state.counters["replica_bytes"] = found["memory"]["replicated_bytes"].get<double>();
}
BENCHMARK(BM_Lookups)
    ->ArgNames({"trace", "array", "placement"})
    ->ArgsProduct({{kLocality, kTopics, kKdd}, {0, 1}, {0, 1, 2}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace recpim::bench
