// SPDX-License-Identifier: Apache-2.0
#include "traces/profile/profile.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <unordered_map>

#include "traces/support/math.h"
#include "traces/support/progress.h"

namespace recpim {
namespace {

constexpr std::uint64_t kStep = 8192;  // Samples read at a time.

std::string format(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  char text[256];
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

/// How often each row of a table is looked up: an array for the first rows, which in most tables
/// are all, a map for the others, so that memory grows with what is looked up and not with row
/// numbers.
class RowCounts {
 public:
  void add(std::uint32_t row) {
    if (row >= kDense) {
      ++sparse_[row];
      return;
    }
    if (row >= dense_.size()) {
      dense_.resize(
          std::min<std::size_t>(kDense, std::max<std::size_t>(row + 1ULL, 2 * dense_.size())));
    }
    ++dense_[row];
  }
  /// The counts above 0, in no order that matters.
  std::vector<std::uint32_t> take() {
    std::vector<std::uint32_t> counts = std::move(dense_);
    counts.erase(std::remove(counts.begin(), counts.end(), 0U), counts.end());
    for (const auto& [row, count] : sparse_) counts.push_back(count);
    sparse_.clear();
    return counts;
  }

 private:
  static constexpr std::size_t kDense = std::size_t{1} << 22U;
  std::vector<std::uint32_t> dense_;
  std::unordered_map<std::uint32_t, std::uint32_t> sparse_;
};

void count_chunk(const TraceChunk& chunk, TraceProfile& profile, std::vector<RowCounts>& counts) {
  for (std::size_t t = 0; t < counts.size(); ++t) {
    for (const std::uint32_t row : chunk.indices[t]) counts[t].add(row);
    for (std::uint64_t b = 0; b < chunk.count; ++b) {
      profile.tables[t].max_bag =
          std::max(profile.tables[t].max_bag, chunk.offsets[t][b + 1] - chunk.offsets[t][b]);
    }
  }
}

void add_true_logits(const TraceChunk& chunk, TraceProfile& profile) {
  for (std::size_t b = 0; b < chunk.true_logits.size() && b < chunk.labels.size(); ++b) {
    const auto logit = static_cast<double>(chunk.true_logits[b]);
    profile.bayes_logloss += softplus(chunk.labels[b] != 0 ? -logit : logit);
    profile.expected_logloss += label_entropy(logit);
  }
}

void finish_table(TableProfile& table, std::vector<std::uint32_t> counts) {
  table.unique_rows = counts.size();
  for (const std::uint32_t n : counts) {
    const auto bin = static_cast<std::size_t>(bit_width(n - 1));
    if (bin >= table.rows_by_reuse.size()) {
      table.rows_by_reuse.resize(bin + 1);
      table.lookups_by_reuse.resize(bin + 1);
    }
    ++table.rows_by_reuse[bin];
    table.lookups_by_reuse[bin] += n;
    table.lookups += n;
  }
  const std::size_t hot =
      std::min<std::size_t>(ceil_div<std::uint64_t>(table.rows, 100), counts.size());
  std::nth_element(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(hot), counts.end(),
                   std::greater<>());
  std::uint64_t hottest = 0;
  for (std::size_t i = 0; i < hot; ++i) hottest += counts[i];
  if (table.lookups == 0) return;
  table.hottest_share = static_cast<double>(hottest) / static_cast<double>(table.lookups);
  table.reuse = static_cast<double>(table.lookups) / static_cast<double>(table.unique_rows);
}

// Read apart, so that nothing is added up where the trace has none.
double arrival_rate_of(const TraceReader& trace) {
  const std::uint64_t samples = trace.info().samples;
  if (!trace.info().has_arrivals || samples < 2) return 0;
  const std::uint64_t first = trace.arrivals(0, 1)[0];
  const std::uint64_t last = trace.arrivals(samples - 1, 1)[0];
  return last > first ? 1e9 * static_cast<double>(samples - 1) / static_cast<double>(last - first)
                      : 0;
}

}  // namespace

TraceProfile profile_trace(const TraceReader& trace) {
  TraceProfile profile;
  profile.info = trace.info();
  const std::uint64_t samples = profile.info.samples;
  for (const auto& t : profile.info.tables) {
    TableProfile table;
    table.name = t.name;
    table.rows = t.rows;
    profile.tables.push_back(table);
  }
  std::vector<RowCounts> counts(profile.tables.size());
  double ones = 0;
  TraceChunk chunk;
  Progress progress("trace info", samples);
  for (std::uint64_t first = 0; first < samples; first += kStep) {
    trace.read(first, std::min(kStep, samples - first), chunk);
    for (const float label : chunk.labels) ones += static_cast<double>(label);
    add_true_logits(chunk, profile);
    count_chunk(chunk, profile, counts);
    progress.update(first);
  }
  profile.arrival_rate = arrival_rate_of(trace);
  if (samples > 0) {
    profile.positive_share = ones / static_cast<double>(samples);
    profile.bayes_logloss /= static_cast<double>(samples);
    profile.expected_logloss /= static_cast<double>(samples);
  }
  for (std::size_t t = 0; t < counts.size(); ++t) finish_table(profile.tables[t], counts[t].take());
  return profile;
}

Json to_json(const TraceProfile& profile) {
  Json json;
  json["samples"] = profile.info.samples;
  json["dense"] = profile.info.dense;
  json["labels"] = profile.info.has_labels;
  json["positive_share"] = profile.info.has_labels ? Json(profile.positive_share) : Json();
  json["arrival_rate_samples_per_s"] =
      profile.arrival_rate > 0 ? Json(profile.arrival_rate) : Json();
  const bool known = profile.info.has_true_logits && profile.info.has_labels;
  json["bayes_logloss"] = known ? Json(profile.bayes_logloss) : Json();
  json["expected_logloss"] = known ? Json(profile.expected_logloss) : Json();
  json["tables"] = Json::array();
  for (const auto& t : profile.tables) {
    json["tables"].push_back({{"name", t.name},
                              {"rows", t.rows},
                              {"lookups", t.lookups},
                              {"unique_rows", t.unique_rows},
                              {"max_bag", t.max_bag},
                              {"hottest_1_percent_share", t.hottest_share},
                              {"reuse", t.reuse},
                              {"rows_by_reuse", t.rows_by_reuse},
                              {"lookups_by_reuse", t.lookups_by_reuse}});
  }
  const Json provenance = Json::parse(profile.info.provenance, nullptr, false);
  json["provenance"] = provenance.is_discarded() ? Json(profile.info.provenance) : provenance;
  return json;
}

std::string to_text(const TraceProfile& profile) {
  const auto& info = profile.info;
  std::string text =
      format("samples %llu, dense features %u, tables %zu, ",
             static_cast<unsigned long long>(info.samples), info.dense, info.tables.size());
  text += info.has_labels ? format("%.2f %% of the labels are 1\n", 100 * profile.positive_share)
                          : "no labels\n";
  if (profile.arrival_rate > 0) {
    text += format("arrivals recorded, %.6g samples a second\n", profile.arrival_rate);
  }
  if (info.has_true_logits && info.has_labels) {
    text += format("log loss of the true probabilities %.6f, expected %.6f\n",
                   profile.bayes_logloss, profile.expected_logloss);
  }
  if (profile.tables.empty()) return text;
  std::size_t width = 5;
  for (const auto& t : profile.tables) width = std::max(width, t.name.size());
  width = std::min<std::size_t>(width, 40);
  text += format("%-*s %12s %12s %12s %8s %12s %8s\n", static_cast<int>(width), "table", "rows",
                 "lookups", "unique rows", "max bag", "hottest 1 %", "reuse");
  for (const auto& t : profile.tables) {
    text += format("%-*.*s %12llu %12llu %12llu %8llu %10.1f %% %8.2f\n", static_cast<int>(width),
                   static_cast<int>(width), t.name.c_str(), static_cast<unsigned long long>(t.rows),
                   static_cast<unsigned long long>(t.lookups),
                   static_cast<unsigned long long>(t.unique_rows),
                   static_cast<unsigned long long>(t.max_bag), 100 * t.hottest_share, t.reuse);
  }
  return text;
}

}  // namespace recpim
