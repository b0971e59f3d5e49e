// SPDX-License-Identifier: Apache-2.0
#include "models/import/constants.h"

#include <cmath>
#include <limits>
#include <type_traits>

namespace recpim::onnx_import {
namespace {

float apply(const std::string& op, float a, float b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Equal") return a == b ? 1.0F : 0.0F;
  return std::pow(a, b);
}

std::int64_t to_integer(double value) {
  if (!(std::abs(value) < 9e18)) {
    throw Unsupported("the integer " + std::to_string(value), "integers of 64 bits");
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t apply(const std::string& op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool beyond = false;
  if (op == "Add") {
    beyond = __builtin_add_overflow(a, b, &result);
  } else if (op == "Sub") {
    beyond = __builtin_sub_overflow(a, b, &result);
  } else if (op == "Mul") {
    beyond = __builtin_mul_overflow(a, b, &result);
  } else if (op == "Equal") {
    result = a == b ? 1 : 0;
  } else if (op == "Div") {
    beyond = b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min());
    if (!beyond) result = a / b;
  } else {
    result = to_integer(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  if (beyond) {
    throw Unsupported(op + " of " + std::to_string(a) + " and " + std::to_string(b),
                      "results of 64 bits");
  }
  return result;
}

// As floats or as integers, spread over `dims`.
template <typename T>
std::vector<T> spread(const Value& value, const Dims& dims) {
  const Move move = broadcast(value.dims, dims);
  std::vector<T> result;
  result.reserve(move.from.size());
  for (const std::int64_t from : move.from) {
    const auto i = static_cast<std::size_t>(from);
    if constexpr (std::is_same_v<T, float>) {
      result.push_back(value.constant.is_float ? value.constant.floats[i]
                                               : static_cast<float>(value.constant.integers[i]));
    } else {
      result.push_back(value.constant.is_float
                           ? to_integer(static_cast<double>(value.constant.floats[i]))
                           : value.constant.integers[i]);
    }
  }
  return result;
}

}  // namespace

ValuePtr constant_of(Tensor tensor) {
  auto value = std::make_shared<Value>();
  value->form = Form::kConstant;
  value->dims = tensor.dims;
  value->constant = std::move(tensor);
  return value;
}

ValuePtr fold_binary(const std::string& op, const Value& left, const Value& right) {
  Tensor result;
  result.dims = broadcast_dims(left.dims, right.dims);
  if (left.constant.is_float || right.constant.is_float) {
    const auto a = spread<float>(left, result.dims);
    const auto b = spread<float>(right, result.dims);
    for (std::size_t i = 0; i < a.size(); ++i) result.floats.push_back(apply(op, a[i], b[i]));
  } else {
    result.is_float = false;
    const auto a = spread<std::int64_t>(left, result.dims);
    const auto b = spread<std::int64_t>(right, result.dims);
    for (std::size_t i = 0; i < a.size(); ++i) result.integers.push_back(apply(op, a[i], b[i]));
  }
  return constant_of(std::move(result));
}

ValuePtr fold_unary(const std::string& op, const Value& value) {
  Tensor result = value.constant;
  result.dims = value.dims;
  for (float& f : result.floats) f = op == "Neg" ? -f : std::sqrt(f);
  for (std::int64_t& i : result.integers) {
    if (op != "Neg") throw Unsupported("a root of integers", "floats");
    i = apply("Sub", std::int64_t{0}, i);
  }
  return constant_of(std::move(result));
}

ValuePtr fold_where(const Value& condition, const Value& left, const Value& right) {
  Tensor result;
  result.dims = broadcast_dims(broadcast_dims(condition.dims, left.dims), right.dims);
  result.is_float = left.constant.is_float;
  const auto chosen = spread<std::int64_t>(condition, result.dims);
  const auto pick_from = [&](auto& to, const auto& a, const auto& b) {
    for (std::size_t i = 0; i < a.size(); ++i) to.push_back(chosen[i] != 0 ? a[i] : b[i]);
  };
  if (result.is_float) {
    pick_from(result.floats, spread<float>(left, result.dims), spread<float>(right, result.dims));
  } else {
    pick_from(result.integers, spread<std::int64_t>(left, result.dims),
              spread<std::int64_t>(right, result.dims));
  }
  return constant_of(std::move(result));
}

ValuePtr fold_cast(const Value& value, std::int64_t type) {
  constexpr std::int64_t kFloat = 1;
  constexpr std::int64_t kInt32 = 6;
  constexpr std::int64_t kInt64 = 7;
  constexpr std::int64_t kBool = 9;
  constexpr std::int64_t kDouble = 11;
  Tensor result;
  result.dims = value.dims;
  result.is_float = type == kFloat || type == kDouble;
  if (!result.is_float && type != kInt32 && type != kInt64 && type != kBool) {
    throw Unsupported("a cast to type " + std::to_string(type),
                      "FLOAT, DOUBLE, INT32, INT64, BOOL");
  }
  if (result.is_float) {
    result.floats = spread<float>(value, value.dims);
  } else {
    result.integers = spread<std::int64_t>(value, value.dims);
    if (type == kBool) {
      for (std::int64_t& i : result.integers) i = i != 0 ? 1 : 0;
    }
  }
  return constant_of(std::move(result));
}

}  // namespace recpim::onnx_import
