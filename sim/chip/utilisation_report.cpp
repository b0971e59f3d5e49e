// SPDX-License-Identifier: Apache-2.0
#include "sim/chip/utilisation_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace recpim {
namespace {

/// A key of "engine_cycles" or "vector_unit_cycles", and how it is called on the console.
struct Part {
  const char* key;
  const char* title;
  bool busy;
};
constexpr std::array<Part, 8> kEngineParts = {{{"compute", "compute", true},
                                               {"adc", "ADC", true},
                                               {"lookups", "lookups", true},
                                               {"banks", "banks", true},
                                               {"input", "input", false},
                                               {"noc", "NoC", false},
                                               {"output", "output", false},
                                               {"idle", "idle", false}}};

void add_waits(const Waits& waits, Json& json) {
  json["input"] = waits.input;
  json["noc"] = waits.noc;
  json["output"] = waits.output;
  json["idle"] = waits.idle;
}

Json engine_cycles(const TileModule& tile, Cycle cycles) {
  const WaitMeter& meter = tile.pipeline().engine_meter();
  const WorkShares& work = tile.engine().shares();
  Json json = {{"compute", meter.busy() - work.adc - work.lookups - work.banks},
               {"adc", work.adc},
               {"lookups", work.lookups},
               {"banks", work.banks}};
  add_waits(meter.waits(cycles), json);
  return json;
}

Json vector_unit_cycles(const TileModule& tile, Cycle cycles) {
  const WaitMeter& meter = tile.pipeline().vector_meter();
  Json json = {{"busy", meter.busy()}};
  add_waits(meter.waits(cycles), json);
  return json;
}

double share(Cycle part, Cycle cycles) {
  return static_cast<double>(part) / static_cast<double>(cycles);
}

double share(std::uint64_t part, Cycle cycles) {
  return static_cast<double>(part) / static_cast<double>(cycles);
}

Json tile_json(const Design& design, const Model& model, const Chip& chip, std::size_t index,
               Cycle cycles) {
  const Tile& tile = design.tiles[index];
  const TileModule& module = *chip.tiles()[index];
  return {{"tile", index},
          {"operator", model.operators[static_cast<std::size_t>(tile.op)].name},
          {"part", tile.part},
          {"replica", tile.stride > 1 ? Json(tile.phase) : Json()},
          {"engine", share(module.pipeline().engine_meter().busy(), cycles)},
          {"vector_unit", share(module.pipeline().vector_meter().busy(), cycles)},
          {"injection", share(module.network_interface().flits_injected(), cycles)},
          {"ejection", share(module.network_interface().flits_ejected(), cycles)},
          {"engine_cycles", engine_cycles(module, cycles)},
          {"vector_unit_cycles", vector_unit_cycles(module, cycles)}};
}

// In the order in which the tiles have them; the sum over an operator's tiles.
Json operators_json(const Json& tiles) {
  Json operators = Json::array();
  for (const Json& tile : tiles) {
    const auto same = [&](const Json& each) { return each["operator"] == tile["operator"]; };
    const auto found = std::find_if(operators.begin(), operators.end(), same);
    if (found == operators.end()) {
      operators.push_back({{"operator", tile["operator"]},
                           {"tiles", 1},
                           {"busiest_tile", tile["tile"]},
                           {"engine", tile["engine"]},
                           {"engine_cycles", tile["engine_cycles"]}});
      continue;
    }
    Json& sum = *found;
    sum["tiles"] = sum["tiles"].get<int>() + 1;
    if (tile["engine"] > sum["engine"]) {
      sum["engine"] = tile["engine"];
      sum["busiest_tile"] = tile["tile"];
    }
    for (auto& item : sum["engine_cycles"].items()) {
      item.value() = item.value().get<Cycle>() + tile["engine_cycles"][item.key()].get<Cycle>();
    }
  }
  return operators;
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * share);
  return text.data();
}

