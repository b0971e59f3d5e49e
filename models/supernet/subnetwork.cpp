// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/subnetwork.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "models/graph/builder.h"
#include "models/supernet/layout.h"

namespace recpim::supernet {
namespace {

// An output of the raw input or a block, and which columns of shared weights read it.
struct Dense {
  int op = -1;
  int width = 0;
};
struct Sparse {
  int op = -1;
  int rows = 0;      // Of the operator.
  bool dsi = false;  // kDsiRows more.
};

// What a block computes: one operator of each kind, or (full path) several that are added.
struct Operators {
  std::vector<DenseOperator> dense;
  std::vector<SparseOperator> sparse;
};

class Construction {
 public:
  Construction(const SpaceDescription& space, const TraceInfo& trace,
               const std::vector<Parameter>& parameters)
      : layout_(space, trace), builder_("nasrec", {}, 0) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      index_.emplace(parameters[p].name, p);
      gains_.push_back(parameters[p].initial_gain);
      biased_.push_back(parameters[p].biased);
    }
    dense_.push_back(
        {builder_.dense(static_cast<int>(trace.dense)), static_cast<int>(trace.dense)});
    std::vector<int> rows;
    for (std::size_t t = 0; t < trace.tables.size(); ++t) {
      const std::string name = "emb" + std::to_string(t);
      rows.push_back(
          builder_.embedding(name, static_cast<int>(t), trace.tables[t].rows, kEmbeddingDim));
      note(rows.back(), name, trace.tables[t].rows, {{0, kEmbeddingDim}});
    }
    const int count = static_cast<int>(rows.size());
    sparse_.push_back({builder_.concat("features", rows, count), count, false});
  }

  void block(const Block& block, const Operators& operators) {
    const int b = static_cast<int>(dense_.size());
    at_ = "b" + std::to_string(b) + "_";
    block_ = &block;
    dense_join_ = sparse_join_ = {};
    use(block.dense_precision);
    std::vector<int> parts;
    for (const DenseOperator op : operators.dense) parts.push_back(dense_operator(op));
    const int merged = sum_of(at_ + "dense", parts);
    use(block.sparse_precision);
    parts.clear();
    for (const SparseOperator op : operators.sparse) parts.push_back(sparse_operator(op));
    const int rows = sum_of(at_ + "sparse", parts);
    dense_.push_back({block.fm ? with_fm(merged, rows) : merged, block.dense_width});
    sparse_.push_back({block.dsi ? with_dsi(merged, rows) : rows, block.sparse_rows, block.dsi});
  }

  Subnetwork finish() {
    use({});
    const Dense& dense = dense_.back();
    const Sparse& sparse = sparse_.back();
    const int all = builder_.concat("outputs", {dense.op, sparse.op});
    std::vector<Run> columns = {{0, static_cast<std::uint64_t>(dense.width)}};
    const auto start = static_cast<std::uint64_t>(layout_.widest());
    for (const Run& run : sparse_runs(sparse, 0)) {
      columns.push_back({start + run.first * kEmbeddingDim, run.count * kEmbeddingDim});
    }
    const int logit = builder_.fc(kLogit, all, 1);
    note(logit, kLogit, 1, columns);
    return finish_at(builder_.sigmoid("sigmoid", logit));
  }

 private:
  void use(const SlotPrecision& slot) {
    builder_.set_precision({slot.weight_bits, slot.activation_bits});
  }

  // --- Weights: which part of which parameter.
  void note(int op, const std::string& parameter, std::uint64_t rows, std::vector<Run> columns) {
    Slice slice;
    slice.op = static_cast<std::size_t>(op);
    slice.parameter = index_.at(parameter);
    slice.rows = rows;
    slice.columns = std::move(columns);
    builder_.at(op).biased = biased_[slice.parameter] || builder_.at(op).kind != OpKind::kFc;
    builder_.at(op).initial_gain = gains_[slice.parameter];
    slices_.push_back(std::move(slice));
  }
  static std::vector<Run> first_columns(int count) {
    return {{0, static_cast<std::uint64_t>(count)}};
  }

  int norm(const std::string& name, int input, Axis axis, bool relu = false) {
    const int op = builder_.layer_norm(name, builder_.wide(input), axis, relu);
    const Operator& in = builder_.at(input);
    note(op, name, static_cast<std::uint64_t>(axis == Axis::kRows ? in.rows : in.width), {{0, 1}});
    return op;
  }

  // An fc of all elements, then a LayerNorm.
  int project(const std::string& name, int input, int width, std::vector<Run> columns,
              bool relu = false) {
    const int fc = builder_.fc(name, input, width);
    note(fc, name, static_cast<std::uint64_t>(width), std::move(columns));
    return norm(name + "_norm", fc, Axis::kWidth, relu);
  }
  // The same along the rows.
  int project_rows(const std::string& name, int input, int rows, std::vector<Run> columns,
                   bool relu = false) {
    const int fc = builder_.fc_along(name, input, Axis::kRows, rows);
    note(fc, name, static_cast<std::uint64_t>(rows), std::move(columns));
    return norm(name + "_norm", fc, Axis::kRows, relu);
  }

