// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/placement_file.h"

#include <filesystem>
#include <vector>

#include "models/graph/weight_file.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/sha256.h"

namespace recpim {
namespace {

std::string group_of(std::size_t tile) { return "tile_" + std::to_string(tile); }

}  // namespace

std::string placement_path(const std::string& design_path) {
  std::filesystem::path path(design_path);
  if (path.extension() == ".json") path.replace_extension();
  return path.string() + ".placement.h5";
}

Json save_placement(const Design& design, const std::string& design_path) {
  const std::filesystem::path path(placement_path(design_path));
  OutputFile out(path.string());
  WeightWriter writer(out.path());
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    const std::vector<PlacedRow>& placed = design.tiles[t].placed;
    if (placed.empty()) continue;
    std::vector<std::int32_t> tables;
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> places;
    for (const PlacedRow& row : placed) {
      tables.push_back(static_cast<std::int32_t>(row.table));
      rows.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(row.row)));
      places.push_back(static_cast<std::int32_t>(row.place));
    }
    writer.group(group_of(t));
    writer.write(group_of(t) + "/table", tables, {placed.size()});
    writer.write(group_of(t) + "/row", rows, {placed.size()});
    writer.write(group_of(t) + "/place", places, {placed.size()});
  }
  writer.close();
  const std::string sha256 = sha256_of_file(out.path());
  out.commit();
  return {{"file", path.filename().string()}, {"sha256", sha256}};
}

void load_placement(Design& design, const JsonView& json, const std::string& folder) {
  const std::string path = folder + json.at("file").text();
  if (!std::filesystem::exists(path)) {
    json.at("file").fail("the file beside the design that map wrote with it");
  }
  if (sha256_of_file(path) != json.at("sha256").text()) {
    json.at("file").fail("the placement of this design; this one has changed since, map it again");
  }
  const WeightReader reader(path);
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    std::vector<PlacedRow>& placed = design.tiles[t].placed;
    if (placed.empty()) continue;
    const Shape shape{placed.size()};
    const auto tables = reader.read<std::int32_t>(group_of(t) + "/table", shape);
    const auto rows = reader.read<std::int32_t>(group_of(t) + "/row", shape);
    const auto places = reader.read<std::int32_t>(group_of(t) + "/place", shape);
    for (std::size_t i = 0; i < placed.size(); ++i) {
      placed[i] = {static_cast<std::uint32_t>(tables[i]), static_cast<std::uint32_t>(rows[i]),
                   static_cast<std::uint32_t>(places[i])};
    }
  }
}

}  // namespace recpim
