// SPDX-License-Identifier: Apache-2.0
#include "models/import/translator.h"

#include <algorithm>
#include <stdexcept>

#include "models/import/constants.h"
#include "traces/support/error.h"

namespace recpim::onnx_import {
namespace {

constexpr const char* kAten = "org.pytorch.aten";

Elements table_elements(std::size_t first, std::size_t tables) {
  Elements elements(tables);
  for (std::size_t t = 0; t < tables; ++t) elements[t].op = static_cast<int>(first + t);
  return elements;
}

// "[batch]" or "[batch, n]"; n may be open (-1).
std::int64_t width_of(const Input& input, const std::string& file) {
  if (input.dims.empty() || input.dims.size() > 2) {
    reject(file, "input " + input.name, std::to_string(input.dims.size()) + " dimensions",
           "[batch] or [batch, n]");
  }
  const std::int64_t width = input.dims.size() == 1 ? 1 : input.dims[1];
  if (width > (1 << 20)) {
    reject(file, "input " + input.name, std::to_string(width), "at most 2^20 columns");
  }
  return width;
}

}  // namespace

ValuePtr elements_of(Dims dims, Elements elements) {
  auto value = std::make_shared<Value>();
  value->dims = std::move(dims);
  value->elements = std::move(elements);
  return value;
}

const std::map<std::string, Translator::Handler>& Translator::handlers() {
  static const std::map<std::string, Handler> all = {
      {"Add", &Translator::add},
      {"BatchNormalization", &Translator::batch_normalisation},
      {"Cast", &Translator::cast},
      {"Concat", &Translator::concat},
      {"Constant", &Translator::constant},
      {"ConstantOfShape", &Translator::constant_of_shape},
      {"Div", &Translator::div},
      {"Dropout", &Translator::identity},
      {"Equal", &Translator::where},
      {"Expand", &Translator::expand},
      {"Flatten", &Translator::flatten},
      {"Gather", &Translator::gather},
      {"Gemm", &Translator::gemm},
      {"Identity", &Translator::identity},
      {"LayerNormalization", &Translator::layer_normalisation},
      {"Loop", &Translator::loop},
      {"MatMul", &Translator::matmul},
      {"Mul", &Translator::mul},
      {"Neg", &Translator::neg},
      {"Pad", &Translator::pad_node},
      {"Pow", &Translator::pow},
      {"ReduceMean", &Translator::reduce_mean},
      {"ReduceSum", &Translator::reduce_sum},
      {"Relu", &Translator::relu},
      {"Reshape", &Translator::reshape},
      {"Shape", &Translator::shape},
      {"Sigmoid", &Translator::sigmoid},
      {"Slice", &Translator::slice},
      {"Softmax", &Translator::softmax},
      {"Split", &Translator::split},
      {"Sqrt", &Translator::sqrt},
      {"Squeeze", &Translator::squeeze},
      {"Sub", &Translator::sub},
      {"Sum", &Translator::sum},
      {"Transpose", &Translator::transpose_node},
      {"Unsqueeze", &Translator::unsqueeze},
      {"Where", &Translator::where},
  };
  return all;
}

Translator::Translator(Graph graph, const TraceInfo& trace, Precision precision)
    : graph_(std::move(graph)), trace_(trace), assembler_(precision) {}

void Translator::fail(const Node& node, const std::string& value,
                      const std::string& accepted) const {
  const std::string name = !node.name.empty()     ? node.name
                           : node.outputs.empty() ? std::string("without a name")
                                                  : node.outputs[0];
  reject(graph_.file, "node " + name + " (" + node.op + ")", value, accepted);
}

Model Translator::translate(bool add_sigmoid) {
  if (graph_.outputs.size() != 1) {
    reject(graph_.file, "outputs", std::to_string(graph_.outputs.size()), "one");
  }
  find_needed();
  bind_inputs();
  for (const Node& node : graph_.nodes) {
    const bool wanted = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](const auto& o) { return needed_.count(o) > 0; });
    if (wanted) run(node);
  }
  try {
    return finish(add_sigmoid);
  } catch (const Unsupported& error) {
    reject(graph_.file, "output " + graph_.outputs[0], error.value, error.accepted);
  } catch (const std::invalid_argument& error) {
    throw InputError(graph_.file + ": " + error.what());
  }
}