  // --- Inputs.
  struct Joined {
    int op = -1;
    std::vector<Run> columns;
  };
  const Joined& join_dense() {
    if (dense_join_.op >= 0) return dense_join_;
    Joined& joined = dense_join_;
    std::vector<int> inputs;
    for (const int j : block_->dense_inputs) {
      const Dense& from = dense_[static_cast<std::size_t>(j)];
      inputs.push_back(from.op);
      joined.columns.push_back({static_cast<std::uint64_t>(layout_.dense_start(j)),
                                static_cast<std::uint64_t>(from.width)});
    }
    joined.op = inputs.size() == 1 ? inputs[0] : builder_.concat(at_ + "dense_inputs", inputs);
    return joined;
  }
  const Joined& join_sparse() {
    if (sparse_join_.op >= 0) return sparse_join_;
    Joined& joined = sparse_join_;
    std::vector<int> inputs;
    int rows = 0;
    for (const int j : block_->sparse_inputs) {
      const Sparse& from = sparse_[static_cast<std::size_t>(j)];
      inputs.push_back(from.op);
      rows += builder_.at(from.op).rows;
      for (const Run& run : sparse_runs(from, layout_.sparse_start(j))) {
        joined.columns.push_back(run);
      }
    }
    joined.op =
        inputs.size() == 1 ? inputs[0] : builder_.concat(at_ + "sparse_inputs", inputs, rows);
    return joined;
  }
  std::vector<Run> sparse_runs(const Sparse& sparse, int start) const {
    const auto first = static_cast<std::uint64_t>(start);
    std::vector<Run> runs = {{first, static_cast<std::uint64_t>(sparse.rows)}};
    if (sparse.dsi) {
      runs.push_back({first + static_cast<std::uint64_t>(layout_.most_rows()), kDsiRows});
    }
    return runs;
  }

  // --- Operators.
  int sum_of(const std::string& name, const std::vector<int>& parts) {
    return parts.size() == 1 ? parts[0] : builder_.add(name, parts);
  }

  int dense_operator(DenseOperator op) {
    const int width = block_->dense_width;
    switch (op) {
      case DenseOperator::kFc: {
        const Joined& in = join_dense();
        return project(at_ + "fc", in.op, width, in.columns, true);
      }
      case DenseOperator::kDot:
        return dot(width);
      case DenseOperator::kGating:
        return gating(width);
      case DenseOperator::kSum: {
        const auto [left, right] = paired("sum");
        return to_width(at_ + "sum", builder_.add(at_ + "added", {left, right}), width);
      }
    }
    throw std::invalid_argument("a dense operator");
  }

  int dot(int width) {
    const Joined& dense = join_dense();
    const Joined& sparse = join_sparse();
    int vector = dense.op;
    if (builder_.at(vector).width != kEmbeddingDim) {
      vector = project(at_ + "dot_dense", vector, kEmbeddingDim, dense.columns);
    }
    int rows = sparse.op;
    const int wanted = projected_rows(width);
    if (builder_.at(rows).rows != wanted) {
      rows = project_rows(at_ + "dot_rows", rows, wanted, sparse.columns);
    }
    const int matrix = builder_.concat(at_ + "dot_inputs", {vector, rows}, wanted + 1);
    return to_width(at_ + "dot", builder_.dot(at_ + "products", matrix), width);
  }

  int gating(int width) {
    const auto [left, right] = paired("gating");
    const int padded = builder_.at(left).width;
    const int gate = builder_.fc(at_ + "gate", left, padded);
    note(gate, at_ + "gate", static_cast<std::uint64_t>(padded), first_columns(padded));
    const int open = builder_.sigmoid(at_ + "gate_open", gate);
    return to_width(at_ + "gating", builder_.mul(at_ + "gated", open, right), width);
  }

  // The left and right inputs, the shorter one padded with zeros.
  std::pair<int, int> paired(const std::string& name) {
    const Dense& left = dense_[static_cast<std::size_t>(block_->left)];
    const Dense& right = dense_[static_cast<std::size_t>(block_->right)];
    const int width = std::max(left.width, right.width);
    const auto padded = [&](const Dense& input, const char* side) {
      if (input.width == width) return input.op;
      return builder_.pad(at_ + name + side, input.op, width);
    };
    const int l = padded(left, "_left");
    return {l, padded(right, "_right")};
  }

  // To the block's width where it is another one, then a LayerNorm.
  int to_width(const std::string& name, int input, int width) {
    const int from = builder_.at(input).width;
    if (from == width) return norm(name + "_norm", input, Axis::kWidth);
    return project(name, input, width, first_columns(from));
  }

