// SPDX-License-Identifier: Apache-2.0
/// @file
/// A recommender model: a graph of operators with float weights and, once quantised, the integers
/// that the hardware computes with. On disk a folder: model.json (graph, quantisation, splits) and
/// model.h5 (weights); layout in README.md of this folder.
///
/// The numbers follow the numeric contract in sim/README.md; models/ops has the references.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recpim {

enum class OpKind {
  kDenseInput,  ///< The dense features of a sample, quantised by whoever feeds the machine.
  kEmbedding,   ///< Sum of the rows of one table that a sample looks up (multi-hot pooling).
  kFc,          ///< y = W x + b, then ReLU or nothing.
  kConcat,      ///< Inputs one after the other. No hardware: the consumer's input is assembled so.
  kDot,         ///< Pairwise dot products of the rows of its input: strict lower triangle, row by
                ///< row: (1,0), (2,0), (2,1), (3,0), ...
  kSigmoid,     ///< Of a Q4.11 logit, to a probability in units of 2^-16.
};

/// How an operator's output is held: the integer q stands for q * scale.
struct TensorFormat {
  bool is_signed = true;
  int bits = 8;  ///< 4, 8 (activations); 16 (a logit: signed Q4.11; a probability: unsigned).
  double scale = 1.0;
};

/// acc -> (acc * multiplier + 2^(shift-1)) >> shift, saturated to the output format.
/// One per output channel; multiplier 0 ... 2^31 - 1, shift 1 ... 62.
struct Requantiser {
  std::int32_t multiplier = 0;
  std::uint8_t shift = 1;
};

struct Operator {
  std::string name;
  OpKind kind = OpKind::kFc;
  std::vector<int> inputs;  ///< Positions of earlier operators in Model::operators.
  int rows = 1;             ///< Output shape: rows x width elements, row-major.
  int width = 0;
  bool relu = false;             ///< kFc.
  int table = -1;                ///< kEmbedding: which table of the trace.
  std::uint64_t table_rows = 0;  ///< kEmbedding.
  int weight_bits = 8;           ///< kFc, kEmbedding: 2, 4 or 8.
  int activation_bits =
      8;  ///< Asked of the output: 4 or 8 (16 where the operator feeds a sigmoid).

  // Float weights. kFc: width x (inputs' elements), row-major by output channel, and width biases.
  // kEmbedding: table_rows x width. Empty otherwise.
  std::vector<float> weight, bias;

  // kFc, after calibration: mean and mean square of each input, in float. They weigh the errors of
  // the weights when these are quantised, now or again with other bits. May be empty: all alike.
  std::vector<float> input_mean, input_square;

  // After quantisation (Model::quantised): what the hardware holds.
  TensorFormat output;
  std::vector<std::int8_t> weight_q;     ///< Shape of `weight`, within +-(2^(weight_bits-1) - 1).
  std::vector<std::int32_t> bias_q;      ///< kFc: at scale s_x * s_w[channel].
  std::vector<double> weight_scale;      ///< kFc: one per output channel; kEmbedding: one.
  std::vector<Requantiser> requantiser;  ///< kFc: one per channel; kEmbedding, kDot: one.

  int elements() const { return rows * width; }
  std::int64_t elements64() const { return std::int64_t{rows} * width; }
};

/// Which samples of the trace train, validate and test: drawn 8:1:1 by `seed` over `samples`.
struct Split {
  std::uint64_t seed = 0;
  std::uint64_t samples = 0;
};

struct Model {
  std::string name;
  std::string kind;  ///< "dlrm", "mlp".
  std::uint64_t seed = 0;
  bool quantised = false;
  std::optional<Split> split;
  std::vector<Operator> operators;  ///< Topological order; the last one is the output.

  const Operator& output() const { return operators.back(); }
  int dense_features() const;                        ///< 0 where there is no dense input.
  int find(const std::string& operator_name) const;  ///< -1 where there is none.
};

/// What `load_model` reads: everything, or (for timing runs and mapping) no weights.
enum class Weights { kAll, kIntegers, kNone };

/// Reads and validates model.json and model.h5 of a folder. InputError names file and place.
Model load_model(const std::string& folder, Weights weights = Weights::kAll);
/// Writes the folder whole or not at all.
void save_model(const Model& model, const std::string& folder);
/// SHA-256 over model.json and model.h5.
std::string model_sha256(const std::string& folder);

/// What Model::name may be: it is printed in one-line messages and tables.
constexpr const char* kModelNames = "1 to 64 characters, none of them a control character";
bool is_model_name(const std::string& name);

/// Checks shapes, order, formats, ranges (std::invalid_argument says which operator and why). An
/// array of weights may be absent (not loaded), never of another size.
void validate(const Model& model);

}  // namespace recpim
