// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <list>
#include <stdexcept>
#include <unordered_map>

#include "traces/format/layout.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/hdf5.h"

namespace recpim {
namespace {

using hdf5::Id;
using hdf5::Kind;

// gather() reads blocks of about kBlockBytes and keeps at most kCacheBytes of them.
constexpr std::uint64_t kBlockBytes = std::uint64_t{1} << 20U;
constexpr std::uint64_t kCacheBytes = std::uint64_t{1} << 28U;

std::uint64_t bytes_of(const TraceChunk& chunk) {
  std::uint64_t bytes =
      sizeof(float) * (chunk.dense.size() + chunk.labels.size() + chunk.true_logits.size());
  bytes += sizeof(std::uint64_t) * chunk.arrival_ns.size();
  for (const auto& o : chunk.offsets) bytes += sizeof(std::uint64_t) * o.size();
  for (const auto& i : chunk.indices) bytes += sizeof(std::uint32_t) * i.size();
  return bytes;
}

void append_sample(const TraceChunk& from, std::uint64_t at, std::size_t dense, TraceChunk& to) {
  const auto row = from.dense.begin() + static_cast<std::ptrdiff_t>(at * dense);
  to.dense.insert(to.dense.end(), row, row + static_cast<std::ptrdiff_t>(dense));
  if (!from.labels.empty()) to.labels.push_back(from.labels[at]);
  if (!from.true_logits.empty()) to.true_logits.push_back(from.true_logits[at]);
  for (std::size_t t = 0; t < from.indices.size(); ++t) {
    const auto begin = from.indices[t].begin();
    to.indices[t].insert(to.indices[t].end(),
                         begin + static_cast<std::ptrdiff_t>(from.offsets[t][at]),
                         begin + static_cast<std::ptrdiff_t>(from.offsets[t][at + 1]));
    to.offsets[t].push_back(to.indices[t].size());
  }
}

}  // namespace

struct TraceReader::Impl {
  struct Table {
    std::string place;
    Id indices, offsets;  // No offsets where every bag has bag_size lookups.
    std::uint64_t bag_size = 0;
    std::uint64_t lookups = 0;
  };

  explicit Impl(const std::string& path) : file(path) {
    const std::string schema = file.text_attribute("/", layout::kSchemaName);
    if (schema != layout::kSchema) reject(path, "/schema", schema, layout::kSchema);
    info.samples = file.unsigned_attribute("/", layout::kSamplesName);
    info.provenance = file.text_attribute("/", layout::kProvenanceName);
    if (file.has("/dense")) open_dense();
    if (file.has("/labels")) {
      info.has_labels = true;
      labels = file.dataset("/labels", Kind::kUnsigned, 1, 1);
      expect("/labels", file.shape(labels)[0], info.samples);
    }
    if (file.has(arrival_place())) {
      info.has_arrivals = true;
      arrival_set = file.dataset(arrival_place(), Kind::kUnsigned, sizeof(std::uint64_t), 1);
      expect(arrival_place(), file.shape(arrival_set)[0], info.samples);
    }
    if (file.has("/true_logits")) {
      info.has_true_logits = true;
      true_logits = file.dataset("/true_logits", Kind::kFloat, sizeof(float), 1);
      expect("/true_logits", file.shape(true_logits)[0], info.samples);
    }
    const std::uint64_t tables_there = file.unsigned_attribute("/", layout::kTablesName);
    if (tables_there > layout::kMaxTables) {
      fail("/tables", std::to_string(tables_there), "at most 65536 tables");
    }
    for (std::size_t t = 0; t < tables_there; ++t) open_table(layout::table_place(t));
    if (tables.empty() && info.dense == 0) fail("/", "", "tables or dense features");
  }

  [[noreturn]] void fail(const std::string& place, const std::string& value,
                         const std::string& accepted) const {
    reject(file.path(), place, value, accepted);
  }

  void expect(const std::string& place, std::uint64_t length, std::uint64_t wanted) const {
    if (length != wanted) {
      fail(place, std::to_string(length) + " rows", std::to_string(wanted) + " rows");
    }
  }

  void open_dense() {
    dense = file.dataset("/dense", Kind::kFloat, sizeof(float), 2);
    const auto shape = file.shape(dense);
    expect("/dense", shape[0], info.samples);
    if (shape[1] == 0 || shape[1] > layout::kMaxDense) {
      fail("/dense", std::to_string(shape[1]) + " columns", "1 to 2^24 columns");
    }
    info.dense = static_cast<std::uint32_t>(shape[1]);
  }

