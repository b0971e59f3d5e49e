// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "traces/import/click_formats.h"

namespace recpim {
namespace {

constexpr std::size_t kDense = 13;
constexpr std::size_t kTables = 26;
constexpr std::size_t kFields = 1 + kDense + kTables;
constexpr const char* kShape =
    "40 fields separated by tabs: the label, 13 whole numbers, 26 hexadecimal identifiers";

// Distinct identifiers of each field in the Criteo Kaggle training set, as the DLRM repository
// gives them to --arch-embedding-size; they sum to 33,762,577, the 33.76 M rows of NASRec's
// table 1.
constexpr std::uint64_t kDistinct[kTables] = {
    1460, 583,   10131227, 2202608, 305,  24,   12517, 633,     3,  93145, 5683,   8351593, 3194,
    27,   14992, 5461306,  10,      5652, 2173, 4,     7046547, 18, 15,    286181, 105,     142572};
// NASRec caps the tables at this size in its search.
constexpr std::uint64_t kCap = 500000;

Schema make_schema() {
  Schema schema;
  schema.dense = kDense;
  for (std::size_t t = 0; t < kTables; ++t) {
    schema.tables.push_back("C" + std::to_string(t + 1));
    schema.default_rows.push_back(std::min(kDistinct[t], kCap));
  }
  return schema;
}

// The value of a hexadecimal digit, 255 for any other character.
constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  for (std::size_t i = 0; i < 256; ++i) digits[i] = 255;
  for (std::size_t i = 0; i < 10; ++i) digits['0' + i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    digits['a' + i] = static_cast<std::uint8_t>(10 + i);
    digits['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return digits;
}
constexpr auto kDigits = make_digits();

// The fast path reads fields where they stand, one pass over the line's bytes. What it does not
// like goes to explain(), which finds out what is wrong in any time it takes.
class CriteoParser : public LineParser {
 public:
  const Schema& schema() const override { return schema_; }

  bool parse(std::string_view line, Record& record, Complaint& complaint) override {
    record.dense.resize(kDense);
    record.ids.resize(kTables);
    if (parse_fast(line, record)) return true;
    explain(line, complaint);
    return false;
  }

 private:
  static bool parse_fast(std::string_view line, Record& record) {
    const char* at = line.data();
    const char* const end = at + line.size();
    if (line.size() < 2 || (*at != '0' && *at != '1') || at[1] != '\t') return false;
    record.label = *at == '1' ? 1.0F : 0.0F;
    at += 1;
    for (std::size_t j = 0; j < kDense; ++j) {
      if (at == end || *at != '\t') return false;
      ++at;
      if (!parse_integer(at, end, record.dense[j])) return false;
    }
    for (std::size_t t = 0; t < kTables; ++t) {
      if (at == end || *at != '\t') return false;
      ++at;
      const char* const start = at;
      std::uint64_t value = 0;
      for (; at != end; ++at) {
        const std::uint8_t digit = kDigits[static_cast<unsigned char>(*at)];
        if (digit == 255) break;
        value = (value << 4U) | digit;
      }
      if (at - start > 15) return false;  // Fits with room for kMissing.
      record.ids[t] = at == start ? kMissing : value;
    }
    return at == end;
  }

  static bool parse_integer(const char*& at, const char* end, float& squashed) {
    const bool negative = at != end && *at == '-';
    if (negative) ++at;
    const char* const start = at;
    std::int64_t value = 0;
    for (; at != end && *at >= '0' && *at <= '9'; ++at) {
      if (at - start >= 18) return false;
      value = value * 10 + (*at - '0');
    }
    if (negative && at == start) return false;
    squashed = negative ? 0 : squash(value);
    return true;
  }

  static void explain(std::string_view line, Complaint& complaint) {
    const auto fields = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t')) + 1;
    complaint = {"fields", std::to_string(fields), kShape};
    if (fields != kFields) return;
    for (std::size_t f = 0; f < kFields; ++f) {
      const std::size_t tab = std::min(line.find('\t'), line.size());
      const std::string_view field = line.substr(0, tab);
      line.remove_prefix(std::min(tab + 1, line.size()));
      std::int64_t number = 0;
      std::uint64_t id = 0;
      const std::string place = "field " + std::to_string(f + 1);
      if (f == 0) {
        if (field == "0" || field == "1") continue;
        complaint = {place + " (label)", std::string(field), "0 or 1"};
      } else if (f <= kDense) {
        if (field.empty() || (field.size() <= 18 && parse_whole(field, number))) continue;
        complaint = {place + " (I" + std::to_string(f) + ")", std::string(field),
                     "a whole number of at most 18 characters, or nothing"};
      } else {
        if (field.empty() || (field.size() <= 15 && parse_whole(field, id, 16))) continue;
        complaint = {place + " (C" + std::to_string(f - kDense) + ")", std::string(field),
                     "at most 15 hexadecimal digits, or nothing"};
      }
      return;
    }
  }

  Schema schema_ = make_schema();
};

}  // namespace

std::unique_ptr<LineParser> make_criteo_parser() { return std::make_unique<CriteoParser>(); }

}  // namespace recpim
