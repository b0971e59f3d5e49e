// SPDX-License-Identifier: Apache-2.0
// Look-ups in tables: Gather by indices, and the two forms in which PyTorch exports an
// EmbeddingBag.
#include <algorithm>
#include <cmath>

#include "models/import/translator.h"

namespace recpim::onnx_import {
namespace {

// Where the rows of a table end whose indices are shifted by e.shift: where those of the next
// begin.
std::uint64_t end_of(const Elements& indices, const Element& e, std::uint64_t rows) {
  double end = static_cast<double>(rows);
  for (const Element& other : indices) {
    if (other.shift > e.shift) end = std::min(end, other.shift);
  }
  return static_cast<std::uint64_t>(end);
}

const Node* only(const std::vector<Node>& nodes, const std::string& op) {
  const Node* found = nullptr;
  for (const Node& node : nodes) {
    if (node.op != op) continue;
    if (found != nullptr) return nullptr;
    found = &node;
  }
  return found;
}

}  // namespace

ValuePtr Translator::look_up(const Node& node, const Value& table, const std::string& table_name,
                             const Value& indices) {
  const Dims& shape = table.dims;
  if (!table.constant.is_float || shape.empty() || shape.size() > 2 || shape[0] < 1 ||
      (shape.size() == 2 && (shape[1] < 1 || shape[1] > (1 << 20)))) {
    throw Unsupported("table " + table_name + " of shape " + text_of(shape),
                      "floats of shape [rows, width]");
  }
  const auto rows = static_cast<std::uint64_t>(shape[0]);
  const auto width = static_cast<std::size_t>(shape.size() == 2 ? shape[1] : 1);
  Dims dims = indices.dims;
  if (shape.size() == 2) dims.push_back(shape[1]);
  Elements elements;
  for (const Element& e : indices.elements) {
    if (e.op < 0 || e.scale != 1 || e.shift < 0 || e.shift != std::floor(e.shift) ||
        e.shift >= static_cast<double>(rows)) {
      throw Unsupported("computed indices", "inputs, with a whole number below " +
                                                std::to_string(rows) + " added or not");
    }
    const auto first = static_cast<std::uint64_t>(e.shift);
    const std::string name =
        table_name + (indices.elements.size() > 1 ? "_" + std::to_string(e.op) : "");
    const Elements row =
        assembler_.embedding(name, e.op, end_of(indices.elements, e, rows) - first,
                             static_cast<int>(width), table.constant.floats.data() + first * width);
    elements.insert(elements.end(), row.begin(), row.end());
  }
  if (elements.empty()) throw Unsupported("no indices", "at least one");
  (void)node;
  return elements_of(dims, elements);
}

void Translator::set_bag(const Node& node, const Value& table, const std::string& table_name,
                         const ValuePtr& indices) {
  if (indices->form != Form::kIndices || indices->elements.size() != 1) {
    throw Unsupported("bags of " + text_of(indices->dims), "the indices of one table");
  }
  Value one = *indices;
  one.dims = {kBatch};
  set(node, look_up(node, table, table_name, one));
}

// torch.onnx.export(operator_export_type=ONNX_ATEN_FALLBACK).
void Translator::aten(const Node& node) {
  const auto name = node.attributes.find("operator");
  if (name == node.attributes.end() || name->second.text != "embedding_bag") {
    throw Unsupported("operator " + (name == node.attributes.end() ? "" : name->second.text),
                      "embedding_bag");
  }
  if (scalar_of(*in(node, 4)) != 0) throw Unsupported("a mean or maximum", "mode 0, the sum");
  if (has(node, 6)) throw Unsupported("weights of samples", "sums without weights");
  set_bag(node, *in(node, 0), node.inputs[0], in(node, 1));
}

// The loop over the samples of a batch that stands for an EmbeddingBag from opset 11 on:
// Slice (the indices of a bag), Gather (their rows), ReduceSum.
void Translator::loop(const Node& node) {
  const char* supported = "the loop of an EmbeddingBag of mode sum";
  const auto body = node.attributes.find("body");
  if (body == node.attributes.end()) throw Unsupported("no body", supported);
  const std::vector<Node>& nodes = body->second.body;
  const Node* slice_node = only(nodes, "Slice");
  const Node* sum_node = only(nodes, "ReduceSum");
  const Node* rows = nullptr;
  for (const Node& inner : nodes) {
    const bool harmless = inner.op == "Constant" || inner.op == "Unsqueeze" || inner.op == "Cast" ||
                          inner.op == "Gather" || inner.op == "Identity" || &inner == slice_node ||
                          &inner == sum_node;
    if (!harmless) throw Unsupported("a loop with " + inner.op, supported);
    const bool looks_up = inner.op == "Gather" && slice_node != nullptr &&
                          inner.inputs.size() == 2 && !slice_node->outputs.empty() &&
                          inner.inputs[1] == slice_node->outputs[0];
    if (looks_up) rows = &inner;
  }
  if (rows == nullptr || sum_node == nullptr || slice_node->inputs.empty() ||
      sum_node->inputs.empty() || sum_node->inputs[0] != rows->outputs.at(0)) {
    throw Unsupported("another loop", supported);
  }
  set_bag(node, *find(rows->inputs[0]), rows->inputs[0], find(slice_node->inputs[0]));
}

}  // namespace recpim::onnx_import
