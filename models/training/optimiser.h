// SPDX-License-Identifier: Apache-2.0
/// @file
/// Adagrad with a running average of the weights.
#pragma once

#include <cstdint>
#include <vector>

#include "models/graph/graph.h"
#include "models/training/network.h"

namespace recpim {

/// A step is rate * g / sqrt(initial + sum of g^2). The initial sums damp the first steps: they say
/// how much evidence a weight needs before it moves at its full rate.
struct AdagradOptions {
  double rate = 0.03;     ///< Of fcs, and of gains and biases of LayerNorms.
  double initial = 0.01;  ///< Of the same, per weight.
  double table_rate = 0.06;
  double table_initial = 1e-4;  ///< One sum a table row: the mean of g^2 over the row.
  double table_decay = 0;       ///< L2: added to the gradient of a row that a batch looks up.
  double average = 0.999;       ///< Of the running average: the part kept a step; 0 for none.
};

/// Trains the float weights of a model, and keeps their average in another of the same shape. Only
/// the rows that a batch looks up cost time.
class Optimiser {
 public:
  Optimiser(Model& model, const AdagradOptions& options);

  /// One step along the gradients of the network (of this model, after backward()), by its threads.
  /// `factor` scales both rates (the schedule). A bias without a gradient stays as it is.
  void step(const Network& network, double factor);
  /// The averaged weights up to date; valid until the next step().
  const Model& average();

 private:
  void step_dense(const Network& network, std::size_t op, float rate, float part);
  void step_table(std::size_t op, const Gradient& gradient, float rate);
  void average_row(std::size_t op, std::size_t row);

  Model& model_;
  AdagradOptions options_;
  Model average_;
  std::vector<std::vector<float>> weight_sums_, bias_sums_;  // kEmbedding: weight_sums_ per row.
  // The average of a row that no batch looks up draws near its weight at a known pace: log of the
  // product of the kept parts so far, and what it was when the row was last brought up to date.
  double log_kept_ = 0;
  std::vector<std::vector<double>> row_log_kept_;
  std::uint64_t steps_ = 0;
};

}  // namespace recpim
