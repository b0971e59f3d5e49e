// SPDX-License-Identifier: Apache-2.0
#include "rtl/gen/shape.h"

#include <algorithm>
#include <stdexcept>

#include "models/mapping/placement.h"
#include "models/mapping/replicas.h"
#include "models/mapping/throughput.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

const Operator& operator_of(const Tile& tile, const Model& model) {
  return model.operators.at(static_cast<std::size_t>(tile.op));
}

/// Several vectors of a sample, one after the other.
bool has_vectors(const Tile& tile) { return tile.kind == TileKind::kMvm && tile.vectors > 1; }

class Shaper {
 public:
  Shaper(const Design& design, const Model& model)
      : design_(design), model_(model), hardware_(design.hardware) {}

  TileShape shape(const Tile& tile) const {
    switch (tile.kind) {
      case TileKind::kHost:
        return host(tile);
      case TileKind::kMvm:
        return mvm(tile);
      case TileKind::kEmbedding:
        return embedding(tile);
      case TileKind::kInteraction:
        break;
    }
    return operator_of(tile, model_).kind == OpKind::kAttention ? attention(tile)
                                                                : interaction(tile);
  }

 private:
  using Parameters = std::vector<std::pair<std::string, int>>;

  Parameters link(const Tile& tile) const {
    return {{"FlitBits", hardware_.mesh.flit_bits},
            {"BufferFlits", hardware_.mesh.buffer_flits},
            {"Slots", hardware_.buffer_slots},
            {"InputSlots", input_slots(design_, tile)}};
  }

  /// Tiles whose shells are sized alike: for the largest of them.
  bool alike(const Tile& a, const Tile& b) const {
    if (a.kind != b.kind || (a.norm >= 0) != (b.norm >= 0)) return false;
    if (a.kind == TileKind::kMvm) return has_vectors(a) == has_vectors(b);
    if (a.kind != TileKind::kInteraction) return true;
    return (operator_of(a, model_).kind == OpKind::kAttention) ==
           (operator_of(b, model_).kind == OpKind::kAttention);
  }

  /// Greatest value of `of` over the tiles that are like this one, at least `low`.
  template <typename Of>
  int greatest(const Tile& tile, int low, Of of) const {
    int value = low;
    for (const Tile& other : design_.tiles) {
      if (alike(tile, other)) value = std::max(value, static_cast<int>(of(other)));
    }
    return value;
  }

  Parameters shell(const Tile& tile) const {
    const int flit_bits = hardware_.mesh.flit_bits;
    const int lanes = vector_lanes(hardware_, tile.kind);
    Parameters out = link(tile);
    const auto add = [&](const char* name, int low, auto of) {
      out.emplace_back(name, greatest(tile, low, of));
    };
    add("Turns", 1, [&](const Tile& t) { return port_turns(design_, t); });
    add("Ports", 1, [](const Tile& t) { return t.ports.size(); });
    add("Sends", 1, [](const Tile& t) { return t.sends.size(); });
    add("Steps", 1, [&](const Tile& t) { return send_steps(design_, t).size(); });
    add("Partials", 0, [](const Tile& t) { return t.partials(); });
    add("PartialFlits", 1, [&](const Tile& t) {
      return t.partials() > 0 ? payload_flits(t.outputs, 32, flit_bits) : 1;
    });
    out.emplace_back("Lanes", lanes);
    add("Groups", 1, [&](const Tile& t) { return ceil_div(t.outputs, lanes); });
    add("OutputBits", 32, [](const Tile& t) { return t.outputs * t.output_bits; });
    if (tile.kind == TileKind::kEmbedding) return out;
    add("NormElements", 0, [](const Tile& t) { return t.norm >= 0 ? t.outputs : 0; });
    add("NormVectors", 1,
        [&](const Tile& t) { return t.norm >= 0 ? norm_shape(t, model_).vectors : 1; });
    return out;
  }

  TileShape host(const Tile& tile) const {
    int beats = 0;  // As many in every sample.
    for (const Port& port : tile.ports) {
      if (!turn(tile, design_.tiles[static_cast<std::size_t>(port.tile)]).active(0)) continue;
      beats += payload_flits(port.elements, port.element_bits, hardware_.mesh.flit_bits);
    }
    TileShape out{"host_port", link(tile)};
    out.parameters.emplace_back("Turns", port_turns(design_, tile));
    out.parameters.emplace_back("Ports", static_cast<int>(tile.ports.size()));
    out.parameters.emplace_back("Sends", static_cast<int>(tile.sends.size()));
    out.parameters.emplace_back("Steps", static_cast<int>(send_steps(design_, tile).size()));
    out.parameters.emplace_back("Beats", beats);
    return out;
  }

  TileShape mvm(const Tile& tile) const {
    const MvmGrid grid = mvm_grid(tile, model_, hardware_);
    TileShape out{"tile_mvm", shell(tile)};
    const int bits = greatest(tile, 4, [](const Tile& t) { return t.input_bits(); });
    const int channels = greatest(
        tile, 1, [&](const Tile& t) { return mvm_grid(t, model_, hardware_).group_channels; });
    const Parameters engine{{"RowBlocks", grid.row_blocks},
                            {"ColumnBlocks", grid.column_blocks},
                            {"CrossbarRows", hardware_.crossbar.rows},
                            {"CrossbarColumns", hardware_.crossbar.columns},
                            {"CellBits", hardware_.crossbar.cell_bits},
                            {"DacBits", hardware_.dac_bits},
                            {"AdcBits", hardware_.adc.bits},
                            {"Adcs", grid.adcs},
                            {"Planes", bits},
                            {"Channels", channels},
                            {"Vectors", tile.vectors},
                            {"Length", has_vectors(tile) ? tile.rows : 0},
                            {"AlongRows", has_vectors(tile) && tile.axis == Axis::kRows ? 1 : 0},
                            {"Copies", tile.copies}};
    out.parameters.insert(out.parameters.end(), engine.begin(), engine.end());
    return out;
  }