void Translator::find_needed() {
  needed_.insert(graph_.outputs[0]);
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
    const bool wanted = std::any_of(node->outputs.begin(), node->outputs.end(),
                                    [&](const auto& o) { return needed_.count(o) > 0; });
    if (!wanted) continue;
    for (const std::string& input : needed_inputs(*node)) needed_.insert(input);
  }
}

// Not the offsets of bags: ours come from the trace.
std::vector<std::string> Translator::needed_inputs(const Node& node) const {
  if (node.op == "ATen" && node.inputs.size() >= 5) {
    return {node.inputs[0], node.inputs[1], node.inputs[4]};
  }
  if (node.op != "Loop") return node.inputs;
  std::vector<std::string> captured;
  const auto body = node.attributes.find("body");
  if (body == node.attributes.end()) return captured;
  for (const Node& inner : body->second.body) {
    const bool data = inner.op == "Gather" || inner.op == "Slice";
    if (data && !inner.inputs.empty()) captured.push_back(inner.inputs[0]);
  }
  // A Gather of an offset looks the same: what is not the table or the indices is left out.
  captured.erase(
      std::remove_if(captured.begin(), captured.end(),
                     [&](const std::string& name) {
                       return graph_.initializers.count(name) == 0 &&
                              std::none_of(body->second.body.begin(), body->second.body.end(),
                                           [&](const Node& inner) {
                                             return inner.op == "Slice" && !inner.inputs.empty() &&
                                                    inner.inputs[0] == name;
                                           });
                     }),
      captured.end());
  return captured;
}

void Translator::bind_inputs() {
  std::vector<const Input*> dense;
  std::vector<const Input*> indices;
  for (const Input& input : graph_.inputs) {
    if (needed_.count(input.name) == 0) continue;
    width_of(input, graph_.file);
    if (input.dims[0] > 0 && batch_ == 0) batch_ = input.dims[0];
    (input.is_float ? dense : indices).push_back(&input);
  }
  if (!dense.empty()) bind_dense(dense);
  if (!indices.empty()) bind_indices(indices);
}

void Translator::bind_dense(const std::vector<const Input*>& inputs) {
  std::int64_t total = 0;
  std::int64_t open = 0;
  for (const Input* input : inputs) {
    const std::int64_t width = width_of(*input, graph_.file);
    total += std::max<std::int64_t>(width, 0);
    open += width < 0 ? 1 : 0;
    if (total > (1 << 20)) {
      reject(graph_.file, "input " + input->name, std::to_string(width), "at most 2^20 features");
    }
  }
  const std::int64_t rest = std::int64_t{trace_.dense} - total;
  if (open > 1 || (open == 1 && rest < 1)) {
    reject(graph_.file, "float inputs", "of open width", "at most one of open width");
  }
  const Elements all = assembler_.dense(static_cast<int>(open == 1 ? trace_.dense : total));
  auto first = all.begin();
  for (const Input* input : inputs) {
    const std::int64_t width = width_of(*input, graph_.file);
    const auto last = first + static_cast<std::ptrdiff_t>(width < 0 ? rest : width);
    Dims dims = {kBatch};
    if (input->dims.size() == 2) dims.push_back(last - first);
    values_[input->name] = elements_of(dims, Elements(first, last));
    first = last;
  }
}

void Translator::bind_indices(const std::vector<const Input*>& inputs) {
  const std::size_t tables = trace_.tables.size();
  std::size_t total = 0;
  std::vector<std::size_t> widths;
  for (const Input* input : inputs) {
    const std::int64_t width = width_of(*input, graph_.file);
    widths.push_back(width < 0 ? (inputs.size() == 1 ? tables : 1)
                               : static_cast<std::size_t>(width));
    total += widths.back();
  }
  const bool bags = total != tables;
  if (bags && inputs.size() != tables) {
    reject(graph_.file, "columns of indices", std::to_string(total),
           std::to_string(tables) + ", one a table of the trace");
  }
  std::size_t first = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t columns = bags ? 1 : widths[i];
    Dims dims = {kBatch};
    if (inputs[i]->dims.size() == 2) {
      dims.push_back(bags && widths[i] != 1 ? kBag : static_cast<std::int64_t>(columns));
    }
    ValuePtr value = elements_of(dims, table_elements(first, columns));
    value->form = Form::kIndices;
    values_[inputs[i]->name] = value;
    first += columns;
  }
}

