// SPDX-License-Identifier: Apache-2.0
/// @file
/// The pipeline of the fast mode. Inside a tile nothing has to be decided at a cycle: when a
/// sample's engine and vector unit start follows from when its packets arrive, when slots come free
/// and from the sample before, so these cycles are computed as soon as their terms are known and
/// nobody is woken. Only the network interface, in which credits and data compete, is.
#pragma once

#include <deque>

#include "sim/tile/pipeline.h"

namespace recpim {

class ClosedPipeline : public Pipeline {
 public:
  ClosedPipeline(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                 bool values, TileBuffers& buffers, Engine& engine, VectorUnit& vector_unit);
  std::string waits_for() const override;

 private:
  struct Done {  ///< A sample whose engine has its result.
    Cycle at = 0;
    std::vector<std::int32_t> accumulators;
  };
  void packet_arrives(int port, const Packet& packet, Cycle at) override;
  void output_freed(Cycle at) override;
  void start_engine();
  void start_vector_unit();

  bool values_;
  std::size_t outputs_;
  std::uint64_t started_ = 0, finished_ = 0;
  Cycle engine_free_ = 0, vector_free_ = 0;
  CycleRing accumulator_slots_, output_slots_;  ///< From when each free one is free.
  std::deque<Done> done_;
};

}  // namespace recpim
