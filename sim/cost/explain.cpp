// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/explain.h"

#include <algorithm>
#include <cstdlib>

#include "models/mapping/replicas.h"
#include "sim/cost/composite.h"
#include "sim/cost/instances.h"

namespace recpim {
namespace {

void merge(std::vector<Charge>& charges, const Charge& charge) {
  for (Charge& each : charges) {
    if (each.component != charge.component) continue;
    each.count += charge.count;
    return;
  }
  charges.push_back(charge);
}

/// Flits from one tile to another, by XY.
void route(const Design& design, const Tile& from, const Tile& to, std::uint64_t flits,
           ChipEvents& events) {
  int x = from.x;
  int y = from.y;
  const auto leave = [&] {
    events.router_flits[static_cast<std::size_t>(y * design.mesh_columns + x)] += flits;
  };
  leave();
  while (x != to.x || y != to.y) {
    if (x != to.x) {
      x += x < to.x ? 1 : -1;
    } else {
      y += y < to.y ? 1 : -1;
    }
    events.link_flits += flits;
    leave();
  }
}

}  // namespace

std::vector<Charge> chip_charges(const Design& design, const ChipEvents& events,
                                 const Technology& technology, std::int64_t cycles,
                                 Activity activity) {
  std::vector<Charge> charges;
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    for (const Charge& each : tile_charges(design, events, t, technology, cycles, activity)) {
      merge(charges, each);
    }
  }
  double flits = 0;
  for (const std::uint64_t each : events.router_flits) flits += static_cast<double>(each);
  charges.push_back({"router", "router", flits, technology.energy_pj("router", design.hardware)});
  charges.push_back({"link", "link", static_cast<double>(events.link_flits),
                     technology.energy_pj("link", design.hardware)});
  return charges;
}

ChipEvents one_sample(const Design& design, const Model& model, int lookups) {
  ChipEvents events;
  events.router_flits.assign(
      static_cast<std::size_t>(design.mesh_columns) * static_cast<std::size_t>(design.mesh_rows),
      0);
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    const Tile& tile = design.tiles[static_cast<std::size_t>(t)];
    EventCounts counts = tile.phase == 0 ? sample_events(design, model, t) : EventCounts();
    if (tile.kind == TileKind::kEmbedding && tile.phase == 0) {
      const auto reads = static_cast<std::uint64_t>(lookups) * tile.tables.size();
      counts += lookup_events(design, model, t, {reads, reads, reads});
    }
    events.tiles.push_back(counts);
    for (const Send& send : tile.sends) {
      const Tile& to = design.tiles[static_cast<std::size_t>(send.tile)];
      if (tile.phase != 0 || to.phase != 0 || !turn(tile, to).active(0)) continue;
      const bool list = to.kind == TileKind::kEmbedding && send.elements == 0;
      const int elements = list ? lookups * static_cast<int>(to.tables.size()) : send.elements;
      const int bits = to.ports[static_cast<std::size_t>(send.port)].element_bits;
      const int flits = 1 + payload_flits(elements, bits, design.hardware.mesh.flit_bits);
      route(design, tile, to, static_cast<std::uint64_t>(flits), events);
      route(design, to, tile, 1, events);  // The credit.
    }
  }
  return events;
}

std::vector<Part> chip_parts(const Design& design, const Model& model,
                             const Technology& technology) {
  std::vector<Part> parts;
  const auto part = [&](const std::string& component) -> Part& {
    for (Part& each : parts) {
      if (each.component == component) return each;
    }
    parts.push_back({component, 0, part_area_mm2(technology, component, design.hardware),
                     part_leakage_mw(technology, component)});
    return parts.back();
  };
  for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
    for (const auto& [component, number] : tile_instances(design, model, t)) {
      if (has_part(technology, component)) part(component).count += static_cast<double>(number);
    }
  }
  part("router").count += design.mesh_columns * design.mesh_rows;
  return parts;
}

std::string provenance_of(const Technology& technology, const std::string& component) {
  for (const Composite& each : composites()) {
    if (each.name != component) continue;
    return "made up of " + std::to_string(each.multipliers) + " multiplier, " +
           std::to_string(each.adders) + " adder";
  }
  const Component& c = technology.component(component);
  std::string text = c.source + "; " + c.conditions;
  for (const std::string& note : technology.scaled()) {
    if (note.rfind(c.name + ".", 0) == 0) text += "; SCALED " + note.substr(c.name.size() + 1);
  }
  for (const std::string& note : technology.not_published()) {
    if (note.rfind(c.name + ".", 0) == 0) {
      text += "; NOT PUBLISHED, counted as 0: " + note.substr(c.name.size() + 1);
    }
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace recpim