  int sparse_operator(SparseOperator op) {
    const Joined& in = join_sparse();
    const int rows = block_->sparse_rows;
    if (op == SparseOperator::kEfc) {
      return project_rows(at_ + "efc", in.op, rows, in.columns, true);
    }
    const int x = project_rows(at_ + "transformer", in.op, rows, in.columns);
    const int attended = builder_.attention(at_ + "attention", square("query", x), square("key", x),
                                            square("value", x), kHeads);
    const int first = builder_.add(at_ + "attended_sum", {square("attended", attended), x});
    const int mixed = norm(at_ + "attended_norm", first, Axis::kWidth);
    const int hidden = square("hidden", mixed);
    builder_.at(hidden).relu = true;
    const int second = builder_.add(at_ + "forward_sum", {square("forward", hidden), mixed});
    return norm(at_ + "forward_norm", second, Axis::kWidth);
  }
  int square(const char* name, int input) {
    const int fc = builder_.fc_along(at_ + name, input, Axis::kWidth, kEmbeddingDim);
    note(fc, at_ + name, kEmbeddingDim, first_columns(kEmbeddingDim));
    return fc;
  }

  int with_fm(int dense, int rows) {
    use(block_->fm_precision);
    int fm = builder_.fm(at_ + "fm_sum", rows);
    // Where the widths agree NASRec has neither projection nor LayerNorm here.
    if (block_->dense_width != kEmbeddingDim) {
      fm = project(at_ + "fm", fm, block_->dense_width, first_columns(kEmbeddingDim));
    }
    use(block_->dense_precision);
    return builder_.add(at_ + "dense_output", {dense, fm});
  }

  int with_dsi(int dense, int rows) {
    use(block_->dsi_precision);
    constexpr int kElements = kDsiRows * kEmbeddingDim;
    int more = dense;
    if (block_->dense_width != kElements) {
      more = project(at_ + "dsi", dense, kElements, first_columns(block_->dense_width));
    }
    return builder_.concat(at_ + "sparse_output", {rows, more}, block_->sparse_rows + kDsiRows);
  }

  // Operators that lead nowhere go, and the slices with them.
  Subnetwork finish_at(int output) {
    Subnetwork network;
    std::map<std::string, Slice> by_name;
    for (Slice& slice : slices_) {
      const std::string& name = builder_.at(static_cast<int>(slice.op)).name;
      by_name.emplace(name, std::move(slice));
    }
    network.model = builder_.finish_without_weights(output);
    for (std::size_t p = 0; p < network.model.operators.size(); ++p) {
      const auto found = by_name.find(network.model.operators[p].name);
      if (found == by_name.end()) continue;
      found->second.op = p;
      network.slices.push_back(std::move(found->second));
    }
    return network;
  }

  Layout layout_;
  ModelBuilder builder_;
  std::map<std::string, std::size_t> index_;
  std::vector<float> gains_;
  std::vector<bool> biased_;
  std::vector<Dense> dense_;
  std::vector<Sparse> sparse_;
  std::vector<Slice> slices_;
  std::string at_;
  const Block* block_ = nullptr;
  Joined dense_join_, sparse_join_;  // Of the block, once something has asked for them.
};

}  // namespace

SubnetworkBuilder::SubnetworkBuilder(SpaceDescription space, TraceInfo trace)
    : space_(std::move(space)),
      trace_(std::move(trace)),
      parameters_(supernet::parameters(space_, trace_)) {}

Subnetwork SubnetworkBuilder::build(const Architecture& architecture) const {
  const Layout layout(space_, trace_);
  if (architecture.blocks.size() > static_cast<std::size_t>(space_.blocks)) {
    throw std::invalid_argument("architecture: more blocks than its space has");
  }
  Construction construction(space_, trace_, parameters_);
  for (const Block& block : architecture.blocks) {
    if (block.dense_width > layout.widest() || block.sparse_rows > layout.most_rows()) {
      throw std::invalid_argument("architecture: a block is larger than its space allows");
    }
    construction.block(block, {{block.dense_operator}, {block.sparse_operator}});
  }
  return construction.finish();
}

Subnetwork SubnetworkBuilder::build_full_path() const {
  const Layout layout(space_, trace_);
  Construction construction(space_, trace_, parameters_);
  for (int b = 1; b <= space_.blocks; ++b) {
    Block block;
    block.dense_width = layout.widest();
    block.sparse_rows = layout.most_rows();
    block.dsi = block.fm = true;
    block.dense_inputs.clear();
    for (int j = 0; j < b; ++j) block.dense_inputs.push_back(j);
    block.sparse_inputs = block.dense_inputs;
    block.left = block.right = b - 1;
    construction.block(block, {space_.dense_operators, space_.sparse_operators});
  }
  return construction.finish();
}

}  // namespace recpim::supernet