  void open_table(const std::string& place) {
    if (!file.has(place)) fail(place, "", "a group, it is missing");
    Table table;
    table.place = place;
    TraceTable described;
    described.name = file.text_attribute(place, layout::kTableName);
    described.rows = file.unsigned_attribute(place, layout::kRowsName);
    if (described.rows == 0 || described.rows > layout::kMaxRows) {
      fail(place + "/rows", std::to_string(described.rows), "1 to 2^32");
    }
    table.indices = file.dataset(place + "/indices", Kind::kUnsigned, sizeof(std::uint32_t), 1);
    table.lookups = file.shape(table.indices)[0];
    if (file.has(place + "/offsets")) {
      table.offsets = file.dataset(place + "/offsets", Kind::kUnsigned, sizeof(std::uint64_t), 1);
      expect(place + "/offsets", file.shape(table.offsets)[0], info.samples + 1);
      check_end(table, 0, 0);
      check_end(table, info.samples, table.lookups);
    } else {
      table.bag_size = file.unsigned_attribute(place, layout::kBagSizeName);
      if (table.bag_size > table.lookups && info.samples > 0) {
        fail(place + "/bag_size", std::to_string(table.bag_size),
             "at most the " + std::to_string(table.lookups) + " indices of the table");
      }
      expect(place + "/indices", table.lookups, info.samples * table.bag_size);
    }
    info.tables.push_back(described);
    tables.push_back(std::move(table));
  }

  void check_end(const Table& table, std::uint64_t at, std::uint64_t wanted) const {
    std::uint64_t value = 0;
    file.rows(table.offsets, table.place + "/offsets", at, 1, H5T_NATIVE_UINT64, &value);
    if (value != wanted) {
      fail(table.place + "/offsets[" + std::to_string(at) + "]", std::to_string(value),
           std::to_string(wanted));
    }
  }

  // Leaves offsets counted from the first bag's start, which it returns.
  std::uint64_t read_offsets(const Table& table, std::uint64_t first, std::uint64_t count,
                             std::vector<std::uint64_t>& offsets) const {
    offsets.resize(count + 1);
    if (!table.offsets) {
      for (std::uint64_t b = 0; b <= count; ++b) offsets[b] = b * table.bag_size;
      return first * table.bag_size;
    }
    file.rows(table.offsets, table.place + "/offsets", first, count + 1, H5T_NATIVE_UINT64,
              offsets.data());
    const std::uint64_t start = offsets[0];
    std::uint64_t previous = start;
    for (std::uint64_t b = 0; b <= count; ++b) {
      if (offsets[b] < previous || offsets[b] > table.lookups) {
        fail(table.place + "/offsets[" + std::to_string(first + b) + "]",
             std::to_string(offsets[b]),
             "a number from " + std::to_string(previous) + " to " + std::to_string(table.lookups));
      }
      previous = offsets[b];
      offsets[b] -= start;
    }
    return start;
  }

  void read_table(std::size_t t, std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    const Table& table = tables[t];
    const std::uint64_t start = read_offsets(table, first, count, out.offsets[t]);
    auto& indices = out.indices[t];
    indices.resize(out.offsets[t].back());
    file.rows(table.indices, table.place + "/indices", start, indices.size(), H5T_NATIVE_UINT32,
              indices.data());
    const std::uint64_t rows = info.tables[t].rows;
    std::uint32_t largest = 0;
    for (const std::uint32_t index : indices) largest = std::max(largest, index);
    if (indices.empty() || largest < rows) return;
    const auto at = std::find(indices.begin(), indices.end(), largest) - indices.begin();
    fail(table.place + "/indices[" + std::to_string(start + static_cast<std::uint64_t>(at)) + "]",
         std::to_string(largest),
         "a row of table " + info.tables[t].name + ", 0 to " + std::to_string(rows - 1));
  }

  void read_dense(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    out.dense.resize(count * info.dense);
    if (info.dense == 0) return;
    file.rows(dense, "/dense", first, count, H5T_NATIVE_FLOAT, out.dense.data());
    for (std::size_t i = 0; i < out.dense.size(); ++i) {
      if (!std::isfinite(out.dense[i])) {
        fail("/dense[" + std::to_string(first + i / info.dense) + "][" +
                 std::to_string(i % info.dense) + "]",
             std::to_string(out.dense[i]), "a finite number");
      }
    }
  }

  void read_labels(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    out.labels.clear();
    if (!info.has_labels) return;
    label_bytes.resize(count);
    file.rows(labels, "/labels", first, count, H5T_NATIVE_UINT8, label_bytes.data());
    for (std::size_t i = 0; i < label_bytes.size(); ++i) {
      if (label_bytes[i] > 1) {
        fail("/labels[" + std::to_string(first + i) + "]", std::to_string(label_bytes[i]),
             "0 or 1");
      }
      out.labels.push_back(label_bytes[i]);
    }
  }

  static std::string arrival_place() { return std::string("/") + layout::kArrivalName; }

  void read_arrivals(std::uint64_t first, std::uint64_t count,
                     std::vector<std::uint64_t>& out) const {
    out.resize(info.has_arrivals ? count : 0);
    if (out.empty()) return;
    file.rows(arrival_set, arrival_place(), first, count, H5T_NATIVE_UINT64, out.data());
    const auto fall = std::is_sorted_until(out.begin(), out.end());
    if (fall == out.end()) return;
    fail(arrival_place() + "[" +
             std::to_string(first + static_cast<std::uint64_t>(fall - out.begin())) + "]",
         std::to_string(*fall), "at least " + std::to_string(*(fall - 1)) + ", the one before");
  }

