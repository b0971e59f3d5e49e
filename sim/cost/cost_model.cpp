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

Json tile_energy(const EventCounts& events, const Technology& technology,
                 const Hardware& hardware) {
  const std::pair<const char*, std::uint64_t> charges[] = {{"crossbar", events.wordline_drives},
                                                           {"dac", events.wordline_drives},
                                                           {"sample_hold", events.sample_holds},
                                                           {"adc", events.adc_conversions},
                                                           {"shift_add", events.shift_adds},
                                                           {"mac", events.macs},
                                                           {"accumulator", events.accumulations},
                                                           {"input_buffer", events.input_bits},
                                                           {"output_buffer", events.output_bits},
                                                           {"adder", events.adds},
                                                           {"square", events.squares},
                                                           {"exponential", events.exponentials},
                                                           {"reciprocal", events.reciprocals},
                                                           {"mean", events.means},
                                                           {"root", events.roots},
                                                           {"normaliser", events.normalised},
                                                           {"requantiser", events.vector_elements},
                                                           {"sigmoid", events.sigmoids}};
  Json parts = Json::object();
  for (const auto& [component, number] : charges) {
    if (number == 0) continue;
    parts[component] =
        static_cast<double>(number) * part_energy_pj(technology, component, hardware);
  }
  return parts;
}

}  // namespace

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
                   const Technology& technology, std::int64_t cycles) {
  const auto routers =
      static_cast<std::size_t>(design.mesh_columns) * static_cast<std::size_t>(design.mesh_rows);
  if (events.tiles.size() != design.tiles.size() || events.router_flits.size() != routers) {
    throw std::invalid_argument("energy_of: events of another design");
  }
  const Hardware& hardware = design.hardware;
  CostTree tree;
  for (std::size_t t = 0; t < events.tiles.size(); ++t) {
    Json parts = tile_energy(events.tiles[t], technology, hardware);
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

double leakage_mw(const Design& design, const Model& model, const Technology& technology) {
  double sum = 0;
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    for (const auto& [component, number] : tile_instances(design, model, t)) {
      sum += static_cast<double>(number) * part_leakage_mw(technology, component);
    }
  }
  return sum + design.mesh_columns * design.mesh_rows * technology.leakage_mw("router");
}

double average_power_mw(double energy_pj, std::int64_t cycles, const Hardware& hardware) {
  if (cycles <= 0) return 0;
  return energy_pj * static_cast<double>(hardware.clock_hz) / (static_cast<double>(cycles) * 1e9);
}

}  // namespace recpim
