// SPDX-License-Identifier: Apache-2.0
/// @file
/// A technology file: what each component costs, with the source of every figure. The format is in
/// README.md of sim/technology.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/mapping/hardware.h"
#include "sim/cost/adc_model.h"
#include "traces/support/json.h"

namespace recpim {

/// A figure grows in proportion to a quantity of the hardware: it holds where that is `reference`.
struct LinearScale {
  std::string quantity;  ///< "crossbar.rows", "mesh.flit_bits", ...
  double reference = 1;
};

/// A memory of one size: energy a bit read or written, area and leakage of the whole.
struct SizePoint {
  double bytes = 0, energy_pj_per_bit = 0, area_um2 = 0, leakage_mw = 0;
};

/// What it takes to program cells. What is absent is not published.
struct CellWrite {
  double energy_pj = 0;         ///< One pulse of one cell; 0 where not published.
  double pulse_ns = 0;          ///< One pulse; 0 where not published.
  double pulses_per_write = 1;  ///< Mean of write-verify, each followed by a read of the row.
  int cells_at_once = 1;        ///< Of a row, written in parallel.
  std::optional<double> endurance_writes;  ///< Writes until a cell fails.
};

/// One component. Either a row of a published power table (power of `instances` instances at
/// `events_per_ns`), or figures an event and an instance; what is not published is absent.
struct Component {
  std::string name;
  std::string charged_to;  ///< The event; "nothing" where this machine has no such component.
  std::string level;     ///< Where the published table has the row: "unit", "tile", "chip"; or "".
  double instances = 1;  ///< In the row (of a buffer: bits).
  double shared_by = 1;  ///< Tiles that share what the row describes.
  std::optional<double> row_power_mw, row_area_mm2, events_per_ns;
  std::optional<double> energy_pj, area_um2;  ///< An event, an instance.
  std::optional<double> leakage_mw;           ///< An instance.
  std::vector<LinearScale> energy_scales_with, area_scales_with;
  /// Of a converter's row: it draws row_power_mw at any rate from .first to .second GS/s.
  std::optional<std::pair<double, double>> row_rates_gs_per_s;
  AdcModel adc;
  std::vector<SizePoint> sizes;
  std::optional<CellWrite> write;
  /// Where the source's figures are of another node: nm and supply of the energy, nm of the area.
  std::optional<double> energy_from_nm, energy_from_v, area_from_nm;
  double energy_node_factor = 1, area_node_factor = 1;  ///< node_scaling.h; 1 where not scaled.
  std::string source, conditions;

  bool has_energy() const;
  bool has_area() const;
};

/// What the publication says its rows add up to. Leakage of rows adds to their power where the
/// table has them apart.
struct PublishedChip {
  double units_per_tile = 0, tiles = 0;
  double unit_power_mw = 0, unit_area_mm2 = 0;  ///< 0 where it does not say.
  double tile_power_mw = 0, tile_area_mm2 = 0, chip_power_w = 0, chip_area_mm2 = 0;
};

class Technology {
 public:
  const std::string& name() const { return name_; }
  double process_nm() const { return process_nm_; }
  const std::vector<Component>& components() const { return components_; }
  const std::optional<PublishedChip>& published() const { return published_; }

  bool has(const std::string& component) const { return find(component) != nullptr; }
  /// The component that the name stands for: "adc" is the one of adc_kind. std::logic_error where
  /// there is none.
  const Component& component(const std::string& name) const;
  /// pJ an event and mm2 an instance of a component on this hardware; 0 where not published.
  double energy_pj(const std::string& component, const Hardware& hardware) const;
  double area_mm2(const std::string& component, const Hardware& hardware) const;
  double leakage_mw(const std::string& component) const;
  /// A memory of that many bytes, of a component with size_points ("sram"): linear between points;
  /// outside, energy as at the nearest one, area and leakage in proportion to the bytes.
  /// std::logic_error where the technology has no such component.
  SizePoint memory(const std::string& component, double bytes) const;
  /// Of "cell_write"; all zero, one pulse a write, where the technology has none.
  CellWrite cell_write() const;

  /// "adc.leakage_mw", ...: what is charged to something but not published, hence counted as 0.
  std::vector<std::string> not_published() const;
  /// "adder.energy_pj: 45 nm, x 0.641", ...: what was moved here from another node.
  std::vector<std::string> scaled() const;

 private:
  friend Technology technology_from_json(const JsonView& json);
  const Component* find(const std::string& name) const;

  std::string name_;
  double process_nm_ = 0;
  std::string adc_ = "adc";  ///< The component that conversions are charged to.
  std::vector<Component> components_;
  std::optional<PublishedChip> published_;
};

/// Reads a technology: a built-in name ("isaac-32nm") or a file. InputError names file, key, value.
Technology load_technology(const std::string& technology);
Technology technology_from_json(const JsonView& json);
/// The names of the components that a technology must list.
const std::vector<std::string>& required_components();

}  // namespace recpim
