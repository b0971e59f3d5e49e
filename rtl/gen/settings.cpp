// SPDX-License-Identifier: Apache-2.0
#include "rtl/gen/settings.h"

#include <algorithm>

#include "models/ops/requantise.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

using layout::Config;

int log2_of(int bits) { return bit_width(static_cast<std::uint64_t>(bits)) - 1; }

class Settings {
 public:
  Settings(const Design& design, const Model& model, const Tile& tile, const TileShape& shape)
      : design_(design), model_(model), hardware_(design.hardware), tile_(tile), shape_(shape) {}

  TileSettings all() {
    set(Config::kInputs, tile_.inputs());
    set(Config::kPartials, tile_.partials());
    set(Config::kSends, static_cast<std::int64_t>(send_steps(design_, tile_).size()));
    if (tile_.kind == TileKind::kHost) {
      set(Config::kBeats, shape_.at("Beats"));
      return settings_;
    }
    vector_unit();
    array();
    if (tile_.norm >= 0) normaliser();
    switch (tile_.kind) {
      case TileKind::kMvm:
        mvm();
        break;
      case TileKind::kEmbedding: {
        const std::int64_t rows =
            hardware_.bank_rows(hardware_.table_row_bits(tile_.width, op().weight_bits));
        set(Config::kBankRows, std::min<std::int64_t>(rows, 1 << 24));
        break;
      }
      default:
        if (op().kind == OpKind::kAttention) {
          attention();
        } else {
          products();
        }
    }
    return settings_;
  }

 private:
  const Operator& op() const { return model_.operators.at(static_cast<std::size_t>(tile_.op)); }

  void set(Config setting, std::int64_t value) {
    settings_[static_cast<std::size_t>(setting)] = static_cast<std::int32_t>(value);
  }

  void vector_unit() {
    set(Config::kGroups, ceil_div(tile_.outputs, shape_.at("Lanes")));
    set(Config::kOutputBitsLog2, log2_of(tile_.output_bits));
    set(Config::kRaw, tile_.raw);
    set(Config::kSigmoid, tile_.sigmoid);
    // A layer norm by itself reads 16 bits, which the requantiser passes on.
    const OutputRange range =
        op().kind == OpKind::kLayerNorm ? format_range(true, 16) : output_range(op());
    set(Config::kLow, range.low);
    set(Config::kHigh, range.high);
  }

  void array() {
    set(Config::kReadCycles, hardware_.read_cycles());
    set(Config::kConversionCycles, hardware_.conversion_cycles());
    set(Config::kScanCycles,
        std::int64_t{hardware_.adc.columns_per_adc} * hardware_.conversion_cycles());
    set(Config::kInterval, hardware_.initiation_interval());
  }

  void normaliser() {
    const Operator& norm = model_.operators.at(static_cast<std::size_t>(tile_.norm));
    const NormShape vectors = norm_shape(tile_, model_);
    const int lanes = shape_.at("Lanes");
    const int blocks = ceil_div(vectors.length, lanes);
    set(Config::kNormalise, 1);
    set(Config::kHold, ceil_div(tile_.outputs, lanes) + std::int64_t{vectors.vectors} * blocks + 6);
    set(Config::kNormVectors, vectors.vectors);
    set(Config::kNormLength, vectors.length);
    set(Config::kNormBlocks, blocks);
    set(Config::kNormElementStride, vectors.along_rows ? vectors.vectors : 1);
    set(Config::kNormVectorStride, vectors.along_rows ? 1 : vectors.length);
    const auto epsilon = static_cast<std::uint64_t>(norm.epsilon_q);
    set(Config::kNormEpsilonLow, static_cast<std::uint32_t>(epsilon));
    set(Config::kNormEpsilonHigh, static_cast<std::uint32_t>(epsilon >> 32U));
    const OutputRange range = output_range(norm);
    set(Config::kNormLow, range.low);
    set(Config::kNormHigh, range.high);
  }

  void input() {
    set(Config::kInputBitsLog2, log2_of(tile_.input_bits()));
    set(Config::kInputSigned, tile_.ports.at(0).is_signed);
  }

  void mvm() {
    input();
    const int bits = tile_.input_bits();
    const bool is_signed = tile_.ports.at(0).is_signed;
    const MvmGrid grid = mvm_grid(tile_, model_, hardware_);
    set(Config::kPhases, hardware_.phases(bits, is_signed));
    set(Config::kLowBits, is_signed ? bits - 1 : bits);
    set(Config::kAdcShift, tile_.adc_shift);
    set(Config::kOffsetEncoding, hardware_.crossbar.encoding == Encoding::kOffset);
    set(Config::kWeightBits, op().weight_bits);
    set(Config::kChannelColumns, grid.channel_columns);
    set(Config::kChannels, grid.group_channels);
    set(Config::kVectors, tile_.vectors);
  }

  void products() {
    input();
    set(Config::kPairGroups, ceil_div(tile_.outputs, shape_.at("PairLanes")));
    switch (op().kind) {
      case OpKind::kDot:
        set(Config::kWidth, tile_.width);
        set(Config::kPairStride, 1);
        break;
      case OpKind::kMul:
        set(Config::kWidth, 1);
        break;
      default:  // Down a column: an element of each row.
        set(Config::kWidth, tile_.rows);
        set(Config::kPairStride, tile_.width);
        set(Config::kPairOnes, op().kind != OpKind::kFm);
        set(Config::kPairFm, op().kind == OpKind::kFm);
    }
  }

  void attention() {
    input();
    const AttentionShape shape = attention_shape(tile_, model_);
    set(Config::kAttentionRows, shape.rows);
    set(Config::kAttentionHeads, shape.heads);
    set(Config::kAttentionDepth, shape.depth);
    set(Config::kAttentionGroups, ceil_div(shape.rows, shape_.at("KeyLanes")));
    set(Config::kScoreMultiplier, op().requantiser.at(0).multiplier);
    set(Config::kScoreShift, op().requantiser.at(0).shift);
  }

  const Design& design_;
  const Model& model_;
  const Hardware& hardware_;
  const Tile& tile_;
  const TileShape& shape_;
  TileSettings settings_{};
};

}  // namespace

TileSettings tile_settings(const Design& design, const Model& model, const Tile& tile,
                           const TileShape& shape) {
  return Settings(design, model, tile, shape).all();
}

}  // namespace recpim