// "compute 40.0 %, ADC 60.0 %": what of `whole` went to the parts that are busy, or to those that
// wait. The largest first; what rounds to nothing is left out.
std::string shares_text(const Json& cycles, bool busy, Cycle whole) {
  std::vector<std::pair<Cycle, const char*>> parts;
  for (const Part& part : kEngineParts) {
    if (part.busy == busy && cycles.contains(part.key)) {
      parts.emplace_back(cycles[part.key].get<Cycle>(), part.title);
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [number, title] : parts) {
    if (2000 * number < whole || number == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(title) + " " + percent(share(number, whole));
  }
  return text;
}

std::string limit_text(const Json& limit, const Design& design, Cycle cycles) {
  const double busy = limit["busy"].get<double>();
  std::string text = "operator " + limit["operator"].get<std::string>() + " on tile " +
                     limit["tile"].dump() + ": " + limit["unit"].get<std::string>() + " " +
                     percent(busy) + " busy";
  if (!limit["cycles"].is_null()) {
    const auto whole = static_cast<Cycle>(busy * static_cast<double>(cycles) + 0.5);
    if (limit["unit"] == "engine") {
      text += ", of which " + shares_text(limit["cycles"], true, whole);
    }
    const std::string waits = shares_text(limit["cycles"], false, cycles);
    if (!waits.empty()) text += "; waits: " + waits;
  }
  if (busy >= 0.5) return text;
  text += "; no part is busy half of the time: latency limits, with ";
  if (design.samples_in_flight == 0) return text + "the samples that buffers hold";
  return text + std::to_string(design.samples_in_flight) + " sample" +
         (design.samples_in_flight > 1 ? "s" : "") + " in flight";
}

// The part of the chip that is busy most; of equal ones an engine before a link, then the first.
Json limit_of(const Design& design, const Json& tiles, const NetworkInterface& host, Cycle cycles) {
  Json limit = {{"busy", -1.0}};
  const auto offer = [&](const Json& tile, const char* unit, double busy, const Json& detail) {
    if (busy <= limit["busy"].get<double>()) return;
    limit = {{"tile", tile["tile"]}, {"operator", tile["operator"]},
             {"part", tile["part"]}, {"unit", unit},
             {"busy", busy},         {"cycles", detail}};
  };
  for (const auto& [unit, key] :
       {std::pair("engine", "engine"), std::pair("vector unit", "vector_unit"),
        std::pair("link to its router", "injection"),
        std::pair("link from its router", "ejection")}) {
    const std::string detail = std::string(key) + "_cycles";
    for (const Json& tile : tiles) {
      offer(tile, unit, tile[key].get<double>(), tile.contains(detail) ? tile[detail] : Json());
    }
  }
  const Json host_tile = {{"tile", 0}, {"operator", "host"}, {"part", 0}};
  offer(host_tile, "link to its router", share(host.flits_injected(), cycles), nullptr);
  offer(host_tile, "link from its router", share(host.flits_ejected(), cycles), nullptr);
  limit["text"] = limit_text(limit, design, cycles);
  return limit;
}

std::string tile_label(const Json& tile) {
  std::string text = tile["operator"].get<std::string>() + "." + tile["part"].dump();
  if (!tile["replica"].is_null()) text += ", " + tile["replica"].dump();
  return text;
}

}  // namespace

Json utilisation_of(const Design& design, const Model& model, const Chip& chip, Cycle cycles) {
  Json tiles = Json::array();
  for (std::size_t i = 1; i < design.tiles.size(); ++i) {
    tiles.push_back(tile_json(design, model, chip, i, cycles));
  }
  Json operators = operators_json(tiles);
  Json limit = limit_of(design, tiles, chip.host().network_interface(), cycles);
  return {{"limit", std::move(limit)},
          {"operators", std::move(operators)},
          {"tiles", std::move(tiles)}};
}

std::string utilisation_csv(const Json& result) {
  std::string text = "tile,operator,part,replica,cycles";
  for (const Part& part : kEngineParts) text += std::string(",engine_") + part.key;
  const std::array<const char*, 5> vector_parts = {"busy", "input", "noc", "output", "idle"};
  for (const char* key : vector_parts) text += std::string(",vector_unit_") + key;
  text += ",injection,ejection\n";
  for (const Json& tile : result["utilisation"]["tiles"]) {
    text += tile["tile"].dump() + "," + tile["operator"].get<std::string>() + "," +
            tile["part"].dump() + "," + (tile["replica"].is_null() ? "" : tile["replica"].dump()) +
            "," + result["cycles"].dump();
    for (const Part& part : kEngineParts) text += "," + tile["engine_cycles"][part.key].dump();
    for (const char* key : vector_parts) text += "," + tile["vector_unit_cycles"][key].dump();
    text += "," + tile["injection"].dump() + "," + tile["ejection"].dump() + "\n";
  }
  return text;
}

std::string utilisation_table(const Json& result) {
  const Json& utilisation = result["utilisation"];
  const Json& tiles = utilisation["tiles"];
  const auto cycles = result["cycles"].get<Cycle>();
  std::vector<Part> shown;  // Columns in which some operator has something.
  for (const Part& part : kEngineParts) {
    const bool some = std::any_of(
        utilisation["operators"].begin(), utilisation["operators"].end(), [&](const Json& each) {
          return each["engine_cycles"][part.key].template get<Cycle>() > 0;
        });
    if (some) shown.push_back(part);
  }
  std::array<char, 64> cell{};
  std::snprintf(cell.data(), cell.size(), "  %-24s %5s", "% of cycles, engines", "busy");
  std::string text = cell.data();
  for (const Part& part : shown) {
    std::snprintf(cell.data(), cell.size(), " %7s", part.title);
    text += cell.data();
  }
  text += "\n";
  for (const Json& op : utilisation["operators"]) {
    const Json& tile = tiles[op["busiest_tile"].get<std::size_t>() - 1];
    const auto of = op["tiles"].get<int>();
    const std::string name = tile_label(tile) + (of > 1 ? " of " + std::to_string(of) : "");
    std::snprintf(cell.data(), cell.size(), "    %-22.40s %5.1f", name.c_str(),
                  100 * tile["engine"].get<double>());
    text += cell.data();
    for (const Part& part : shown) {
      std::snprintf(cell.data(), cell.size(), " %7.1f",
                    100 * share(tile["engine_cycles"][part.key].get<Cycle>(), cycles));
      text += cell.data();
    }
    text += "\n";
  }
  return text + "  LIMIT: " + utilisation["limit"]["text"].get<std::string>() + "\n";
}

}  // namespace recpim
