// SPDX-License-Identifier: Apache-2.0
#include "traces/import/importer.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "traces/format/trace.h"
#include "traces/import/record.h"
#include "traces/import/row_mapper.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/progress.h"

namespace recpim {
namespace {

constexpr std::uint64_t kDefaultCap = 500000;  // Of counted tables; NASRec's in its search.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20U;

// A value for a message of one line.
std::string shown(const std::string& value) {
  constexpr std::size_t kLongest = 40;
  std::string text = value.substr(0, kLongest);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return value.size() > kLongest ? text + "..." : text;
}

// Samples on their way to the writer.
class Batch {
 public:
  explicit Batch(const TraceInfo& info) : info_(info) { clear(); }

  void add(const Record& record, const std::vector<RowMapper>& mappers) {
    chunk_.dense.insert(chunk_.dense.end(), record.dense.begin(), record.dense.end());
    if (info_.has_labels) chunk_.labels.push_back(record.label);
    if (mappers.size() == 1) {
      for (const std::uint64_t id : record.ids) chunk_.indices[0].push_back(mappers[0].row(id));
      chunk_.offsets[0].push_back(chunk_.indices[0].size());
    } else {
      for (std::size_t t = 0; t < mappers.size(); ++t) {
        chunk_.indices[t].push_back(mappers[t].row(record.ids[t]));
      }
    }
    ++chunk_.count;
    bytes_ += sizeof(float) * record.dense.size() + sizeof(std::uint32_t) * record.ids.size() + 1;
  }

  bool full() const { return bytes_ >= kBatchBytes; }

  void write(TraceWriter& writer) {
    if (chunk_.indices.size() > 1) {
      chunk_.offsets[0].resize(chunk_.count + 1);
      std::iota(chunk_.offsets[0].begin(), chunk_.offsets[0].end(), 0U);
      for (auto& offsets : chunk_.offsets) offsets = chunk_.offsets[0];
    }
    writer.append(chunk_);
    clear();
  }

 private:
  void clear() {
    bytes_ = 0;
    chunk_.count = 0;
    chunk_.dense.clear();
    chunk_.labels.clear();
    chunk_.offsets.resize(info_.tables.size());
    chunk_.indices.resize(info_.tables.size());
    for (auto& offsets : chunk_.offsets) offsets.assign(1, 0);
    for (auto& indices : chunk_.indices) indices.clear();
  }

  const TraceInfo& info_;
  TraceChunk chunk_;
  std::size_t bytes_ = 0;
};

class Importer {
 public:
  Importer(const ImportOptions& options, const std::string& file)
      : options_(options), file_(file), source_(open_source(options, file)) {
    const Schema& schema = source_->schema();
    if (schema.tables.empty() && (options.table_rows != 0 || options.min_count != 0)) {
      reject("", options.table_rows != 0 ? "--table-rows" : "--min-count", "",
             "only with a format that has tables");
    }
    for (std::size_t t = 0; t < schema.tables.size(); ++t) mappers_.push_back(make_mapper(t));
  }

  ImportSummary run(const std::string& path) {
    first_pass();
    const Schema& schema = source_->schema();
    TraceInfo info;
    info.dense = schema.dense;
    info.has_labels = schema.labels;
    for (std::size_t t = 0; t < mappers_.size(); ++t) {
      info.tables.push_back({schema.tables[t], mappers_[t].rows()});
      summary_.table_rows.push_back(mappers_[t].rows());
    }
    summary_.dense = info.dense;
    if (info.dense == 0 && info.tables.empty()) {
      pass("trace import", [](const Record&) {});  // Says which line is bad, where one is.
      reject_empty();
    }
    TraceWriter writer(path, info);
    Batch batch(info);
    summary_.samples = pass("trace import", [&](const Record& record) {
      batch.add(record, mappers_);
      if (batch.full()) batch.write(writer);
    });
    if (summary_.samples == 0) reject_empty();
    batch.write(writer);
    writer.set_provenance(provenance().dump());
    writer.finish();
    return summary_;
  }

