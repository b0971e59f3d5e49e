// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/vector_unit.h"

#include <algorithm>

#include "models/mapping/throughput.h"
#include "models/ops/integer_sigmoid.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

constexpr Cycle kVectorStages = 3;  // sim/README.md, "Tile", point 3
constexpr int kNormaliserBits = 16;
constexpr Requantiser kIdentity{2, 1};  // (2 x + 1) >> 1

}  // namespace

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                       const Model& model)
    : sc_module(name),
      outputs_(static_cast<std::size_t>(tile.outputs)),
      raw_(tile.raw),
      sigmoid_(tile.sigmoid),
      lanes_(vector_lanes(design.hardware, tile.kind)),
      cycles_(ceil_div(tile.outputs, lanes_)),
      latency_(cycles_ + kVectorStages) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  if (tile.norm >= 0) {
    normaliser_.emplace(design, tile, model, lanes_);
    latency_ += normaliser_->latency();
  }
  // A LayerNorm by itself reads 16 bits and hands them on as they are.
  const bool passes = op.kind == OpKind::kLayerNorm;
  const int bits = passes ? kNormaliserBits : op.output.bits;
  const bool is_signed = passes || op.output.is_signed;
  high_ = (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1;
  low_ = is_signed && (passes || !op.relu) ? -(std::int64_t{1} << (bits - 1)) : 0;
  if (raw_ || op.requantiser.empty()) return;
  bias_.assign(outputs_, 0);
  requantiser_.assign(outputs_, kIdentity);
  if (!passes) set_requantisers(tile, model);
}

void VectorUnit::set_requantisers(const Tile& tile, const Model& model) {
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  for (std::size_t i = 0; i < outputs_; ++i) {
    switch (tile.kind) {
      case TileKind::kMvm: {
        const std::size_t place = tile.axis == Axis::kRows
                                      ? i / static_cast<std::size_t>(tile.vectors)
                                      : i % static_cast<std::size_t>(tile.channels);
        const std::size_t channel = static_cast<std::size_t>(tile.first_channel) + place;
        bias_[i] = op.bias_q.empty() ? 0 : op.bias_q[channel];
        requantiser_[i] = op.requantiser[channel];
        break;
      }
      case TileKind::kEmbedding: {
        const TablePart& part = tile.tables[i / static_cast<std::size_t>(tile.width)];
        requantiser_[i] = model.operators[static_cast<std::size_t>(part.op)].requantiser[0];
        break;
      }
      default:
        requantiser_[i] = op.requantiser.back();  // Of an attention the second: the first scales
                                                  // its scores.
    }
  }
}

std::vector<std::int32_t> VectorUnit::requantise(
    const std::vector<std::int32_t>& accumulators,
    const std::vector<const std::vector<std::int32_t>*>& partials) const {
  std::vector<std::int32_t> out(accumulators.begin(),
                                accumulators.begin() + static_cast<std::ptrdiff_t>(outputs_));
  for (const auto* partial : partials) {
    for (std::size_t i = 0; i < outputs_; ++i) out[i] += (*partial)[i];
  }
  if (raw_) return out;
  for (std::size_t i = 0; i < outputs_; ++i) {
    const Requantiser& q = requantiser_[i];
    const std::int64_t product = static_cast<std::int64_t>(out[i] + bias_[i]) * q.multiplier;
    const std::int64_t rounded = (product + (std::int64_t{1} << (q.shift - 1))) >> q.shift;
    const auto value = static_cast<std::int32_t>(std::clamp(rounded, low_, high_));
    out[i] = sigmoid_ ? integer_sigmoid(static_cast<std::int16_t>(value)) : value;
  }
  return out;
}

std::vector<std::int32_t> VectorUnit::finish(
    const std::vector<std::int32_t>& accumulators,
    const std::vector<const std::vector<std::int32_t>*>& partials) const {
  std::vector<std::int32_t> out = requantise(accumulators, partials);
  if (normaliser_) normaliser_->normalise(out);
  return out;
}

}  // namespace recpim
