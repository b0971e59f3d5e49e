// SPDX-License-Identifier: Apache-2.0
/// @file
/// Puts a model together, operator by operator, and gives it random weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "traces/format/trace.h"

namespace recpim {

struct Precision {
  int weight_bits = 8;      ///< Of every fc and embedding: 2, 4, 8.
  int activation_bits = 8;  ///< Of every output but what has 16 bits: 4, 8.
};

/// Every function returns the position of the operator that it added. What a LayerNorm or a sigmoid
/// will read must be said to be wide(): it then has 16 bits.
class ModelBuilder {
 public:
  ModelBuilder(std::string kind, Precision precision, std::uint64_t seed);

  /// Of the operators added from now on.
  void set_precision(Precision precision) { precision_ = precision; }

  int dense(int width);
  int embedding(const std::string& name, int table, std::uint64_t table_rows, int dim);
  /// y = W x + b of all elements of the input.
  int fc(const std::string& name, int input, int width, bool relu = false);
  /// The same of each row (kWidth) or column (kRows); `outputs` on the axis.
  int fc_along(const std::string& name, int input, Axis axis, int outputs);
  /// fcs one after the other, ReLU after each but (unless `relu_last`) the last: name0, name1, ...
  int chain(const std::string& name, int input, const std::vector<int>& widths, bool relu_last);
  int layer_norm(const std::string& name, int input, Axis axis, bool relu = false);
  /// As one row, or (rows > 1) row by row; also reshapes a single input.
  int concat(const std::string& name, const std::vector<int>& inputs, int rows = 1);
  int pad(const std::string& name, int input, int width);
  int dot(const std::string& name, int input);
  int fm(const std::string& name, int input);
  int add(const std::string& name, const std::vector<int>& inputs);
  int mul(const std::string& name, int left, int right);
  int attention(const std::string& name, int queries, int keys, int values, int heads);
  int sigmoid(const std::string& name, int input);

  int wide(int position) {
    at(position).activation_bits = 16;
    return position;
  }
  Operator& at(int position) { return model_.operators[static_cast<std::size_t>(position)]; }

  /// The model, its last operator `output`, without the operators that do not lead there, and
  /// without weights.
  Model finish_without_weights(int output);
  /// The same with random weights.
  Model finish(int output);

 private:
  int add_operator(const std::string& name, OpKind kind, const std::vector<int>& inputs, int rows,
                   int width);

  Precision precision_;
  Model model_;
};

/// The standard deviation of an operator's initial weights (0 where they are constant).
double initial_deviation(const Model& model, const Operator& op);

/// Random weights of deviation initial_deviation(); biases are 0, LayerNorms
/// have their initial gain. Operator p
/// draws from a random sequence of its own, (seed, p).
void initialise_weights(Model& model);

}  // namespace recpim
