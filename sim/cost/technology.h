// SPDX-License-Identifier: Apache-2.0
/// @file
/// A technology file: what each component costs, with the source of every figure. The format is in
/// README.md of sim/technology.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/mapping/hardware.h"
#include "traces/support/json.h"

namespace recpim {

/// A figure grows in proportion to a quantity of the hardware: it holds where that is `reference`.
struct LinearScale {
  std::string quantity;  ///< "crossbar.rows", "mesh.flit_bits", ...
  double reference = 1;
};

/// A figure by ADC bits: only the ratio to the point at the reference is used.
struct AdcPoint {
  int bits = 0;
  double energy_pj = 0, area_um2 = 0;
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
  std::vector<AdcPoint> adc_points;
  int adc_reference_bits = 0;
  std::string source, conditions;
};

/// What the publication says its rows add up to.
struct PublishedChip {
  double units_per_tile = 0, tiles = 0;
  double tile_power_mw = 0, tile_area_mm2 = 0, chip_power_w = 0, chip_area_mm2 = 0;
};

class Technology {
 public:
  const std::string& name() const { return name_; }
  const std::vector<Component>& components() const { return components_; }
  const std::optional<PublishedChip>& published() const { return published_; }

  /// pJ an event and mm2 an instance of a component on this hardware; 0 where not published.
  double energy_pj(const std::string& component, const Hardware& hardware) const;
  double area_mm2(const std::string& component, const Hardware& hardware) const;
  double leakage_mw(const std::string& component) const;

  /// "adc.leakage_mw", ...: what is charged to something but not published, hence counted as 0.
  std::vector<std::string> not_published() const;

 private:
  friend Technology technology_from_json(const JsonView& json);
  const Component& component(const std::string& name) const;

  std::string name_;
  std::vector<Component> components_;
  std::optional<PublishedChip> published_;
};

/// Reads a technology: a built-in name ("isaac-32nm") or a file. InputError names file, key, value.
Technology load_technology(const std::string& technology);
Technology technology_from_json(const JsonView& json);
/// The names of the components that a technology must list.
const std::vector<std::string>& required_components();

}  // namespace recpim
