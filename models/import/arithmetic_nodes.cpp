// SPDX-License-Identifier: Apache-2.0
// Nodes that work element by element.
#include <algorithm>
#include <cmath>

#include "models/graph/kinds.h"
#include "models/import/constants.h"
#include "models/import/translator.h"

namespace recpim::onnx_import {
namespace {

bool is_constant(const ValuePtr& value) { return value->form == Form::kConstant; }

// A step of a pattern that started from `from`.
ValuePtr step(const Value& from, Form form) {
  auto result = std::make_shared<Value>(from);
  result->form = form;
  result->settled = nullptr;
  return result;
}

bool same(const ValuePtr& left, const ValuePtr& right) {
  return left == right || (left->form == right->form && left->form == Form::kElements &&
                           left->dims == right->dims && left->elements == right->elements);
}

bool same_reduction(const Value& left, const Value& right) {
  return left.axis == right.axis && same(left.base, right.base);
}

std::size_t width_of(const Dims& dims) {
  return dims.size() > 2 ? count(dims, dims.size() - 1, dims.size()) : count(dims);
}

}  // namespace

ValuePtr Translator::scaled(const ValuePtr& value, const Value& factor) {
  if (value->form == Form::kScores) {
    ValuePtr result = step(*value, Form::kScores);
    result->factor *= scalar_of(factor);
    return result;
  }
  const ValuePtr x = as_elements(value);
  const Dims dims = broadcast_dims(x->dims, factor.dims);
  ValuePtr result = moved(*x, broadcast(x->dims, dims));
  const std::vector<double> factors = moved(numbers_of(factor), broadcast(factor.dims, dims));
  for (std::size_t i = 0; i < factors.size(); ++i) {
    result->elements[i].scale *= factors[i];
    result->elements[i].shift *= factors[i];
  }
  return result;
}

ValuePtr Translator::shifted(const ValuePtr& value, const Value& shift) {
  const ValuePtr x = settle(value);
  const Dims dims = broadcast_dims(x->dims, shift.dims);
  ValuePtr result = moved(*x, broadcast(x->dims, dims));
  const std::vector<double> shifts = moved(numbers_of(shift), broadcast(shift.dims, dims));
  for (std::size_t i = 0; i < shifts.size(); ++i) result->elements[i].shift += shifts[i];
  return result;
}

ValuePtr Translator::added(const Node& node, const ValuePtr& left, const ValuePtr& right) {
  if (is_constant(left) && is_constant(right)) return fold_binary("Add", *left, *right);
  if (is_constant(left)) return added(node, right, left);
  if (is_constant(right)) {
    if (left->form != Form::kVariance) return shifted(left, *right);
    const double epsilon = scalar_of(*right);
    if (std::abs(epsilon - kLayerNormEpsilon) > 1e-9) {
      throw Unsupported("epsilon " + std::to_string(epsilon), "1e-5");
    }
    return step(*left, Form::kVarianceEpsilon);
  }
  const ValuePtr l = as_elements(left);
  const ValuePtr r = as_elements(right);
  const Dims dims = broadcast_dims(l->dims, r->dims);
  Elements x = moved(l->elements, broadcast(l->dims, dims));
  const Elements y = moved(r->elements, broadcast(r->dims, dims));
  if (x.size() == 1) {
    x.insert(x.end(), y.begin(), y.end());
    return elements_of(dims, assembler_.total(node_name_, x));
  }
  const std::size_t width = width_of(dims);
  return elements_of(dims, assembler_.pairwise(OpKind::kAdd, node_name_, x, y,
                                               x.size() / std::max<std::size_t>(width, 1), width));
}

void Translator::add(const Node& node) { set(node, added(node, in(node, 0), in(node, 1))); }

void Translator::sum(const Node& node) {
  ValuePtr result = in(node, 0);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) result = added(node, result, in(node, i));
  set(node, result);
}

