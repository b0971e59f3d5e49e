// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/technology.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "traces/support/data_file.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/yaml.h"

namespace recpim {
namespace {

constexpr double kMost = 1e12;
constexpr double kUm2PerMm2 = 1e6;
constexpr const char* kNothing = "nothing";

/// What a figure may scale with, in the units of the hardware file.
double quantity(const Hardware& hardware, const std::string& name) {
  if (name == "crossbar.rows") return hardware.crossbar.rows;
  if (name == "crossbar.columns") return hardware.crossbar.columns;
  if (name == "crossbar.read_ns") return static_cast<double>(hardware.crossbar.read_ps) / 1000;
  if (name == "dac.levels") return 1 << hardware.dac_bits;
  if (name == "mesh.flit_bits") return hardware.mesh.flit_bits;
  if (name == "mesh.buffer_flits") return hardware.mesh.buffer_flits;
  throw std::logic_error("quantity: " + name);
}

const std::set<std::string>& quantities() {
  static const std::set<std::string> kNames = {"crossbar.rows",    "crossbar.columns",
                                               "crossbar.read_ns", "dac.levels",
                                               "mesh.flit_bits",   "mesh.buffer_flits"};
  return kNames;
}

double factor(const std::vector<LinearScale>& scales, const Hardware& hardware) {
  double product = 1;
  for (const LinearScale& scale : scales) {
    product *= quantity(hardware, scale.quantity) / scale.reference;
  }
  return product;
}

/// A figure at `bits`: linear between points and below the first, a factor of 2 a bit above the
/// last. Only + - * /, so that it is the same double on every machine.
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

/// A number, or nothing where it is null or not there.
std::optional<double> figure(const JsonView& json, const std::string& key, double low = 0) {
  if (!json.has(key) || json.at(key).raw().is_null()) return std::nullopt;
  return json.at(key).number(low, kMost);
}

double positive(const JsonView& json, const std::string& key) {
  return json.at(key).number(1e-12, kMost);
}

std::vector<LinearScale> scales(const JsonView& json, const std::string& key) {
  std::vector<LinearScale> list;
  if (!json.has(key)) return list;
  const JsonView scales = json.at(key);
  scales.only(quantities());
  for (const auto& item : scales.raw().items()) {
    list.push_back({item.key(), positive(scales, item.key())});
  }
  return list;
}

void read_row(const JsonView& row, Component& component) {
  row.only({"level", "instances", "shared_by", "power_mw", "area_mm2"});
  component.level = row.at("level").one_of({"unit", "tile", "chip"});
  component.instances = positive(row, "instances");
  if (row.has("shared_by")) component.shared_by = positive(row, "shared_by");
  component.row_power_mw = figure(row, "power_mw");
  component.row_area_mm2 = figure(row, "area_mm2");
}

void read_adc_points(const JsonView& json, Component& component) {
  const JsonView points = json.at("adc_points");
  if (points.size() < 2) points.fail("at least two points");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const JsonView point = points.at(i);
    point.only({"bits", "energy_pj", "area_um2"});
    const int low = i == 0 ? 1 : component.adc_points.back().bits + 1;
    component.adc_points.push_back({static_cast<int>(point.at("bits").integer(low, 32)),
                                    positive(point, "energy_pj"), positive(point, "area_um2")});
  }
  component.adc_reference_bits = static_cast<int>(json.at("adc_reference_bits").integer(1, 32));
}

Component component_from_json(const std::string& name, const JsonView& json) {
  json.only({"charged_to", "row", "events_per_ns", "energy_pj", "area_um2", "leakage_mw",
             "energy_scales_with", "area_scales_with", "adc_reference_bits", "adc_points", "source",
             "conditions"});
  Component component;
  component.name = name;
  component.charged_to = json.at("charged_to").text();
  component.source = json.at("source").text();
  component.conditions = json.at("conditions").text();
  if (json.has("row")) {
    if (json.has("energy_pj") || json.has("area_um2")) {
      json.fail("either row, or energy_pj and area_um2");
    }
    read_row(json.at("row"), component);
    component.events_per_ns = figure(json, "events_per_ns", 1e-12);
  } else {
    component.energy_pj = figure(json, "energy_pj");
    component.area_um2 = figure(json, "area_um2");
  }
  component.leakage_mw = figure(json, "leakage_mw");
  component.energy_scales_with = scales(json, "energy_scales_with");
  component.area_scales_with = scales(json, "area_scales_with");
  if (json.has("adc_points")) read_adc_points(json, component);
  return component;
}

PublishedChip published_from_json(const JsonView& json) {
  json.only({"units_per_tile", "tiles", "tile_power_mw", "tile_area_mm2", "chip_power_w",
             "chip_area_mm2"});
  return {positive(json, "units_per_tile"), positive(json, "tiles"),
          positive(json, "tile_power_mw"),  positive(json, "tile_area_mm2"),
          positive(json, "chip_power_w"),   positive(json, "chip_area_mm2")};
}

}  // namespace

