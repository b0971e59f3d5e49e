// SPDX-License-Identifier: Apache-2.0
// Nodes that move elements or compute shapes. The same code moves constants, indices and elements.
#include <algorithm>
#include <limits>
#include <numeric>

#include "models/import/constants.h"
#include "models/import/translator.h"

namespace recpim::onnx_import {
namespace {

ValuePtr with_dims(const Value& value, Dims dims) {
  auto result = std::make_shared<Value>(value);
  result->dims = std::move(dims);
  return result;
}

// The places of a slice along an extent, as ONNX counts them.
std::vector<std::int64_t> places(std::int64_t extent, std::int64_t start, std::int64_t end,
                                 std::int64_t step) {
  if (step == 0) throw Unsupported("step 0", "steps other than 0");
  const auto clamp = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
    if (at < 0) at += extent;
    return std::min(std::max(at, low), high);
  };
  std::vector<std::int64_t> result;
  if (step > 0) {
    const std::int64_t last = clamp(end, 0, extent);
    for (std::int64_t i = clamp(start, 0, extent); i < last; i += std::min(step, extent)) {
      result.push_back(i);
    }
  } else {
    const std::int64_t last = clamp(std::max(end, -extent - 1), -1, extent - 1);
    for (std::int64_t i = clamp(start, 0, extent - 1); i > last; i += std::max(step, -extent)) {
      result.push_back(i);
    }
  }
  return result;
}

}  // namespace

void Translator::constant(const Node& node) {
  Tensor tensor;
  for (const auto& [name, attribute] : node.attributes) {
    if (name == "value") {
      tensor = attribute.tensor;
    } else if (name == "value_float" || name == "value_floats") {
      tensor.floats =
          name == "value_float" ? std::vector<float>{attribute.number} : attribute.numbers;
      if (name == "value_floats") tensor.dims = {static_cast<std::int64_t>(tensor.floats.size())};
    } else if (name == "value_int" || name == "value_ints") {
      tensor.is_float = false;
      tensor.integers =
          name == "value_int" ? std::vector<std::int64_t>{attribute.integer} : attribute.integers;
      if (name == "value_ints") tensor.dims = {static_cast<std::int64_t>(tensor.integers.size())};
    } else {
      throw Unsupported(name, "value, value_float, value_floats, value_int, value_ints");
    }
  }
  set(node, constant_of(std::move(tensor)));
}

void Translator::constant_of_shape(const Node& node) {
  const Dims dims = integers_of(*in(node, 0));
  if (std::any_of(dims.begin(), dims.end(), [](auto d) { return d < kBatch; })) {
    throw Unsupported("shape " + text_of(dims), "dimensions from 0");
  }
  Tensor fill;
  fill.floats = {0};
  const auto given = node.attributes.find("value");
  if (given != node.attributes.end()) fill = given->second.tensor;
  const std::size_t n = count(dims);
  if (std::find(dims.begin(), dims.end(), kBatch) != dims.end()) {
    Element e;
    e.shift = scalar_of(*constant_of(fill));
    set(node, elements_of(dims, Elements(n, e)));
    return;
  }
  fill.floats.resize(fill.is_float ? n : 0, fill.floats.empty() ? 0 : fill.floats[0]);
  fill.integers.resize(fill.is_float ? 0 : n, fill.integers.empty() ? 0 : fill.integers[0]);
  fill.dims = dims;
  set(node, constant_of(std::move(fill)));
}

void Translator::identity(const Node& node) { set(node, in(node, 0)); }

void Translator::cast(const Node& node) {
  const ValuePtr value = in(node, 0);
  const std::int64_t type = integer(node, "to", 0);
  if (value->form == Form::kConstant) {
    set(node, fold_cast(*value, type));
    return;
  }
  const bool to_float = type == 1 || type == 11;
  const bool to_integer = type == 6 || type == 7;
  if (value->form == Form::kIndices ? !to_integer : !to_float) {
    throw Unsupported("a cast of computed values to type " + std::to_string(type),
                      "floats to floats, indices to integers");
  }
  set(node, value);
}

void Translator::shape(const Node& node) {
  const Dims dims = in(node, 0)->dims;
  if (std::count(dims.begin(), dims.end(), kBag) > 0) {
    throw Unsupported("shape " + text_of(dims), "shapes without bags");
  }
  set(node, constant_of(Dims{static_cast<std::int64_t>(dims.size())}, dims));
}

void Translator::reshape(const Node& node) {
  const ValuePtr value = settled(node, 0);
  const Dims target = has(node, 1) ? integers_of(*in(node, 1)) : list(node, "shape", 1);
  const bool one_table = value->form == Form::kIndices &&
                         std::all_of(value->elements.begin(), value->elements.end(),
                                     [&](const Element& e) { return e == value->elements[0]; });
  if (one_table && target == Dims{-1} && value->dims.size() == 2) {
    // The bags of all samples one after the other, as an EmbeddingBag takes them.
    ValuePtr bag = with_dims(*value, {kBatch, kBag});
    bag->elements.resize(1);
    set(node, bag);
    return;
  }
  set(node, with_dims(*value, reshaped(value->dims, target, batch_)));
}

