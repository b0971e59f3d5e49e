// SPDX-License-Identifier: Apache-2.0
#include "models/graph/cost.h"

#include "models/graph/kinds.h"

namespace recpim {
namespace {

// fvcore.nn.jit_handles: norm_flop_counter, with gain and bias.
constexpr std::uint64_t kFlopsOfNormalisedElement = 5;

std::uint64_t product(int a, int b, int c) {
  return static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b) *
         static_cast<std::uint64_t>(c);
}

}  // namespace

OperatorCost cost_of(const Model& model, const Operator& op) {
  const OperatorShape shape = shape_of(model, op);
  OperatorCost cost;
  cost.parameters = shape.weights() + (op.biased ? shape.biases : 0);
  switch (op.kind) {
    case OpKind::kFc: {
      const FcShape fc = fc_shape(model, op);
      cost.multiply_accumulates = cost.flops = product(fc.outputs, fc.inputs, fc.vectors);
      break;
    }
    case OpKind::kDot: {
      const Operator& in = model.operators[static_cast<std::size_t>(op.inputs[0])];
      cost.multiply_accumulates = product(op.width, in.width, 1);
      cost.flops = product(in.rows, in.rows, in.width);
      break;
    }
    case OpKind::kAttention:
      cost.multiply_accumulates = cost.flops = 2 * product(op.rows, op.rows, op.width);
      break;
    case OpKind::kLayerNorm:
      cost.flops = kFlopsOfNormalisedElement * static_cast<std::uint64_t>(op.elements());
      break;
    case OpKind::kMul:
      cost.multiply_accumulates = static_cast<std::uint64_t>(op.elements());
      break;
    case OpKind::kFm: {
      const Operator& in = model.operators[static_cast<std::size_t>(op.inputs[0])];
      cost.multiply_accumulates = static_cast<std::uint64_t>(in.elements() + op.width);
      break;
    }
    default:
      break;
  }
  return cost;
}

ModelCost cost_of(const Model& model) {
  ModelCost total;
  for (const Operator& op : model.operators) {
    const OperatorCost cost = cost_of(model, op);
    (op.kind == OpKind::kEmbedding ? total.table_parameters : total.parameters) += cost.parameters;
    total.multiply_accumulates += cost.multiply_accumulates;
    total.flops += cost.flops;
  }
  return total;
}

}  // namespace recpim
