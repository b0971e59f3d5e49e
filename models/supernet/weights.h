// SPDX-License-Identifier: Apache-2.0
/// @file
/// The weights that all sub-networks of a space share, and their optimiser. README.md,
/// "Training".
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/supernet/subnetwork.h"
#include "models/training/network.h"

namespace recpim::supernet {

/// The values of one Parameter.
struct SharedValues {
  std::vector<float> weight;  ///< rows x columns, row by row.
  std::vector<float> bias;    ///< One a row of a LayerNorm or a biased fc; else none.
  // Adagrad's sums of squared gradients: of each weight (of a table: of each row, the mean over
  // it) and of each bias. Empty where nothing is trained.
  std::vector<float> weight_sum, bias_sum;
};

/// Adagrad: sum += g^2, w -= rate * g / (sqrt(sum) + epsilon), after the gradients of the step have
/// been scaled so that their common norm is at most `clip`. The values are NASRec's;
/// default_options() has others for traces that are small.
struct StepOptions {
  double rate = 0.12;        ///< Of fcs and LayerNorms.
  double epsilon = 1e-2;     ///< Above 0: a gradient may be 0.
  double clip = 5;           ///< Above 0.
  double table_rate = 0.12;  ///< Of tables.
  /// What sums start from, of fcs and LayerNorms and of tables: they damp the first steps.
  double initial = 0, table_initial = 0;
};
bool operator==(const StepOptions& a, const StepOptions& b);

/// What one step applies.
struct Pace {
  float gradient = 1;  ///< Factor of every gradient, from clipping.
  float rate = 0;
  float epsilon = 0;
};
/// `norm` is that of all gradients of the step.
Pace pace_of(const StepOptions& options, double norm);
void adagrad(float* weights, float* sums, const float* gradient, std::size_t count,
             const Pace& pace);

class SharedWeights {
 public:
  /// Without values: whoever makes it fills them in.
  explicit SharedWeights(std::vector<Parameter> parameters);
  /// Random: fcs normal with variance 1 / columns (2 / columns where a ReLU follows at once, and a
  /// hundredth for the last one, so that a new sub-network predicts the share of clicks), tables as
  /// those of every model, gains as said by the parameter, biases 0. Parameter p draws from a
  /// random sequence of its own.
  static SharedWeights random(const SubnetworkBuilder& builder, std::uint64_t seed);
  /// The same for other parameters; `relu` says of which fcs a ReLU follows at once.
  static SharedWeights random(std::vector<Parameter> parameters, const std::vector<bool>& relu,
                              std::uint64_t seed);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  SharedValues& values(std::size_t parameter) { return values_[parameter]; }
  const SharedValues& values(std::size_t parameter) const { return values_[parameter]; }
  /// Bias values of a parameter: rows, or 0.
  static std::uint64_t biases(const Parameter& parameter);
  /// Adagrad's sums of the weights: as many as weights, of a table as many as rows.
  static std::uint64_t sums(const Parameter& parameter);

  /// What step() needs.
  void start_sums(const StepOptions& options);
  void drop_sums();
  bool finite() const;  ///< All weights, biases and sums.

  /// Gives the sub-network copies of its weights, but of no table.
  void gather(Subnetwork& network) const;
  /// Of the tables too.
  void gather_all(Subnetwork& network) const;

  /// One step along the gradients that `of` holds for the model of `network`; its tables must be
  /// back (BorrowedTables). Returns the norm of the gradients before clipping; where that is not
  /// finite nothing has changed.
  double step(const Subnetwork& network, const Network& of, const StepOptions& options);

 private:
  friend class BorrowedTables;
  std::vector<Parameter> parameters_;
  std::vector<SharedValues> values_;
};

/// Lends the tables to a sub-network without a copy: a table may have millions of rows. Back again
/// at the end of its life; until then the shared weights have no tables.
class BorrowedTables {
 public:
  BorrowedTables(SharedWeights& weights, Subnetwork& network);
  ~BorrowedTables();
  BorrowedTables(const BorrowedTables&) = delete;
  BorrowedTables& operator=(const BorrowedTables&) = delete;

 private:
  void exchange();
  SharedWeights& weights_;
  Subnetwork& network_;
};

}  // namespace recpim::supernet
