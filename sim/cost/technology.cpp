// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/technology.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

#include "sim/cost/technology_quantity.h"

namespace recpim {
namespace {

constexpr double kUm2PerMm2 = 1e6;
constexpr const char* kNothing = "nothing";

double factor(const std::vector<LinearScale>& scales, const Hardware& hardware) {
  double product = 1;
  for (const LinearScale& scale : scales) {
    product *= quantity(hardware, scale.quantity) / scale.reference;
  }
  return product;
}

double clamped(double value, const std::pair<double, double>& range) {
  return std::min(std::max(value, range.first), range.second);
}

// mW ns = pJ. A converter that draws its row's power at several rates spends less a conversion at a
// higher one.
double row_energy_pj(const Component& c, const Hardware& hardware) {
  if (!c.row_power_mw || !c.events_per_ns) return c.energy_pj.value_or(0);
  double events = *c.events_per_ns;
  if (c.row_rates_gs_per_s) {
    const double rate = static_cast<double>(hardware.adc.samples_per_s) / 1e9;
    events *= clamped(rate, *c.row_rates_gs_per_s) / c.row_rates_gs_per_s->first;
  }
  return *c.row_power_mw / events;
}

SizePoint between(const SizePoint& low, const SizePoint& high, double bytes) {
  const double share = (bytes - low.bytes) / (high.bytes - low.bytes);
  const auto mix = [share](double a, double b) { return a + (b - a) * share; };
  return {bytes, mix(low.energy_pj_per_bit, high.energy_pj_per_bit),
          mix(low.area_um2, high.area_um2), mix(low.leakage_mw, high.leakage_mw)};
}

std::string scaling_note(const std::string& figure, double from_nm, double node_factor) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), ": %g nm, x %.3f", from_nm, node_factor);
  return figure + text.data();
}

}  // namespace

bool Component::has_energy() const {
  return energy_pj || (row_power_mw && events_per_ns) || adc_has_energy(adc) || !sizes.empty() ||
         (write && write->energy_pj > 0);
}

bool Component::has_area() const {
  return area_um2 || row_area_mm2 || adc_has_area(adc) || !sizes.empty();
}

const Component* Technology::find(const std::string& name) const {
  for (const Component& each : components_) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

const Component& Technology::component(const std::string& name) const {
  const Component* found = find(name == "adc" ? adc_ : name);
  if (found == nullptr) throw std::logic_error("Technology: no component " + name);
  return *found;
}

double Technology::energy_pj(const std::string& component, const Hardware& hardware) const {
  const Component& c = this->component(component);
  const double row = row_energy_pj(c, hardware) * factor(c.energy_scales_with, hardware);
  return adc_energy_pj(c.adc, hardware.adc.bits, static_cast<double>(hardware.adc.samples_per_s),
                       row) *
         c.energy_node_factor;
}

double Technology::area_mm2(const std::string& component, const Hardware& hardware) const {
  const Component& c = this->component(component);
  double row_um2 = c.area_um2.value_or(0);
  if (c.row_area_mm2) row_um2 = *c.row_area_mm2 * kUm2PerMm2 / (c.instances * c.shared_by);
  row_um2 *= factor(c.area_scales_with, hardware);
  const double um2 =
      adc_area_um2(c.adc, hardware.adc.bits, static_cast<double>(hardware.adc.samples_per_s),
                   process_nm_, row_um2);
  return um2 / kUm2PerMm2 * c.area_node_factor;
}

double Technology::leakage_mw(const std::string& component) const {
  return this->component(component).leakage_mw.value_or(0);
}

SizePoint Technology::memory(const std::string& component, double bytes) const {
  const Component* c = find(component);
  if (c == nullptr || c->sizes.empty()) {
    throw std::logic_error("Technology: no memory " + component);
  }
  const auto& sizes = c->sizes;
  SizePoint found;
  if (bytes <= sizes.front().bytes || bytes >= sizes.back().bytes) {
    found = bytes <= sizes.front().bytes ? sizes.front() : sizes.back();
    const double share = bytes / found.bytes;
    found = {bytes, found.energy_pj_per_bit, found.area_um2 * share, found.leakage_mw * share};
  } else {
    std::size_t upper = 1;
    while (sizes[upper].bytes < bytes) ++upper;
    found = between(sizes[upper - 1], sizes[upper], bytes);
  }
  found.energy_pj_per_bit *= c->energy_node_factor;
  found.area_um2 *= c->area_node_factor;
  return found;
}

CellWrite Technology::cell_write() const {
  const Component* c = find("cell_write");
  return c != nullptr && c->write ? *c->write : CellWrite();
}

std::vector<std::string> Technology::not_published() const {
  std::vector<std::string> list;
  for (const Component& c : components_) {
    if (c.charged_to == kNothing) continue;
    if (!c.has_energy()) list.push_back(c.name + ".energy_pj");
    if (c.write) {
      if (c.write->pulse_ns <= 0) list.push_back(c.name + ".pulse_ns");
      if (!c.write->endurance_writes) list.push_back(c.name + ".endurance_writes");
      continue;  // An event, not a part: it has neither area nor leakage.
    }
    if (!c.has_area()) list.push_back(c.name + ".area_mm2");
    if (!c.leakage_mw && c.sizes.empty()) list.push_back(c.name + ".leakage_mw");
  }
  return list;
}

std::vector<std::string> Technology::scaled() const {
  std::vector<std::string> list;
  for (const Component& c : components_) {
    if (c.energy_from_nm) {
      list.push_back(scaling_note(c.name + ".energy_pj", *c.energy_from_nm, c.energy_node_factor));
    }
    if (c.area_from_nm) {
      list.push_back(scaling_note(c.name + ".area_um2", *c.area_from_nm, c.area_node_factor));
    }
  }
  return list;
}

}  // namespace recpim
