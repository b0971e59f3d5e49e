// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "traces/import/line_reader.h"
#include "traces/import/plain_formats.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

// What every source does with its file.
class FileSource : public RecordSource {
 public:
  explicit FileSource(const std::string& file) : reader_(file) {}
  void rewind() override { reader_.rewind(); }
  std::string place() const override { return "line " + std::to_string(reader_.line()); }
  std::uint64_t bytes_read() const override { return reader_.bytes_read(); }
  std::uint64_t file_size() const override { return reader_.file_size(); }

 protected:
  LineReader& reader() { return reader_; }
  const LineReader& reader() const { return reader_; }

 private:
  LineReader reader_;
};

class LineSource : public FileSource {
 public:
  LineSource(const std::string& file, std::unique_ptr<LineParser> parser)
      : FileSource(file), parser_(std::move(parser)) {}

  Status next(Record& record, Complaint& complaint) override {
    std::string_view line;
    if (!reader().next_line(line)) return Status::kEnd;
    if (reader().line() == 1 && parser_->has_header()) {
      // A file with another header is another file: no line to skip.
      if (!parser_->check_header(line, complaint)) {
        reject(reader().path(), "line 1, " + complaint.place, complaint.value, complaint.accepted);
      }
      if (!reader().next_line(line)) return Status::kEnd;
    }
    return parser_->parse(line, record, complaint) ? Status::kRecord : Status::kBad;
  }
  const Schema& schema() const override { return parser_->schema(); }

 private:
  std::unique_ptr<LineParser> parser_;
};

class IndexStream : public FileSource {
 public:
  IndexStream(const std::string& file, std::uint32_t bag) : FileSource(file), bag_(bag) {
    schema_.policy = RowPolicy::kIdentity;
    schema_.labels = false;
    schema_.tables = {"table0"};
  }

  void rewind() override {
    FileSource::rewind();
    line_ = 1;
    field_ = 0;
    at_end_of_line_ = false;
  }
  std::string place() const override { return "line " + std::to_string(line_); }
  const Schema& schema() const override { return schema_; }

  Status next(Record& record, Complaint& complaint) override {
    record.ids.clear();
    std::uint64_t index = 0;
    while (record.ids.size() < bag_) {
      const Status status = next_index(index, complaint);
      if (status == Status::kBad) return status;
      if (status == Status::kEnd) break;
      record.ids.push_back(index);
    }
    return record.ids.empty() ? Status::kEnd : Status::kRecord;
  }

 private:
  static bool is_separator(int c) {
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }

  // The line is counted up when the next field is looked for: place() is that of the last one.
  int next_byte() {
    if (at_end_of_line_) {
      ++line_;
      field_ = 0;
      at_end_of_line_ = false;
    }
    const int c = reader().next_byte();
    at_end_of_line_ = c == '\n';
    return c;
  }

  Status next_index(std::uint64_t& index, Complaint& complaint) {
    int c = next_byte();
    while (is_separator(c)) c = next_byte();
    if (c < 0) return Status::kEnd;
    ++field_;
    word_.clear();
    constexpr std::size_t kLongest = 40;
    for (; c >= 0 && !is_separator(c); c = next_byte()) {
      if (word_.size() < kLongest) word_ += static_cast<char>(c);
    }
    if (parse_whole(word_, index) && index != kMissing) return Status::kRecord;
    complaint = {"field " + std::to_string(field_), word_, "a row number"};
    while (c >= 0 && c != '\n') c = next_byte();
    return Status::kBad;
  }

  std::uint32_t bag_;
  std::uint64_t line_ = 1, field_ = 0;
  bool at_end_of_line_ = false;
  std::string word_;
  Schema schema_;
};

class DlrmBinary : public FileSource {
 public:
  explicit DlrmBinary(const std::string& file) : FileSource(file) {
    schema_.dense = kDense;
    schema_.policy = RowPolicy::kIdentity;
    for (std::size_t t = 0; t < kTables; ++t) schema_.tables.push_back("C" + std::to_string(t + 1));
  }

  std::string place() const override { return "record " + std::to_string(reader().line()); }
  const Schema& schema() const override { return schema_; }