 private:
  RowMapper make_mapper(std::size_t table) const {
    const Schema& schema = source_->schema();
    const bool counted = options_.min_count != 0 || (schema.policy == RowPolicy::kCounted);
    if (counted) {
      return RowMapper::counted(options_.min_count != 0 ? options_.min_count : schema.min_count,
                                options_.table_rows != 0 ? options_.table_rows : kDefaultCap);
    }
    if (options_.table_rows != 0) return RowMapper::hashed(options_.table_rows);
    if (schema.policy == RowPolicy::kIdentity) return RowMapper::identity();
    return RowMapper::hashed(schema.default_rows[table]);
  }

  [[noreturn]] void reject_empty() const {
    const std::string skipped =
        summary_.bad_lines == 0 ? "" : ", " + std::to_string(summary_.bad_lines) + " bad lines";
    reject(file_, "samples", "0" + skipped, "at least 1");
  }

  void first_pass() {
    const bool needed =
        source_->schema().width_from_file ||
        std::any_of(mappers_.begin(), mappers_.end(), [](const auto& m) { return m.needs_pass(); });
    if (!needed) return;
    pass("counting", [&](const Record& record) {
      for (std::size_t i = 0; i < record.ids.size(); ++i) {
        if (!mappers_[mappers_.size() == 1 ? 0 : i].observe(record.ids[i])) {
          reject(file_, source_->place(), std::to_string(record.ids[i]),
                 "a row below 2^32, or --table-rows to hash to");
        }
      }
    });
    for (auto& mapper : mappers_) mapper.finish();
    source_->rewind();
    summary_.bad_lines = 0;
  }

  template <typename Use>
  std::uint64_t pass(const char* label, Use use) {
    Record record;
    Complaint complaint;
    std::uint64_t samples = 0;
    Progress progress(label, source_->file_size());
    while (options_.samples == 0 || samples < options_.samples) {
      const Status status = source_->next(record, complaint);
      if (status == Status::kEnd) break;
      if (status == Status::kBad) {
        bad_line(complaint);
        continue;
      }
      use(record);
      ++samples;
      if (samples % 4096 == 0) progress.update(source_->bytes_read());
    }
    return samples;
  }

  void bad_line(const Complaint& complaint) {
    const std::string place = source_->place() + ", " + complaint.place;
    if (!options_.skip_bad_lines) reject(file_, place, shown(complaint.value), complaint.accepted);
    if (summary_.bad_lines++ == 0) {
      summary_.first_bad = place + " = " + shown(complaint.value);
    }
  }

  Json provenance() const {
    Json json;
    json["made_by"] = "recpim trace import";
    json["version"] = options_.version;
    json["format"] = options_.format;
    json["file"] = std::filesystem::path(file_).filename().string();
    json["file_bytes"] = source_->file_size();
    json["samples_asked"] = options_.samples == 0 ? Json("all") : Json(options_.samples);
    json["table_rows"] = options_.table_rows == 0 ? Json("default") : Json(options_.table_rows);
    const bool counted = source_->schema().policy == RowPolicy::kCounted;
    if (options_.min_count != 0 || counted) {
      json["min_count"] =
          options_.min_count != 0 ? options_.min_count : source_->schema().min_count;
    }
    if (options_.format == "indices")
      json["bag"] = options_.bag == 0 ? Json("line") : Json(options_.bag);
    if (options_.format == "libsvm") json["libsvm_as"] = options_.libsvm_dense ? "dense" : "bag";
    json["bad_lines_skipped"] = summary_.bad_lines;
    return json;
  }

  const ImportOptions& options_;
  std::string file_;
  std::unique_ptr<RecordSource> source_;
  std::vector<RowMapper> mappers_;
  ImportSummary summary_;
};

}  // namespace

ImportSummary import_trace(const ImportOptions& options, const std::string& file,
                           const std::string& path) {
  std::error_code failure;
  if (std::filesystem::equivalent(file, path, failure)) {
    reject(path, "", "", "a file to write that is not the one to import");
  }
  return Importer(options, file).run(path);
}

}  // namespace recpim
