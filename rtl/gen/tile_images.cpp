// SPDX-License-Identifier: Apache-2.0
// The images of a design: what rtl/gen/layout.h describes, tile by tile.
#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/mapping/encoding.h"
#include "models/mapping/placement.h"
#include "models/mapping/replicas.h"
#include "rtl/gen/chip.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "rtl/gen/settings.h"
#include "rtl/gen/shape.h"
#include "sim/noc/flit.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

std::uint64_t bits_of(std::int32_t value) { return static_cast<std::uint32_t>(value); }

int log2_of(int bits) { return bit_width(static_cast<std::uint64_t>(bits)) - 1; }

std::uint64_t head_word(const Tile& receiver, int port, bool credit) {
  return (static_cast<std::uint64_t>(receiver.x) << head_flit::kDstXLsb) |
         (static_cast<std::uint64_t>(receiver.y) << head_flit::kDstYLsb) |
         (static_cast<std::uint64_t>(port) << head_flit::kPortLsb) |
         (std::uint64_t{credit ? 1U : 0U} << head_flit::kKindLsb);
}

/// Writes the images of one tile.
class TileImages {
 public:
  TileImages(const Design& design, const Model& model, int number, const TileShape& shape,
             std::string folder)
      : design_(design),
        model_(model),
        hardware_(design.hardware),
        tile_(design.tiles[static_cast<std::size_t>(number)]),
        shape_(shape),
        prefix_(std::move(folder) + "/tile_" + std::to_string(number) + "_") {}

  void write() {
    config();
    ports();
    turns();
    sends();
    if (tile_.kind == TileKind::kHost) return;
    map();
    vector();
    if (tile_.norm >= 0) norm();
    if (tile_.kind == TileKind::kMvm) {
      crossbars();
    } else if (tile_.kind == TileKind::kEmbedding) {
      banks();
    } else if (op().kind != OpKind::kAttention) {
      pairs();
    }
  }

 private:
  const Operator& op() const { return model_.operators.at(static_cast<std::size_t>(tile_.op)); }
  const Tile& other(int number) const { return design_.tiles.at(static_cast<std::size_t>(number)); }
  std::size_t size(const char* parameter) const {
    return static_cast<std::size_t>(shape_.at(parameter));
  }

  void config() {
    Image image(32);
    for (const std::int32_t value : tile_settings(design_, model_, tile_, shape_)) {
      ImageWord word = image.word();
      word.set(0, 32, bits_of(value));
      image.add(word);
    }
    image.write(prefix_ + "config.hex");
  }

  void ports() {
    Image words(layout::port::kBits);
    Image credits(32);
    int partial_base = 0;
    const int slots = input_slots(design_, tile_);
    for (const Port& port : tile_.ports) {
      ImageWord word = words.word();
      word.set(layout::port::kPartial, port.partial);
      word.set(layout::port::kBitsLog2, static_cast<std::uint64_t>(log2_of(port.element_bits)));
      word.set(layout::port::kSigned, port.is_signed);
      word.set(layout::port::kShift, port.shift > 0);
      const bool elements =
          !port.partial && tile_.kind != TileKind::kHost && tile_.kind != TileKind::kEmbedding;
      const int flit_bits = hardware_.mesh.flit_bits;
      word.set(layout::port::kStep,
               elements ? static_cast<std::uint64_t>(flit_bits / port.element_bits) : 1);
      word.set(layout::port::kElements, static_cast<std::uint64_t>(port.elements));
      int base = port.first_element;
      if (port.partial) {
        base = partial_base;
        partial_base += shape_.at("PartialFlits");
      } else if (tile_.kind == TileKind::kHost) {
        base = first_beat(port);
      }
      word.set(layout::port::kBase, static_cast<std::uint64_t>(base));
      const Turn when = turn(tile_, other(port.tile));
      word.set(layout::port::kSlotFirst, static_cast<std::uint64_t>(when.first));
      word.set(layout::port::kSlotStep,
               static_cast<std::uint64_t>(when.period %
                                          (port.partial ? hardware_.buffer_slots : slots)));
      words.add(word);
      ImageWord credit = credits.word();
      credit.set(0, 32, head_word(other(port.tile), port.send, true));
      credits.add(credit);
    }
    words.fill(size("Ports"));
    credits.fill(size("Ports"));
    words.write(prefix_ + "ports.hex");
    credits.write(prefix_ + "credits.hex");
  }

