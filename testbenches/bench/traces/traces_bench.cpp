// SPDX-License-Identifier: Apache-2.0
// Importing Criteo text, reading a long trace in chunks, writing one. RECPIM_BENCH_SAMPLES sets the
// length of the long trace (10000000 is the one of the documentation; the default is quicker).
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "traces/format/trace.h"
#include "traces/import/importer.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

namespace fs = std::filesystem;

std::uint64_t long_trace_samples() {
  const char* asked = std::getenv("RECPIM_BENCH_SAMPLES");
  const std::uint64_t samples = asked == nullptr ? 0 : std::strtoull(asked, nullptr, 10);
  return samples == 0 ? 500000 : samples;
}

double peak_rss_mb() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// A folder that goes when the bench ends.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("recpim-bench-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string at(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// Lines like Criteo's: 2 % of the integers and 4 % of the identifiers are missing, small integers,
// identifiers of eight digits. About 230 MB per million lines.
void write_criteo(const std::string& path, std::uint64_t lines) {
  std::ofstream file(path, std::ios::binary);
  Random random(1);
  std::string text;
  char field[32];
  for (std::uint64_t i = 0; i < lines; ++i) {
    text += random.below(4) == 0 ? '1' : '0';
    for (int j = 0; j < 13; ++j) {
      text += '\t';
      const std::uint64_t draw = random.next32();
      if (draw % 50 != 0) text += std::to_string((draw >> 8U) % (j % 4 == 0 ? 20000 : 30));
    }
    for (int t = 0; t < 26; ++t) {
      const std::uint32_t draw = random.next32();
      std::snprintf(field, sizeof field, draw % 25 == 0 ? "\t" : "\t%08x", draw);
      text += field;
    }
    text += '\n';
    if (text.size() > (1U << 20U)) {
      file << text;
      text.clear();
    }
  }
  file << text;
}

void import_criteo(benchmark::State& state) {
  const Folder folder;
  write_criteo(folder.at("in.tsv"), static_cast<std::uint64_t>(state.range(0)));
  const auto bytes = static_cast<double>(fs::file_size(folder.at("in.tsv")));
  ImportOptions options;
  options.format = "criteo";
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(import_trace(options, folder.at("in.tsv"), folder.at("out.h5")));
  }
  state.counters["text_MB"] = bytes / 1e6;
  state.counters["text_MB/s"] = benchmark::Counter(
      bytes / 1e6 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["peak_rss_MB"] = peak_rss_mb();
}
BENCHMARK(import_criteo)->Arg(400000)->Unit(benchmark::kMillisecond);

constexpr std::size_t kTables = 26;
constexpr std::uint32_t kDense = 13;
constexpr std::uint64_t kStep = 8192;

void write_long(const std::string& path, std::uint64_t samples) {
  TraceInfo info;
  info.dense = kDense;
  info.has_labels = true;
  for (std::size_t t = 0; t < kTables; ++t) info.tables.push_back({"t" + std::to_string(t), 65536});
  TraceWriter writer(path, info);
  TraceChunk chunk;
  chunk.offsets.resize(kTables);
  chunk.indices.resize(kTables);
  std::uint32_t state = 1;
  for (std::uint64_t first = 0; first < samples; first += kStep) {
    chunk.count = std::min(kStep, samples - first);
    chunk.dense.assign(chunk.count * kDense, 0.5F);
    chunk.labels.assign(chunk.count, 1.0F);
    for (std::size_t t = 0; t < kTables; ++t) {
      chunk.offsets[t].resize(chunk.count + 1);
      chunk.indices[t].resize(chunk.count);
      for (std::uint64_t b = 0; b <= chunk.count; ++b) chunk.offsets[t][b] = b;
      for (auto& index : chunk.indices[t]) index = (state = state * 1664525U + 1013904223U) >> 16U;
    }
    writer.append(chunk);
  }
  writer.finish();
}

// One trace for the benches below; made at the first use.
const std::string& long_trace() {
  static const Folder kFolder;
  static const std::string kPath = [] {
    std::string path = kFolder.at("long.h5");
    write_long(path, long_trace_samples());
    return path;
  }();
  return kPath;
}

void write_trace(benchmark::State& state) {
  const Folder folder;
  const auto samples = static_cast<std::uint64_t>(state.range(0));
  for ([[maybe_unused]] auto _ : state) write_long(folder.at("w.h5"), samples);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(write_trace)->Arg(100000)->Unit(benchmark::kMillisecond);

// The peak memory of the process does not grow with the trace: compare two RECPIM_BENCH_SAMPLES.
void read_long_trace(benchmark::State& state) {
  const std::string& path = long_trace();
  std::uint64_t sum = 0;
  for ([[maybe_unused]] auto _ : state) {
    const TraceReader trace(path);
    TraceChunk chunk;
    const std::uint64_t samples = trace.info().samples;
    for (std::uint64_t first = 0; first < samples; first += kStep) {
      trace.read(first, std::min(kStep, samples - first), chunk);
      sum += chunk.indices[0][0];
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(long_trace_samples()));
  state.counters["samples"] = static_cast<double>(long_trace_samples());
  state.counters["file_MB"] = static_cast<double>(fs::file_size(path)) / 1e6;
  state.counters["peak_rss_MB"] = peak_rss_mb();
}
BENCHMARK(read_long_trace)->Unit(benchmark::kMillisecond);

// What training does: random batches out of the first 100,000 samples, which fit the cache.
void gather_batches(benchmark::State& state) {
  const TraceReader trace(long_trace());
  Random random(1);
  TraceChunk chunk;
  std::vector<std::uint64_t> batch(static_cast<std::size_t>(state.range(0)));
  const std::uint64_t span = std::min<std::uint64_t>(100000, trace.info().samples);
  for ([[maybe_unused]] auto _ : state) {
    for (auto& sample : batch) sample = random.below(span);
    trace.gather(batch, chunk);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(gather_batches)->Arg(256);

}  // namespace
}  // namespace recpim
