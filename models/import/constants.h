// SPDX-License-Identifier: Apache-2.0
/// @file
/// Arithmetic on constants: exporters compute shapes and places with it.
#pragma once

#include <string>
#include <vector>

#include "models/import/value.h"

namespace recpim::onnx_import {

/// Add, Sub, Mul, Div, Pow, Equal of two constants, with the broadcasting of numpy.
ValuePtr fold_binary(const std::string& op, const Value& left, const Value& right);
/// Neg, Sqrt of a constant.
ValuePtr fold_unary(const std::string& op, const Value& value);
ValuePtr fold_where(const Value& condition, const Value& left, const Value& right);
/// To another type of ONNX (TensorProto::DataType).
ValuePtr fold_cast(const Value& value, std::int64_t type);
ValuePtr constant_of(Tensor tensor);

}  // namespace recpim::onnx_import
