// SPDX-License-Identifier: Apache-2.0
// Reads technology files.
#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "sim/cost/node_scaling.h"
#include "sim/cost/technology.h"
#include "sim/cost/technology_quantity.h"
#include "traces/support/data_file.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/yaml.h"

namespace recpim {
namespace {

constexpr double kMost = 1e12;

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
  row.only({"level", "instances", "shared_by", "power_mw", "area_mm2", "rates_gs_per_s"});
  component.level = row.at("level").one_of({"unit", "tile", "chip"});
  component.instances = positive(row, "instances");
  if (row.has("shared_by")) component.shared_by = positive(row, "shared_by");
  component.row_power_mw = figure(row, "power_mw");
  component.row_area_mm2 = figure(row, "area_mm2");
  if (row.has("rates_gs_per_s")) {
    const JsonView rates = row.at("rates_gs_per_s");
    if (rates.size() != 2) rates.fail("two rates, the lower one first");
    const double low = rates.at(std::size_t{0}).number(1e-9, 100);
    component.row_rates_gs_per_s = {low, rates.at(std::size_t{1}).number(low, 100)};
  }
}

void read_sizes(const JsonView& list, Component& component) {
  if (list.size() == 0) list.fail("at least one point");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonView point = list.at(i);
    point.only({"bytes", "energy_pj_per_bit", "area_um2", "leakage_mw"});
    const double low = i == 0 ? 1 : component.sizes.back().bytes + 1;
    component.sizes.push_back(
        {point.at("bytes").number(low, kMost), positive(point, "energy_pj_per_bit"),
         figure(point, "area_um2").value_or(0), figure(point, "leakage_mw").value_or(0)});
  }
}

void read_write(const JsonView& json, Component& component) {
  CellWrite write;
  write.energy_pj = component.energy_pj.value_or(0);
  write.pulse_ns = figure(json, "pulse_ns").value_or(0);
  write.pulses_per_write = json.at("pulses_per_write").number(1, kMost);
  write.cells_at_once = static_cast<int>(json.at("cells_at_once").integer(1, 1024));
  write.endurance_writes = figure(json, "endurance_writes", 1);
  component.write = write;
}

double nm_of(const JsonView& json, const std::string& key) {
  return json.at(key).number(kLeastNodeNm, kMostNodeNm);
}

/// The file's own node, which figures of others are moved to.
struct Process {
  double nm = 0, supply_v = 0;
};

void read_nodes(const JsonView& json, const Process& process, Component& component) {
  if (json.has("energy_from_nm")) {
    component.energy_from_nm = nm_of(json, "energy_from_nm");
    component.energy_from_v = json.at("energy_from_v").number(kLeastSupplyV, kMostSupplyV);
    component.energy_node_factor = node_energy_factor(
        *component.energy_from_nm, *component.energy_from_v, process.nm, process.supply_v);
  }
  if (json.has("area_from_nm")) {
    component.area_from_nm = nm_of(json, "area_from_nm");
    component.area_node_factor = node_area_factor(*component.area_from_nm, process.nm);
  }
}

Component component_from_json(const std::string& name, const JsonView& json,
                              const Process& process) {
  json.only({"charged_to", "row", "events_per_ns", "energy_pj", "area_um2", "leakage_mw",
             "energy_scales_with", "area_scales_with", "adc_model", "size_points", "pulse_ns",
             "pulses_per_write", "cells_at_once", "endurance_writes", "energy_from_nm",
             "energy_from_v", "area_from_nm", "source", "conditions"});
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
  if (json.has("adc_model")) component.adc = adc_model_from_json(json.at("adc_model"));
  if (json.has("size_points")) read_sizes(json.at("size_points"), component);
  if (name == "cell_write") read_write(json, component);
  read_nodes(json, process, component);
  return component;
}

PublishedChip published_from_json(const JsonView& json) {
  json.only({"units_per_tile", "tiles", "unit_power_mw", "unit_area_mm2", "tile_power_mw",
             "tile_area_mm2", "chip_power_w", "chip_area_mm2"});
  return {positive(json, "units_per_tile"),
          positive(json, "tiles"),
          figure(json, "unit_power_mw").value_or(0),
          figure(json, "unit_area_mm2").value_or(0),
          positive(json, "tile_power_mw"),
          positive(json, "tile_area_mm2"),
          positive(json, "chip_power_w"),
          positive(json, "chip_area_mm2")};
}

/// The file of a built-in technology. InputError lists what there is.
std::string built_in_path(const std::string& technology) {
  std::string path = data_file("sim/technology/" + technology + ".yaml");
  if (std::filesystem::exists(path)) return path;
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

}  // namespace

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

const std::vector<std::string>& required_components() {
  static const std::vector<std::string> kNames = {
      "crossbar",     "dac",           "sample_hold", "adc", "shift_add",  "accumulator",
      "input_buffer", "output_buffer", "adder",       "mac", "multiplier", "requantiser",
      "sigmoid",      "sequencer",     "router",      "link"};
  return kNames;
}

Technology load_technology(const std::string& technology) {
  const std::string path = names_file(technology) ? technology : built_in_path(technology);
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
  json.only({"name", "process_nm", "supply_v", "adc_kind", "published_chip", "components"});
  Technology technology;
  technology.name_ = json.at("name").text();
  const Process process{nm_of(json, "process_nm"),
                        json.at("supply_v").number(kLeastSupplyV, kMostSupplyV)};
  technology.process_nm_ = process.nm;
  if (json.has("published_chip")) {
    technology.published_ = published_from_json(json.at("published_chip"));
  }
  const JsonView components = json.at("components");
  if (!components.raw().is_object()) components.fail("an object of components");
  for (const std::string& name : required_components()) components.at(name);
  for (const auto& item : components.raw().items()) {
    technology.components_.push_back(
        component_from_json(item.key(), components.at(item.key()), process));
  }
  if (json.has("adc_kind")) {
    const std::string kind = json.at("adc_kind").one_of({"sar", "flash", "ramp", "neurosim_sar"});
    if (kind != "sar") technology.adc_ = "adc_" + kind;
    components.at(technology.adc_);
  }
  return technology;
}

}  // namespace recpim
