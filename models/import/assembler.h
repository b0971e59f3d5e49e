// SPDX-License-Identifier: Apache-2.0
/// @file
/// Puts our graph together from tensors whose elements lie anywhere: joins, reorders, scales and
/// shifts them with as few operators as it takes.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/graph/builder.h"
#include "models/import/value.h"

namespace recpim::onnx_import {

/// y = W x + b; weight outputs x inputs.
struct Linear {
  std::size_t outputs = 0, inputs = 0;
  std::vector<float> weight, bias;
};

/// Every function returns the elements of its result, row-major; `name` is that of the ONNX node.
/// Throws Unsupported.
class Assembler {
 public:
  explicit Assembler(Precision precision) : builder_("onnx", precision, 0) {}

  Elements dense(int width);
  Elements embedding(const std::string& name, int table, std::uint64_t rows, int width,
                     const float* weight);

  /// Moves scales and shifts into the fcs and LayerNorms that the elements come from, where these
  /// have no ReLU.
  void fold(Elements& elements);

  /// Each of `vectors` vectors by itself.
  Elements fc(const std::string& name, Elements x, std::size_t vectors, const Linear& linear);
  /// The sum of all elements, as one fc: those that come from an fc of one output bring its inputs.
  Elements total(const std::string& name, const Elements& terms);
  Elements relu(Elements x);
  Elements sigmoid(const std::string& name, Elements x);
  Elements layer_norm(const std::string& name, const Elements& x, std::size_t vectors,
                      std::size_t width);
  /// kAdd or kMul of rows x width.
  Elements pairwise(OpKind kind, const std::string& name, const Elements& left,
                    const Elements& right, std::size_t rows, std::size_t width);
  /// rows x rows; what lies on the diagonal is unavailable.
  Elements dot(const std::string& name, const Elements& x, std::size_t rows, std::size_t width);
  Elements fm(const std::string& name, const Elements& x, std::size_t rows, std::size_t width);
  Elements attention(const std::string& name, const Elements& queries, const Elements& keys,
                     const Elements& values, std::size_t rows, std::size_t width,
                     std::size_t heads);

  /// The model whose last operator has these elements as rows x width.
  Model finish(const Elements& elements, std::size_t rows, std::size_t width);

 private:
  Operator& at(int op) { return builder_.at(op); }
  std::string unique(const std::string& name);
  int append(Operator op, const std::string& name);
  int clone(int op);
  void fold_into(int op, Elements& elements);

  /// An operator of rows x width with these elements in this order.
  int place(const Elements& elements, std::size_t rows, std::size_t width);
  /// The operators whose outputs, one after the other, are these elements; empty where none are.
  std::vector<int> whole(const Elements& elements);
  bool starts_whole(const Elements& elements, std::size_t at);
  int joined(const std::vector<int>& ops, std::size_t rows, std::size_t width);
  /// An fc that computes elements which no operator has in this order or scale.
  int route(const Elements& run);
  int select(int fc, const Elements& run);
  /// An fc on all operators that the elements come from: each column where its element lies.
  int scatter(const std::string& name, const Elements& x, const Linear& linear);
  /// An fc that leaves its input as it is.
  int identity(int op);
  int wide(int op);
  int with_relu(int op);
  Elements per_operator(Elements x, const std::function<int(int)>& change);
  Elements all_of(int op);
  /// Where an element comes from that concats only pass on.
  Element origin(int op, int index);

  ModelBuilder builder_;
  std::map<std::string, std::string> names_;  // And what each was asked to be.
  std::map<std::pair<std::vector<int>, std::size_t>, int> joined_;
  std::map<int, int> wide_, relu_;
};

/// columns x rows from rows x columns.
Elements transposed(const Elements& elements, std::size_t rows, std::size_t columns);

}  // namespace recpim::onnx_import
