// SPDX-License-Identifier: Apache-2.0
/// @file
/// Models with a batch and a loss for the tests of Network, and the same computed in double: the
/// function of every operator once more, written down plainly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "models/graph/builder.h"
#include "models/graph/kinds.h"
#include "models/training/network.h"
#include "testbenches/unit/models/small_models.h"

namespace recpim::test {

using Doubles = std::vector<double>;

/// What rounding did to the outputs of a batch, held as it was while weights move: the function
/// whose exact gradient a straight-through gradient is. By operator, batch x elements; empty where
/// nothing was rounded.
struct Frozen {
  std::vector<Doubles> shift;           ///< Added to an output, ReLU included.
  std::vector<std::vector<bool>> held;  ///< The output does not move at all (it was clipped), ...
  std::vector<Doubles> value;           ///< ... but is this.
};

/// A model's float weights in double, and its outputs for one sample.
class DoubleReference {
 public:
  explicit DoubleReference(const Model& model) : model_(model), outputs_(model.operators.size()) {
    for (const Operator& op : model.operators) {
      weight.emplace_back(op.weight.begin(), op.weight.end());
      bias.emplace_back(op.bias.begin(), op.bias.end());
    }
  }

  /// The logit of a sample, which is number `place` of its batch. Appends to `active` whether each
  /// output of a ReLU is above 0.
  double logit(const TraceChunk& chunk, std::uint32_t sample, std::size_t place,
               std::vector<bool>& active) {
    for (std::size_t p = 0; p + 1 < model_.operators.size(); ++p) {
      const Operator& op = model_.operators[p];
      Doubles& y = outputs_[p];
      y.assign(static_cast<std::size_t>(op.elements()), 0.0);
      evaluate(p, chunk, sample, y);
      if (op.relu) {
        for (double& v : y) {
          active.push_back(v > 0);
          v = std::max(v, 0.0);
        }
      }
      if (frozen.shift.empty() || frozen.shift[p].empty()) continue;
      for (std::size_t e = 0; e < y.size(); ++e) {
        const std::size_t at = place * y.size() + e;
        y[e] = frozen.held[p][at] ? frozen.value[p][at] : y[e] + frozen.shift[p][at];
      }
    }
    return outputs_[static_cast<std::size_t>(model_.output().inputs[0])][0];
  }

  Frozen frozen;
  std::vector<Doubles> weight, bias;

 private:
  const Doubles& in(const Operator& op, std::size_t i = 0) const {
    return outputs_[static_cast<std::size_t>(op.inputs[i])];
  }
  const Operator& from(const Operator& op) const {
    return model_.operators[static_cast<std::size_t>(op.inputs[0])];
  }

  void evaluate(std::size_t p, const TraceChunk& chunk, std::uint32_t sample, Doubles& y) const {
    const Operator& op = model_.operators[p];
    const auto width = static_cast<std::size_t>(op.width);
    switch (op.kind) {
      case OpKind::kDenseInput:
        for (std::size_t i = 0; i < width; ++i) y[i] = double{chunk.dense[sample * width + i]};
        break;
      case OpKind::kEmbedding: {
        const auto t = static_cast<std::size_t>(op.table);
        for (auto k = chunk.offsets[t][sample]; k < chunk.offsets[t][sample + 1]; ++k) {
          for (std::size_t i = 0; i < width; ++i) {
            y[i] += weight[p][chunk.indices[t][k] * width + i];
          }
        }
        break;
      }
      case OpKind::kFc:
        multiply(p, y);
        break;
      case OpKind::kLayerNorm:
        normalise(p, y);
        break;
      case OpKind::kConcat:
      case OpKind::kPad: {
        auto to = y.begin();
        for (std::size_t i = 0; i < op.inputs.size(); ++i) {
          to = std::copy(in(op, i).begin(), in(op, i).end(), to);
        }
        break;
      }
      case OpKind::kAdd:
        for (std::size_t i = 0; i < op.inputs.size(); ++i) {
          for (std::size_t e = 0; e < y.size(); ++e) y[e] += in(op, i)[e];
        }
        break;
      case OpKind::kMul:
        for (std::size_t e = 0; e < y.size(); ++e) y[e] = in(op, 0)[e] * in(op, 1)[e];
        break;
      case OpKind::kSigmoid:
        for (std::size_t e = 0; e < y.size(); ++e) y[e] = 1 / (1 + std::exp(-in(op)[e]));
        break;
      case OpKind::kFm:
        for (std::size_t c = 0; c < width; ++c) {
          double sum = 0;
          double squares = 0;
          for (std::size_t e = c; e < in(op).size(); e += width) {
            sum += in(op)[e];
            squares += in(op)[e] * in(op)[e];
          }
          y[c] = sum * sum - squares;
        }
        break;
      case OpKind::kDot:
        pair(op, y);
        break;
      case OpKind::kAttention:
        attend(op, y);
        break;
    }
  }

