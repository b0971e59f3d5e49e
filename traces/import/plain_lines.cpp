// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "traces/import/plain_formats.h"

namespace recpim {
namespace {

constexpr std::uint32_t kMaxWidth = 1U << 20U;

// Cuts the next word off `rest`; empty at its end.
std::string_view next_word(std::string_view& rest, std::string_view separators) {
  const std::size_t from = std::min(rest.find_first_not_of(separators), rest.size());
  const std::size_t to = std::min(rest.find_first_of(separators, from), rest.size());
  const std::string_view word = rest.substr(from, to - from);
  rest.remove_prefix(to);
  return word;
}

class LibsvmParser : public LineParser {
 public:
  explicit LibsvmParser(bool dense) : dense_(dense) {
    schema_.policy = RowPolicy::kIdentity;
    schema_.width_from_file = dense;
    if (!dense) schema_.tables = {"features"};
  }

  const Schema& schema() const override { return schema_; }

  bool parse(std::string_view line, Record& record, Complaint& complaint) override {
    std::string_view rest = line.substr(0, line.find('#'));
    constexpr std::string_view kBlanks = " \t";
    std::string_view word = next_word(rest, kBlanks);
    double label = 0;
    if (!parse_number(word, label) || (label != 0 && label != 1 && label != -1)) {
      complaint = {"field 1 (label)", std::string(word), "0, 1, -1 or +1"};
      return false;
    }
    record.label = label > 0 ? 1.0F : 0.0F;
    record.ids.clear();
    record.dense.assign(schema_.dense, 0.0F);
    std::size_t field = 1;
    while (!(word = next_word(rest, kBlanks)).empty()) {
      ++field;
      const char* accepted = take(word, record);
      if (accepted != nullptr) {
        complaint = {"field " + std::to_string(field), std::string(word), accepted};
        return false;
      }
    }
    return true;
  }

 private:
  static bool parse_number(std::string_view text, double& value) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    return parse_whole(text, value);
  }

  const char* take(std::string_view word, Record& record) {
    const std::size_t colon = word.find(':');
    std::uint64_t index = 0;
    double value = 0;
    if (colon == std::string_view::npos || !parse_whole(word.substr(0, colon), index) ||
        !parse_number(word.substr(colon + 1), value)) {
      return "index:value";
    }
    if (!dense_) {
      if (value != 0 && value != 1) return "the value 0 or 1 (numbers need --libsvm-as dense)";
      if (value != 0) record.ids.push_back(index);
      return nullptr;
    }
    if (index < 1 || index > kMaxWidth) return "an index from 1 to 1048576";
    if (index > record.dense.size()) record.dense.resize(index, 0.0F);
    schema_.dense = static_cast<std::uint32_t>(record.dense.size());
    record.dense[index - 1] = static_cast<float>(value);
    return std::isfinite(record.dense[index - 1]) ? nullptr : "a value that a float can hold";
  }

  bool dense_;
  Schema schema_;
};

class IndexLineParser : public LineParser {
 public:
  IndexLineParser() {
    schema_.policy = RowPolicy::kIdentity;
    schema_.labels = false;
    schema_.tables = {"table0"};
  }
  const Schema& schema() const override { return schema_; }
  bool parse(std::string_view line, Record& record, Complaint& complaint) override {
    record.ids.clear();
    std::string_view rest = line;
    std::string_view word;
    while (!(word = next_word(rest, " \t,")).empty()) {
      std::uint64_t index = 0;
      if (!parse_whole(word, index) || index == kMissing) {
        complaint = {"field " + std::to_string(record.ids.size() + 1), std::string(word),
                     "a row number"};
        return false;
      }
      record.ids.push_back(index);
    }
    return true;
  }

 private:
  Schema schema_;
};

class VectorParser : public LineParser {
 public:
  VectorParser() { schema_.labels = false; }
  const Schema& schema() const override { return schema_; }
  bool parse(std::string_view line, Record& record, Complaint& complaint) override {
    const auto fields = static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
    if (fields > kMaxWidth) {
      complaint = {"fields", std::to_string(fields), "at most 1048576"};
      return false;
    }
    if (schema_.dense == 0) ++width_line_;
    record.dense.resize(fields);
    std::string_view rest = line;
    for (std::size_t f = 0; f < fields; ++f) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view field = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const std::string_view whole = field;
      field = next_word(field, " \t");
      double value = 0;
      if (!parse_whole(field, value) || !std::isfinite(static_cast<float>(value)) ||
          whole.find_last_not_of(" \t") + 1 !=
              static_cast<std::size_t>(field.data() - whole.data()) + field.size()) {
        complaint = {"field " + std::to_string(f + 1), std::string(whole), "a number"};
        return false;
      }
      record.dense[f] = static_cast<float>(value);
    }
    // After the fields: a line that is no vector at all is not measured by another one's width.
    if (schema_.dense != 0 && fields != schema_.dense) {
      complaint = {"fields", std::to_string(fields),
                   std::to_string(schema_.dense) + " as in line " + std::to_string(width_line_)};
      return false;
    }
    schema_.dense = static_cast<std::uint32_t>(fields);
    return true;
  }

 private:
  Schema schema_;
  std::uint64_t width_line_ =
      0;  // The first line that is a vector: every line is parsed, in order.
};

}  // namespace

std::unique_ptr<LineParser> make_libsvm_parser(bool dense) {
  return std::make_unique<LibsvmParser>(dense);
}
std::unique_ptr<LineParser> make_index_line_parser() { return std::make_unique<IndexLineParser>(); }
std::unique_ptr<LineParser> make_vector_parser() { return std::make_unique<VectorParser>(); }

}  // namespace recpim
