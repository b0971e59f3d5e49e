// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/load_curve.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace recpim {
namespace {

// The share of the cycles in which the busiest engine is busy, and whose it is.
void add_bottleneck(const Json& result, Json& point) {
  point["utilisation"] = 0.0;
  point["busiest"] = nullptr;
  for (const Json& tile : result["utilisation"]["tiles"]) {
    const double busy = tile["engine"].get<double>();
    if (busy <= point["utilisation"].get<double>()) continue;
    point["utilisation"] = busy;
    point["busiest"] =
        tile["operator"].get<std::string>() + "." + std::to_string(tile["part"].get<int>());
  }
}

Json point_of(const Json& result) {
  const Json& load = result["load"];
  Json point = {{"rate_samples_per_s", result["arrival"]["rate_samples_per_s"]},
                {"offered_samples_per_s", load["offered_samples_per_s"]},
                {"achieved_samples_per_s", load["achieved_samples_per_s"]},
                {"latency_cycles", result["latency_cycles"]},
                {"queue_cycles", load["queue_cycles"]},
                {"service_cycles", load["service_cycles"]}};
  add_bottleneck(result, point);
  return point;
}

Json knee_of(const Json& points) {
  const double bound = kKneeFactor * points[0]["latency_cycles"]["p99"].get<double>();
  std::size_t last = 0;
  while (last + 1 < points.size() &&
         points[last + 1]["latency_cycles"]["p99"].get<double>() <= bound) {
    ++last;
  }
  return {{"definition",
           "the largest rate up to which the p99 latency is at most 2 times that at the lowest "
           "rate"},
          {"rate_samples_per_s", points[last]["rate_samples_per_s"]},
          {"reached", last + 1 < points.size()}};
}

std::string text(const char* pattern, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), pattern, value);
  return buffer.data();
}

std::string rate(const Json& value) {
  return value.is_null() ? "-" : text("%.6g", value.get<double>());
}

}  // namespace

Json load_curve(const std::vector<Json>& results) {
  Json points = Json::array();
  for (const Json& result : results) points.push_back(point_of(result));
  return {{"points", points}, {"knee", knee_of(points)}};
}

std::string curve_csv(const Json& curve) {
  std::string csv =
      "rate_samples_per_s,offered_samples_per_s,achieved_samples_per_s,latency_mean_cycles,"
      "latency_p50_cycles,latency_p99_cycles,latency_p999_cycles,latency_max_cycles,"
      "queue_mean_cycles,service_mean_cycles,utilisation,busiest\n";
  for (const Json& point : curve["points"]) {
    const auto cell = [](const Json& value) { return value.is_null() ? "" : value.dump(); };
    for (const char* key :
         {"rate_samples_per_s", "offered_samples_per_s", "achieved_samples_per_s"}) {
      csv += cell(point[key]) + ",";
    }
    for (const char* key : {"mean", "p50", "p99", "p999", "max"}) {
      csv += cell(point["latency_cycles"][key]) + ",";
    }
    csv += cell(point["queue_cycles"]["mean"]) + "," + cell(point["service_cycles"]["mean"]) + "," +
           cell(point["utilisation"]) + "," + cell(point["busiest"]) + "\n";
  }
  return csv;
}

std::string curve_table(const Json& curve) {
  const double clock = curve["clock_mhz"].get<double>();
  const auto us = [&](const Json& cycles) { return text("%.3f", cycles.get<double>() / clock); };
  std::string out = curve["design"]["name"].get<std::string>() + ": " + curve["samples"].dump() +
                    " samples a rate, latency from arrival, in us\n";
  const auto row = [&](const std::array<std::string, 9>& cells) {
    constexpr std::array<std::size_t, 9> kWidths = {13, 13, 11, 11, 11, 11, 11, 9, 0};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t pad = kWidths.at(i) > cells.at(i).size()
                                  ? kWidths.at(i) - cells.at(i).size()
                                  : (i + 1 < cells.size() ? 1 : 2);
      out += std::string(pad, ' ') + cells.at(i);
    }
    out += "\n";
  };
  row({"samples/s", "achieved", "p50", "p99", "p99.9", "max", "queue", "busy", "by"});
  for (const Json& point : curve["points"]) {
    const Json& latency = point["latency_cycles"];
    row({rate(point["rate_samples_per_s"]), rate(point["achieved_samples_per_s"]),
         us(latency["p50"]), us(latency["p99"]), us(latency["p999"]), us(latency["max"]),
         us(point["queue_cycles"]["mean"]),
         text("%.1f %%", 100 * point["utilisation"].get<double>()),
         point["busiest"].is_null() ? "-" : point["busiest"].get<std::string>()});
  }
  const Json& knee = curve["knee"];
  out += "knee: " + rate(knee["rate_samples_per_s"]) + " samples/s, " +
         knee["definition"].get<std::string>() +
         (knee["reached"].get<bool>() ? "\n" : "; no rate here is beyond it\n");
  return out;
}

}  // namespace recpim
