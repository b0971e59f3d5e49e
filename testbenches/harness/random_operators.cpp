// SPDX-License-Identifier: Apache-2.0
#include "testbenches/harness/random_operators.h"

#include <algorithm>
#include <vector>

#include "models/graph/builder.h"

namespace recpim::testing {
namespace {

constexpr int kMostRows = 6;
constexpr int kMostWidth = 24;

class RandomGraph {
 public:
  RandomGraph(const TraceInfo& info, std::uint64_t seed, Random& random)
      : random_(random), builder_("random", {}, seed), width_(random.below(2) == 0 ? 4 : 8) {
    keep(builder_.dense(static_cast<int>(info.dense)));
    for (std::size_t t = 0; t < info.tables.size(); ++t) {
      draw_precision();
      keep(builder_.embedding("table" + std::to_string(t), static_cast<int>(t), info.tables[t].rows,
                              width_));
    }
    draw_precision();
    stack(false);
  }

  Model finish() {
    const int steps = 3 + below(5);
    for (int i = 0; i < steps; ++i) step();
    // Whatever nobody reads yet feeds the prediction, the latest operator always.
    std::vector<int> last;
    for (const int op : all_) {
      if (!used_[static_cast<std::size_t>(op)]) last.push_back(op);
    }
    draw_precision();
    const int logit = builder_.fc("logit", builder_.concat("all", last), 1);
    return builder_.finish(builder_.sigmoid("sigmoid", logit));
  }

 private:
  int below(int n) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(n))); }
  bool coin() { return below(2) == 0; }
  std::string name() { return "op" + std::to_string(count_++); }
  Operator& at(int op) { return builder_.at(op); }
  void draw_precision() {
    Precision precision;
    precision.weight_bits = 2 << below(3);
    precision.activation_bits = 4 << below(2);
    builder_.set_precision(precision);
  }

  int keep(int op) {
    all_.push_back(op);
    used_.resize(static_cast<std::size_t>(op) + 1, false);
    (at(op).rows == 1 ? vectors_ : matrices_).push_back(op);
    return op;
  }
  int use(int op) {
    used_[static_cast<std::size_t>(op)] = true;
    return op;
  }
  int vector() { return use(vectors_[random_.below(vectors_.size())]); }
  int matrix() { return use(matrices_[random_.below(matrices_.size())]); }
  /// A matrix whose rows are vectors, the same one more than once if need be.
  int stack(bool tall) {
    std::vector<int> those;
    for (const int op : vectors_) {
      if (at(op).width == width_) those.push_back(op);
    }
    if (those.empty()) those.push_back(keep(builder_.fc(name(), use(vectors_[0]), width_)));
    // Tall: more rows than a small crossbar has.
    const int count = tall ? 17 + below(10) : 2 + below(kMostRows - 1);
    std::vector<int> rows(static_cast<std::size_t>(count));
    for (int& row : rows) row = use(those[random_.below(those.size())]);
    return keep(builder_.concat(name(), rows, count));
  }

  /// Keeps an operator as it is, or behind one or two LayerNorms.
  void maybe_norm(int op, bool always = false) {
    if (!always && below(3) == 0) {
      keep(op);
      return;
    }
    builder_.wide(op);
    const Operator& in = at(op);
    const bool by_width = in.width >= 2 && in.width <= 1024 && (in.rows < 2 || coin());
    if (!by_width && in.rows < 2) {
      at(op).activation_bits = 8;
      keep(op);
      return;
    }
    const int norms = below(4) == 0 ? 2 : 1;  // Two: nothing to be fused behind.
    for (int i = 0; i < norms; ++i) {
      draw_precision();
      keep(builder_.layer_norm(name(), op, by_width ? Axis::kWidth : Axis::kRows, coin()));
    }
  }

  /// Two operators of one shape, vectors padded to it.
  std::vector<int> pair() {
    if (coin()) {
      const int first = matrix();
      std::vector<int> same;
      for (const int op : matrices_) {
        if (at(op).rows == at(first).rows && at(op).width == at(first).width) same.push_back(op);
      }
      return {first, use(same[random_.below(same.size())])};
    }
    std::vector<int> both(2);
    for (int& op : both) op = vector();
    const int width = std::max(at(both[0]).width, at(both[1]).width);
    for (int& op : both) {
      if (at(op).width < width) op = builder_.pad(name(), op, width);
    }
    return both;
  }

  // Draws one after the other: the order in which a call's arguments are evaluated is not fixed.
  void step() {
    draw_precision();
    const int kind = below(12);
    const int size = below(kMostWidth);
    const bool relu = coin();
    switch (kind) {
      case 0:
        keep(builder_.fc(name(), vector(), 1 + size, relu));
        break;
      case 1:
        maybe_norm(builder_.fc(name(), vector(), 2 + size));
        break;
      case 2:
      case 10: {
        const int x = relu ? use(stack(true)) : matrix();
        maybe_norm(builder_.fc_along(name(), x, Axis::kRows, 2 + size % (kMostRows - 1)));
        break;
      }
      case 3:
        maybe_norm(builder_.fc_along(name(), matrix(), Axis::kWidth, relu ? width_ : 2 + size));
        break;
      case 4: {
        std::vector<int> inputs = pair();
        if (relu) inputs.push_back(inputs[0]);
        maybe_norm(builder_.add(name(), inputs));
        break;
      }
      case 5: {
        const std::vector<int> inputs = pair();
        keep(builder_.mul(name(), inputs[0], inputs[1]));
        break;
      }
      case 6:
        gate();
        break;
      case 7:
        maybe_norm(builder_.fm(name(), matrix()));
        break;
      case 8:
        attend();
        break;
      case 9:
        maybe_norm(builder_.dot(name(), matrix()));
        break;
      default:
        stack(relu);
    }
  }

  void gate() {
    const int left = vector();
    const int right = vector();
    const int fc = builder_.fc(name(), left, at(right).width);
    const int open = builder_.sigmoid(name(), fc);
    draw_precision();
    keep(coin() ? builder_.mul(name(), open, right) : builder_.mul(name(), right, open));
  }

  void attend() {
    const int x = matrix();
    const int width = at(x).width;
    std::vector<int> inputs;
    for (int i = 0; i < 3; ++i) {
      draw_precision();
      inputs.push_back(coin() ? x : builder_.fc_along(name(), x, Axis::kWidth, width));
    }
    const int heads = width % 2 == 0 && coin() ? 2 : 1;
    draw_precision();
    maybe_norm(builder_.attention(name(), inputs[0], inputs[1], inputs[2], heads));
  }

  Random& random_;
  ModelBuilder builder_;
  int width_;  ///< Of embeddings, and of the rows of most matrices.
  int count_ = 0;
  std::vector<int> all_, vectors_, matrices_;
  std::vector<bool> used_;
};

}  // namespace

Model random_operators(const TraceInfo& info, std::uint64_t seed, Random& random) {
  return RandomGraph(info, seed, random).finish();
}

}  // namespace recpim::testing