  void multiply(std::size_t p, Doubles& y) const {
    const Operator& op = model_.operators[p];
    const FcShape shape = fc_shape(model_, op);
    for (int v = 0; v < shape.vectors; ++v) {
      for (int o = 0; o < shape.outputs; ++o) {
        double sum = bias[p][static_cast<std::size_t>(o)];
        for (int i = 0; i < shape.inputs; ++i) {
          const int at = op.axis == Axis::kRows ? i * shape.vectors + v : v * shape.inputs + i;
          sum += weight[p][static_cast<std::size_t>(o * shape.inputs + i)] *
                 in(op)[static_cast<std::size_t>(at)];
        }
        const int at = op.axis == Axis::kRows ? o * shape.vectors + v : v * shape.outputs + o;
        y[static_cast<std::size_t>(at)] = sum;
      }
    }
  }

  void normalise(std::size_t p, Doubles& y) const {
    const Operator& op = model_.operators[p];
    const bool rows = op.axis == Axis::kRows;
    const auto n = static_cast<std::size_t>(rows ? op.rows : op.width);
    const std::size_t vectors = y.size() / n;
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto at = [&](std::size_t i) { return rows ? i * vectors + v : v * n + i; };
      double mean = 0;
      double variance = 0;
      for (std::size_t i = 0; i < n; ++i) mean += in(op)[at(i)] / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i) {
        variance += std::pow(in(op)[at(i)] - mean, 2) / static_cast<double>(n);
      }
      for (std::size_t i = 0; i < n; ++i) {
        y[at(i)] = (in(op)[at(i)] - mean) / std::sqrt(variance + kLayerNormEpsilon) * weight[p][i] +
                   bias[p][i];
      }
    }
  }

  void pair(const Operator& op, Doubles& y) const {
    const auto width = static_cast<std::size_t>(from(op).width);
    std::size_t k = 0;
    for (std::size_t i = 1; i < static_cast<std::size_t>(from(op).rows); ++i) {
      for (std::size_t j = 0; j < i; ++j, ++k) {
        for (std::size_t c = 0; c < width; ++c) {
          y[k] += in(op)[i * width + c] * in(op)[j * width + c];
        }
      }
    }
  }

  void attend(const Operator& op, Doubles& y) const {
    const auto rows = static_cast<std::size_t>(op.rows);
    const auto width = static_cast<std::size_t>(op.width);
    const std::size_t depth = width / static_cast<std::size_t>(op.heads);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t first = 0; first < width; first += depth) {
        Doubles score(rows, 0.0);
        for (std::size_t j = 0; j < rows; ++j) {
          for (std::size_t c = first; c < first + depth; ++c) {
            score[j] += in(op, 0)[i * width + c] * in(op, 1)[j * width + c];
          }
          score[j] = std::exp(score[j] / std::sqrt(static_cast<double>(depth)));
        }
        const double total = std::accumulate(score.begin(), score.end(), 0.0);
        for (std::size_t c = first; c < first + depth; ++c) {
          for (std::size_t j = 0; j < rows; ++j) {
            y[i * width + c] += score[j] / total * in(op, 2)[j * width + c];
          }
        }
      }
    }
  }

  const Model& model_;
  std::vector<Doubles> outputs_;
};

/// A model and a batch of a chunk that fits it. Weights, biases and gains are of order one.
struct NetworkProblem {
  Model model;
  TraceChunk chunk;
  Batch batch;

  NetworkProblem(Model of, const TraceInfo& info, std::size_t samples, std::uint64_t seed)
      : model(std::move(of)), chunk(random_chunk(info, 2 * samples, 3, seed)) {
    Random random(seed, 1);
    for (Operator& op : model.operators) {
      const bool norm = op.kind == OpKind::kLayerNorm;
      for (float& w : op.weight) {
        if (op.kind == OpKind::kEmbedding) w = static_cast<float>(0.7 * random.normal());
        if (norm) w = static_cast<float>(1 + 0.3 * random.normal());
      }
      for (float& b : op.bias) {
        if (norm || op.biased) b = static_cast<float>(0.3 * random.normal());
      }
    }
    for (std::size_t i = 0; i < samples; ++i) {
      batch.samples.push_back(static_cast<std::uint32_t>(random.below(chunk.count)));
    }
  }
  NetworkProblem(const NetworkProblem&) = delete;
  NetworkProblem& operator=(const NetworkProblem&) = delete;

  const Batch& ready() {
    batch.chunk = &chunk;
    return batch;
  }

