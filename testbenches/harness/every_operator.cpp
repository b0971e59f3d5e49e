// SPDX-License-Identifier: Apache-2.0
#include "testbenches/harness/every_operator.h"

#include <string>
#include <vector>

#include "models/graph/builder.h"

namespace recpim::testing {
namespace {

class Network {
 public:
  Network(const TraceInfo& info, std::uint64_t seed, Random& random)
      : info_(info), random_(random), b_("every", {8, 8}, seed) {}

  Model model() {
    heads_ = upto(1, 3);
    dim_ = heads_ * upto(1, 4);
    const int both = inputs();
    const int rows = mixed_rows(both);
    const int keys = coin() ? rows : along("keys", rows, Axis::kWidth, dim_);
    const int sum = attention_block(rows, keys);
    return head(sum, coin() ? sum : both);
  }

 private:
  int upto(int least, int most) {
    return least + static_cast<int>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool coin() { return random_.below(2) == 0; }
  /// Of the next operator.
  ModelBuilder& next() {
    constexpr int kWeightBits[] = {2, 4, 8};
    b_.set_precision({kWeightBits[random_.below(3)], coin() ? 4 : 8});
    return b_;
  }
  int along(const std::string& name, int input, Axis axis, int outputs) {
    const int fc = next().fc_along(name, input, axis, outputs);
    b_.at(fc).relu = random_.below(3) == 0;
    return fc;
  }
  int norm(const std::string& name, int input, Axis axis) {
    return next().layer_norm(name, input, axis, coin());
  }

  /// Embeddings and rows made of the dense features.
  int inputs() {
    std::vector<int> tables;
    next();  // One format, so that they may share a tile.
    for (std::size_t t = 0; t < info_.tables.size(); ++t) {
      if (random_.below(4) == 0) next();
      tables.push_back(
          b_.embedding("emb" + std::to_string(t), static_cast<int>(t), info_.tables[t].rows, dim_));
    }
    const int dense = next().dense(static_cast<int>(info_.dense));
    const int spread = next().fc("spread", dense, dim_ * upto(1, 3));
    const int sparse = b_.concat("sparse", tables, static_cast<int>(tables.size()));
    const int more = b_.concat("more", {spread}, b_.at(spread).width / dim_);
    return b_.concat("both", {sparse, more}, b_.at(sparse).rows + b_.at(more).rows);
  }

  int mixed_rows(int both) {
    const int fc = b_.wide(next().fc_along("efc", both, Axis::kRows, upto(3, 9)));
    b_.at(fc).biased = coin();
    return norm("rows", fc, Axis::kRows);
  }

  int attention_block(int rows, int keys) {
    const int attention = next().attention("attention", rows, keys, rows, heads_);
    const int residual = b_.wide(next().add("residual", {attention, rows, keys}));
    // Read by two LayerNorms, so fused to neither; those of a single value are no use.
    const int first =
        dim_ > 1 ? norm("norm", residual, Axis::kWidth) : norm("norm", residual, Axis::kRows);
    const int second = norm("other_norm", residual, Axis::kRows);
    const int inner = along("inner", first, Axis::kWidth, upto(1, 21));
    const int outer = along("outer", inner, Axis::kWidth, dim_);
    return next().add("sum", {outer, second, keys});
  }

  Model head(int sum, int rows) {
    const int dot = next().dot("dot", sum);
    const int fm = next().fm("fm", rows);
    const int width = upto(3, 30);
    const int left = b_.wide(next().fc("left", dot, width));
    const int left_norm = norm("left_norm", left, Axis::kWidth);
    const int right = next().fc("right", fm, upto(1, width), coin());
    const int padded = b_.pad("padded", right, width);
    const int gate = b_.sigmoid("gate", next().fc("gate_logit", left_norm, width));
    const int gated = next().mul("gated", gate, padded);
    // A factor joined from several, whose elements are shifted where the other's are not.
    const int joined = b_.concat("joined", {left_norm, gated});
    const int factor = next().fc("factor", left_norm, 2 * width);
    const int product = next().mul("product", joined, factor);
    const int total = b_.concat("total", {product, sum, padded});
    const int last = next().fc("last", total, upto(1, 20), true);
    Model model = b_.finish(b_.sigmoid("out", next().fc("logit", last, 1)));
    Random gains(model.seed, 1);
    for (Operator& op : model.operators) {
      if (op.kind != OpKind::kLayerNorm) continue;
      for (float& gain : op.weight) gain = static_cast<float>(gains.normal());
      for (float& bias : op.bias) bias = static_cast<float>(0.3 * gains.normal());
    }
    return model;
  }

  const TraceInfo& info_;
  Random& random_;
  ModelBuilder b_;
  int heads_ = 1, dim_ = 1;
};

}  // namespace

Model every_operator(const TraceInfo& info, std::uint64_t seed, Random& shape) {
  return Network(info, seed, shape).model();
}

}  // namespace recpim::testing
