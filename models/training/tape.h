// SPDX-License-Identifier: Apache-2.0
/// @file
/// What a Network keeps of a pass, and how its operators share the work among threads. Internal to
/// this folder.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "models/graph/kinds.h"
#include "models/training/arena.h"
#include "models/training/network.h"

namespace recpim {

/// What a batch looks up in one table.
struct Lookups {
  std::vector<std::int32_t> slot;   ///< Row of the table -> place in `rows`; -1 between passes.
  std::vector<std::int32_t> place;  ///< Lookup of the batch -> place in `rows`.
  std::vector<std::uint32_t> rows;  ///< In the order of their first lookup.
};

/// One operator in a pass over a batch. Memory is the arena's.
struct Node {
  const Operator* op = nullptr;
  Index elements = 0;           ///< Of a sample's output.
  FcShape fc;                   ///< kFc.
  std::size_t lookups = 0;      ///< kEmbedding: which of Tape::lookups.
  bool wants_gradient = false;  ///< It, or something it reads, has weights.

  float* value = nullptr;   ///< What readers see.
  float* before = nullptr;  ///< The same before it was rounded; `value` where it was not.
  /// The gradient passes where `before` lies within.
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  float* gradient = nullptr;  ///< Null until the first reader has written.
  /// kLayerNorm: mean, then scale of each vector. kAttention: largest score, then scale.
  float *first_saved = nullptr, *second_saved = nullptr;
  /// kFc: outputs x inputs. kEmbedding: of the table, or of Lookups::rows where they are rounded.
  const float* weight = nullptr;
  /// Of rounded weights: |w| above which the gradient does not pass. One a channel, or one a table.
  const float* clip = nullptr;
};

/// Where an operator's gradient goes: written by the first reader, added to by the others.
struct Target {
  float* to = nullptr;  ///< Null: nobody wants it.
  bool add = false;
};

struct Tape {
  Tape(const Model& bound, const NetworkOptions& options);

  void bind(const Model& bound);
  void start(const Batch& now);
  Index samples() const { return static_cast<Index>(batch->samples.size()); }
  Node& input(const Node& node, std::size_t i = 0) {
    return nodes[static_cast<std::size_t>(node.op->inputs[i])];
  }
  float* take(Index count) { return arena.take(static_cast<std::size_t>(count)); }
  float* take_zeros(Index count);
  /// Memory of a thread for the time of a task, aligned to 64 bytes.
  float* scratch(int thread, std::size_t count);
  Target target(Node& node);

  /// work(first, count, block, thread) on blocks of samples of about kBlock elements; which samples
  /// a block has depends on the shape alone. Returns the number of blocks.
  template <typename Work>
  std::size_t for_samples(Index elements, const Work& work) {
    const Index block = block_samples(elements);
    const auto blocks = static_cast<std::size_t>((samples() + block - 1) / block);
    team.run(blocks, [&](std::size_t b, int thread) {
      const Index first = static_cast<Index>(b) * block;
      work(first, std::min(block, samples() - first), b, thread);
    });
    return blocks;
  }
  std::size_t sample_blocks(Index elements) const {
    const Index block = block_samples(elements);
    return static_cast<std::size_t>((samples() + block - 1) / block);
  }

  /// A product in tiles; finish(row, rows, column, columns) follows on each.
  template <typename Finish>
  void multiply(const Product& product, const Finish& finish) {
    const bool small = product.rows * product.columns * product.depth < kSmallProduct;
    const Index high = small ? std::max<Index>(product.rows, 1) : kTileRows;
    const Index wide = small ? std::max<Index>(product.columns, 1) : kTileColumns;
    const Index down = (product.rows + high - 1) / high;
    const Index across = (product.columns + wide - 1) / wide;
    team.run(static_cast<std::size_t>(down * across), [&](std::size_t tile, int thread) {
      const Index row = static_cast<Index>(tile) / across * high;
      const Index column = static_cast<Index>(tile) % across * wide;
      const Product part = tile_of(product, row, std::min(high, product.rows - row), column,
                                   std::min(wide, product.columns - column));
      kernels->multiply(part, scratch(thread, kProductScratch));
      finish(row, part.rows, column, part.columns);
    });
  }

  static constexpr Index kBlock = 16384;          ///< Elements of a block of samples: 64 KiB.
  static constexpr Index kSmallProduct = 500000;  ///< Multiplications that do not pay to share.
  static constexpr Index kTileRows = 512, kTileColumns = 128;

  const Model* model = nullptr;
  const Kernels* kernels;
  const bool fake_quantised;
  const Batch* batch = nullptr;
  std::size_t logit = 0;  ///< Position of the sigmoid's input.
  std::vector<Node> nodes;
  std::vector<Lookups> lookups;
  Arena arena;
  Team team;

 private:
  Index block_samples(Index elements) const {
    return std::max<Index>(1, kBlock / std::max<Index>(elements, 1));
  }
  static Product tile_of(const Product& product, Index row, Index rows, Index column,
                         Index columns);

  std::vector<Arena> scratch_;  // One a thread.
};

}  // namespace recpim
