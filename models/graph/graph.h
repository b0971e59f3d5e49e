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
  kFc,          ///< y = W x + b along an axis, then ReLU or nothing.
  kConcat,      ///< Inputs one after the other. No hardware: the consumer's input is assembled so.
  kDot,         ///< Pairwise dot products of the rows of its input: strict lower triangle, row by
                ///< row: (1,0), (2,0), (2,1), (3,0), ...
  kSigmoid,     ///< Of a Q4.11 logit, to a probability in units of 2^-16.
  kLayerNorm,   ///< (x - mean) / deviation along an axis, times a gain plus a bias, then ReLU or
                ///< not.
  kAdd,         ///< Sum of inputs of one shape.
  kMul,         ///< Product, element by element, of two inputs of one shape.
  kFm,          ///< Factorisation machine: (sum of the rows)^2 - sum of their squares.
  kAttention,   ///< Inputs queries, keys, values, rows x width each: per head
                ///< softmax(Q K^T / sqrt(width / heads)) V, the heads side by side.
  kPad,         ///< Its input, then zeros. No hardware, as kConcat.
};

/// Along what an fc multiplies, or a LayerNorm normalises, an input of rows x width.
enum class Axis {
  kAll,    ///< kFc: all elements at once, to one row.
  kWidth,  ///< Each row by itself.
  kRows,   ///< Each column by itself.
};

/// How an operator's output is held: the integer q stands for q * scale.
struct TensorFormat {
  bool is_signed = true;
  /// 4, 8 (activations); 16 (a logit: signed Q4.11; a probability: unsigned; what a LayerNorm
  /// reads: signed).
  int bits = 8;
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
  bool relu = false;             ///< kFc, kLayerNorm.
  Axis axis = Axis::kAll;        ///< kFc; kLayerNorm: kWidth or kRows.
  bool biased = true;            ///< kFc: false where a LayerNorm follows: training leaves it at 0.
  float initial_gain = 1;        ///< kLayerNorm: its gains before training.
  int heads = 1;                 ///< kAttention: a divisor of the width.
  int table = -1;                ///< kEmbedding: which table of the trace.
  std::uint64_t table_rows = 0;  ///< kEmbedding.
  int weight_bits = 8;           ///< kFc, kEmbedding: 2, 4 or 8.
  int activation_bits =
      8;  ///< Asked of the output: 4 or 8 (16 where a sigmoid or a LayerNorm reads it).

  // Float weights. kFc: outputs x inputs (along the axis), row-major, and a bias for each output.
  // kEmbedding: table_rows x width. kLayerNorm: a gain and a bias for each place on the axis. Empty
  // otherwise.
  std::vector<float> weight, bias;

  // kFc, after calibration: mean and mean square of each input, in float. They weigh the errors of
  // the weights when these are quantised, now or again with other bits. May be empty: all alike.
  std::vector<float> input_mean, input_square;

  // After quantisation (Model::quantised): what the hardware holds.
  TensorFormat output;
  // weight_q: shape of `weight`, within +-(2^(weight_bits-1) - 1); kLayerNorm: the gain's sign.
  std::vector<std::int8_t> weight_q;
  // kFc: at scale s_x * s_w[channel]. kLayerNorm: at 2^-10 |gain|.
  std::vector<std::int32_t> bias_q;
  std::vector<double> weight_scale;  ///< kFc: one per output channel; kEmbedding: one.
  // kFc, kLayerNorm: one per channel. kEmbedding, kDot, kAdd, kMul, kFm: one. kAttention: two, of
  // the scores to the exponent of the softmax and of the weighted values to the output.
  std::vector<Requantiser> requantiser;
  std::int64_t epsilon_q = 1;  ///< kLayerNorm: added to n^2 var(x), from n^2 * 1e-5 / scale^2.

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
  std::string kind;  ///< What create.h calls it: "dlrm", "mlp", ...
  std::uint64_t seed = 0;
  bool quantised = false;
  /// The weights are those of initialise_weights(), but for gains that quantisation has moved
  /// between operators: training starts from `seed` again.
  bool random_weights = false;
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