void Translator::sub(const Node& node) {
  const ValuePtr left = in(node, 0);
  const ValuePtr right = in(node, 1);
  if (is_constant(left) && is_constant(right)) {
    set(node, fold_binary("Sub", *left, *right));
    return;
  }
  if (right->form == Form::kMean && same(left, right->base)) {
    ValuePtr centred = step(*right, Form::kCentred);
    centred->dims = left->dims;
    set(node, centred);
    return;
  }
  if (left->form == Form::kSquareOfSum && right->form == Form::kSumOfSquares &&
      same_reduction(*left, *right)) {
    const Dims& dims = left->base->dims;
    std::vector<std::size_t> order = {left->axis};
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (i != left->axis) order.push_back(i);
    }
    const ValuePtr rows = moved(*left->base, transpose(dims, order));
    const auto n = static_cast<std::size_t>(dims[left->axis]);
    set(node, elements_of(left->dims,
                          assembler_.fm(node_name_, rows->elements, n, rows->elements.size() / n)));
    return;
  }
  if (is_constant(right)) {
    set(node, shifted(left, *fold_unary("Neg", *right)));
    return;
  }
  Tensor minus;
  minus.floats = {-1};
  set(node, added(node, left, scaled(right, *constant_of(minus))));
}

ValuePtr Translator::squared(const ValuePtr& value) {
  if (value->form == Form::kCentred) return step(*value, Form::kCentredSquare);
  if (value->form == Form::kSum) return step(*value, Form::kSquareOfSum);
  ValuePtr result = std::make_shared<Value>();
  result->form = Form::kSquare;
  result->base = as_elements(value);
  result->dims = value->dims;
  result->name = node_name_;
  return result;
}

void Translator::mul(const Node& node) {
  const ValuePtr left = in(node, 0);
  const ValuePtr right = in(node, 1);
  if (is_constant(left) && is_constant(right)) {
    set(node, fold_binary("Mul", *left, *right));
  } else if (is_constant(left)) {
    set(node, scaled(right, *left));
  } else if (is_constant(right)) {
    set(node, scaled(left, *right));
  } else if (left == right) {
    set(node, squared(left));
  } else {
    const ValuePtr l = as_elements(left);
    const ValuePtr r = as_elements(right);
    const Dims dims = broadcast_dims(l->dims, r->dims);
    const std::size_t width = width_of(dims);
    set(node, elements_of(
                  dims, assembler_.pairwise(OpKind::kMul, node_name_,
                                            moved(l->elements, broadcast(l->dims, dims)),
                                            moved(r->elements, broadcast(r->dims, dims)),
                                            count(dims) / std::max<std::size_t>(width, 1), width)));
  }
}

void Translator::div(const Node& node) {
  const ValuePtr left = in(node, 0);
  const ValuePtr right = in(node, 1);
  if (is_constant(left) && is_constant(right)) {
    set(node, fold_binary("Div", *left, *right));
  } else if (is_constant(right)) {
    Tensor one;
    one.floats = {1};
    set(node, scaled(left, *fold_binary("Div", *constant_of(one), *right)));
  } else if (left->form == Form::kCentred && right->form == Form::kDeviation &&
             same_reduction(*left, *right)) {
    set(node, normalised(node_name_, left->base, left->axis));
  } else {
    throw Unsupported("a computed divisor", "constants; the deviation of a LayerNorm");
  }
}

void Translator::pow(const Node& node) {
  const ValuePtr value = in(node, 0);
  const ValuePtr exponent = in(node, 1);
  if (is_constant(value) && is_constant(exponent)) {
    set(node, fold_binary("Pow", *value, *exponent));
    return;
  }
  const double power = scalar_of(*exponent);
  if (power != 2) throw Unsupported("power " + std::to_string(power), "2");
  set(node, squared(value));
}

void Translator::sqrt(const Node& node) {
  const ValuePtr value = in(node, 0);
  if (is_constant(value)) {
    set(node, fold_unary("Sqrt", *value));
  } else if (value->form == Form::kVarianceEpsilon) {
    set(node, step(*value, Form::kDeviation));
  } else {
    throw Unsupported("a computed value", "constants; the variance of a LayerNorm plus 1e-5");
  }
}

void Translator::neg(const Node& node) {
  const ValuePtr value = in(node, 0);
  Tensor minus;
  minus.floats = {-1};
  set(node, is_constant(value) ? fold_unary("Neg", *value) : scaled(value, *constant_of(minus)));
}

void Translator::relu(const Node& node) {
  const ValuePtr x = elements(node, 0);
  set(node, elements_of(x->dims, assembler_.relu(x->elements)));
}

void Translator::sigmoid(const Node& node) {
  const ValuePtr x = elements(node, 0);
  set(node, elements_of(x->dims, assembler_.sigmoid(node_name_, x->elements)));
}

}  // namespace recpim::onnx_import