  /// Beats of a prediction before those of a port of the host.
  int first_beat(const Port& port) const {
    const auto sample = static_cast<std::uint64_t>(turn(tile_, other(port.tile)).first);
    int beats = 0;
    for (const Port* before = tile_.ports.data(); before != &port; ++before) {
      if (!turn(tile_, other(before->tile)).active(sample)) continue;
      beats += payload_flits(before->elements, before->element_bits, hardware_.mesh.flit_bits);
    }
    return beats;
  }

  /// The input ports that bring a part of a sample, turn by turn.
  void turns() {
    Image image(shape_.at("Ports"));
    for (int k = 0; k < shape_.at("Turns"); ++k) {
      ImageWord word = image.word();
      for (int p = 0; p < tile_.inputs(); ++p) {
        const Port& port = tile_.ports[static_cast<std::size_t>(p)];
        if (turn(tile_, other(port.tile)).active(static_cast<std::uint64_t>(k))) word.set_bit(p);
      }
      image.add(word);
    }
    image.write(prefix_ + "turns.hex");
  }

  void sends() {
    Image image(layout::send::kBits);
    const bool host = tile_.kind == TileKind::kHost;
    for (const SendStep& step : send_steps(design_, tile_)) {
      const Send& send = tile_.sends[step.send];
      ImageWord word = image.word();
      word.set(layout::send::kNumber, step.send);
      word.set(layout::send::kCredits, static_cast<std::uint64_t>(credits(design_, tile_, send)));
      word.set(layout::send::kFinal, step.last);
      word.set(layout::send::kHead, head_word(other(send.tile), send.port, false));
      if (!host) {
        const int flit_bits = hardware_.mesh.flit_bits;
        const int bits = send.elements * tile_.output_bits;
        const int flits = payload_flits(send.elements, tile_.output_bits, flit_bits);
        word.set(layout::send::kOffset, static_cast<std::uint64_t>(send.first_element) *
                                            static_cast<std::uint64_t>(tile_.output_bits));
        word.set(layout::send::kFlits, static_cast<std::uint64_t>(flits));
        word.set(layout::send::kLastBits,
                 static_cast<std::uint64_t>(bits - (flits - 1) * flit_bits));
      }
      image.add(word);
    }
    image.fill(size("Steps"));
    image.write(prefix_ + "sends.hex");
  }

  /// Vector and channel of an output element of an MVM tile.
  std::pair<int, int> vector_and_channel(int element) const {
    if (tile_.axis == Axis::kRows) return {element % tile_.vectors, element / tile_.vectors};
    return {element / tile_.channels, element % tile_.channels};
  }

  /// Row and column of the accumulator of an output element.
  std::pair<int, int> accumulator(int element) const {
    if (tile_.kind == TileKind::kMvm) {
      const MvmGrid grid = mvm_grid(tile_, model_, hardware_);
      const auto [vector, channel] = vector_and_channel(element);
      const int in_crossbar = channel % grid.crossbar_channels;
      const int block =
          vector % tile_.copies * grid.column_blocks + channel / grid.crossbar_channels;
      return {vector / tile_.copies * shape_.at("Channels") + in_crossbar % grid.group_channels,
              block * grid.adcs + in_crossbar / grid.group_channels};
    }
    const int columns =
        tile_.kind == TileKind::kEmbedding ? tile_.width : hardware_.interaction_tile.lanes;
    return {element / columns, element % columns};
  }

