// SPDX-License-Identifier: Apache-2.0
/// @file
/// One recommender of the block-wise space: what each block computes, what it reads, and in which
/// precision. What the fields mean: README.md, "The space". Which values are allowed is the
/// business of an ArchitectureSpace (space.h).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "traces/support/json.h"

namespace recpim::supernet {

enum class DenseOperator { kFc, kDot, kGating, kSum };
enum class SparseOperator { kTransformer, kEfc };
const char* name(DenseOperator op);   ///< fc, dot, gating, sum
const char* name(SparseOperator op);  ///< transformer, efc

/// Of one operator slot.
struct SlotPrecision {
  int weight_bits = 8;      ///< 2, 4, 8
  int activation_bits = 8;  ///< 4, 8
};
bool operator==(const SlotPrecision& a, const SlotPrecision& b);
inline bool operator!=(const SlotPrecision& a, const SlotPrecision& b) { return !(a == b); }
std::string text(const SlotPrecision& precision);  ///< "4/8": weight, then activation bits.

/// Output 0 is the raw input (dense features, embeddings), output j that of block j; block i reads
/// outputs 0 .. i - 1.
struct Block {
  DenseOperator dense_operator = DenseOperator::kFc;
  SparseOperator sparse_operator = SparseOperator::kEfc;
  int dense_width = 16;
  int sparse_rows = 16;
  bool dsi = false;  ///< Dense to sparse: the dense operator's output as 8 more sparse rows.
  bool fm = false;   ///< Sparse to dense: a factorisation machine, added to the dense output.
  std::vector<int> dense_inputs = {0};   ///< Ascending.
  std::vector<int> sparse_inputs = {0};  ///< Ascending.
  int left = 0;
  int right = 0;
  SlotPrecision dense_precision, sparse_precision, fm_precision, dsi_precision;
};
bool operator==(const Block& a, const Block& b);
inline bool operator!=(const Block& a, const Block& b) { return !(a == b); }

/// The fields of a block, in the order in which files and genes have them.
enum class Field {
  kDenseOperator,
  kSparseOperator,
  kDenseWidth,
  kSparseRows,
  kDsi,
  kFm,
  kDenseInputs,
  kSparseInputs,
  kLeft,
  kRight,
  kDensePrecision,
  kSparsePrecision,
  kFmPrecision,
  kDsiPrecision
};
constexpr std::size_t kFields = 14;
const char* name(Field field);  ///< As in struct Block.

constexpr int kMaxBlocks = 32;

struct Architecture {
  std::vector<Block> blocks;  ///< 1 to kMaxBlocks; blocks[i - 1] is block i.
};
bool operator==(const Architecture& a, const Architecture& b);
inline bool operator!=(const Architecture& a, const Architecture& b) { return !(a == b); }

/// The canonical text: one JSON object without blanks. Equal architectures have equal texts.
std::string encode(const Architecture& architecture);
/// The inverse, and more: keys in any order, blanks, precisions left out (8/8). InputError with
/// file, place, value and what is accepted; `file` is the name to complain with.
Architecture decode(const std::string& text, const std::string& file = "architecture");
/// The same as a part of another file.
Json to_json(const Architecture& architecture);
Architecture architecture_of(const JsonView& json);

/// Which fields of each block make a difference to what the last block puts out.
std::vector<std::array<bool, kFields>> active_fields(const Architecture& architecture);
/// Fields without effect at the value that a default Block has, and the inputs of a sum (whose
/// order does not matter) ascending. Two genomes with equal canonical forms are the same model,
/// layer by layer and weight by weight.
Architecture canonical(const Architecture& architecture);

}  // namespace recpim::supernet
