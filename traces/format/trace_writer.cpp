// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "traces/format/layout.h"
#include "traces/format/trace.h"
#include "traces/support/error.h"
#include "traces/support/hdf5.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

using hdf5::Id;

// Bytes of one HDF5 chunk. Big enough for fast streaming, small enough that a partial read is
// cheap.
constexpr std::size_t kChunkBytes = std::size_t{1} << 17U;
// What is held back before it goes to the file.
constexpr std::size_t kPendingBytes = std::size_t{1} << 24U;
constexpr std::int64_t kUnknown = -1;
constexpr std::int64_t kVaries = -2;

void check(bool fine, const char* what) {
  if (!fine) throw std::invalid_argument(std::string("TraceWriter::append: ") + what);
}

}  // namespace

struct TraceWriter::Impl {
  // One table of the file. Bags of one size need no offsets; the dataset is made, and filled for
  // what was written before, when the first bag of another size comes.
  struct Table {
    Id group, indices, offsets;
    std::int64_t bag_size = kUnknown;
    std::vector<std::uint32_t> pending;
    std::vector<std::uint64_t> ends;  // Of the bags held back, counted from the table's start.
    std::uint64_t lookups = 0;        // Held back ones included.
  };

  Impl(const std::string& path, const TraceInfo& trace_info)
      : destination(path), output(path), info(trace_info), tables(trace_info.tables.size()) {
    if (info.tables.empty() && info.dense == 0) {
      throw std::invalid_argument("TraceWriter: a trace needs tables or dense features");
    }
    for (const auto& table : info.tables) {
      if (table.rows == 0 || table.rows > layout::kMaxRows) {
        throw std::invalid_argument("TraceWriter: a table has 1 to 2^32 rows");
      }
    }
    file = hdf5::create_file(output.path());
  }

  std::size_t pending_bytes() const {
    std::size_t bytes = sizeof(float) * (dense.size() + true_logits.size()) + labels.size() +
                        sizeof(std::uint64_t) * arrivals.size();
    for (const auto& t : tables) {
      bytes += sizeof(std::uint32_t) * t.pending.size() + sizeof(std::uint64_t) * t.ends.size();
    }
    return bytes;
  }

  // A trace that is small as a whole gets chunks of its own size instead of mostly empty ones.
  hsize_t chunk_rows(std::size_t row_bytes, std::size_t pending_rows, bool last) const {
    const std::size_t full = std::max<std::size_t>(1, kChunkBytes / row_bytes);
    return last ? std::clamp<std::size_t>(pending_rows, 1, full) : full;
  }

  void create_datasets(bool last) {
    created = true;
    if (info.dense > 0) {
      dense_set =
          hdf5::create_dataset(destination, file.get(), "dense", H5T_IEEE_F32LE,
                               {chunk_rows(sizeof(float) * info.dense, pending, last), info.dense});
    }
    if (info.has_labels) {
      labels_set = hdf5::create_dataset(destination, file.get(), "labels", H5T_STD_U8LE,
                                        {chunk_rows(1, pending, last)});
    }
    if (info.has_arrivals) {
      arrivals_set =
          hdf5::create_dataset(destination, file.get(), layout::kArrivalName, H5T_STD_U64LE,
                               {chunk_rows(sizeof(std::uint64_t), pending, last)});
    }
    if (info.has_true_logits) {
      true_logits_set = hdf5::create_dataset(destination, file.get(), "true_logits", H5T_IEEE_F32LE,
                                             {chunk_rows(sizeof(float), pending, last)});
    }
    if (!tables.empty()) tables_group = hdf5::create_group(destination, file.get(), "tables");
    for (std::size_t t = 0; t < tables.size(); ++t) {
      Table& table = tables[t];
      table.group = hdf5::create_group(destination, file.get(), layout::table_place(t));
      table.indices =
          hdf5::create_dataset(destination, table.group.get(), "indices", H5T_STD_U32LE,
                               {chunk_rows(sizeof(std::uint32_t), table.pending.size(), last)});
    }
  }

