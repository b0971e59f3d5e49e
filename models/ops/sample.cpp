// SPDX-License-Identifier: Apache-2.0
#include "models/ops/sample.h"

#include <algorithm>
#include <string>

#include "traces/support/error.h"

namespace recpim {

std::vector<Bag> bags_of(const TraceChunk& chunk, std::uint64_t i) {
  std::vector<Bag> bags(chunk.offsets.size());
  for (std::size_t t = 0; t < bags.size(); ++t) {
    const std::uint64_t begin = chunk.offsets[t][i];
    bags[t].rows = chunk.indices[t].data() + begin;
    bags[t].count = chunk.offsets[t][i + 1] - begin;
  }
  return bags;
}

void require_fit(const Model& model, const TraceReader& trace) {
  const TraceInfo& info = trace.info();
  const auto wanted = static_cast<std::uint32_t>(model.dense_features());
  if (wanted != 0 && info.dense != wanted) {
    reject(trace.path(), "dense features", std::to_string(info.dense),
           std::to_string(wanted) + ", those of the model");
  }
  std::size_t tables = 0;
  for (const Operator& op : model.operators) {
    if (op.kind != OpKind::kEmbedding) continue;
    tables = std::max(tables, static_cast<std::size_t>(op.table) + 1);
    const auto table = static_cast<std::size_t>(op.table);
    if (table >= info.tables.size()) {
      reject(trace.path(), "tables", std::to_string(info.tables.size()),
             "at least " + std::to_string(table + 1) + ", " + op.name + " of the model needs it");
    }
    if (info.tables[table].rows > op.table_rows) {
      reject(trace.path(), "rows of table " + info.tables[table].name,
             std::to_string(info.tables[table].rows),
             "at most " + std::to_string(op.table_rows) + ", the rows of the model's " + op.name);
    }
  }
  // A model without tables may read the dense features of any trace.
  if (tables != 0 && info.tables.size() > tables) {
    reject(trace.path(), "tables", std::to_string(info.tables.size()),
           std::to_string(tables) + ", those of the model");
  }
}

}  // namespace recpim
