// SPDX-License-Identifier: Apache-2.0
/// @file
/// A trace: for every sample the rows that it looks up in each embedding table, its dense features
/// and its label. An MLP trace has no tables: its dense features are the input vector.
///
/// The file is HDF5, layout in README.md of this folder. It is written and read in chunks: neither
/// side ever holds more than a chunk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace recpim {

struct TraceTable {
  std::string name;
  std::uint64_t rows = 0;  ///< Every index is below this.
};

struct TraceInfo {
  std::uint64_t samples = 0;
  std::uint32_t dense = 0;  ///< Dense features a sample.
  std::vector<TraceTable> tables;
  bool has_labels = false;
  bool has_arrivals = false;     ///< When each sample arrives is recorded.
  bool has_true_logits = false;  ///< Generated labels may come with the log odds they follow.
  std::string provenance;        ///< JSON text: the command, source file and options that made it.
};

/// Consecutive samples. Bag b of table t (sample first + b) is
/// indices[t][offsets[t][b] .. offsets[t][b + 1]); offsets[t] has count + 1 entries from 0.
struct TraceChunk {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::vector<float> dense;               ///< count x TraceInfo::dense, row by row.
  std::vector<float> labels;              ///< count, 0 or 1; empty where the trace has none.
  std::vector<std::uint64_t> arrival_ns;  ///< count, never falling; empty where the trace has none.
  /// count, the log odds that each label was drawn with; empty where the trace has none.
  std::vector<float> true_logits;
  std::vector<std::vector<std::uint64_t>> offsets;
  std::vector<std::vector<std::uint32_t>> indices;
};

/// Writes a trace; the file is at its place only after finish().
class TraceWriter {
 public:
  /// `info.samples` is ignored: it is counted.
  TraceWriter(const std::string& path, const TraceInfo& info);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;
  /// Appends the samples of a chunk (its `first` is ignored). An index past its table, an arrival
  /// before the one of the sample before, or arrays of another shape than info says, are
  /// std::invalid_argument: the caller checks its input.
  void append(const TraceChunk& chunk);
  /// Replaces the provenance given to the constructor; what is known only at the end goes in so.
  void set_provenance(const std::string& json_text);
  std::uint64_t samples() const;  ///< Appended so far.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a trace. The constructor checks the layout, read() and gather() the values; a truncated,
/// foreign or inconsistent file is an InputError naming the file and the place. A trace of 0
/// samples can be opened; who needs samples calls require_samples().
///
/// Not for two threads at once, neither one reader nor two: the HDF5 library is the serial build.
class TraceReader {
 public:
  explicit TraceReader(const std::string& path);
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  const TraceInfo& info() const;
  const std::string& path() const;
  /// Samples [first, first + count), which must lie inside the trace.
  void read(std::uint64_t first, std::uint64_t count, TraceChunk& out) const;
  /// Arrivals of samples [first, first + count) alone, in ns; InputError where they fall.
  std::vector<std::uint64_t> arrivals(std::uint64_t first, std::uint64_t count) const;
  /// Gathers the given samples (without arrivals), in the given order (sorted or not), into one
  /// chunk; `first` is 0. Blocks of samples stay in a cache of bounded size, so that random batches
  /// of a trace below about 200 MB cost no file access; of a larger one, batches from one region
  /// are much cheaper than batches from all over.
  void gather(const std::vector<std::uint64_t>& samples, TraceChunk& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// InputError where the trace has fewer than `at_least` samples.
void require_samples(const TraceReader& trace, std::uint64_t at_least = 1);

}  // namespace recpim
