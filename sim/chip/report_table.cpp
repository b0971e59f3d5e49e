// SPDX-License-Identifier: Apache-2.0
// result.json as a table that a person reads.
#include <array>
#include <cstdio>
#include <sstream>

#include "sim/chip/report.h"
#include "sim/chip/utilisation_report.h"

namespace recpim {
namespace {

std::string number(const Json& value, int digits = 4) {
  if (value.is_null()) return "-";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value.get<double>());
  return text.data();
}

std::string fixed(const Json& value, int decimals) {
  if (value.is_null()) return "-";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value.get<double>());
  return text.data();
}

void row(std::ostringstream& out, const std::string& name, const std::string& value) {
  out << "  " << name << std::string(name.size() < 26 ? 26 - name.size() : 1, ' ') << value << "\n";
}

// Costs by component: value and share of the total.
void parts(std::ostringstream& out, const Json& cost, const std::string& unit, double divisor) {
  const double total = cost["total"].get<double>();
  for (const auto& item : cost["by_component"].items()) {
    const double value = item.value().get<double>();
    row(out, "  " + item.key(),
        number(value / divisor) + " " + unit + "  " +
            fixed(total > 0 ? 100 * value / total : 0.0, 1) + " %");
  }
}

}  // namespace

std::string report_table(const Json& result) {
  std::ostringstream out;
  const auto samples = result["samples"].get<double>();
  const double clock = result["clock_mhz"].get<double>();
  const Json& latency = result["latency_cycles"];
  const auto microseconds = [&](const Json& cycles) {
    return fixed(cycles.get<double>() / clock, 3) + " us (" + fixed(cycles, 0) + " cycles)";
  };
  out << result["design"]["name"].get<std::string>() << ": " << result["samples"] << " samples in "
      << result["cycles"] << " cycles at " << number(result["clock_mhz"]) << " MHz\n";
  row(out, "latency mean", microseconds(latency["mean"]));
  row(out, "latency p50", microseconds(latency["p50"]));
  row(out, "latency p99", microseconds(latency["p99"]));
  row(out, "latency p99.9", microseconds(latency["p999"]));
  row(out, "latency max", microseconds(latency["max"]));
  const Json& load = result["load"];
  if (!load["queue_cycles"].is_null()) {
    row(out, "  queueing mean", microseconds(load["queue_cycles"]["mean"]));
    row(out, "  service mean", microseconds(load["service_cycles"]["mean"]));
    row(out, "offered",
        number(load["offered_samples_per_s"], 6) + " samples/s (" +
            result["arrival"]["process"].get<std::string>() + ")");
  }
  row(out, "throughput", number(result["throughput_samples_per_s"], 6) + " samples/s");
  row(out, "energy per sample", number(result["energy_pj"]["per_sample"]) + " pJ");
  parts(out, result["energy_pj"], "pJ", samples);
  row(out, "area", number(result["area_mm2"]["total"]) + " mm2");
  parts(out, result["area_mm2"], "mm2", 1);
  row(out, "average power", number(result["power_mw"]["average"]) + " mW");
  out << utilisation_table(result);
  row(out, "log loss",
      fixed(result["quality"]["logloss"], 6) + " (reference " +
          fixed(result["quality"]["reference_logloss"], 6) + ")");
  row(out, "host",
      number(result["host"]["samples_per_s"]) + " samples/s, " +
          number(result["host"]["crossbar_mvms_per_s"]) + " crossbar products/s, " +
          number(result["host"]["peak_rss_mb"]) + " MB");
  return out.str();
}

}  // namespace recpim
