// SPDX-License-Identifier: Apache-2.0
#include "rtl/gen/shape.h"

#include <algorithm>
#include <stdexcept>

#include "models/mapping/placement.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

const Operator& operator_of(const Tile& tile, const Model& model) {
  return model.operators.at(static_cast<std::size_t>(tile.op));
}

int vector_lanes(const Tile& tile, const Hardware& hardware) {
  switch (tile.kind) {
    case TileKind::kMvm:
      return hardware.mvm_tile.vector_lanes;
    case TileKind::kEmbedding:
      return hardware.embedding_tile.vector_lanes;
    default:
      return hardware.interaction_tile.vector_lanes;
  }
}

/// Greatest value of `of` over the tiles of one kind, at least `low`.
template <typename Of>
int greatest(const Design& design, TileKind kind, int low, Of of) {
  int value = low;
  for (const Tile& tile : design.tiles) {
    if (tile.kind == kind) value = std::max(value, static_cast<int>(of(tile)));
  }
  return value;
}

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
    return interaction();
  }

 private:
  using Parameters = std::vector<std::pair<std::string, int>>;

  Parameters link() const {
    return {{"FlitBits", hardware_.mesh.flit_bits},
            {"BufferFlits", hardware_.mesh.buffer_flits},
            {"Slots", hardware_.buffer_slots}};
  }

  Parameters shell(TileKind kind) const {
    const int flit_bits = hardware_.mesh.flit_bits;
    int lanes = 1;
    for (const Tile& tile : design_.tiles) {
      if (tile.kind == kind) lanes = vector_lanes(tile, hardware_);
    }
    Parameters out = link();
    const auto add = [&](const char* name, int low, auto of) {
      out.emplace_back(name, greatest(design_, kind, low, of));
    };
    add("Ports", 1, [](const Tile& t) { return t.ports.size(); });
    add("Sends", 1, [](const Tile& t) { return t.sends.size(); });
    add("Partials", 0, [](const Tile& t) { return t.partials(); });
    add("PartialFlits", 1, [&](const Tile& t) {
      return t.partials() > 0 ? payload_flits(t.outputs, 32, flit_bits) : 1;
    });
    out.emplace_back("Lanes", lanes);
    add("Groups", 1, [&](const Tile& t) { return ceil_div(t.outputs, lanes); });
    add("OutputBits", 32, [](const Tile& t) { return t.outputs * t.output_bits; });
    return out;
  }

  TileShape host(const Tile& tile) const {
    int beats = 0;
    for (const Port& port : tile.ports) {
      beats += payload_flits(port.elements, port.element_bits, hardware_.mesh.flit_bits);
    }
    TileShape out{"host_port", link()};
    out.parameters.emplace_back("Ports", static_cast<int>(tile.ports.size()));
    out.parameters.emplace_back("Sends", static_cast<int>(tile.sends.size()));
    out.parameters.emplace_back("Beats", beats);
    return out;
  }

  TileShape mvm(const Tile& tile) const {
    const MvmGrid grid = mvm_grid(tile, model_, hardware_);
    TileShape out{"tile_mvm", shell(TileKind::kMvm)};
    const int bits =
        greatest(design_, TileKind::kMvm, 4, [](const Tile& t) { return t.ports[0].element_bits; });
    const int channels = greatest(design_, TileKind::kMvm, 1, [&](const Tile& t) {
      return mvm_grid(t, model_, hardware_).group_channels;
    });
    const Parameters engine{{"RowBlocks", grid.row_blocks},
                            {"ColumnBlocks", grid.column_blocks},
                            {"CrossbarRows", hardware_.crossbar.rows},
                            {"CrossbarColumns", hardware_.crossbar.columns},
                            {"CellBits", hardware_.crossbar.cell_bits},
                            {"DacBits", hardware_.dac_bits},
                            {"AdcBits", hardware_.adc.bits},
                            {"Adcs", grid.adcs},
                            {"Planes", bits},
                            {"Channels", channels}};
    out.parameters.insert(out.parameters.end(), engine.begin(), engine.end());
    return out;
  }

  TileShape embedding(const Tile& tile) const {
    const int bits = operator_of(tile, model_).weight_bits;
    const std::int64_t bank_rows = hardware_.bank_rows(hardware_.table_row_bits(tile.width, bits));
    TileShape out{"tile_embedding", shell(TileKind::kEmbedding)};
    const int lookup_flits =
        payload_flits(hardware_.embedding_tile.max_lookups, 32, hardware_.mesh.flit_bits);
    const int depth = greatest(design_, TileKind::kEmbedding, 1, [&](const Tile& t) {
      return static_cast<std::int64_t>(RowPlaces(t, bank_shape(t, model_, hardware_)).depth());
    });
    const Parameters engine{
        {"Flits", lookup_flits},
        {"Banks", hardware_.embedding_tile.banks},
        {"BankDepth", static_cast<int>(std::min<std::int64_t>(depth, bank_rows))},
        {"Width", tile.width},
        {"WeightBits", bits},
        {"Tables",
         greatest(design_, TileKind::kEmbedding, 1, [](const Tile& t) { return t.tables.size(); })},
        {"GroupRows", hardware_.rows_of_a_read()},
        {"ArrayRows", hardware_.crossbar.rows}};
    out.parameters.insert(out.parameters.end(), engine.begin(), engine.end());
    return out;
  }

  TileShape interaction() const {
    constexpr TileKind kKind = TileKind::kInteraction;
    const int lanes = hardware_.interaction_tile.lanes;
    const auto bits = [](const Tile& t) { return t.ports[0].element_bits; };
    TileShape out{"tile_interaction", shell(kKind)};
    out.parameters.emplace_back("InputBits", greatest(design_, kKind, 32, [&](const Tile& t) {
                                  return t.rows * t.width * bits(t);
                                }));
    out.parameters.emplace_back("OperandBits", greatest(design_, kKind, 4, bits));
    out.parameters.emplace_back("PairLanes", lanes);
    out.parameters.emplace_back("PairGroups", greatest(design_, kKind, 1, [&](const Tile& t) {
                                  return ceil_div(t.outputs, lanes);
                                }));
    return out;
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

TensorFormat input_format(const Tile& tile, const Model& model) {
  const Operator& op = operator_of(tile, model);
  TensorFormat format = model.operators.at(static_cast<std::size_t>(op.inputs.at(0))).output;
  for (const int input : op.inputs) {
    const TensorFormat& other = model.operators.at(static_cast<std::size_t>(input)).output;
    if (other.bits != format.bits || other.is_signed != format.is_signed) {
      throw std::invalid_argument("rtl: " + op.name + " has inputs of more than one format");
    }
  }
  return format;
}

std::vector<TileShape> chip_shape(const Design& design, const Model& model) {
  const Shaper shaper(design, model);
  std::vector<TileShape> shapes;
  for (const Tile& tile : design.tiles) shapes.push_back(shaper.shape(tile));
  return shapes;
}

}  // namespace recpim
