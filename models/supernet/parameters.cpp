// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/supernet/layout.h"
#include "models/supernet/subnetwork.h"

namespace recpim::supernet {
namespace {

// Gains of a transformer's last two LayerNorms at the start: NASRec's public code.
constexpr float kTransformerGain = 0.17F;

class Lister {
 public:
  explicit Lister(const Layout& layout) : layout_(layout) {}

  std::vector<Parameter> run(const SpaceDescription& space, const TraceInfo& trace) {
    for (std::size_t t = 0; t < trace.tables.size(); ++t) {
      Parameter table;
      table.name = "emb" + std::to_string(t);
      table.rows = trace.tables[t].rows;
      table.columns = kEmbeddingDim;
      table.table = static_cast<int>(t);
      all_.push_back(table);
    }
    for (int b = 1; b <= space.blocks; ++b) block(space, b);
    fc(kLogit, 1, layout_.output_columns(), true);
    return std::move(all_);
  }

 private:
  void fc(const std::string& name, int rows, int columns, bool biased = false) {
    Parameter p;
    p.name = name;
    p.rows = static_cast<std::uint64_t>(rows);
    p.columns = static_cast<std::uint64_t>(columns);
    p.biased = biased;
    all_.push_back(p);
  }
  void norm(const std::string& name, int places, float gain = 1) {
    Parameter p;
    p.name = name;
    p.rows = static_cast<std::uint64_t>(places);
    p.norm = true;
    p.initial_gain = gain;
    all_.push_back(p);
  }
  void fc_and_norm(const std::string& name, int rows, int columns, bool biased = false) {
    fc(name, rows, columns, biased);
    norm(name + "_norm", rows);
  }

  void block(const SpaceDescription& space, int b) {
    const std::string at = "b" + std::to_string(b) + "_";
    for (const DenseOperator op : space.dense_operators) dense(op, at, b);
    for (const SparseOperator op : space.sparse_operators) sparse(op, at, b);
    fc_and_norm(at + "dsi", kDsiRows * kEmbeddingDim, layout_.widest());
    fc_and_norm(at + "fm", layout_.widest(), kEmbeddingDim);
  }

  void dense(DenseOperator op, const std::string& at, int b) {
    const int width = layout_.widest();
    switch (op) {
      case DenseOperator::kFc:
        fc_and_norm(at + "fc", width, layout_.dense_columns(b));
        break;
      case DenseOperator::kDot: {
        const int rows = projected_rows(width);
        fc_and_norm(at + "dot_dense", kEmbeddingDim, layout_.dense_columns(b));
        fc_and_norm(at + "dot_rows", rows, layout_.sparse_rows(b));
        fc_and_norm(at + "dot", width, rows * (rows + 1) / 2);
        break;
      }
      case DenseOperator::kGating:
        fc(at + "gate", layout_.paired(b), layout_.paired(b), true);
        fc_and_norm(at + "gating", width, layout_.paired(b), true);
        break;
      case DenseOperator::kSum:
        fc_and_norm(at + "sum", width, layout_.paired(b));
        break;
    }
  }

  void sparse(SparseOperator op, const std::string& at, int b) {
    const int rows = layout_.most_rows();
    if (op == SparseOperator::kEfc) {
      fc_and_norm(at + "efc", rows, layout_.sparse_rows(b));
      return;
    }
    fc_and_norm(at + "transformer", rows, layout_.sparse_rows(b));
    for (const char* part : {"query", "key", "value", "attended"}) {
      fc(at + part, kEmbeddingDim, kEmbeddingDim, true);
    }
    norm(at + "attended_norm", kEmbeddingDim, kTransformerGain);
    fc(at + "hidden", kEmbeddingDim, kEmbeddingDim, true);
    fc(at + "forward", kEmbeddingDim, kEmbeddingDim, true);
    norm(at + "forward_norm", kEmbeddingDim, kTransformerGain);
  }

  const Layout& layout_;
  std::vector<Parameter> all_;
};

}  // namespace

Layout::Layout(const SpaceDescription& space, const TraceInfo& trace)
    : dense_(static_cast<int>(trace.dense)),
      tables_(static_cast<int>(trace.tables.size())),
      widest_(*std::max_element(space.dense_widths.begin(), space.dense_widths.end())),
      most_rows_(*std::max_element(space.sparse_rows.begin(), space.sparse_rows.end())) {
  if (dense_ < 1 || tables_ < 1) {
    throw std::invalid_argument("trace: a sub-network needs dense features and tables");
  }
}

int projected_rows(int dense_width) {
  return static_cast<int>(std::lround(std::sqrt(2.0 * dense_width)));
}

std::vector<Parameter> parameters(const SpaceDescription& space, const TraceInfo& trace) {
  return Lister(Layout(space, trace)).run(space, trace);
}

}  // namespace recpim::supernet
