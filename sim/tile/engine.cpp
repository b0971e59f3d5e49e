// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/engine.h"

#include <stdexcept>

#include "sim/tile/attention_engine.h"
#include "sim/tile/embedding_engine.h"
#include "sim/tile/mvm_engine.h"
#include "sim/tile/product_engine.h"

namespace recpim {

std::unique_ptr<Engine> make_engine(const Design& design, const Tile& tile, const Model& model,
                                    bool values, bool stepped, CycleScheduler& cycles) {
  switch (tile.kind) {
    case TileKind::kMvm:
      return std::make_unique<MvmEngine>("mvm_engine", design, tile, model, values, stepped,
                                         cycles);
    case TileKind::kEmbedding:
      return std::make_unique<EmbeddingEngine>("embedding_engine", design, tile, model, cycles);
    case TileKind::kInteraction:
      if (model.operators[static_cast<std::size_t>(tile.op)].kind == OpKind::kAttention) {
        return std::make_unique<AttentionEngine>("attention_engine", design, tile, model, cycles);
      }
      return std::make_unique<ProductEngine>("product_engine", design, tile, model, cycles);
    case TileKind::kHost:
      break;
  }
  throw std::logic_error("make_engine: the host has no engine");
}

}  // namespace recpim