  void map() {
    const int lanes = shape_.at("Lanes");
    Image image(lanes * layout::map::kBits);
    for (int first = 0; first < tile_.outputs; first += lanes) {
      ImageWord word = image.word();
      for (int l = 0; l < lanes && first + l < tile_.outputs; ++l) {
        const auto [row, column] = accumulator(first + l);
        word.set(layout::map::kRow, static_cast<std::uint64_t>(row), l * layout::map::kBits);
        word.set(layout::map::kColumn, static_cast<std::uint64_t>(column), l * layout::map::kBits);
      }
      image.add(word);
    }
    image.fill(size("Groups"));
    image.write(prefix_ + "map.hex");
  }

  Requantiser requantiser(int element) const {
    if (tile_.kind == TileKind::kEmbedding) {
      const TablePart& table = tile_.tables.at(static_cast<std::size_t>(element / tile_.width));
      return model_.operators.at(static_cast<std::size_t>(table.op)).requantiser.at(0);
    }
    if (tile_.kind == TileKind::kMvm) return op().requantiser.at(channel(element));
    if (op().kind == OpKind::kLayerNorm) return {2, 1};  // Passes its input: (2 x + 1) >> 1.
    return op().requantiser.back();                      // The first of an attention's: its scores.
  }

  /// Channel of the operator that an output element of an MVM tile belongs to.
  std::size_t channel(int element) const {
    return static_cast<std::size_t>(tile_.first_channel + vector_and_channel(element).second);
  }

  void vector() {
    const int lanes = shape_.at("Lanes");
    Image image(lanes * layout::vector::kBits);
    for (int first = 0; first < tile_.outputs; first += lanes) {
      ImageWord word = image.word();
      for (int l = 0; l < lanes && first + l < tile_.outputs && !tile_.raw; ++l) {
        const int at = l * layout::vector::kBits;
        const int element = first + l;
        if (tile_.kind == TileKind::kMvm) {
          word.set(layout::vector::kBias, bits_of(op().bias_q.at(channel(element))), at);
        }
        const Requantiser r = requantiser(element);
        word.set(layout::vector::kMultiplier, bits_of(r.multiplier), at);
        word.set(layout::vector::kShift, r.shift, at);
      }
      image.add(word);
    }
    image.fill(size("Groups"));
    image.write(prefix_ + "vector.hex");
  }

  void norm() {
    const int lanes = shape_.at("Lanes");
    const Operator& norm = model_.operators.at(static_cast<std::size_t>(tile_.norm));
    const NormShape vectors = norm_shape(tile_, model_);
    Image image(lanes * layout::norm::kBits);
    for (int first = 0; first < tile_.outputs; first += lanes) {
      ImageWord word = image.word();
      for (int l = 0; l < lanes && first + l < tile_.outputs; ++l) {
        const int at = l * layout::norm::kBits;
        const int element = first + l;
        const int v = vectors.along_rows ? element % vectors.vectors : element / vectors.length;
        const auto place = static_cast<std::size_t>(vectors.along_rows ? element / vectors.vectors
                                                                       : element % vectors.length);
        word.set(layout::norm::kBias, bits_of(norm.bias_q.at(place)), at);
        word.set(layout::norm::kMultiplier, bits_of(norm.requantiser.at(place).multiplier), at);
        word.set(layout::norm::kShift, norm.requantiser.at(place).shift, at);
        word.set(layout::norm::kNegative, norm.weight_q.at(place) < 0, at);
        word.set(layout::norm::kVector, static_cast<std::uint64_t>(v), at);
      }
      image.add(word);
    }
    image.fill(static_cast<std::size_t>(ceil_div(shape_.at("NormElements"), lanes)));
    image.write(prefix_ + "norm.hex");
  }

