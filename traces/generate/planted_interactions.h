// SPDX-License-Identifier: Apache-2.0
/// @file
/// Labels drawn from a stated function with first-order, pairwise and third-order interactions of
/// stated strengths: data that tells models of different kinds apart, with a known Bayes loss.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "traces/format/trace.h"
#include "traces/support/random.h"

namespace recpim {

struct PlantedOptions {
  /// Standard deviations of the three parts of the logit.
  double first = 1, pairs = 1, triples = 1;
  int dims = 4;  ///< Latent dimensions of the interactions, 1 to kMaxPlantedDims.
  /// The fields that interact; all fields have a first-order part.
  std::vector<std::size_t> tables;
  std::vector<std::uint32_t> dense;
  double click_rate = 0.25;  ///< Mean of P(label = 1).
};

constexpr int kMaxPlantedDims = 15;

/// The three parts before scaling: sums over fields, pairs of fields and triples of fields.
struct OrderParts {
  double first = 0, pairs = 0, triples = 0;
};

/// For one latent dimension: sum of e_f e_g over f < g, and of e_f e_g e_h over f < g < h, by
/// Newton's identities from the power sums of the e_f.
OrderParts interactions_of(double sum, double squares, double cubes);

/// The function. Fields f are the T tables and the D dense features. With hidden values that are
/// functions of the seed:
///   table t, bag R of n rows:  x_f0 = sum over R of h[t][r][0] / sqrt(n), x_fk the same with
///                              h[t][r][k], k = 1 .. K;  h uniform, mean 0, variance 1
///   dense feature j:           x_fk = s_jk * value, s_jk = +1 or -1, k = 0 .. K
///   u_f  = (x_f0 - mean) / deviation          e_fk = (x_fk - mean) / deviation
///   first   = sum of u_f over all fields
///   pairs   = sum over k and interacting fields f < g of e_fk e_gk
///   triples = sum over k and interacting fields f < g < h of e_fk e_gk e_hk
///   logit   = bias + A first' + B pairs' + C triples',  ' = (part - mean) / deviation
/// All means and deviations, and the bias that gives the click rate, come from a pilot run. The
/// fields of a generated sample are independent and centred, so that no function of single fields
/// explains anything of `pairs`, and none of pairs of fields anything of `triples`.
class PlantedInteractions {
 public:
  using Visit = std::function<void(const TraceChunk&)>;
  /// Shows a pilot, chunk by chunk, the same one at each call.
  using Pilot = std::function<void(const Visit&)>;

  PlantedInteractions(std::uint64_t seed, std::size_t tables, std::uint32_t dense,
                      const PlantedOptions& options);

  /// Runs the pilot twice; its parts (24 bytes a sample) are held meanwhile.
  void calibrate(const Pilot& pilot);
  /// Of sample b of a chunk, after calibrate().
  double logit(const TraceChunk& chunk, std::uint64_t b) const;
  /// Scaled to mean 0 and variance 1 over the pilot.
  OrderParts parts(const TraceChunk& chunk, std::uint64_t b) const;

  double bias() const { return bias_; }
  const PlantedOptions& options() const { return options_; }
  /// h[table][row][k].
  double hidden(std::size_t table, std::uint32_t row, int k) const;
  /// s[j][k].
  double sign(std::uint32_t dense, int k) const {
    return signs_[dense].at(static_cast<std::size_t>(k));
  }

 private:
  using Values = std::array<double, kMaxPlantedDims + 1>;
  struct Scale {
    double mean = 0, factor = 1;
    double of(double x) const { return (x - mean) * factor; }
  };

  std::size_t fields() const { return tables_ + dense_; }
  int values_of(std::size_t field) const { return interacts_[field] ? options_.dims + 1 : 1; }
  void raw_field(const TraceChunk& chunk, std::uint64_t b, std::size_t field, Values& x) const;
  OrderParts raw_parts(const TraceChunk& chunk, std::uint64_t b) const;
  void scale_fields(const Pilot& pilot);
  double logit_of(const OrderParts& scaled) const;

  std::uint64_t seed_;
  std::size_t tables_;
  std::uint32_t dense_;
  PlantedOptions options_;
  std::vector<bool> interacts_;                                 // A field each, tables first.
  std::vector<Values> signs_;                                   // A dense feature each.
  std::vector<std::array<Scale, kMaxPlantedDims + 1>> scales_;  // A field each.
  Scale first_, pairs_, triples_;
  double bias_ = 0;
};

}  // namespace recpim
