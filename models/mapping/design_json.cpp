// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <set>

#include "models/graph/kinds.h"
#include "models/mapping/design.h"

namespace recpim {
namespace {

constexpr const char* kSchema = "recpim.design/1";
constexpr int kMax = std::numeric_limits<int>::max() / 4;  // Sums of two stay ints.

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> kNames = {"host", "mvm", "embedding", "interaction"};
  return kNames;
}

TileKind kind_of(const std::string& name) {
  std::size_t i = 0;
  while (kind_names()[i] != name) ++i;
  return static_cast<TileKind>(i);
}

// Of the fields that few ports and tiles need, only what differs from the default is written.
Json port_json(const Port& port) {
  Json json = {{"tile", port.tile},         {"send", port.send},
               {"partial", port.partial},   {"first_element", port.first_element},
               {"elements", port.elements}, {"element_bits", port.element_bits}};
  if (!port.is_signed) json["signed"] = false;
  if (port.shift != 0) json["shift"] = port.shift;
  return json;
}

Json send_json(const Send& send) {
  return {{"tile", send.tile},
          {"port", send.port},
          {"first_element", send.first_element},
          {"elements", send.elements}};
}

Json tile_json(const Tile& tile) {
  Json json;
  json["kind"] = kind_names()[static_cast<std::size_t>(tile.kind)];
  json["x"] = tile.x;
  json["y"] = tile.y;
  if (tile.kind != TileKind::kHost) {
    json["op"] = tile.op;
    json["part"] = tile.part;
  }
  if (tile.kind == TileKind::kMvm) {
    json["first_row"] = tile.first_row;
    json["rows"] = tile.rows;
    json["first_channel"] = tile.first_channel;
    json["channels"] = tile.channels;
    json["adc_shift"] = tile.adc_shift;
    json["sigmoid"] = tile.sigmoid;
    if (tile.axis != Axis::kAll) {
      json["axis"] = axis_name(tile.axis);
      json["vectors"] = tile.vectors;
    }
  }
  if (tile.norm >= 0) json["norm"] = tile.norm;
  if (tile.kind == TileKind::kInteraction) json["rows"] = tile.rows;
  if (tile.kind == TileKind::kInteraction || tile.kind == TileKind::kEmbedding) {
    json["width"] = tile.width;
  }
  if (tile.kind == TileKind::kEmbedding) {
    json["tables"] = Json::array();
    for (const TablePart& part : tile.tables) {
      json["tables"].push_back({{"op", part.op},
                                {"first_row", part.first_row},
                                {"rows", part.rows},
                                {"base", part.base}});
    }
  }
  if (tile.kind != TileKind::kHost) {
    json["outputs"] = tile.outputs;
    json["raw"] = tile.raw;
    json["output_bits"] = tile.output_bits;
  }
  json["ports"] = Json::array();
  for (const Port& port : tile.ports) json["ports"].push_back(port_json(port));
  json["sends"] = Json::array();
  for (const Send& send : tile.sends) json["sends"].push_back(send_json(send));
  return json;
}

int integer(const JsonView& json, const char* key, int low = 0, int high = kMax) {
  return static_cast<int>(json.at(key).integer(low, high));
}

Port port_of(const JsonView& json) {
  json.only(
      {"tile", "send", "partial", "first_element", "elements", "element_bits", "signed", "shift"});
  Port port;
  port.tile = integer(json, "tile");
  port.send = integer(json, "send");
  port.partial = json.at("partial").boolean();
  port.first_element = integer(json, "first_element");
  port.elements = integer(json, "elements");
  port.element_bits = integer(json, "element_bits", 4, 32);
  const int bits = port.element_bits;
  if (bits != 4 && bits != 8 && bits != 16 && bits != 32) {
    json.at("element_bits").fail("4, 8, 16, 32");
  }
  if (json.has("signed")) port.is_signed = json.at("signed").boolean();
  if (json.has("shift")) port.shift = integer(json, "shift", 0, 28);
  return port;
}

Send send_of(const JsonView& json) {
  json.only({"tile", "port", "first_element", "elements"});
  Send send;
  send.tile = integer(json, "tile");
  send.port = integer(json, "port");
  send.first_element = integer(json, "first_element");
  send.elements = integer(json, "elements");
  return send;
}

TablePart table_of(const JsonView& json) {
  json.only({"op", "first_row", "rows", "base"});
  constexpr std::int64_t kMaxRows = std::int64_t{1} << 40;
  TablePart part;
  part.op = integer(json, "op");
  part.first_row = static_cast<std::uint64_t>(json.at("first_row").integer(0, kMaxRows));
  part.rows = static_cast<std::uint64_t>(json.at("rows").integer(1, kMaxRows));
  part.base = static_cast<std::uint64_t>(json.at("base").integer(0, kMaxRows));
  return part;
}

std::set<std::string> tile_keys(TileKind kind) {
  std::set<std::string> keys = {"kind", "x", "y", "ports", "sends"};
  if (kind != TileKind::kHost) keys.insert({"op", "part", "outputs", "raw", "output_bits"});
  if (kind == TileKind::kMvm) {
    keys.insert({"first_row", "rows", "first_channel", "channels", "adc_shift", "sigmoid", "axis",
                 "vectors", "norm"});
  }
  if (kind == TileKind::kInteraction) keys.insert({"rows", "width", "norm"});
  if (kind == TileKind::kEmbedding) keys.insert({"tables", "width"});
  return keys;
}

Tile tile_of(const JsonView& json) {
  Tile tile;
  tile.kind = kind_of(json.at("kind").one_of(kind_names()));
  json.only(tile_keys(tile.kind));
  tile.x = integer(json, "x");
  tile.y = integer(json, "y");
  if (tile.kind != TileKind::kHost) {
    tile.op = integer(json, "op");
    tile.part = integer(json, "part");
    tile.outputs = integer(json, "outputs", 1);
    tile.raw = json.at("raw").boolean();
    tile.output_bits = integer(json, "output_bits");
  }
  if (tile.kind == TileKind::kMvm) {
    tile.first_row = integer(json, "first_row");
    tile.first_channel = integer(json, "first_channel");
    tile.channels = integer(json, "channels", 1);
    tile.adc_shift = integer(json, "adc_shift", 0, 30);
    tile.sigmoid = json.at("sigmoid").boolean();
  }
  constexpr int kMaxShape = 1 << 20;
  if (json.has("axis")) {
    tile.axis = json.at("axis").one_of({"width", "rows"}) == "width" ? Axis::kWidth : Axis::kRows;
    tile.vectors = integer(json, "vectors", 1, kMaxShape);
  } else if (json.has("vectors")) {
    json.at("vectors").fail("no vectors without an axis");
  }
  if (json.has("norm")) tile.norm = integer(json, "norm");
  if (json.has("rows")) tile.rows = integer(json, "rows", 1, kMaxShape);
  if (json.has("width")) tile.width = integer(json, "width", 1, kMaxShape);
  if (tile.kind == TileKind::kEmbedding) {
    const JsonView tables = json.at("tables");
    for (std::size_t i = 0; i < tables.size(); ++i) tile.tables.push_back(table_of(tables.at(i)));
  }
  const JsonView ports = json.at("ports");
  for (std::size_t i = 0; i < ports.size(); ++i) tile.ports.push_back(port_of(ports.at(i)));
  const JsonView sends = json.at("sends");
  for (std::size_t i = 0; i < sends.size(); ++i) tile.sends.push_back(send_of(sends.at(i)));
  return tile;
}

}  // namespace