  void crossbars() {
    const MvmGrid grid = mvm_grid(tile_, model_, hardware_);
    const int inputs =
        static_cast<int>(op().weight_q.size() / static_cast<std::size_t>(fc_outputs(op())));
    const int m = hardware_.adc.columns_per_adc;
    for (int c = 0; c < grid.column_blocks; ++c) {
      std::vector<ImageWord> inverted(static_cast<std::size_t>(m),
                                      ImageWord(grid.row_blocks * grid.adcs));
      const int channel = c * grid.crossbar_channels;
      for (int r = 0; r < grid.row_blocks; ++r) {
        const int row = r * hardware_.crossbar.rows;
        const std::ptrdiff_t first =
            std::ptrdiff_t{tile_.first_channel + channel} * inputs + tile_.first_row + row;
        const EncodedBlock block =
            encode_block(op().weight_q.data() + first, inputs,
                         std::min(hardware_.crossbar.rows, tile_.rows - row),
                         std::min(grid.crossbar_channels, tile_.channels - channel), hardware_,
                         op().weight_bits);
        crossbar(block, prefix_ + "crossbar_" + std::to_string(r) + "_" + std::to_string(c));
        for (int column = 0; column < block.columns; ++column) {
          if (block.inverted[static_cast<std::size_t>(column)] == 0) continue;
          inverted[static_cast<std::size_t>(column % m)].set_bit(r * grid.adcs + column / m);
        }
      }
      Image image(grid.row_blocks * grid.adcs);
      for (const ImageWord& word : inverted) image.add(word);
      image.write(prefix_ + "inverted_" + std::to_string(c) + ".hex");
    }
  }

  void crossbar(const EncodedBlock& block, const std::string& stem) const {
    Image image(hardware_.crossbar.rows);
    for (int column = 0; column < block.columns; ++column) {
      for (int b = 0; b < hardware_.crossbar.cell_bits; ++b) {
        ImageWord word = image.word();
        for (int row = 0; row < block.rows; ++row) {
          if (((block.cell(row, column) >> b) & 1) != 0) word.set_bit(row);
        }
        image.add(word);
      }
    }
    image.write(stem + ".hex");
  }

  void banks() {
    const BankShape shape = bank_shape(tile_, model_, hardware_);
    const int bits = op().weight_bits;
    const auto all = RowPlaces(tile_, shape).all();
    std::vector<std::vector<std::pair<std::uint64_t, std::uint64_t>>> rows(size("Banks"));
    for (const auto& [tile_row, local] : all) {
      rows.at(shape.bank_of(local)).emplace_back(local % shape.rows, tile_row);
    }
    for (std::size_t b = 0; b < rows.size(); ++b) {
      std::sort(rows[b].begin(), rows[b].end());
      Image image(tile_.width * bits);
      std::uint64_t next = 0;
      for (const auto& [at, tile_row] : rows[b]) {
        for (; next < at; ++next) image.add(image.word());  // Local rows that nothing lies in.
        image.add(row_word(image, tile_row, bits));
        ++next;
      }
      image.fill(1);
      image.write(prefix_ + "bank_" + std::to_string(b) + ".hex");
    }
  }

  ImageWord row_word(const Image& image, std::uint64_t tile_row, int bits) const {
    const auto part = std::find_if(tile_.tables.rbegin(), tile_.tables.rend(),
                                   [&](const TablePart& each) { return each.base <= tile_row; });
    const Operator& table = model_.operators.at(static_cast<std::size_t>(part->op));
    const std::int8_t* row = table.weight_q.data() + (part->first_row + tile_row - part->base) *
                                                         static_cast<std::uint64_t>(tile_.width);
    ImageWord word = image.word();
    for (int i = 0; i < tile_.width; ++i) {
      word.set(i * bits, bits, static_cast<std::uint64_t>(row[i]) & ((1U << bits) - 1));
    }
    return word;
  }

  /// First elements of the operands A and B of each sum.
  std::vector<std::pair<int, int>> operands() const {
    std::vector<std::pair<int, int>> out;
    if (op().kind == OpKind::kDot) {
      for (int a = 1; a < tile_.rows; ++a) {
        for (int b = 0; b < a; ++b) out.emplace_back(a * tile_.width, b * tile_.width);
      }
      return out;
    }
    // Of a column. Only a product has a second operand: elsewhere it counts as 1, or as the first.
    const int second = op().kind == OpKind::kMul ? tile_.width : 0;
    for (int column = 0; column < tile_.width; ++column) {
      out.emplace_back(column, column + second);
    }
    return out;
  }

