// SPDX-License-Identifier: Apache-2.0
// Avazu and KDD Cup 2012 track 2: CSV with a header that says which field is what.
#include <algorithm>

#include "traces/import/click_formats.h"

namespace recpim {
namespace {

enum class Use {
  kIgnored,
  kLabel,
  kDense,    // A whole number: log(1 + max(x, 0)).
  kHex,      // An identifier in hexadecimal digits.
  kDecimal,  // An identifier as a decimal number; a negative one is missing.
  kHash,     // A 64-bit decimal number, perhaps printed as a float (1.5e+19).
  kHour,     // YYMMDDHH: the two identifiers weekday and hour of the day.
};

struct Column {
  const char* name;
  Use use;
  std::uint64_t default_rows;
};

// Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, "chrono-compatible
// low-level date algorithms", days_from_civil).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// Weekday (0 is Sunday) and hour of "14102113", 21 October 2014, 13:00.
bool parse_hour(std::string_view text, std::uint64_t& weekday, std::uint64_t& hour) {
  std::uint32_t number = 0;
  if (text.size() != 8 || !parse_whole(text, number)) return false;
  const std::uint32_t day = number / 100 % 100;
  const std::uint32_t month = number / 10000 % 100;
  hour = number % 100;
  if (hour > 23 || day < 1 || day > 31 || month < 1 || month > 12) return false;
  // 1 January 1970 was a Thursday.
  weekday =
      static_cast<std::uint64_t>((days_from_civil(2000 + number / 1000000, month, day) + 4) % 7);
  return true;
}

std::string_view without_quotes(std::string_view field) {
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
    return field.substr(1, field.size() - 2);
  }
  return field;
}

class CsvClicks : public LineParser {
 public:
  CsvClicks(std::vector<Column> columns, bool constant_dense, RowPolicy policy,
            std::uint64_t min_count)
      : columns_(std::move(columns)), constant_dense_(constant_dense) {
    schema_.policy = policy;
    schema_.min_count = min_count;
    schema_.dense = constant_dense ? 1 : 0;
    for (const auto& column : columns_) {
      header_ += (header_.empty() ? "" : ",") + std::string(column.name);
      if (column.use == Use::kDense) ++schema_.dense;
      if (column.use == Use::kHour) {
        add_table("weekday", 8);  // 7 days and the row of missing ones.
        add_table("hour_of_day", 25);
      } else if (column.use >= Use::kHex) {
        add_table(column.name, column.default_rows);
      }
    }
  }

  const Schema& schema() const override { return schema_; }
  bool has_header() const override { return true; }

  bool check_header(std::string_view line, Complaint& complaint) override {
    std::string plain;
    std::copy_if(line.begin(), line.end(), std::back_inserter(plain),
                 [](char c) { return c != '"'; });
    if (plain == header_) return true;
    complaint = {"header", plain.substr(0, 60), header_};
    return false;
  }

  bool parse(std::string_view line, Record& record, Complaint& complaint) override {
    record.dense.assign(constant_dense_ ? 1 : 0, 0.0F);
    record.ids.clear();
    std::string_view rest = line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::size_t comma = rest.find(',');
      const bool last = c + 1 == columns_.size();
      if ((comma == std::string_view::npos) != last) {
        const auto fields = std::count(line.begin(), line.end(), ',') + 1;
        complaint = {"fields", std::to_string(fields),
                     std::to_string(columns_.size()) + " fields separated by commas"};
        return false;
      }
      const std::string_view field = without_quotes(rest.substr(0, comma));
      if (!last) rest.remove_prefix(comma + 1);
      const char* accepted = take(columns_[c].use, field, record);
      if (accepted != nullptr) {
        complaint = {"field " + std::to_string(c + 1) + " (" + columns_[c].name + ")",
                     std::string(field), accepted};
        return false;
      }
    }
    return true;
  }

 private:
  void add_table(const char* name, std::uint64_t rows) {
    schema_.tables.emplace_back(name);
    schema_.default_rows.push_back(rows);
  }