  TileShape embedding(const Tile& tile) const {
    const int bits = operator_of(tile, model_).weight_bits;
    const std::int64_t bank_rows = hardware_.bank_rows(hardware_.table_row_bits(tile.width, bits));
    TileShape out{"tile_embedding", shell(tile)};
    const int lookup_flits =
        payload_flits(hardware_.embedding_tile.max_lookups, 32, hardware_.mesh.flit_bits);
    const int depth = greatest(tile, 1, [&](const Tile& t) {
      return static_cast<std::int64_t>(RowPlaces(t, bank_shape(t, model_, hardware_)).depth());
    });
    const Parameters engine{
        {"Flits", lookup_flits},
        {"Banks", hardware_.embedding_tile.banks},
        {"BankDepth", static_cast<int>(std::min<std::int64_t>(depth, bank_rows))},
        {"Width", tile.width},
        {"WeightBits", bits},
        {"Tables", greatest(tile, 1, [](const Tile& t) { return t.tables.size(); })},
        {"GroupRows", hardware_.rows_of_a_read()},
        {"ArrayRows", hardware_.crossbar.rows}};
    out.parameters.insert(out.parameters.end(), engine.begin(), engine.end());
    return out;
  }

  TileShape interaction(const Tile& tile) const {
    const int lanes = hardware_.interaction_tile.lanes;
    TileShape out{"tile_interaction", shell(tile)};
    operands(tile, out.parameters);
    out.parameters.emplace_back("PairLanes", lanes);
    out.parameters.emplace_back(
        "PairGroups", greatest(tile, 1, [&](const Tile& t) { return ceil_div(t.outputs, lanes); }));
    return out;
  }

  TileShape attention(const Tile& tile) const {
    const int lanes = hardware_.interaction_tile.lanes;
    TileShape out{"tile_attention", shell(tile)};
    operands(tile, out.parameters);
    out.parameters.emplace_back("Results",
                                greatest(tile, 1, [](const Tile& t) { return t.outputs; }));
    out.parameters.emplace_back("KeyLanes", lanes);
    out.parameters.emplace_back("KeyGroups", greatest(tile, 1, [&](const Tile& t) {
                                  return ceil_div(attention_shape(t, model_).rows, lanes);
                                }));
    return out;
  }

  void operands(const Tile& tile, Parameters& out) const {
    out.emplace_back("Elements",
                     greatest(tile, 1, [](const Tile& t) { return t.input_elements(); }));
    out.emplace_back("OperandBits",
                     greatest(tile, 4, [](const Tile& t) { return t.input_bits(); }));
  }

  const Design& design_;
  const Model& model_;
  const Hardware& hardware_;
};

}  // namespace

int TileShape::at(const std::string& name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  throw std::out_of_range("TileShape: " + name);
}

MvmGrid mvm_grid(const Tile& tile, const Model& model, const Hardware& hardware) {
  const int weight_bits = operator_of(tile, model).weight_bits;
  MvmGrid grid;
  grid.adcs = hardware.crossbar.columns / hardware.adc.columns_per_adc;
  grid.channel_columns = hardware.columns_per_weight(weight_bits);
  grid.group_channels = hardware.adc.columns_per_adc / grid.channel_columns;
  grid.crossbar_channels = grid.adcs * grid.group_channels;
  grid.row_blocks = ceil_div(tile.rows, hardware.crossbar.rows);
  grid.column_blocks = ceil_div(tile.channels, grid.crossbar_channels);
  return grid;
}

int port_turns(const Design& design, const Tile& tile) {
  int turns = 1;
  for (const Port& port : tile.ports) {
    turns =
        std::max(turns, turn(tile, design.tiles.at(static_cast<std::size_t>(port.tile))).period);
  }
  return turns;
}

std::vector<SendStep> send_steps(const Design& design, const Tile& tile) {
  std::vector<Turn> turns;
  int samples = 1;
  for (const Send& send : tile.sends) {
    turns.push_back(turn(tile, design.tiles.at(static_cast<std::size_t>(send.tile))));
    samples = std::max(samples, turns.back().period);
  }
  std::vector<SendStep> steps;
  for (int k = 0; k < samples; ++k) {
    for (std::size_t s = 0; s < turns.size(); ++s) {
      if (turns[s].active(static_cast<std::uint64_t>(k))) steps.push_back({s, false});
    }
    if (!steps.empty()) steps.back().last = true;
  }
  return steps;
}

NormShape norm_shape(const Tile& tile, const Model& model) {
  const Operator& op = model.operators.at(static_cast<std::size_t>(tile.norm));
  if (op.axis == Axis::kRows) return {op.width, op.rows, true};
  return {op.rows, op.width, false};
}

AttentionShape attention_shape(const Tile& tile, const Model& model) {
  const Operator& op = operator_of(tile, model);
  return {tile.rows / 3, op.heads, tile.width / op.heads};
}

std::vector<TileShape> chip_shape(const Design& design, const Model& model) {
  const Shaper shaper(design, model);
  std::vector<TileShape> shapes;
  for (const Tile& tile : design.tiles) shapes.push_back(shaper.shape(tile));
  return shapes;
}

}  // namespace recpim