void Translator::flatten(const Node& node) {
  const ValuePtr value = settled(node, 0);
  const Dims& dims = value->dims;
  std::int64_t axis = integer(node, "axis", 1);
  if (axis < 0) axis += static_cast<std::int64_t>(dims.size());
  if (axis < 0 || axis > static_cast<std::int64_t>(dims.size())) {
    throw Unsupported("axis " + std::to_string(axis), "an axis of " + text_of(dims));
  }
  const auto middle = static_cast<std::size_t>(axis);
  Dims to = {static_cast<std::int64_t>(count(dims, 0, middle)),
             static_cast<std::int64_t>(count(dims, middle, dims.size()))};
  const auto batch = std::find(dims.begin(), dims.end(), kBatch);
  if (batch != dims.end()) to[batch - dims.begin() < axis ? 0 : 1] = kBatch;
  set(node, with_dims(*value, reshaped(dims, to, batch_)));
}

void Translator::squeeze(const Node& node) {
  const ValuePtr value = settled(node, 0);
  std::set<std::size_t> gone;
  for (const std::int64_t axis : list(node, "axes", 1)) {
    gone.insert(axis_of(axis, value->dims.size()));
  }
  Dims to;
  for (std::size_t i = 0; i < value->dims.size(); ++i) {
    const bool one = value->dims[i] == 1;
    if (gone.count(i) > 0 && !one) {
      throw Unsupported("axis " + std::to_string(i) + " of " + text_of(value->dims), "axes of 1");
    }
    if (gone.empty() ? !one : gone.count(i) == 0) to.push_back(value->dims[i]);
  }
  set(node, with_dims(*value, to));
}

void Translator::unsqueeze(const Node& node) {
  const ValuePtr value = settled(node, 0);
  const std::vector<std::int64_t> axes = list(node, "axes", 1);
  const std::size_t rank = value->dims.size() + axes.size();
  std::set<std::size_t> added;
  for (const std::int64_t axis : axes) added.insert(axis_of(axis, rank));
  if (added.size() != axes.size()) throw Unsupported("axes given twice", "each axis once");
  Dims to;
  auto from = value->dims.begin();
  for (std::size_t i = 0; i < rank; ++i) to.push_back(added.count(i) > 0 ? 1 : *from++);
  set(node, with_dims(*value, to));
}

void Translator::transpose_node(const Node& node) {
  const ValuePtr value = settled(node, 0);
  std::vector<std::size_t> order(value->dims.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  const auto given = node.attributes.find("perm");
  if (given != node.attributes.end()) {
    order.clear();
    for (const std::int64_t a : given->second.integers) {
      order.push_back(axis_of(a, value->dims.size()));
    }
  }
  set(node, moved(*value, transpose(value->dims, order)));
}

void Translator::slice(const Node& node) {
  ValuePtr value = settled(node, 0);
  const std::vector<std::int64_t> starts = list(node, "starts", 1);
  const std::vector<std::int64_t> ends = list(node, "ends", 2);
  std::vector<std::int64_t> axes = list(node, "axes", 3);
  std::vector<std::int64_t> steps = list(node, "steps", 4);
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    throw Unsupported("starts, ends, axes and steps", "as many of each");
  }
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], value->dims.size());
    const std::int64_t extent = value->dims[axis];
    const bool all = starts[i] == 0 && steps[i] == 1 &&
                     (ends[i] >= std::numeric_limits<std::int32_t>::max() || ends[i] == batch_);
    if (extent < 0 && all) continue;
    const std::vector<std::int64_t> picks = places(extent, starts[i], ends[i], steps[i]);
    value =
        moved(*value, pick(value->dims, axis, picks, {static_cast<std::int64_t>(picks.size())}));
  }
  set(node, value);
}

void Translator::split(const Node& node) {
  const ValuePtr value = settled(node, 0);
  const std::size_t axis = axis_of(integer(node, "axis", 0), value->dims.size());
  const std::int64_t extent = value->dims[axis];
  std::vector<std::int64_t> sizes = list(node, "split", 1);
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  if (sizes.empty() && parts > 0) {
    const std::int64_t each = (extent + parts - 1) / parts;
    for (std::int64_t at = 0; at < extent; at += each) sizes.push_back(std::min(each, extent - at));
  }
  if (sizes.size() != node.outputs.size() ||
      std::any_of(sizes.begin(), sizes.end(), [&](auto s) { return s < 0 || s > extent; }) ||
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != extent) {
    throw Unsupported("parts of " + text_of(value->dims), "parts that make up the axis");
  }
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<std::int64_t> picks(static_cast<std::size_t>(sizes[i]));
    std::iota(picks.begin(), picks.end(), first);
    set(node, moved(*value, pick(value->dims, axis, picks, {sizes[i]})), i);
    first += sizes[i];
  }
}