  // The offsets of the bags before the first one that is held back.
  void create_offsets(Table& table, std::uint64_t bag_size, bool last) {
    table.offsets =
        hdf5::create_dataset(destination, table.group.get(), "offsets", H5T_STD_U64LE,
                             {chunk_rows(sizeof(std::uint64_t), written + pending + 1, last)});
    std::vector<std::uint64_t> part;
    for (std::uint64_t at = 0; at <= written; at += part.size()) {
      part.resize(std::min<std::uint64_t>(written + 1 - at, kChunkBytes / sizeof(std::uint64_t)));
      for (std::size_t i = 0; i < part.size(); ++i) part[i] = (at + i) * bag_size;
      hdf5::append_rows(destination, table.offsets, at, part.size(), H5T_NATIVE_UINT64,
                        part.data());
    }
  }

  void flush_table(Table& table, bool last) {
    hdf5::append_rows(destination, table.indices, table.lookups - table.pending.size(),
                      table.pending.size(), H5T_NATIVE_UINT32, table.pending.data());
    std::uint64_t start = table.lookups - table.pending.size();
    const std::int64_t before = table.bag_size;
    for (const std::uint64_t end : table.ends) {
      const auto size = static_cast<std::int64_t>(end - start);
      if (table.bag_size == kUnknown) table.bag_size = size;
      if (table.bag_size != size) table.bag_size = kVaries;
      start = end;
    }
    if (table.bag_size == kVaries) {
      if (before != kVaries) {
        create_offsets(table, before == kUnknown ? 0 : static_cast<std::uint64_t>(before), last);
      }
      hdf5::append_rows(destination, table.offsets, written + 1, table.ends.size(),
                        H5T_NATIVE_UINT64, table.ends.data());
    }
    table.pending.clear();
    table.ends.clear();
  }

  void flush(bool last) {
    if (!created) create_datasets(last);
    if (info.dense > 0) {
      hdf5::append_rows(destination, dense_set, written, pending, H5T_NATIVE_FLOAT, dense.data());
    }
    if (info.has_labels) {
      hdf5::append_rows(destination, labels_set, written, pending, H5T_NATIVE_UINT8, labels.data());
    }
    if (info.has_arrivals) {
      hdf5::append_rows(destination, arrivals_set, written, pending, H5T_NATIVE_UINT64,
                        arrivals.data());
    }
    if (info.has_true_logits) {
      hdf5::append_rows(destination, true_logits_set, written, pending, H5T_NATIVE_FLOAT,
                        true_logits.data());
    }
    for (Table& table : tables) flush_table(table, last);
    dense.clear();
    labels.clear();
    arrivals.clear();
    true_logits.clear();
    written += pending;
    pending = 0;
  }

