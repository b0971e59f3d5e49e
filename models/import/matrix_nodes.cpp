// SPDX-License-Identifier: Apache-2.0
// Matrix products, sums along an axis, and the patterns that they begin: pairwise dot products,
// attention, LayerNorm.
#include <algorithm>
#include <cmath>

#include "models/graph/kinds.h"
#include "models/import/constants.h"
#include "models/import/translator.h"

namespace recpim::onnx_import {
namespace {

// All axes but one, then that one.
std::vector<std::size_t> axis_last(std::size_t rank, std::size_t axis) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rank; ++i) {
    if (i != axis) order.push_back(i);
  }
  order.push_back(axis);
  return order;
}

std::vector<std::size_t> inverse(const std::vector<std::size_t>& order) {
  std::vector<std::size_t> result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = i;
  return result;
}

std::vector<std::size_t> last_two_swapped(std::size_t rank) {
  std::vector<std::size_t> order(rank);
  for (std::size_t i = 0; i < rank; ++i) order[i] = i;
  std::swap(order[rank - 2], order[rank - 1]);
  return order;
}

void require_features(const Dims& dims, std::size_t axis) {
  if (dims[axis] < 1) {
    throw Unsupported("axis " + std::to_string(axis) + " of " + text_of(dims),
                      "axes of features or rows");
  }
}

void require_epsilon(double epsilon) {
  if (std::abs(epsilon - kLayerNormEpsilon) > 1e-9) {
    throw Unsupported("epsilon " + std::to_string(epsilon), "1e-5");
  }
}

}  // namespace

// x of [..., k], weight of [k, m] or [k].
ValuePtr Translator::multiplied(const Node& node, const ValuePtr& x, const Value& weight) {
  Dims shape = weight.dims;
  while (shape.size() > 2 && shape[0] == 1) shape.erase(shape.begin());
  if (shape.empty() || shape.size() > 2 || x->dims.empty() || x->dims.back() != shape[0] ||
      shape[0] < 1 || count(shape) == 0) {
    throw Unsupported("a product of " + text_of(x->dims) + " and " + text_of(weight.dims),
                      "[..., k] times [k, m], both numbers the same k");
  }
  const std::vector<double> numbers = numbers_of(weight);
  Linear linear;
  const auto inputs = static_cast<std::size_t>(shape[0]);
  linear.inputs = inputs;
  if (inputs == 0) throw Unsupported("a product with an empty constant", "its elements");
  linear.outputs = numbers.size() / inputs;
  linear.bias.assign(linear.outputs, 0);
  for (std::size_t o = 0; o < linear.outputs; ++o) {
    for (std::size_t i = 0; i < linear.inputs; ++i) {
      linear.weight.push_back(static_cast<float>(numbers[i * linear.outputs + o]));
    }
  }
  Dims dims(x->dims.begin(), x->dims.end() - 1);
  if (shape.size() == 2) dims.push_back(shape[1]);
  (void)node;
  return elements_of(dims,
                     assembler_.fc(node_name_, x->elements, x->elements.size() / inputs, linear));
}

void Translator::gemm(const Node& node) {
  const ValuePtr x = elements(node, 0);
  ValuePtr weight = in(node, 1);
  if (weight->form != Form::kConstant || weight->dims.size() != 2 || x->dims.size() != 2) {
    throw Unsupported("a product of " + text_of(x->dims) + " and " + text_of(weight->dims),
                      "a computed matrix times a constant one");
  }
  if (integer(node, "transA", 0) != 0) throw Unsupported("transA 1", "transA 0");
  if (integer(node, "transB", 0) != 0) weight = moved(*weight, transpose(weight->dims, {1, 0}));
  Tensor factor;
  factor.floats = {static_cast<float>(number(node, "alpha", 1))};
  if (factor.floats[0] != 1) weight = fold_binary("Mul", *weight, *constant_of(factor));
  ValuePtr result = multiplied(node, x, *weight);
  if (has(node, 2)) {
    factor.floats = {static_cast<float>(number(node, "beta", 1))};
    ValuePtr bias = in(node, 2);
    if (factor.floats[0] != 1) {
      bias = bias->form == Form::kConstant ? fold_binary("Mul", *bias, *constant_of(factor))
                                           : scaled(bias, *constant_of(factor));
    }
    result = added(node, result, bias);
  }
  set(node, result);
}