void Translator::concat(const Node& node) {
  std::vector<ValuePtr> parts;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(settled(node, i));
  if (parts.empty()) throw Unsupported("no inputs", "at least one");
  const std::size_t axis = axis_of(integer(node, "axis", 0), parts[0]->dims.size());
  auto result = std::make_shared<Value>();
  result->form = parts[0]->form;
  result->dims = parts[0]->dims;
  result->dims[axis] = 0;
  result->constant.is_float = parts[0]->constant.is_float;
  for (const ValuePtr& part : parts) {
    Dims dims = part->dims;
    if (part->form != result->form || part->constant.is_float != result->constant.is_float) {
      throw Unsupported("constants, indices and computed values together", "one of them alone");
    }
    if (dims.size() != result->dims.size() || dims[axis] < 0) {
      throw Unsupported("shape " + text_of(dims),
                        "shapes of one rank, not along the batch or a bag");
    }
    result->dims[axis] += dims[axis];
    dims[axis] = result->dims[axis];
    if (dims != result->dims) {
      throw Unsupported("shape " + text_of(part->dims),
                        "that of the first input but for the axis, " + text_of(parts[0]->dims));
    }
  }
  const std::size_t outer = count(result->dims, 0, axis);
  count(result->dims);
  const auto append = [&](auto& to, const auto& from, std::size_t o) {
    const auto n = static_cast<std::ptrdiff_t>(from.size() / outer);
    const auto first = from.begin() + static_cast<std::ptrdiff_t>(o) * n;
    to.insert(to.end(), first, first + n);
  };
  for (std::size_t o = 0; o < outer; ++o) {
    for (const ValuePtr& part : parts) {
      append(result->elements, part->elements, o);
      append(result->constant.floats, part->constant.floats, o);
      append(result->constant.integers, part->constant.integers, o);
    }
  }
  set(node, result);
}

void Translator::expand(const Node& node) {
  const ValuePtr value = settled(node, 0);
  Dims to = integers_of(*in(node, 1));
  const std::size_t rank = std::max(to.size(), value->dims.size());
  Dims dims = value->dims;
  to.insert(to.begin(), rank - to.size(), 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t skip = rank - dims.size();
    if (to[i] < 0 && (i < skip || dims[i - skip] != kBatch)) {
      throw Unsupported("shape " + text_of(to), "the batch where it was");
    }
    if (i >= skip && (to[i] == 1 || dims[i - skip] == kBatch)) to[i] = dims[i - skip];
  }
  set(node, moved(*value, broadcast(dims, to)));
}

void Translator::pad_node(const Node& node) {
  const ValuePtr value = elements(node, 0);
  const auto mode = node.attributes.find("mode");
  const double fill = has(node, 2) ? scalar_of(*in(node, 2)) : number(node, "value", 0);
  if ((mode != node.attributes.end() && mode->second.text != "constant") || fill != 0) {
    throw Unsupported("pads that are no zeros", "mode constant, value 0");
  }
  const std::vector<std::int64_t> pads = list(node, "pads", 1);
  if (pads.size() != 2 * value->dims.size()) {
    throw Unsupported(std::to_string(pads.size()) + " pads", "two an axis");
  }
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(value->dims.size());
  set(node, moved(*value, pad(value->dims, {pads.begin(), middle}, {middle, pads.end()})));
}

void Translator::gather(const Node& node) {
  const ValuePtr value = settled(node, 0);
  const ValuePtr at = settled(node, 1);
  const std::int64_t axis = integer(node, "axis", 0);
  if (at->form == Form::kIndices) {
    if (value->form != Form::kConstant || axis != 0) {
      throw Unsupported("a look-up by an input", "look-ups in initializers along axis 0");
    }
    set(node, look_up(node, *value, node.inputs[0], *at));
    return;
  }
  const std::size_t along = axis_of(axis, value->dims.size());
  std::vector<std::int64_t> picks = integers_of(*at);
  for (std::int64_t& p : picks) p += p < 0 ? value->dims[along] : 0;
  set(node, moved(*value, pick(value->dims, along, picks, at->dims)));
}

void Translator::where(const Node& node) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (in(node, i)->form != Form::kConstant) throw Unsupported("a computed value", "constants");
  }
  set(node, node.op == "Equal" ? fold_binary("Equal", *in(node, 0), *in(node, 1))
                               : fold_where(*in(node, 0), *in(node, 1), *in(node, 2)));
}

}  // namespace recpim::onnx_import
