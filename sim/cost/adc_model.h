// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a conversion costs as a function of resolution and rate: the models that a technology file
/// can name for its ADCs. Each one's coefficients stand in the file, with their source.
#pragma once

#include <variant>
#include <vector>

#include "models/mapping/hardware.h"
#include "traces/support/json.h"

namespace recpim {

/// A figure by ADC bits: only the ratio to the point at the reference is used.
struct AdcPoint {
  int bits = 0;
  double energy_pj = 0, area_um2 = 0;
};

/// Ratios to a published converter: linear between points and below the first, a factor of 2 a bit
/// above the last.
struct AdcPoints {
  std::vector<AdcPoint> points;
  int reference_bits = 0;
};

/// The best published converters of a survey: Schreier's figure of merit at high frequency,
/// foms = min(foms_intercept_db + foms_db_per_ln_hz ln f, foms_max_db), SNDR = 20 log10(2) b +
/// 10 log10(1.5), energy = 1 / (2 10^((foms - SNDR) / 10)) J; area by regression,
/// ln um2 = intercept + per_ln_hz ln f + per_ln_nm ln nm + per_bit b + per_ln_pj ln pJ.
struct AdcSurvey {
  double foms_intercept_db = 0, foms_db_per_ln_hz = 0, foms_max_db = 0;
  double area_intercept = 0, area_per_ln_hz = 0, area_per_ln_nm = 0, area_per_bit = 0,
         area_per_ln_pj = 0;
};

/// A converter that senses a column's current (NeuroSim): power = constant_uw + per_bit_uw b +
/// per_reference_uw (2^b - 1) + column_w exp(-column_exponent log10 R), for ns + ns_per_bit b.
struct AdcColumn {
  double constant_uw = 0, per_bit_uw = 0, per_reference_uw = 0;
  double column_w = 0, column_exponent = 0, column_resistance_ohm = 0;
  double ns = 0, ns_per_bit = 0;
};

/// A ramp: 2^b steps of a counter of b bits, and a comparator for as long as a conversion lasts.
struct AdcRamp {
  double counter_pj_per_bit = 0, comparator_uw = 0;
};

using AdcModel = std::variant<std::monostate, AdcPoints, AdcSurvey, AdcColumn, AdcRamp>;

/// Reads "adc_model": {kind: points | survey | column | ramp, ...}.
AdcModel adc_model_from_json(const JsonView& json);

/// pJ of one conversion of `bits` at `samples_per_s`. `row_pj`: the component's figure at the
/// points' reference (AdcPoints only).
double adc_energy_pj(const AdcModel& model, int bits, double samples_per_s, double row_pj);
/// um2 of one converter at `process_nm`. `row_um2`: as above; the models without an area return it
/// unchanged.
double adc_area_um2(const AdcModel& model, int bits, double samples_per_s, double process_nm,
                    double row_um2);
/// Whether the model itself has the figure.
bool adc_has_energy(const AdcModel& model);
bool adc_has_area(const AdcModel& model);

}  // namespace recpim