Json design_to_json(const Design& design) {
  Json json;
  json["schema"] = kSchema;
  json["name"] = design.name;
  json["model"] = {{"path", design.model_path}, {"sha256", design.model_sha256}};
  json["strategy"] = design.strategy;
  json["hardware"] = hardware_to_json(design.hardware);
  json["mesh"] = {{"columns", design.mesh_columns}, {"rows", design.mesh_rows}};
  json["tiles"] = Json::array();
  for (const Tile& tile : design.tiles) json["tiles"].push_back(tile_json(tile));
  return json;
}

Design design_from_json(const JsonView& json) {
  json.only({"schema", "name", "model", "strategy", "hardware", "mesh", "tiles"});
  json.at("schema").one_of({kSchema});
  Design design;
  design.name = json.at("name").text();
  json.at("model").only({"path", "sha256"});
  design.model_path = json.at("model").at("path").text();
  design.model_sha256 = json.at("model").at("sha256").text();
  design.strategy = json.at("strategy").text();
  design.hardware = hardware_from_json(json.at("hardware"));
  json.at("mesh").only({"columns", "rows"});
  design.mesh_columns = integer(json.at("mesh"), "columns", 1);
  design.mesh_rows = integer(json.at("mesh"), "rows", 1);
  const JsonView tiles = json.at("tiles");
  for (std::size_t i = 0; i < tiles.size(); ++i) design.tiles.push_back(tile_of(tiles.at(i)));
  validate(design, json.file());
  return design;
}

}  // namespace recpim
