// SPDX-License-Identifier: Apache-2.0
/// @file
/// The pipeline of reference mode: sequencer and vector unit as state machines that look at what is
/// visible in a cycle and act, and an engine whose devices are stepped.
#pragma once

#include <deque>

#include "sim/core/clocked_module.h"
#include "sim/tile/pipeline.h"

namespace recpim {

class SteppedPipeline : public Pipeline, private EngineClient {
 public:
  SteppedPipeline(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                  CycleScheduler& cycles, TileBuffers& buffers, Engine& engine,
                  VectorUnit& vector_unit);
  std::string waits_for() const override;

 private:
  struct Done {
    Cycle at = 0;
    std::vector<std::int32_t> accumulators;
  };
  /// Starts samples on the engine.
  class Sequencer : public ClockedModule {
   public:
    Sequencer(const sc_core::sc_module_name& name, CycleScheduler& cycles, SteppedPipeline& owner)
        : ClockedModule(name, cycles), owner_(owner) {}
    void look(Cycle at) { arm(at); }

   private:
    void step() override;
    SteppedPipeline& owner_;
  };
  /// Walks the lanes over a sample's outputs, then through the three stages behind them.
  class Walker : public ClockedModule {
   public:
    Walker(const sc_core::sc_module_name& name, CycleScheduler& cycles, SteppedPipeline& owner)
        : ClockedModule(name, cycles), owner_(owner) {}
    void look(Cycle at) { arm(at); }
    /// The normaliser lets the next sample start at `at`.
    void release(Cycle at) {
      held_ = false;
      free_ = at;
      arm(at);
    }

   private:
    void step() override;
    bool can_start() const;
    void finish();
    SteppedPipeline& owner_;
    bool active_ = false;
    bool held_ = false;  ///< By the normaliser.
    Cycle free_ = 0;
    std::size_t next_ = 0;  ///< Element that the lanes reach next.
    Cycle started_ = 0;     ///< In this sample.
  };

  void packet_arrives(int port, const Packet& packet, Cycle at) override;
  void output_freed(Cycle at) override;
  void engine_free(Cycle at) override;
  void engine_done(Cycle at, std::vector<std::int32_t> accumulators) override;
  void output_done(Cycle at, std::vector<std::int32_t> output);

  std::size_t outputs_, lanes_;
  Sequencer sequencer_;
  Walker walker_;
  std::unique_ptr<NormaliserStepper> normaliser_;  ///< Where the tile has one.
  bool engine_busy_ = false;
  Cycle engine_started_ = 0, engine_free_ = 0;
  std::uint64_t started_ = 0, finished_ = 0, put_out_ = 0;
  CycleRing accumulator_slots_, output_slots_;
  std::deque<Done> done_;
};

}  // namespace recpim