  void check_shape(const TraceChunk& chunk) const {
    const std::size_t count = chunk.count;
    check(chunk.dense.size() == count * info.dense, "dense has another size");
    check(chunk.labels.size() == (info.has_labels ? count : 0), "labels has another size");
    check(chunk.true_logits.size() == (info.has_true_logits ? count : 0),
          "true_logits has another size");
    for (const float x : chunk.true_logits) check(std::isfinite(x), "a true logit is no number");
    check(chunk.offsets.size() == tables.size(), "offsets has another number of tables");
    check(chunk.indices.size() == tables.size(), "indices has another number of tables");
    for (const float value : chunk.dense) check(std::isfinite(value), "a dense value is no number");
    for (const float label : chunk.labels) check(label == 0 || label == 1, "a label is not 0 or 1");
    check(chunk.arrival_ns.size() == (info.has_arrivals ? count : 0), "arrivals has another size");
    check(std::is_sorted(chunk.arrival_ns.begin(), chunk.arrival_ns.end()) &&
              (chunk.arrival_ns.empty() || chunk.arrival_ns.front() >= last_arrival),
          "an arrival is before the one of the sample before");
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const auto& offsets = chunk.offsets[t];
      check(offsets.size() == count + 1 && offsets.front() == 0 &&
                offsets.back() == chunk.indices[t].size() &&
                std::is_sorted(offsets.begin(), offsets.end()),
            "offsets do not rise from 0 to the number of indices");
      std::uint32_t largest = 0;
      for (const std::uint32_t index : chunk.indices[t]) largest = std::max(largest, index);
      check(largest < info.tables[t].rows, "an index is past its table");
    }
  }

  void append(const TraceChunk& chunk) {
    check_shape(chunk);
    dense.insert(dense.end(), chunk.dense.begin(), chunk.dense.end());
    for (const float label : chunk.labels) labels.push_back(label != 0 ? 1 : 0);
    arrivals.insert(arrivals.end(), chunk.arrival_ns.begin(), chunk.arrival_ns.end());
    if (!chunk.arrival_ns.empty()) last_arrival = chunk.arrival_ns.back();
    true_logits.insert(true_logits.end(), chunk.true_logits.begin(), chunk.true_logits.end());
    for (std::size_t t = 0; t < tables.size(); ++t) {
      Table& table = tables[t];
      table.pending.insert(table.pending.end(), chunk.indices[t].begin(), chunk.indices[t].end());
      for (std::size_t b = 0; b < chunk.count; ++b) {
        table.ends.push_back(table.lookups + chunk.offsets[t][b + 1]);
      }
      table.lookups += chunk.indices[t].size();
    }
    pending += chunk.count;
    if (pending_bytes() >= kPendingBytes) flush(false);
  }

  void close(Id& id) const {
    if (!id.reset()) reject(destination, "", "", "a place with room to write");
  }

  void finish() {
    flush(true);
    hdf5::write_attribute(destination, file.get(), layout::kSchemaName, layout::kSchema);
    hdf5::write_attribute(destination, file.get(), layout::kSamplesName, written);
    hdf5::write_attribute(destination, file.get(), layout::kTablesName, tables.size());
    hdf5::write_attribute(destination, file.get(), layout::kProvenanceName, info.provenance);
    for (std::size_t t = 0; t < tables.size(); ++t) {
      Table& table = tables[t];
      const hid_t group = table.group.get();
      hdf5::write_attribute(destination, group, layout::kTableName, info.tables[t].name);
      hdf5::write_attribute(destination, group, layout::kRowsName, info.tables[t].rows);
      if (table.bag_size != kVaries) {
        hdf5::write_attribute(
            destination, group, layout::kBagSizeName,
            static_cast<std::uint64_t>(std::max<std::int64_t>(table.bag_size, 0)));
      }
      close(table.indices);
      close(table.offsets);
      close(table.group);
    }
    close(tables_group);
    close(dense_set);
    close(labels_set);
    close(arrivals_set);
    close(true_logits_set);
    close(file);
    output.commit();
  }

  std::string destination;
  OutputFile output;
  TraceInfo info;
  Id file, tables_group, dense_set, labels_set, arrivals_set, true_logits_set;
  std::vector<Table> tables;
  std::vector<float> dense, true_logits;
  std::vector<std::uint8_t> labels;
  std::vector<std::uint64_t> arrivals;
  std::uint64_t last_arrival = 0;
  std::uint64_t pending = 0;  // Samples held back.
  std::uint64_t written = 0;  // Samples in the file.
  bool created = false;
};

TraceWriter::TraceWriter(const std::string& path, const TraceInfo& info)
    : impl_(std::make_unique<Impl>(path, info)) {}
TraceWriter::~TraceWriter() = default;
void TraceWriter::append(const TraceChunk& chunk) { impl_->append(chunk); }
void TraceWriter::set_provenance(const std::string& json_text) {
  impl_->info.provenance = json_text;
}
std::uint64_t TraceWriter::samples() const { return impl_->written + impl_->pending; }
void TraceWriter::finish() { impl_->finish(); }

}  // namespace recpim