  float label(std::size_t i) const { return chunk.labels[batch.samples[i]]; }

  /// d mean log loss / d logit.
  Matrix logit_gradient(const Matrix& logits) const {
    Matrix g(logits.rows(), 1);
    for (Eigen::Index b = 0; b < logits.rows(); ++b) {
      const double p = 1 / (1 + std::exp(-double{logits(b, 0)}));
      g(b, 0) = static_cast<float>((p - label(static_cast<std::size_t>(b))) /
                                   static_cast<double>(logits.rows()));
    }
    return g;
  }

  /// The mean log loss in double, and in `active` which ReLUs let through.
  double loss(DoubleReference& reference, std::vector<bool>& active) const {
    active.clear();
    double sum = 0;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const double z = reference.logit(chunk, batch.samples[i], i, active);
      sum += std::log1p(std::exp(z)) - label(i) * z;
    }
    return sum / static_cast<double>(batch.samples.size());
  }
};

/// Where a weight or bias has its gradient; 0 for a row of a table that the batch did not look up.
inline double gradient_at(const Gradient& gradient, const Operator& op, bool bias, std::size_t i) {
  if (bias) return double{gradient.bias.data()[i]};
  if (op.kind != OpKind::kEmbedding) return double{gradient.weight.data()[i]};
  const auto width = static_cast<std::size_t>(op.width);
  const auto found =
      std::find(gradient.rows.begin(), gradient.rows.end(), static_cast<std::uint32_t>(i / width));
  if (found == gradient.rows.end()) return 0;
  const auto row = static_cast<std::size_t>(found - gradient.rows.begin());
  return double{gradient.weight.data()[row * width + i % width]};
}

/// A graph of random shapes that has every kind of operator at least once, some read by several,
/// with sizes on both sides of every vector width. No LayerNorm of two values: their gradient is
/// the small difference of large terms.
inline Model random_network(const TraceInfo& info, std::uint64_t seed) {
  Random random(seed, 2);
  const auto upto = [&](int least, int most) {
    return least + static_cast<int>(random.below(static_cast<std::uint64_t>(most - least + 1)));
  };
  const int heads = upto(1, 3);
  const int dim = heads * upto(1, 6);
  ModelBuilder b("random", {8, 8}, seed);
  std::vector<int> tables;
  for (std::size_t t = 0; t < info.tables.size(); ++t) {
    tables.push_back(
        b.embedding("emb" + std::to_string(t), static_cast<int>(t), info.tables[t].rows, dim));
  }
  const int dense = b.dense(static_cast<int>(info.dense));
  const int wide = b.fc("spread", dense, dim * upto(1, 3), true);
  const int sparse = b.concat("sparse", tables, static_cast<int>(tables.size()));
  const int more = b.concat("more", {wide}, b.at(wide).width / dim);
  const int both = b.concat("both", {sparse, more}, b.at(sparse).rows + b.at(more).rows);

  const int efc = b.wide(b.fc_along("efc", both, Axis::kRows, upto(3, 19)));
  b.at(efc).biased = random.below(2) == 0;
  const int rows = b.layer_norm("rows", efc, Axis::kRows, random.below(2) == 0);
  const int keys = random.below(2) == 0 ? rows : b.fc_along("keys", rows, Axis::kWidth, dim);
  const int attention = b.attention("attention", rows, keys, rows, heads);
  const int residual = b.wide(b.add("residual", {attention, rows, rows}));
  const int norm = dim > 2 ? b.layer_norm("norm", residual, Axis::kWidth) : attention;
  const int inner = b.fc_along("inner", norm, Axis::kWidth, upto(1, 21));
  b.at(inner).relu = true;
  const int outer = b.fc_along("outer", inner, Axis::kWidth, dim);
  const int sum = b.add("sum", {outer, keys});

  const int dot = b.dot("dot", sum);
  const int fm = b.fm("fm", random.below(2) == 0 ? sum : both);
  const int width = upto(3, 40);
  const int left = b.wide(b.fc("left", dot, width));
  b.at(left).biased = false;
  const int left_norm = b.layer_norm("left_norm", left, Axis::kWidth, true);
  const int right = b.fc("right", fm, upto(1, width), random.below(2) == 0);
  const int padded = b.pad("padded", right, width);
  const int gate = b.sigmoid("gate", b.fc("gate_logit", left_norm, width));
  const int gated = b.mul("gated", gate, padded);
  const int square = b.mul("square", left_norm, left_norm);
  const int total = b.concat("total", {gated, square, sum, left_norm});
  const int logit = b.fc("logit", b.fc("last", total, upto(1, 20), true), 1);
  return b.finish(b.sigmoid("out", logit));
}

}  // namespace recpim::test