  Status next(Record& record, Complaint& complaint) override {
    std::string_view bytes;
    if (!reader().next_record(kFields * 4, bytes)) return Status::kEnd;
    if (bytes.size() != kFields * 4) {
      complaint = {"bytes", std::to_string(bytes.size()), "160, 40 numbers of 32 bits"};
      return Status::kBad;
    }
    const std::int32_t label = number(bytes, 0);
    if (label != 0 && label != 1) {
      complaint = {"field 1 (label)", std::to_string(label), "0 or 1"};
      return Status::kBad;
    }
    record.label = static_cast<float>(label);
    record.dense.resize(kDense);
    record.ids.resize(kTables);
    for (std::size_t j = 0; j < kDense; ++j) record.dense[j] = squash(number(bytes, 1 + j));
    for (std::size_t t = 0; t < kTables; ++t) {
      const std::int32_t id = number(bytes, 1 + kDense + t);
      if (id < 0) {
        complaint = {"field " + std::to_string(2 + kDense + t) + " (" + schema_.tables[t] + ")",
                     std::to_string(id), "a row number, 0 to 2^31 - 1"};
        return Status::kBad;
      }
      record.ids[t] = static_cast<std::uint64_t>(id);
    }
    return Status::kRecord;
  }

 private:
  static constexpr std::size_t kDense = 13;
  static constexpr std::size_t kTables = 26;
  static constexpr std::size_t kFields = 1 + kDense + kTables;

  static std::int32_t number(std::string_view bytes, std::size_t field) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[4 * field + i]))
               << (8 * i);
    }
    return static_cast<std::int32_t>(value);
  }

  Schema schema_;
};

// The vectors' width is that of the first line, which the importer must know before it starts.
std::unique_ptr<RecordSource> open_vectors(const std::string& file) {
  auto source = std::make_unique<LineSource>(file, make_vector_parser());
  Record record;
  Complaint complaint;
  while (source->next(record, complaint) == Status::kBad) {
  }
  source->rewind();
  return source;
}

using Open = std::unique_ptr<RecordSource> (*)(const ImportOptions&, const std::string&);
struct Format {
  const char* name;
  Open open;
};

// A format is one line here.
const Format kFormats[] = {
    {"criteo",
     [](const ImportOptions&, const std::string& file) -> std::unique_ptr<RecordSource> {
       return std::make_unique<LineSource>(file, make_criteo_parser());
     }},
    {"avazu",
     [](const ImportOptions&, const std::string& file) -> std::unique_ptr<RecordSource> {
       return std::make_unique<LineSource>(file, make_avazu_parser());
     }},
    {"kdd2012",
     [](const ImportOptions&, const std::string& file) -> std::unique_ptr<RecordSource> {
       return std::make_unique<LineSource>(file, make_kdd2012_parser());
     }},
    {"dlrm-bin",
     [](const ImportOptions&, const std::string& file) -> std::unique_ptr<RecordSource> {
       return std::make_unique<DlrmBinary>(file);
     }},
    {"libsvm",
     [](const ImportOptions& options, const std::string& file) -> std::unique_ptr<RecordSource> {
       return std::make_unique<LineSource>(file, make_libsvm_parser(options.libsvm_dense));
     }},
    {"indices",
     [](const ImportOptions& options, const std::string& file) -> std::unique_ptr<RecordSource> {
       if (options.bag == 0) return std::make_unique<LineSource>(file, make_index_line_parser());
       return std::make_unique<IndexStream>(file, options.bag);
     }},
    {"vectors", [](const ImportOptions&, const std::string& file) { return open_vectors(file); }},
};

}  // namespace

const std::vector<std::string>& import_formats() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& format : kFormats) names.emplace_back(format.name);
    return names;
  }();
  return kNames;
}

std::unique_ptr<RecordSource> open_source(const ImportOptions& options, const std::string& file) {
  std::string list;
  for (const auto& format : kFormats) {
    if (options.format == format.name) return format.open(options, file);
    list += (list.empty() ? "" : ", ") + std::string(format.name);
  }
  reject("", "--format", options.format, list);
}

}  // namespace recpim
