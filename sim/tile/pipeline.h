// SPDX-License-Identifier: Apache-2.0
/// @file
/// What stands between a tile's network interface and its router-facing ports: input buffers,
/// engine, accumulators, vector unit, output buffers, and the sequencer that keeps them in step.
/// Two implementations of the rules in sim/README.md, "Tile": ClosedPipeline computes the cycles,
/// SteppedPipeline walks through them (reference mode).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "sim/core/cycle_ring.h"
#include "sim/tile/engine.h"
#include "sim/tile/network_interface.h"
#include "sim/tile/occupancy.h"
#include "sim/tile/tile_observer.h"
#include "sim/tile/vector_unit.h"

namespace recpim {

/// The buffers behind a tile's ports: slots of the input vector and of each partial-sum vector.
class TileBuffers {
 public:
  TileBuffers(const Design& design, const Tile& tile, bool values);

  /// Stores the next packet of a port, whose tail has arrived at `at`.
  void store(int port, const Packet& packet, Cycle at);
  /// When the oldest sample's packets of these ports have all arrived; kNever while some have not.
  Cycle inputs_complete() const { return latest(0, inputs_, inputs_taken_); }
  Cycle partials_complete() const { return latest(inputs_, partials_, 0); }
  /// The same with what else is known of the packet that came last. Only where all have arrived.
  Arrival inputs() const { return last(0, inputs_, inputs_taken_); }
  Arrival partial_sums() const { return last(inputs_, partials_, 0); }
  const std::vector<std::int32_t>& input(std::uint64_t sample) const {
    return input_[sample % input_.size()];
  }
  std::vector<const std::vector<std::int32_t>*> partials(std::uint64_t sample) const;
  /// Gives the oldest sample's slots back through the interface, from `released` on.
  void take_inputs(NetworkInterface& interface, Cycle released) {
    take(0, inputs_, inputs_taken_++, interface, released);
  }
  void take_partials(NetworkInterface& interface, Cycle released) {
    take(inputs_, partials_, 0, interface, released);
  }
  /// What the oldest sample still lacks, if some of it is there.
  std::string waits_for() const;
  std::uint64_t elements_stored() const { return elements_stored_; }

 private:
  // Of ports that are active in `sample`. Ports of partial sums are in every one.
  Cycle latest(std::size_t first, std::size_t count, std::uint64_t sample) const;
  Arrival last(std::size_t first, std::size_t count, std::uint64_t sample) const;
  void take(std::size_t first, std::size_t count, std::uint64_t sample, NetworkInterface& interface,
            Cycle released);

  const Tile& tile_;
  std::size_t slots_, inputs_, partials_;  ///< slots_: of partial sums.
  bool lookups_;
  std::vector<Turn> turns_;  ///< One a port.
  std::uint64_t inputs_taken_ = 0;
  std::vector<CycleRing> complete_, ready_, offered_;  ///< One a port.
  std::vector<std::uint64_t> count_;
  std::vector<std::vector<std::int32_t>> input_;                 ///< One a slot.
  std::vector<std::vector<std::vector<std::int32_t>>> partial_;  ///< [slot][partial port]
  std::uint64_t elements_stored_ = 0;
};

class Pipeline : public sc_core::sc_module, public InterfaceClient {
 public:
  Pipeline(const sc_core::sc_module_name& name, TileBuffers& buffers, Engine& engine,
           VectorUnit& vector_unit)
      : sc_module(name), buffers_(buffers), engine_(engine), vector_unit_(vector_unit) {}
  void connect(NetworkInterface& interface) { interface_ = &interface; }
  /// `tile`: its number, by which the observer knows it.
  void observe(TileObserver* observer, int tile) {
    observer_ = observer;
    tile_number_ = tile;
  }
  virtual std::string waits_for() const = 0;
  const WaitMeter& engine_meter() const { return engine_meter_; }
  const WaitMeter& vector_meter() const { return vector_meter_; }

 protected:
  void tell(TileObserver::Part part, std::uint64_t sample, Cycle start, Cycle free) {
    if (observer_ != nullptr) observer_->works(tile_number_, part, sample, start, free);
  }
  /// The engine, the vector unit starts sample `sample` of the tile; told before its slots are
  /// given back. `done`: when the engine had its result.
  void engine_starts(std::uint64_t sample, Cycle start) {
    const Arrival inputs = buffers_.inputs();
    offered_[sample % offered_.size()] = inputs.offered;
    engine_meter_.starts(inputs, start);
  }
  void vector_starts(std::uint64_t sample, Cycle start, Cycle done) {
    Arrival last = buffers_.partial_sums();
    last.ready = last.complete <= done ? done : std::max(last.ready, done);
    last.complete = std::max(last.complete, done);
    last.offered = offered_[sample % offered_.size()];
    vector_meter_.starts(last, start);
  }
  NetworkInterface::Output output_of(std::uint64_t sample, Cycle at) const {
    NetworkInterface::Output output;
    output.at = output.since = at;
    output.offered = offered_[sample % offered_.size()];
    return output;
  }
  WaitMeter engine_meter_, vector_meter_;
  NetworkInterface& interface() { return *interface_; }
  TileBuffers& buffers_;
  Engine& engine_;
  VectorUnit& vector_unit_;

 private:
  /// Of the samples between engine and sender: fewer than all slots of accumulators and outputs.
  std::array<Cycle, 2 * CycleRing::kCapacity> offered_{};
  NetworkInterface* interface_ = nullptr;
  TileObserver* observer_ = nullptr;
  int tile_number_ = 0;
};

std::unique_ptr<Pipeline> make_pipeline(const Design& design, const Tile& tile, bool values,
                                        bool stepped, CycleScheduler& cycles, TileBuffers& buffers,
                                        Engine& engine, VectorUnit& vector_unit);

}  // namespace recpim
