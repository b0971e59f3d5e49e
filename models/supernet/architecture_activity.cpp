// SPDX-License-Identifier: Apache-2.0
// Which fields of an architecture have an effect: a walk from the last block backwards over what is
// read. The sizes of the tensors play no part, so a slot that needs no weights at some width still
// counts as active.
#include <utility>

#include "models/supernet/architecture.h"

namespace recpim::supernet {
namespace {

/// Is an output read, directly or not, by the last block?
struct Liveness {
  bool dense = false, sparse = false;
};

struct Use {
  bool dense_operator = false, sparse_operator = false;
};

Use use_of(const Block& block, const Liveness& live) {
  return {live.dense || (live.sparse && block.dsi), live.sparse || (live.dense && block.fm)};
}

bool reads_pair(const Block& block) {
  return block.dense_operator == DenseOperator::kGating ||
         block.dense_operator == DenseOperator::kSum;
}

bool dense_reads_sparse(const Block& block) { return block.dense_operator == DenseOperator::kDot; }

std::array<bool, kFields> fields_of(const Block& block, const Liveness& live) {
  const Use use = use_of(block, live);
  std::array<bool, kFields> active{};
  const auto set = [&](Field field, bool value) {
    active[static_cast<std::size_t>(field)] = value;
  };
  set(Field::kDenseOperator, use.dense_operator);
  set(Field::kSparseOperator, use.sparse_operator);
  set(Field::kDenseWidth, use.dense_operator);
  set(Field::kSparseRows, use.sparse_operator);
  set(Field::kDsi, live.sparse);
  set(Field::kFm, live.dense);
  set(Field::kDenseInputs, use.dense_operator && !reads_pair(block));
  set(Field::kSparseInputs,
      use.sparse_operator || (use.dense_operator && dense_reads_sparse(block)));
  set(Field::kLeft, use.dense_operator && reads_pair(block));
  set(Field::kRight, use.dense_operator && reads_pair(block));
  set(Field::kDensePrecision, use.dense_operator);
  set(Field::kSparsePrecision, use.sparse_operator);
  set(Field::kFmPrecision, live.dense && block.fm);
  set(Field::kDsiPrecision, live.sparse && block.dsi);
  return active;
}

Block active_part(const Block& block, const std::array<bool, kFields>& active) {
  Block part;
  const auto keep = [&](Field field, auto member) {
    if (active[static_cast<std::size_t>(field)]) part.*member = block.*member;
  };
  keep(Field::kDenseOperator, &Block::dense_operator);
  keep(Field::kSparseOperator, &Block::sparse_operator);
  keep(Field::kDenseWidth, &Block::dense_width);
  keep(Field::kSparseRows, &Block::sparse_rows);
  keep(Field::kDsi, &Block::dsi);
  keep(Field::kFm, &Block::fm);
  keep(Field::kDenseInputs, &Block::dense_inputs);
  keep(Field::kSparseInputs, &Block::sparse_inputs);
  keep(Field::kLeft, &Block::left);
  keep(Field::kRight, &Block::right);
  keep(Field::kDensePrecision, &Block::dense_precision);
  keep(Field::kSparsePrecision, &Block::sparse_precision);
  keep(Field::kFmPrecision, &Block::fm_precision);
  keep(Field::kDsiPrecision, &Block::dsi_precision);
  if (part.dense_operator == DenseOperator::kSum && part.left > part.right) {
    std::swap(part.left, part.right);
  }
  return part;
}

}  // namespace

std::vector<std::array<bool, kFields>> active_fields(const Architecture& architecture) {
  const std::vector<Block>& blocks = architecture.blocks;
  std::vector<Liveness> live(blocks.size() + 1);
  live.back() = {true, true};
  std::vector<std::array<bool, kFields>> active(blocks.size());
  for (std::size_t i = blocks.size(); i > 0; --i) {
    const Block& block = blocks[i - 1];
    active[i - 1] = fields_of(block, live[i]);
    const auto reads = [&](Field field) { return active[i - 1][static_cast<std::size_t>(field)]; };
    const auto output = [&](int index) -> Liveness& {
      return live.at(static_cast<std::size_t>(index));
    };
    if (reads(Field::kDenseInputs)) {
      for (const int index : block.dense_inputs) output(index).dense = true;
    }
    if (reads(Field::kSparseInputs)) {
      for (const int index : block.sparse_inputs) output(index).sparse = true;
    }
    if (reads(Field::kLeft)) output(block.left).dense = true;
    if (reads(Field::kRight)) output(block.right).dense = true;
  }
  return active;
}

Architecture canonical(const Architecture& architecture) {
  const auto active = active_fields(architecture);
  Architecture result;
  for (std::size_t i = 0; i < active.size(); ++i) {
    result.blocks.push_back(active_part(architecture.blocks[i], active[i]));
  }
  return result;
}

}  // namespace recpim::supernet
