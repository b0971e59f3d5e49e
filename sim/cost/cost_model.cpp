// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost_model.h"

#include <cctype>
#include <stdexcept>

#include "sim/cost/composite.h"
#include "sim/cost/instances.h"

namespace recpim {
namespace {

std::string router_name(int router, int columns) {
  return "router_" + std::to_string(router % columns) + "_" + std::to_string(router / columns);
}

/// Mean of digit^2 relative to the greatest, of digits that are equally likely.
double mean_square_digit(int bits) {
  const double most = (1 << bits) - 1;
  return (2 * most + 1) / (6 * most);
}

/// What the charge of a driven row is multiplied by.
struct DriveShare {
  double crossbar = 1, dac = 1;
};

DriveShare drive_share(const Design& design, int index, Activity activity) {
  const Hardware& hardware = design.hardware;
  const bool lookups = design.tiles[static_cast<std::size_t>(index)].kind == TileKind::kEmbedding;
  if (activity == Activity::kWorst) return {};
  // A lookup drives its row with the greatest level.
  if (lookups) return {0.5, 1};
  const double digits = 1 << hardware.dac_bits;
  return {0.5 * mean_square_digit(hardware.dac_bits), (digits - 1) / digits};
}

}  // namespace

const char* activity_name(Activity activity) {
  return activity == Activity::kMean ? "mean" : "worst";
}

std::vector<Charge> tile_charges(const Design& design, const ChipEvents& events, int tile,
                                 const Technology& technology, std::int64_t cycles,
                                 Activity activity) {
  const EventCounts& counts = events.tiles[static_cast<std::size_t>(tile)];
  const Hardware& hardware = design.hardware;
  const DriveShare share = drive_share(design, tile, activity);
  const bool host = design.tiles[static_cast<std::size_t>(tile)].kind == TileKind::kHost;
  const double ticks = host ? 0 : static_cast<double>(cycles);
  const auto n = [](std::uint64_t count) { return static_cast<double>(count); };
  const std::pair<const char*, double> list[] = {
      {"crossbar", n(counts.wordline_drives) * share.crossbar},
      {"dac", n(counts.wordline_drives) * share.dac},
      {"sample_hold", n(counts.sample_holds)},
      {"adc", n(counts.adc_conversions)},
      {"shift_add", n(counts.shift_adds)},
      {"mac", n(counts.macs)},
      {"accumulator", n(counts.accumulations)},
      {"input_buffer", n(counts.input_bits)},
      {"output_buffer", n(counts.output_bits)},
      {"edram", n(counts.buffer_bits)},
      {"bus", n(counts.bus_bits)},
      {"adder", n(counts.adds)},
      {"square", n(counts.squares)},
      {"exponential", n(counts.exponentials)},
      {"reciprocal", n(counts.reciprocals)},
      {"mean", n(counts.means)},
      {"root", n(counts.roots)},
      {"normaliser", n(counts.normalised)},
      {"requantiser", n(counts.vector_elements)},
      {"sigmoid", n(counts.sigmoids)},
      {"sequencer", ticks},
      {"clock", ticks}};
  std::vector<Charge> charges;
  for (const auto& [component, count] : list) {
    if (count == 0 || !has_part(technology, component)) continue;
    const double figure = part_energy_pj(technology, component, hardware);
    // What runs in every cycle and has no figure would only lengthen reports.
    const std::string name = component;
    if (figure == 0 && (name == "sequencer" || name == "clock")) continue;
    charges.push_back({component, component, count, figure});
  }
  // A successive-approximation ADC compares once a bit.
  if (counts.read_conversions > 0) {
    const double bits = static_cast<double>(hardware.crossbar.cell_bits) / hardware.adc.bits;
    charges.push_back({"adc (read mode)", "adc", n(counts.read_conversions),
                       technology.energy_pj("adc", hardware) * bits});
  }
  return charges;
}

std::string tile_name(const Design& design, const Model& model, int index) {
  const Tile& tile = design.tiles[static_cast<std::size_t>(index)];
  std::string name = "tile_" + std::to_string(index) + "_";
  if (tile.kind == TileKind::kHost) return name + "host";
  for (const char c : model.operators[static_cast<std::size_t>(tile.op)].name) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  if (tile.part > 0 || design.find(tile.op, 1) >= 0) name += "_part_" + std::to_string(tile.part);
  return name;
}

double tree_sum(const Json& parts) {
  if (parts.is_number()) return parts.get<double>();
  double sum = 0;
  for (const auto& item : parts.items()) sum += tree_sum(item.value());
  return sum;
}

Json by_component(const Json& parts) {
  Json sums = Json::object();
  const auto add = [&](const std::string& name, double value) {
    sums[name] = sums.value(name, 0.0) + value;
  };
  for (const auto& part : parts.items()) {
    if (part.value().is_number()) {
      add(part.key(), part.value().get<double>());
      continue;
    }
    for (const auto& item : part.value().items()) add(item.key(), tree_sum(item.value()));
  }
  return sums;
}

CostTree energy_of(const Design& design, const Model& model, const ChipEvents& events,
                   const Technology& technology, std::int64_t cycles, Activity activity) {
  const auto routers =
      static_cast<std::size_t>(design.mesh_columns) * static_cast<std::size_t>(design.mesh_rows);
  if (events.tiles.size() != design.tiles.size() || events.router_flits.size() != routers) {
    throw std::invalid_argument("energy_of: events of another design");
  }
  const Hardware& hardware = design.hardware;
  CostTree tree;
  for (std::size_t t = 0; t < events.tiles.size(); ++t) {
    Json parts = Json::object();
    for (const Charge& charge :
         tile_charges(design, events, static_cast<int>(t), technology, cycles, activity)) {
      parts[charge.figure_of] = parts.value(charge.figure_of, 0.0) + charge.energy_pj();
    }
    if (!parts.empty()) tree.parts[tile_name(design, model, static_cast<int>(t))] = parts;
  }
  Json& noc = tree.parts["noc"];
  noc["routers"] = Json::object();
  const double flit = technology.energy_pj("router", hardware);
  for (std::size_t r = 0; r < routers; ++r) {
    noc["routers"][router_name(static_cast<int>(r), design.mesh_columns)] =
        static_cast<double>(events.router_flits[r]) * flit;
  }
  noc["links"] = static_cast<double>(events.link_flits) * technology.energy_pj("link", hardware);
  const double ns = static_cast<double>(cycles) * 1e9 / static_cast<double>(hardware.clock_hz);
  tree.parts["leakage"] = leakage_mw(design, model, technology) * ns;
  tree.total = tree_sum(tree.parts);
  return tree;
}

CostTree area_of(const Design& design, const Model& model, const Technology& technology) {
  CostTree tree;
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    Json parts = Json::object();
    for (const auto& [component, number] : tile_instances(design, model, t)) {
      if (!has_part(technology, component)) continue;
      parts[component] =
          static_cast<double>(number) * part_area_mm2(technology, component, design.hardware);
    }
    if (!parts.empty()) tree.parts[tile_name(design, model, t)] = parts;
  }
  Json& noc = tree.parts["noc"];
  noc["routers"] = Json::object();
  for (int r = 0; r < design.mesh_columns * design.mesh_rows; ++r) {
    noc["routers"][router_name(r, design.mesh_columns)] =
        technology.area_mm2("router", design.hardware);
  }
  tree.total = tree_sum(tree.parts);
  return tree;
}

double unused_area_of(const Design& design, const Technology& technology) {
  const auto& mesh = design.hardware.mesh;
  const int unused = mesh.columns * mesh.rows - design.mesh_columns * design.mesh_rows;
  return unused * technology.area_mm2("router", design.hardware);
}

Json leakage_by_component(const Design& design, const Model& model, const Technology& technology) {
  Json sums = Json::object();
  const auto add = [&](const std::string& component, double mw) {
    if (mw > 0) sums[component] = sums.value(component, 0.0) + mw;
  };
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    for (const auto& [component, number] : tile_instances(design, model, t)) {
      if (!has_part(technology, component)) continue;
      add(component, static_cast<double>(number) * part_leakage_mw(technology, component));
    }
  }
  add("router", design.mesh_columns * design.mesh_rows * technology.leakage_mw("router"));
  return sums;
}

double leakage_mw(const Design& design, const Model& model, const Technology& technology) {
  return tree_sum(leakage_by_component(design, model, technology));
}

double average_power_mw(double energy_pj, std::int64_t cycles, const Hardware& hardware) {
  if (cycles <= 0) return 0;
  return energy_pj * static_cast<double>(hardware.clock_hz) / (static_cast<double>(cycles) * 1e9);
}

}  // namespace recpim