  void pairs() {
    const auto sums = operands();
    const auto lanes = size("PairLanes");
    Image image(static_cast<int>(lanes) * layout::pair::kBits);
    for (std::size_t first = 0; first < sums.size(); first += lanes) {
      ImageWord word = image.word();
      for (std::size_t l = 0; l < lanes && first + l < sums.size(); ++l) {
        const int at = static_cast<int>(l) * layout::pair::kBits;
        word.set(layout::pair::kA, static_cast<std::uint64_t>(sums[first + l].first), at);
        word.set(layout::pair::kB, static_cast<std::uint64_t>(sums[first + l].second), at);
      }
      image.add(word);
    }
    image.fill(size("PairGroups"));
    image.write(prefix_ + "pairs.hex");
  }

  const Design& design_;
  const Model& model_;
  const Hardware& hardware_;
  const Tile& tile_;
  const TileShape& shape_;
  std::string prefix_;
};

}  // namespace

std::vector<ChipImage> chip_images(const Design& design, const Model& model) {
  const std::vector<TileShape> shapes = chip_shape(design, model);
  std::vector<ChipImage> out;
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    const TileKind kind = design.tiles[t].kind;
    const std::string number = std::to_string(t);
    const std::string tile = "u_tile_" + number + ".";
    const auto add = [&](const std::string& place, const std::string& file) {
      out.emplace_back(tile + place, "tile_" + number + "_" + file + ".hex");
    };
    const std::string shell = kind == TileKind::kHost ? "" : "u_shell.";
    add(shell + "u_config.mem", "config");
    add(shell + "u_turns.mem", "turns");
    add(shell + "u_network_interface.u_ports.mem", "ports");
    add(shell + "u_network_interface.u_credits.mem", "credits");
    add(shell + "u_network_interface.u_sends.mem", "sends");
    if (kind == TileKind::kHost) continue;
    add(shell + "u_accumulators.u_map.mem", "map");
    add(shell + "u_vector_unit.u_constants.mem", "vector");
    if (design.tiles[t].norm >= 0) {
      add(shell + "gen_normaliser.u_normaliser.u_constants.mem", "norm");
    }
    if (shapes[t].module == "tile_interaction") add("u_engine.u_pairs.mem", "pairs");
    if (kind == TileKind::kEmbedding) {
      for (int b = 0; b < shapes[t].at("Banks"); ++b) {
        const std::string bank = std::to_string(b);
        add("u_engine.gen_bank[" + bank + "].u_bank.u_array.mem", "bank_" + bank);
      }
    }
    if (kind != TileKind::kMvm) continue;
    // Every copy of the weights is loaded from the same files.
    for (int k = 0; k < shapes[t].at("Copies"); ++k) {
      const std::string copy = "u_engine.gen_copy[" + std::to_string(k) + "].";
      for (int c = 0; c < shapes[t].at("ColumnBlocks"); ++c) {
        const std::string column = std::to_string(c);
        for (int r = 0; r < shapes[t].at("RowBlocks"); ++r) {
          const std::string row = std::to_string(r);
          add(copy + "gen_row[" + row + "].gen_column[" + column + "].u_crossbar.cells",
              "crossbar_" + row + "_" + column);
        }
        add(copy + "gen_shift_add[" + column + "].u_shift_add.u_inverted.mem",
            "inverted_" + column);
      }
    }
  }
  return out;
}

void write_images(const Design& design, const Model& model, const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::vector<TileShape> shapes = chip_shape(design, model);
  for (std::size_t t = 0; t < design.tiles.size(); ++t) {
    TileImages(design, model, static_cast<int>(t), shapes[t], folder).write();
  }
}

}  // namespace recpim