void Translator::matmul(const Node& node) {
  const ValuePtr left = in(node, 0);
  const ValuePtr right = in(node, 1);
  if (left->form == Form::kWeights) {
    set(node, attended(node, *left, as_elements(right)));
    return;
  }
  if (right->form == Form::kConstant) {
    set(node, multiplied(node, as_elements(left), *right));
    return;
  }
  const ValuePtr b = as_elements(right);
  const std::size_t rank = b->dims.size();
  if (rank < 2) throw Unsupported("shape " + text_of(b->dims), "two dimensions or more");
  const ValuePtr turned = moved(*b, transpose(b->dims, last_two_swapped(rank)));
  if (left->form == Form::kConstant) {
    if (left->dims.size() != 2) throw Unsupported("shape " + text_of(left->dims), "[m, n]");
    const ValuePtr y = multiplied(node, turned, *moved(*left, transpose(left->dims, {1, 0})));
    set(node, moved(*y, transpose(y->dims, last_two_swapped(rank))));
    return;
  }
  const ValuePtr a = as_elements(left);
  if (a->dims.size() != rank || rank < 3 || a->dims[0] != kBatch || b->dims[0] != kBatch ||
      a->dims.back() != turned->dims.back()) {
    throw Unsupported("a product of " + text_of(a->dims) + " and " + text_of(b->dims),
                      "[batch, n, k] and [batch, k, n]");
  }
  auto scores = std::make_shared<Value>();
  scores->form = Form::kScores;
  scores->dims = a->dims;
  scores->dims.back() = b->dims.back();
  scores->base = a;
  scores->keys = turned;
  scores->name = node_name_;
  set(node, scores);
}

ValuePtr Translator::settled_scores(const Value& value) {
  const ValuePtr& x = value.base;
  if (x->dims.size() != 3 || x->dims != value.keys->dims ||
      !(x->elements == value.keys->elements)) {
    throw Unsupported("the product of two computed tensors",
                      "dot products of the rows of one tensor; attention");
  }
  Elements all = assembler_.dot(value.name, x->elements, static_cast<std::size_t>(x->dims[1]),
                                static_cast<std::size_t>(x->dims[2]));
  for (Element& e : all) e.scale = value.factor;
  return elements_of(value.dims, all);
}

void Translator::softmax(const Node& node) {
  const ValuePtr scores = in(node, 0);
  const std::size_t rank = scores->dims.size();
  const std::int64_t otherwise = graph_.opset < 13 ? 1 : -1;
  if (scores->form != Form::kScores ||
      axis_of(integer(node, "axis", otherwise), rank) + 1 != rank) {
    throw Unsupported("a Softmax", "that of an attention, along the last axis");
  }
  auto weights = std::make_shared<Value>(*scores);
  weights->form = Form::kWeights;
  weights->settled = nullptr;
  set(node, weights);
}

ValuePtr Translator::attended(const Node& node, const Value& weights, const ValuePtr& values) {
  const Dims& dims = weights.base->dims;
  if (dims.size() > 4 || dims != weights.keys->dims || dims != values->dims) {
    throw Unsupported("queries, keys, values of " + text_of(dims) + ", " +
                          text_of(weights.keys->dims) + ", " + text_of(values->dims),
                      "one shape, [batch, rows, width] or [batch, heads, rows, depth]");
  }
  const bool several = dims.size() == 4;
  const auto depth = static_cast<std::size_t>(dims.back());
  const std::size_t heads = several ? static_cast<std::size_t>(dims[1]) : 1;
  const auto rows = static_cast<std::size_t>(dims[dims.size() - 2]);
  const auto side_by_side = [&](const Value& value) {
    return several ? moved(value, transpose(dims, {0, 2, 1, 3}))->elements : value.elements;
  };
  Elements queries = side_by_side(*weights.base);
  // Ours divides by the root of the depth.
  const double factor = weights.factor * std::sqrt(static_cast<double>(depth));
  if (std::abs(factor - 1) > 1e-6) {
    for (Element& e : queries) {
      e.scale *= factor;
      e.shift *= factor;
    }
    assembler_.fold(queries);
  }
  (void)node;
  const ValuePtr result =
      elements_of(several ? Dims{dims[0], dims[2], dims[1], dims[3]} : dims,
                  assembler_.attention(node_name_, queries, side_by_side(*weights.keys),
                                       side_by_side(*values), rows, heads * depth, heads));
  return several ? moved(*result, transpose(result->dims, {0, 2, 1, 3})) : result;
}

