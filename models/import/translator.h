// SPDX-License-Identifier: Apache-2.0
/// @file
/// Evaluates the nodes of an ONNX graph symbolically: every value becomes a constant, indices, or
/// elements of our operators. Only what the output needs is looked at.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/import/assembler.h"
#include "models/import/onnx_file.h"
#include "models/import/value.h"
#include "traces/format/trace.h"

namespace recpim::onnx_import {

class Translator {
 public:
  Translator(Graph graph, const TraceInfo& trace, Precision precision);

  /// The model; `add_sigmoid`: after an output that is a logit. InputError names file and node.
  Model translate(bool add_sigmoid);

 private:
  using Handler = void (Translator::*)(const Node&);
  static const std::map<std::string, Handler>& handlers();

  // translator.cpp: inputs, outputs, dispatch.
  void find_needed();
  std::vector<std::string> needed_inputs(const Node& node) const;
  void bind_inputs();
  void bind_dense(const std::vector<const Input*>& inputs);
  void bind_indices(const std::vector<const Input*>& inputs);
  void run(const Node& node);
  Model finish(bool add_sigmoid);
  [[noreturn]] void fail(const Node& node, const std::string& value,
                         const std::string& accepted) const;

  ValuePtr find(const std::string& name);
  ValuePtr in(const Node& node, std::size_t i);  ///< In any form.
  bool has(const Node& node, std::size_t i) const;
  /// As a constant, indices or elements.
  ValuePtr settled(const Node& node, std::size_t i) { return settle(in(node, i)); }
  ValuePtr settle(const ValuePtr& value);
  /// As elements; a constant is not.
  ValuePtr elements(const Node& node, std::size_t i);
  ValuePtr as_elements(const ValuePtr& value);
  void set(const Node& node, ValuePtr value, std::size_t output = 0);
  std::int64_t integer(const Node& node, const std::string& name, std::int64_t otherwise) const;
  double number(const Node& node, const std::string& name, double otherwise) const;
  /// An attribute of early opsets that later ones have as input `i`; empty where it is absent.
  std::vector<std::int64_t> list(const Node& node, const std::string& name, std::size_t i);

  // shape_nodes.cpp
  void constant(const Node& node);
  void constant_of_shape(const Node& node);
  void identity(const Node& node);
  void cast(const Node& node);
  void shape(const Node& node);
  void reshape(const Node& node);
  void flatten(const Node& node);
  void squeeze(const Node& node);
  void unsqueeze(const Node& node);
  void transpose_node(const Node& node);
  void slice(const Node& node);
  void split(const Node& node);
  void concat(const Node& node);
  void expand(const Node& node);
  void pad_node(const Node& node);
  void gather(const Node& node);
  void where(const Node& node);

  // lookup_nodes.cpp
  ValuePtr look_up(const Node& node, const Value& table, const std::string& table_name,
                   const Value& indices);
  void aten(const Node& node);
  void loop(const Node& node);
  void set_bag(const Node& node, const Value& table, const std::string& table_name,
               const ValuePtr& indices);

  // arithmetic_nodes.cpp
  void add(const Node& node);
  void sub(const Node& node);
  void mul(const Node& node);
  void div(const Node& node);
  void pow(const Node& node);
  void sqrt(const Node& node);
  void neg(const Node& node);
  void sum(const Node& node);
  void relu(const Node& node);
  void sigmoid(const Node& node);
  ValuePtr added(const Node& node, const ValuePtr& left, const ValuePtr& right);
  ValuePtr scaled(const ValuePtr& value, const Value& factor);
  ValuePtr shifted(const ValuePtr& value, const Value& shift);
  ValuePtr squared(const ValuePtr& value);

  // matrix_nodes.cpp
  void gemm(const Node& node);
  void matmul(const Node& node);
  void reduce_sum(const Node& node);
  void reduce_mean(const Node& node);
  void softmax(const Node& node);
  void layer_normalisation(const Node& node);
  void batch_normalisation(const Node& node);
  ValuePtr multiplied(const Node& node, const ValuePtr& x, const Value& weight);
  ValuePtr attended(const Node& node, const Value& weights, const ValuePtr& values);
  ValuePtr reduced(const ValuePtr& base, std::size_t axis, bool keep, Form form) const;
  ValuePtr normalised(const std::string& name, const ValuePtr& x, std::size_t axis);
  ValuePtr settled_reduction(const Value& value);
  ValuePtr settled_scores(const Value& value);

  Graph graph_;
  const TraceInfo& trace_;
  Assembler assembler_;
  std::map<std::string, ValuePtr> values_;
  std::set<std::string> needed_;
  std::int64_t batch_ = 0;  ///< The size of the batch where the file fixes it.
  std::string node_name_;   ///< Of the node at work.
};

/// The value without a pattern: elements of the given shape.
ValuePtr elements_of(Dims dims, Elements elements);

}  // namespace recpim::onnx_import
