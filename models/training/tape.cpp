// SPDX-License-Identifier: Apache-2.0
#include "models/training/tape.h"

#include <stdexcept>

namespace recpim {

Tape::Tape(const Model& bound, const NetworkOptions& options)
    : kernels(&recpim::kernels(options.isa)),
      fake_quantised(options.fake_quantised),
      team(options.threads),
      scratch_(static_cast<std::size_t>(options.threads)) {
  bind(bound);
}

void Tape::bind(const Model& bound) {
  if (bound.output().kind != OpKind::kSigmoid || bound.output().elements() != 1) {
    throw std::invalid_argument("a model that ends in a sigmoid of one logit");
  }
  model = &bound;
  logit = static_cast<std::size_t>(bound.output().inputs[0]);
  nodes.assign(logit + 1, {});
  std::size_t tables = 0;
  for (std::size_t p = 0; p <= logit; ++p) {
    const Operator& op = bound.operators[p];
    Node& node = nodes[p];
    node.op = &op;
    node.elements = op.elements();
    node.wants_gradient = has_weights(op.kind) || op.kind == OpKind::kLayerNorm;
    for (const int i : op.inputs) {
      node.wants_gradient |= nodes[static_cast<std::size_t>(i)].wants_gradient;
    }
    if (op.kind == OpKind::kFc) node.fc = fc_shape(bound, op);
    if (op.kind != OpKind::kEmbedding) continue;
    node.lookups = tables++;
    if (lookups.size() < tables) lookups.emplace_back();
    std::vector<std::int32_t>& slot = lookups[node.lookups].slot;
    if (slot.size() < op.table_rows) slot.resize(op.table_rows, -1);
  }
  nodes[logit].wants_gradient = true;
}

void Tape::start(const Batch& now) {
  batch = &now;
  arena.reset();
  for (Node& node : nodes) {
    node.gradient = nullptr;
    node.clip = nullptr;
    node.low = -std::numeric_limits<float>::infinity();
    node.high = std::numeric_limits<float>::infinity();
    node.value = node.before = take(samples() * node.elements);
  }
}

float* Tape::take_zeros(Index count) {
  float* zeros = take(count);
  std::fill(zeros, zeros + count, 0.0F);
  return zeros;
}

float* Tape::scratch(int thread, std::size_t count) {
  Arena& own = scratch_[static_cast<std::size_t>(thread)];
  own.reset();
  return own.take(count);
}

Target Tape::target(Node& node) {
  if (!node.wants_gradient) return {};
  if (node.gradient != nullptr) return {node.gradient, true};
  node.gradient = take(samples() * node.elements);
  return {node.gradient, false};
}

Product Tape::tile_of(const Product& product, Index row, Index rows, Index column, Index columns) {
  Product tile = product;
  tile.rows = rows;
  tile.columns = columns;
  tile.a += row * product.a_stride;
  tile.b += product.b_transposed ? column * product.b_stride : column;
  tile.c += row * product.c_stride + column;
  return tile;
}

}  // namespace recpim