void Translator::run(const Node& node) {
  const auto handler = handlers().find(node.op);
  const bool aten_node = node.op == "ATen" && node.domain == kAten;
  if (!aten_node && (handler == handlers().end() || !node.domain.empty())) {
    std::string known;
    for (const auto& entry : handlers()) known += (known.empty() ? "" : ", ") + entry.first;
    fail(node, node.domain.empty() ? "" : "domain " + node.domain, known);
  }
  node_name_ = node.name.empty() ? node.op : node.name;
  try {
    if (aten_node) {
      aten(node);
    } else {
      (this->*handler->second)(node);
    }
  } catch (const Unsupported& error) {
    fail(node, error.value, error.accepted);
  } catch (const std::invalid_argument& error) {
    fail(node, "", error.what());
  }
}

Model Translator::finish(bool add_sigmoid) {
  const std::string& output = graph_.outputs[0];
  ValuePtr value = settle(find(output));
  if (value->form != Form::kElements) throw Unsupported("no computed value", "one computed value");
  if (value->dims.empty() || value->dims[0] != kBatch) {
    throw Unsupported("shape " + text_of(value->dims), "[batch, ...]");
  }
  Elements result = value->elements;
  if (add_sigmoid) {
    if (result.size() != 1) throw Unsupported("shape " + text_of(value->dims), "one logit");
    result = assembler_.sigmoid("sigmoid", result);
  }
  const std::size_t width =
      value->dims.size() > 2 ? static_cast<std::size_t>(value->dims.back()) : result.size();
  return assembler_.finish(result, result.size() / std::max<std::size_t>(width, 1), width);
}

ValuePtr Translator::find(const std::string& name) {
  const auto known = values_.find(name);
  if (known != values_.end()) return known->second;
  const auto initializer = graph_.initializers.find(name);
  if (initializer == graph_.initializers.end()) {
    throw Unsupported("the value " + name, "inputs, initializers and values of earlier nodes");
  }
  return values_[name] = constant_of(std::move(initializer->second));
}

bool Translator::has(const Node& node, std::size_t i) const {
  return i < node.inputs.size() && !node.inputs[i].empty();
}

ValuePtr Translator::in(const Node& node, std::size_t i) {
  if (!has(node, i)) {
    throw Unsupported(std::to_string(node.inputs.size()) + " inputs",
                      "at least " + std::to_string(i + 1));
  }
  return find(node.inputs[i]);
}

ValuePtr Translator::settle(const ValuePtr& value) {
  switch (value->form) {
    case Form::kConstant:
    case Form::kIndices:
      return value;
    case Form::kElements:
      assembler_.fold(value->elements);
      return value;
    default:
      break;
  }
  if (value->settled) return value->settled;
  switch (value->form) {
    case Form::kSum:
    case Form::kMean:
    case Form::kSumOfSquares:
      return value->settled = settled_reduction(*value);
    case Form::kScores:
      return value->settled = settled_scores(*value);
    case Form::kSquare:
    case Form::kSquareOfSum: {
      const ValuePtr x =
          value->form == Form::kSquare
              ? settle(value->base)
              : settle(reduced(value->base, value->axis,
                               value->dims.size() == value->base->dims.size(), Form::kSum));
      const std::size_t width = x->elements.size();
      return value->settled =
                 elements_of(value->dims, assembler_.pairwise(OpKind::kMul, value->name,
                                                              x->elements, x->elements, 1, width));
    }
    default:
      throw Unsupported("an unfinished pattern",
                        "the whole of a LayerNorm or an attention as PyTorch exports it");
  }
}

ValuePtr Translator::as_elements(const ValuePtr& value) {
  ValuePtr result = settle(value);
  if (result->form != Form::kElements) {
    throw Unsupported(result->form == Form::kConstant ? "a constant" : "indices",
                      "values computed from the inputs");
  }
  return result;
}

ValuePtr Translator::elements(const Node& node, std::size_t i) { return as_elements(in(node, i)); }

void Translator::set(const Node& node, ValuePtr value, std::size_t output) {
  if (output >= node.outputs.size()) throw Unsupported("no output", "an output");
  values_[node.outputs[output]] = std::move(value);
}

std::int64_t Translator::integer(const Node& node, const std::string& name,
                                 std::int64_t otherwise) const {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? otherwise : found->second.integer;
}

double Translator::number(const Node& node, const std::string& name, double otherwise) const {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? otherwise : static_cast<double>(found->second.number);
}

std::vector<std::int64_t> Translator::list(const Node& node, const std::string& name,
                                           std::size_t i) {
  if (has(node, i)) return integers_of(*in(node, i));
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? std::vector<std::int64_t>{} : found->second.integers;
}

}  // namespace recpim::onnx_import
