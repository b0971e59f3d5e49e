// SPDX-License-Identifier: Apache-2.0
#include "models/graph/graph.h"

#include <algorithm>
#include <cctype>

#include "models/graph/kinds.h"

namespace recpim {

FcShape fc_shape(const Model& model, const Operator& op) {
  const Operator& in = model.operators[static_cast<std::size_t>(op.inputs.at(0))];
  switch (op.axis) {
    case Axis::kWidth:
      return {op.width, in.width, in.rows};
    case Axis::kRows:
      return {op.rows, in.rows, in.width};
    case Axis::kAll:
      break;
  }
  return {op.width, in.elements(), 1};
}

OperatorShape shape_of(const Model& model, const Operator& op) {
  OperatorShape shape;
  const auto width = static_cast<std::uint64_t>(op.width);
  switch (op.kind) {
    case OpKind::kFc: {
      const FcShape fc = fc_shape(model, op);
      shape.rows = static_cast<std::uint64_t>(fc.outputs);
      shape.columns = static_cast<std::uint64_t>(fc.inputs);
      shape.moments = shape.columns;
      shape.biases = shape.scales = shape.requantisers = shape.rows;
      break;
    }
    case OpKind::kEmbedding:
      shape.rows = op.table_rows;
      shape.columns = width;
      shape.scales = shape.requantisers = 1;
      break;
    case OpKind::kLayerNorm:
      shape.rows = static_cast<std::uint64_t>(op.axis == Axis::kRows ? op.rows : op.width);
      shape.columns = 1;
      shape.biases = shape.requantisers = shape.rows;
      break;
    case OpKind::kAttention:
      shape.requantisers = 2;
      break;
    case OpKind::kDot:
    case OpKind::kAdd:
    case OpKind::kMul:
    case OpKind::kFm:
      shape.requantisers = 1;
      break;
    case OpKind::kDenseInput:
    case OpKind::kConcat:
    case OpKind::kPad:
    case OpKind::kSigmoid:
      break;
  }
  return shape;
}

const char* kind_name(OpKind kind) {
  switch (kind) {
    case OpKind::kDenseInput:
      return "dense_input";
    case OpKind::kEmbedding:
      return "embedding";
    case OpKind::kFc:
      return "fc";
    case OpKind::kConcat:
      return "concat";
    case OpKind::kDot:
      return "dot";
    case OpKind::kSigmoid:
      return "sigmoid";
    case OpKind::kLayerNorm:
      return "layer_norm";
    case OpKind::kAdd:
      return "add";
    case OpKind::kMul:
      return "mul";
    case OpKind::kFm:
      return "fm";
    case OpKind::kAttention:
      return "attention";
    case OpKind::kPad:
      return "pad";
  }
  return "";
}

const char* axis_name(Axis axis) {
  switch (axis) {
    case Axis::kAll:
      return "all";
    case Axis::kWidth:
      return "width";
    case Axis::kRows:
      return "rows";
  }
  return "";
}

int Model::dense_features() const {
  for (const Operator& op : operators) {
    if (op.kind == OpKind::kDenseInput) return op.elements();
  }
  return 0;
}

bool is_model_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::none_of(name.begin(), name.end(), [](char c) {
    return std::iscntrl(static_cast<unsigned char>(c)) != 0;
  });
}

int Model::find(const std::string& operator_name) const {
  for (std::size_t i = 0; i < operators.size(); ++i) {
    if (operators[i].name == operator_name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace recpim