  void read_true_logits(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    out.true_logits.clear();
    if (!info.has_true_logits) return;
    out.true_logits.resize(count);
    file.rows(true_logits, "/true_logits", first, count, H5T_NATIVE_FLOAT, out.true_logits.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::isfinite(out.true_logits[i])) {
        fail("/true_logits[" + std::to_string(first + i) + "]", std::to_string(out.true_logits[i]),
             "a finite number");
      }
    }
  }

  void require_inside(std::uint64_t first, std::uint64_t count) const {
    if (first > info.samples || count > info.samples - first) {
      throw std::out_of_range("TraceReader::read: samples outside of " + file.path());
    }
  }

  void read(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
    require_inside(first, count);
    out.first = first;
    out.count = count;
    out.offsets.resize(tables.size());
    out.indices.resize(tables.size());
    read_dense(first, count, out);
    read_labels(first, count, out);
    read_arrivals(first, count, out.arrival_ns);
    read_true_logits(first, count, out);
    for (std::size_t t = 0; t < tables.size(); ++t) read_table(t, first, count, out);
  }

  // The block that holds a sample, from the cache or the file; the least recently used ones go.
  const TraceChunk& block_of(std::uint64_t sample) const {
    const std::uint64_t number = sample / block_samples();
    const auto known = cached.find(number);
    if (known != cached.end()) {
      blocks.splice(blocks.begin(), blocks, known->second);
      return blocks.front().second;
    }
    blocks.emplace_front();
    blocks.front().first = number;
    try {
      const std::uint64_t first = number * block_samples();
      read(first, std::min(block_samples(), info.samples - first), blocks.front().second);
    } catch (...) {
      blocks.pop_front();
      throw;
    }
    cached[number] = blocks.begin();
    cache_bytes += bytes_of(blocks.front().second);
    while (cache_bytes > kCacheBytes && blocks.size() > 1) {
      cache_bytes -= bytes_of(blocks.back().second);
      cached.erase(blocks.back().first);
      blocks.pop_back();
    }
    return blocks.front().second;
  }

  std::uint64_t block_samples() const {
    if (block_size == 0) {
      std::uint64_t bytes = sizeof(float) * info.dense * info.samples;
      for (const auto& t : tables) {
        bytes += sizeof(std::uint32_t) * t.lookups + sizeof(std::uint64_t) * info.samples;
      }
      const std::uint64_t a_sample = bytes / std::max<std::uint64_t>(1, info.samples) + 1;
      block_size = std::max<std::uint64_t>(1, kBlockBytes / a_sample);
    }
    return block_size;
  }

  void gather(const std::vector<std::uint64_t>& samples, TraceChunk& out) const {
    out.first = 0;
    out.count = samples.size();
    out.dense.clear();
    out.labels.clear();
    out.arrival_ns.clear();
    out.true_logits.clear();
    out.offsets.resize(tables.size());
    out.indices.resize(tables.size());
    for (auto& offsets : out.offsets) offsets.assign(1, 0);
    for (auto& indices : out.indices) indices.clear();
    for (const std::uint64_t sample : samples) {
      if (sample >= info.samples) {
        throw std::out_of_range("TraceReader::gather: sample outside of " + file.path());
      }
      append_sample(block_of(sample), sample % block_samples(), info.dense, out);
    }
  }

  hdf5::Reader file;
  TraceInfo info;
  Id dense, labels, arrival_set, true_logits;
  std::vector<Table> tables;
  mutable std::vector<std::uint8_t> label_bytes;
  using Block = std::pair<std::uint64_t, TraceChunk>;
  mutable std::list<Block> blocks;  // The most recently used first.
  mutable std::unordered_map<std::uint64_t, std::list<Block>::iterator> cached;
  mutable std::uint64_t cache_bytes = 0;
  mutable std::uint64_t block_size = 0;
};

TraceReader::TraceReader(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
TraceReader::~TraceReader() = default;
const TraceInfo& TraceReader::info() const { return impl_->info; }
const std::string& TraceReader::path() const { return impl_->file.path(); }
void TraceReader::read(std::uint64_t first, std::uint64_t count, TraceChunk& out) const {
  impl_->read(first, count, out);
}
std::vector<std::uint64_t> TraceReader::arrivals(std::uint64_t first, std::uint64_t count) const {
  impl_->require_inside(first, count);
  std::vector<std::uint64_t> arrivals;
  impl_->read_arrivals(first, count, arrivals);
  return arrivals;
}
void TraceReader::gather(const std::vector<std::uint64_t>& samples, TraceChunk& out) const {
  impl_->gather(samples, out);
}

void require_samples(const TraceReader& trace, std::uint64_t at_least) {
  if (trace.info().samples >= at_least) return;
  reject(
      trace.path(), "samples", std::to_string(trace.info().samples),
      "a trace of at least " + std::to_string(at_least) + (at_least == 1 ? " sample" : " samples"));
}

}  // namespace recpim
