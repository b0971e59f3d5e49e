// SPDX-License-Identifier: Apache-2.0
#include "testbenches/bench/training/quality/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "testbenches/bench/training/quality/paired.h"

namespace recpim::quality {
namespace {

struct Format {
  const char* key;
  const char* title;
};
constexpr Format kFormats[] = {{"float", "float"}, {"int8", "8 / 8"}, {"int4", "4 / 8"}};

std::string number(double value, int digits, bool sign = false) {
  if (std::isnan(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, sign ? "%+.*f" : "%.*f", digits, value);
  return text;
}

std::string with_error(const Estimate& e, int digits) {
  if (e.runs == 0) return "-";
  return number(e.mean, digits, true) + " ± " + number(e.error, digits);
}

bool same_model(const Json& line, const Contender& c) {
  return line.value("model", "") == c.name && line.contains("settings") &&
         line["settings"] == settings_of(c);
}

std::vector<Measured> measured(const std::vector<Json>& results, const Contender& c,
                               const char* part, const char* format, const char* metric) {
  std::vector<Measured> values;
  for (const Json& line : results) {
    if (!same_model(line, c) || !line.contains(part)) continue;
    const Json& in = line[part];
    const Json* quality = format == nullptr ? &in : in.contains(format) ? &in[format] : nullptr;
    if (quality == nullptr || !(*quality)[metric].is_number()) continue;
    values.push_back({line["split"].get<std::uint64_t>(),
                      line["initialisation"].get<std::uint64_t>(),
                      (*quality)[metric].get<double>()});
  }
  return values;
}

// True probabilities have no initialisation: each run of the base is paired with those of its
// split.
std::vector<Measured> for_every_run(const std::vector<Measured>& bayes,
                                    const std::vector<Measured>& base) {
  std::vector<Measured> values;
  for (const Measured& b : base) {
    for (const Measured& m : bayes) {
      if (m.split == b.split) values.push_back({b.split, b.initialisation, m.value});
    }
  }
  return values;
}

std::string table_row(const std::vector<Json>& results, const Contender& c, const Format& format,
                      const Contender& base) {
  std::string text;
  std::string differences;
  for (const char* metric : {"logloss", "auc"}) {
    std::vector<Measured> values = measured(results, c, "test", format.key, metric);
    const int digits = metric[0] == 'l' ? 5 : 4;
    const Estimate own = estimate(values);
    if (text.empty()) {
      if (values.empty()) return "";
      text = "| " + c.name + " | " + (c.kind == "bayes" ? "true probabilities" : format.title) +
             " | " + std::to_string(own.runs) + " |";
    }
    const std::vector<Measured> of_base = measured(results, base, "test", "float", metric);
    if (c.kind == "bayes") values = for_every_run(values, of_base);
    text += " " + number(own.mean, digits) + " |";
    differences += " " + with_error(paired_difference(values, of_base), digits) + " |";
    if (metric[0] == 'l') {
      const bool rounded = std::string(format.key) != "float";
      differences +=
          " " +
          (rounded ? with_error(
                         paired_difference(values, measured(results, c, "test", "float", metric)),
                         digits)
                   : std::string("-")) +
          " | " + number(initialisation_deviation(values), digits) + " |";
    }
  }
  return text + differences + "\n";
}

struct Tried {
  Json settings;
  Estimate logloss, auc;
  bool chosen = false;
};

std::vector<Tried> tried_of(const Entry& entry, const std::vector<Json>& results) {
  std::vector<Contender> all = entry.tried;
  all.insert(all.begin(), entry.chosen);
  std::vector<Tried> list;
  for (const Contender& c : all) {
    const Json settings = settings_of(c);
    const bool seen = std::any_of(list.begin(), list.end(),
                                  [&](const Tried& t) { return t.settings == settings; });
    const auto losses = measured(results, c, "validation", nullptr, "logloss");
    if (seen || losses.empty()) continue;
    list.push_back({settings, estimate(losses),
                    estimate(measured(results, c, "validation", nullptr, "auc")), list.empty()});
  }
  if (!list.empty()) list.front().chosen = list.front().settings == settings_of(entry.chosen);
  std::stable_sort(list.begin(), list.end(),
                   [](const Tried& a, const Tried& b) { return a.logloss.mean < b.logloss.mean; });
  return list;
}

std::string text_of(const Json& settings) {
  std::string text;
  for (const auto& [key, value] : settings.items()) {
    if (key == "kind") continue;
    text += (text.empty() ? "" : ", ") + key + " " + value.dump();
  }
  return text;
}

}  // namespace

std::string quality_table(const QualityConfig& config, const std::vector<Json>& results) {
  const auto base = std::find_if(config.models.begin(), config.models.end(),
                                 [&](const Entry& e) { return e.chosen.name == config.base; });
  std::string text = "| Model | weights / activations | runs | log loss | AUC | log loss − " +
                     config.base + "'s | − own float's | init. sd | AUC − " + config.base +
                     "'s |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Entry& entry : config.models) {
    for (const Format& format : kFormats) {
      text += table_row(results, entry.chosen, format, base->chosen);
    }
  }
  return text;
}

std::string tuning_table(const QualityConfig& config, const std::vector<Json>& results,
                         std::size_t most) {
  std::string text =
      "| Model | settings | runs | validation log loss | AUC |\n|---|---|---|---|---|\n";
  for (const Entry& entry : config.models) {
    const std::vector<Tried> list = tried_of(entry, results);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i >= most && !list[i].chosen) continue;
      const std::string mark = list[i].chosen ? "**" : "";
      text += "| " + entry.chosen.name + ", " + std::to_string(i + 1) + " of " +
              std::to_string(list.size()) + " | " + mark + text_of(list[i].settings) + mark +
              " | " + std::to_string(list[i].logloss.runs) + " | " +
              number(list[i].logloss.mean, 5) + " | " + number(list[i].auc.mean, 4) + " |\n";
    }
  }
  return text;
}

}  // namespace recpim::quality
