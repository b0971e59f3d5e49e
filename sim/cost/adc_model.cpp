// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/adc_model.h"

#include <algorithm>

#include "sim/cost/steady_math.h"

namespace recpim {
namespace {

constexpr double kMost = 1e12;
constexpr double kJoulePj = 1e12;

double any(const JsonView& json, const std::string& key) {
  return json.at(key).number(-kMost, kMost);
}

double positive(const JsonView& json, const std::string& key) {
  return json.at(key).number(1e-12, kMost);
}

double not_negative(const JsonView& json, const std::string& key) {
  return json.has(key) ? json.at(key).number(0, kMost) : 0;
}

AdcPoints points_from_json(const JsonView& json) {
  json.only({"kind", "reference_bits", "points"});
  AdcPoints model;
  const JsonView points = json.at("points");
  if (points.size() < 2) points.fail("at least two points");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const JsonView point = points.at(i);
    point.only({"bits", "energy_pj", "area_um2"});
    const int low = i == 0 ? 1 : model.points.back().bits + 1;
    model.points.push_back({static_cast<int>(point.at("bits").integer(low, 32)),
                            positive(point, "energy_pj"), positive(point, "area_um2")});
  }
  model.reference_bits = static_cast<int>(json.at("reference_bits").integer(1, 32));
  return model;
}

AdcSurvey survey_from_json(const JsonView& json) {
  json.only({"kind", "foms_intercept_db", "foms_db_per_ln_hz", "foms_max_db", "area_intercept",
             "area_per_ln_hz", "area_per_ln_nm", "area_per_bit", "area_per_ln_pj"});
  AdcSurvey model;
  // So that no exponent leaves what steady_exp takes.
  model.foms_intercept_db = json.at("foms_intercept_db").number(0, 1000);
  model.foms_db_per_ln_hz = json.at("foms_db_per_ln_hz").number(-20, 0);
  model.foms_max_db = json.at("foms_max_db").number(100, 300);
  model.area_intercept = json.at("area_intercept").number(-50, 50);
  for (auto [key, value] : {std::pair("area_per_ln_hz", &model.area_per_ln_hz),
                            std::pair("area_per_ln_nm", &model.area_per_ln_nm),
                            std::pair("area_per_bit", &model.area_per_bit),
                            std::pair("area_per_ln_pj", &model.area_per_ln_pj)}) {
    *value = json.at(key).number(-5, 5);
  }
  return model;
}

AdcColumn column_from_json(const JsonView& json) {
  json.only({"kind", "constant_uw", "per_bit_uw", "per_reference_uw", "column_w", "column_exponent",
             "column_resistance_ohm", "ns", "ns_per_bit"});
  AdcColumn model;
  model.constant_uw = not_negative(json, "constant_uw");
  model.per_bit_uw = not_negative(json, "per_bit_uw");
  model.per_reference_uw = not_negative(json, "per_reference_uw");
  model.column_w = any(json, "column_w");
  model.column_exponent = json.at("column_exponent").number(0, 20);
  model.column_resistance_ohm = json.at("column_resistance_ohm").number(1e-3, kMost);
  model.ns = positive(json, "ns");
  model.ns_per_bit = not_negative(json, "ns_per_bit");
  return model;
}

/// A figure at `bits`. Only + - * /, so that it is the same double on every machine.
double at_bits(const std::vector<AdcPoint>& points, double AdcPoint::*figure, int bits) {
  if (bits > points.back().bits) {
    double value = points.back().*figure;
    for (int b = points.back().bits; b < bits; ++b) value *= 2;
    return value;
  }
  std::size_t upper = 1;
  while (points[upper].bits < bits) ++upper;
  const AdcPoint& low = points[upper - 1];
  const AdcPoint& high = points[upper];
  if (bits == high.bits) return high.*figure;
  const double slope = (high.*figure - low.*figure) / (high.bits - low.bits);
  return low.*figure + slope * (bits - low.bits);
}

double energy_of(const AdcSurvey& model, int bits, double samples_per_s) {
  const double foms =
      std::min(model.foms_intercept_db + model.foms_db_per_ln_hz * steady_log(samples_per_s),
               model.foms_max_db);
  const double sndr = (20 * kLn2 * bits + 10 * steady_log(1.5)) / kLn10;
  return kJoulePj / (2 * steady_exp((foms - sndr) / 10 * kLn10));
}

double energy_of(const AdcColumn& model, int bits) {
  const double references = static_cast<double>((1LL << bits) - 1);
  const double uw =
      model.constant_uw + model.per_bit_uw * bits + model.per_reference_uw * references;
  const double column_mw =
      1e3 * model.column_w *
      steady_exp(-model.column_exponent * steady_log(model.column_resistance_ohm) / kLn10);
  return (uw / 1e3 + column_mw) * (model.ns + model.ns_per_bit * bits);  // mW ns = pJ
}

double energy_of(const AdcRamp& model, int bits, double samples_per_s) {
  const double steps = static_cast<double>(1LL << bits);
  return steps * bits * model.counter_pj_per_bit + model.comparator_uw / 1e3 * 1e9 / samples_per_s;
}

}  // namespace

AdcModel adc_model_from_json(const JsonView& json) {
  const std::string kind = json.at("kind").one_of({"points", "survey", "column", "ramp"});
  if (kind == "points") return points_from_json(json);
  if (kind == "survey") return survey_from_json(json);
  if (kind == "column") return column_from_json(json);
  json.only({"kind", "counter_pj_per_bit", "comparator_uw"});
  return AdcRamp{json.at("counter_pj_per_bit").number(0, kMost),
                 json.at("comparator_uw").number(0, kMost)};
}

double adc_energy_pj(const AdcModel& model, int bits, double samples_per_s, double row_pj) {
  if (const auto* m = std::get_if<AdcPoints>(&model)) {
    return row_pj * at_bits(m->points, &AdcPoint::energy_pj, bits) /
           at_bits(m->points, &AdcPoint::energy_pj, m->reference_bits);
  }
  if (const auto* m = std::get_if<AdcSurvey>(&model)) return energy_of(*m, bits, samples_per_s);
  if (const auto* m = std::get_if<AdcColumn>(&model)) return energy_of(*m, bits);
  if (const auto* m = std::get_if<AdcRamp>(&model)) return energy_of(*m, bits, samples_per_s);
  return row_pj;
}

double adc_area_um2(const AdcModel& model, int bits, double samples_per_s, double process_nm,
                    double row_um2) {
  if (const auto* m = std::get_if<AdcPoints>(&model)) {
    return row_um2 * at_bits(m->points, &AdcPoint::area_um2, bits) /
           at_bits(m->points, &AdcPoint::area_um2, m->reference_bits);
  }
  if (const auto* m = std::get_if<AdcSurvey>(&model)) {
    const double pj = energy_of(*m, bits, samples_per_s);
    return steady_exp(m->area_intercept + m->area_per_ln_hz * steady_log(samples_per_s) +
                      m->area_per_ln_nm * steady_log(process_nm) + m->area_per_bit * bits +
                      m->area_per_ln_pj * steady_log(pj));
  }
  return row_um2;
}

bool adc_has_energy(const AdcModel& model) {
  return !std::holds_alternative<std::monostate>(model) &&
         !std::holds_alternative<AdcPoints>(model);
}

bool adc_has_area(const AdcModel& model) { return std::holds_alternative<AdcSurvey>(model); }

}  // namespace recpim
