// SPDX-License-Identifier: Apache-2.0
/// @file
/// Models whose costs are worked out by hand: what they compute does not matter.
#pragma once

#include "models/graph/graph.h"
#include "models/graph/kinds.h"

namespace recpim::testing {

/// Every weight 1, every scale 1, outputs signed of the operator's bits.
inline Model quantised(Model model) {
  model.quantised = true;
  for (Operator& op : model.operators) {
    op.output = {true, op.activation_bits, 1.0};
    const OperatorShape shape = shape_of(model, op);
    op.weight_q.assign(shape.weights(), 1);
    op.bias_q.assign(shape.biases, 0);
    op.weight_scale.assign(shape.scales, 1);
    op.requantiser.assign(shape.requantisers, {1, 1});
  }
  return model;
}

}  // namespace recpim::testing