ValuePtr Translator::reduced(const ValuePtr& base, std::size_t axis, bool keep, Form form) const {
  auto result = std::make_shared<Value>();
  result->form = form;
  result->base = base;
  result->axis = axis;
  result->name = node_name_;
  result->dims = base->dims;
  if (keep) {
    result->dims[axis] = 1;
  } else {
    result->dims.erase(result->dims.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return result;
}

void Translator::reduce_sum(const Node& node) {
  const ValuePtr value = in(node, 0);
  const std::size_t rank = value->dims.size();
  std::set<std::size_t> axes;
  for (const std::int64_t a : list(node, "axes", 1)) axes.insert(axis_of(a, rank));
  if (axes.empty()) throw Unsupported("the sum over the batch", "sums along axes");
  const bool keep = integer(node, "keepdims", 1) != 0;
  const std::size_t first = *axes.begin();
  if (axes.size() == 1 && value->dims[first] == kBag) {
    Dims dims = reduced(value, first, keep, Form::kSum)->dims;
    set(node, elements_of(dims, as_elements(value)->elements));
    return;
  }
  for (const std::size_t a : axes) require_features(value->dims, a);
  if (axes.size() == 1) {
    set(node, value->form == Form::kSquare ? reduced(value->base, first, keep, Form::kSumOfSquares)
                                           : reduced(as_elements(value), first, keep, Form::kSum));
    return;
  }
  if (*axes.rbegin() - first + 1 != axes.size()) {
    throw Unsupported("axes apart", "axes side by side");
  }
  // Several axes as one.
  const ValuePtr x = as_elements(value);
  Dims merged = x->dims;
  merged[first] = static_cast<std::int64_t>(count(merged, first, first + axes.size()));
  const auto from = merged.begin() + static_cast<std::ptrdiff_t>(first);
  merged.erase(from + 1, from + static_cast<std::ptrdiff_t>(axes.size()));
  ValuePtr result = settle(reduced(elements_of(merged, x->elements), first, false, Form::kSum));
  Dims dims = result->dims;
  if (keep) dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(first), axes.size(), 1);
  set(node, elements_of(dims, result->elements));
}

void Translator::reduce_mean(const Node& node) {
  const ValuePtr value = in(node, 0);
  const std::vector<std::int64_t> axes = list(node, "axes", 1);
  if (axes.size() != 1) throw Unsupported(std::to_string(axes.size()) + " axes", "one");
  const std::size_t axis = axis_of(axes[0], value->dims.size());
  require_features(value->dims, axis);
  const bool keep = integer(node, "keepdims", 1) != 0;
  if (value->form == Form::kCentredSquare && value->axis == axis) {
    set(node, reduced(value->base, axis, keep, Form::kVariance));
  } else {
    set(node, reduced(as_elements(value), axis, keep, Form::kMean));
  }
}

ValuePtr Translator::settled_reduction(const Value& value) {
  ValuePtr x = value.base;
  if (value.form == Form::kSumOfSquares) x = settle(squared(x));
  const auto n = static_cast<std::size_t>(x->dims[value.axis]);
  const ValuePtr turned = moved(*x, transpose(x->dims, axis_last(x->dims.size(), value.axis)));
  const float weight = value.form == Form::kMean ? 1.0F / static_cast<float>(n) : 1.0F;
  return elements_of(value.dims,
                     assembler_.fc(value.name, turned->elements, turned->elements.size() / n,
                                   {1, n, std::vector<float>(n, weight), {0}}));
}

ValuePtr Translator::normalised(const std::string& name, const ValuePtr& x, std::size_t axis) {
  const std::vector<std::size_t> order = axis_last(x->dims.size(), axis);
  const ValuePtr turned = moved(*x, transpose(x->dims, order));
  const auto n = static_cast<std::size_t>(x->dims[axis]);
  const ValuePtr y = elements_of(
      turned->dims, assembler_.layer_norm(name, turned->elements, turned->elements.size() / n, n));
  return moved(*y, transpose(y->dims, inverse(order)));
}

void Translator::layer_normalisation(const Node& node) {
  const ValuePtr x = elements(node, 0);
  const std::size_t axis = axis_of(integer(node, "axis", -1), x->dims.size());
  if (axis + 1 != x->dims.size()) {
    throw Unsupported("axis " + std::to_string(axis) + " of " + text_of(x->dims), "the last axis");
  }
  require_features(x->dims, axis);
  require_epsilon(number(node, "epsilon", 1e-5));
  ValuePtr y = normalised(node_name_, x, axis);
  y = scaled(y, *in(node, 1));
  if (has(node, 2)) y = shifted(y, *in(node, 2));
  set(node, y);
}

void Translator::batch_normalisation(const Node& node) {
  const ValuePtr x = elements(node, 0);
  std::vector<std::vector<double>> parameters;
  for (std::size_t i = 1; i <= 4; ++i) parameters.push_back(numbers_of(*in(node, i)));
  if (x->dims.size() < 2 || x->dims[1] < 1 ||
      std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) {
        return static_cast<std::int64_t>(p.size()) != x->dims[1];
      })) {
    throw Unsupported("shape " + text_of(x->dims), "[batch, channels, ...]");
  }
  if (integer(node, "training_mode", 0) != 0) throw Unsupported("training", "inference");
  Tensor factor;
  factor.dims.assign(x->dims.size() - 1, 1);
  factor.dims[0] = x->dims[1];
  Tensor shift = factor;
  const double epsilon = number(node, "epsilon", 1e-5);
  for (std::size_t c = 0; c < parameters[0].size(); ++c) {
    const double f = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon);
    factor.floats.push_back(static_cast<float>(f));
    shift.floats.push_back(static_cast<float>(parameters[1][c] - parameters[2][c] * f));
  }
  set(node, shifted(scaled(x, *constant_of(factor)), *constant_of(shift)));
}

}  // namespace recpim::onnx_import