const std::vector<std::string>& required_components() {
  static const std::vector<std::string> kNames = {
      "crossbar",     "dac",           "sample_hold", "adc", "shift_add",  "accumulator",
      "input_buffer", "output_buffer", "adder",       "mac", "multiplier", "requantiser",
      "sigmoid",      "sequencer",     "router",      "link"};
  return kNames;
}

const Component& Technology::component(const std::string& name) const {
  for (const Component& each : components_) {
    if (each.name == name) return each;
  }
  throw std::logic_error("Technology: no component " + name);
}

double Technology::energy_pj(const std::string& component, const Hardware& hardware) const {
  const Component& c = this->component(component);
  double figure = c.energy_pj.value_or(0);
  if (c.row_power_mw && c.events_per_ns) figure = *c.row_power_mw / *c.events_per_ns;  // mW ns = pJ
  figure *= factor(c.energy_scales_with, hardware);
  if (c.adc_points.empty()) return figure;
  return figure * at_bits(c.adc_points, &AdcPoint::energy_pj, hardware.adc.bits) /
         at_bits(c.adc_points, &AdcPoint::energy_pj, c.adc_reference_bits);
}

double Technology::area_mm2(const std::string& component, const Hardware& hardware) const {
  const Component& c = this->component(component);
  double figure = c.area_um2.value_or(0) / kUm2PerMm2;
  if (c.row_area_mm2) figure = *c.row_area_mm2 / (c.instances * c.shared_by);
  figure *= factor(c.area_scales_with, hardware);
  if (c.adc_points.empty()) return figure;
  return figure * at_bits(c.adc_points, &AdcPoint::area_um2, hardware.adc.bits) /
         at_bits(c.adc_points, &AdcPoint::area_um2, c.adc_reference_bits);
}

double Technology::leakage_mw(const std::string& component) const {
  return this->component(component).leakage_mw.value_or(0);
}

std::vector<std::string> Technology::not_published() const {
  std::vector<std::string> list;
  for (const Component& c : components_) {
    if (c.charged_to == kNothing) continue;
    const bool energy = c.energy_pj || (c.row_power_mw && c.events_per_ns);
    if (!energy) list.push_back(c.name + ".energy_pj");
    if (!c.area_um2 && !c.row_area_mm2) list.push_back(c.name + ".area_mm2");
    if (!c.leakage_mw) list.push_back(c.name + ".leakage_mw");
  }
  return list;
}

Technology load_technology(const std::string& technology) {
  std::string path = technology;
  if (!names_file(technology)) {
    path = data_file("sim/technology/" + technology + ".yaml");
    if (!std::filesystem::exists(path)) {
      std::string names;
      const std::filesystem::path folder = std::filesystem::path(path).parent_path();
      std::vector<std::string> found;
      if (std::filesystem::is_directory(folder)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
          if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
        }
      }
      std::sort(found.begin(), found.end());
      for (const std::string& name : found) names += name + ", ";
      reject("", "technology", technology, names + "or the path of a technology file (.yaml)");
    }
  }
  // A search forks a process for every simulation: what its parent has read is not parsed again.
  // The file itself is read, so that a changed one is noticed.
  static std::map<std::string, std::pair<std::string, Technology>> known;
  const std::string text = read_text_file(path);
  const auto found = known.find(path);
  if (found != known.end() && found->second.first == text) return found->second.second;
  const Json json = read_yaml_file(path);
  Technology loaded = technology_from_json(JsonView(json, path));
  known[path] = {text, loaded};
  return loaded;
}

Technology technology_from_json(const JsonView& json) {
  json.only({"name", "process_nm", "published_chip", "components"});
  Technology technology;
  technology.name_ = json.at("name").text();
  json.at("process_nm").number(1, 1000);
  if (json.has("published_chip")) {
    technology.published_ = published_from_json(json.at("published_chip"));
  }
  const JsonView components = json.at("components");
  if (!components.raw().is_object()) components.fail("an object of components");
  for (const std::string& name : required_components()) components.at(name);
  for (const auto& item : components.raw().items()) {
    technology.components_.push_back(component_from_json(item.key(), components.at(item.key())));
  }
  return technology;
}

}  // namespace recpim