  // What would have been accepted, or null where the field was.
  static const char* take(Use use, std::string_view field, Record& record) {
    std::int64_t number = 0;
    std::uint64_t id = 0;
    std::uint64_t hour = 0;
    switch (use) {
      case Use::kIgnored:
        return nullptr;
      case Use::kLabel:
        if (field != "0" && field != "1") return "0 or 1";
        record.label = field == "1" ? 1.0F : 0.0F;
        return nullptr;
      case Use::kDense:
        if (!parse_whole(field, number)) return "a whole number";
        record.dense.push_back(squash(number));
        return nullptr;
      case Use::kHex:
        if (field.size() > 15 || !parse_whole(field, id, 16)) return "1 to 15 hexadecimal digits";
        record.ids.push_back(id);
        return nullptr;
      case Use::kDecimal:
        if (!parse_whole(field, number)) return "a whole number";
        record.ids.push_back(number < 0 ? kMissing : static_cast<std::uint64_t>(number));
        return nullptr;
      case Use::kHash:
        if (!parse_hash(field, id)) return "a whole number from 0 to 2^64 - 2";
        record.ids.push_back(id);
        return nullptr;
      case Use::kHour:
        if (!parse_hour(field, id, hour)) return "YYMMDDHH";
        record.ids.push_back(id);
        record.ids.push_back(hour);
        return nullptr;
    }
    return nullptr;
  }

  static bool parse_hash(std::string_view field, std::uint64_t& id) {
    if (parse_whole(field, id)) return id != kMissing;
    double value = 0;
    if (!parse_whole(field, value) || !(value >= 0 && value < 0x1p64)) return false;
    id = static_cast<std::uint64_t>(value);
    return id != kMissing && static_cast<double>(id) == value;
  }

  std::vector<Column> columns_;
  bool constant_dense_;
  std::string header_;
  Schema schema_;
};

}  // namespace

// Default rows of Avazu: chosen here, NASRec's cap of 500,000 for the two device identifiers and
// above the number of distinct values for the other fields, so that few collide.
std::unique_ptr<LineParser> make_avazu_parser() {
  constexpr std::uint64_t kLarge = 500000;
  constexpr std::uint64_t kMedium = 10000;
  constexpr std::uint64_t kSmall = 1000;
  std::vector<Column> columns = {
      {"id", Use::kIgnored, 0},
      {"click", Use::kLabel, 0},
      {"hour", Use::kHour, 0},
      {"C1", Use::kDecimal, kSmall},
      {"banner_pos", Use::kDecimal, kSmall},
      {"site_id", Use::kHex, kMedium},
      {"site_domain", Use::kHex, kMedium},
      {"site_category", Use::kHex, kSmall},
      {"app_id", Use::kHex, kMedium},
      {"app_domain", Use::kHex, kSmall},
      {"app_category", Use::kHex, kSmall},
      {"device_id", Use::kHex, kLarge},
      {"device_ip", Use::kHex, kLarge},
      {"device_model", Use::kHex, kMedium},
      {"device_type", Use::kDecimal, kSmall},
      {"device_conn_type", Use::kDecimal, kSmall},
      {"C14", Use::kDecimal, kMedium},
      {"C15", Use::kDecimal, kSmall},
      {"C16", Use::kDecimal, kSmall},
      {"C17", Use::kDecimal, kSmall},
      {"C18", Use::kDecimal, kSmall},
      {"C19", Use::kDecimal, kSmall},
      {"C20", Use::kDecimal, kSmall},
      {"C21", Use::kDecimal, kSmall},
  };
  return std::make_unique<CsvClicks>(std::move(columns), true, RowPolicy::kHashed, 1);
}

std::unique_ptr<LineParser> make_kdd2012_parser() {
  constexpr std::uint64_t kMinCount = 3;
  std::vector<Column> columns = {
      {"click", Use::kLabel, 0},
      {"impression", Use::kDense, 0},
      {"url_hash", Use::kHash, 0},
      {"ad_id", Use::kDecimal, 0},
      {"advertiser_id", Use::kDecimal, 0},
      {"depth", Use::kDense, 0},
      {"position", Use::kDense, 0},
      {"query_id", Use::kDecimal, 0},
      {"keyword_id", Use::kDecimal, 0},
      {"title_id", Use::kDecimal, 0},
      {"description_id", Use::kDecimal, 0},
      {"user_id", Use::kDecimal, 0},
  };
  return std::make_unique<CsvClicks>(std::move(columns), false, RowPolicy::kCounted, kMinCount);
}

}  // namespace recpim
