// SPDX-License-Identifier: Apache-2.0
/// @file
/// The engines behind a tile's shell: how long a sample keeps one busy, and what it computes.
/// Closed forms: sim/README.md, table in "Tile".
///
/// Each engine does a sample in two ways that agree in every cycle, value and counted event:
/// accept() and compute(), the closed form, and begin(), cycle by cycle (reference mode).
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/tile/occupancy.h"

namespace recpim {

/// What an engine that is stepped tells the tile. `at` is after now.
class EngineClient {
 public:
  virtual ~EngineClient() = default;
  /// The next sample can start from `at`; the input slot is free.
  virtual void engine_free(Cycle at) = 0;
  virtual void engine_done(Cycle at, std::vector<std::int32_t> accumulators) = 0;
};

class Engine : public sc_core::sc_module {
 public:
  struct Timing {
    Cycle busy = 0;     ///< From start until the next sample can start and the input slot is free.
    Cycle latency = 0;  ///< From start until the accumulators are visible.
  };
  using sc_core::sc_module::sc_module;

  /// Takes the sample whose input vector is `input` at `start`. Calls come in the order of samples.
  virtual Timing accept(Cycle start, const std::vector<std::int32_t>& input) = 0;
  /// Its accumulators (`outputs` of the tile). Not called in timing mode.
  virtual void compute(const std::vector<std::int32_t>& input,
                       std::vector<std::int32_t>& accumulators) = 0;
  /// Starts a sample in the cycle that is being run.
  virtual void begin(Cycle now, const std::vector<std::int32_t>& input) = 0;
  void connect(EngineClient& client) { client_ = &client; }

  std::uint64_t samples() const { return samples_; }
  /// What of its busy cycles went where.
  const WorkShares& shares() const { return shares_; }

 protected:
  Timing account(Timing timing) {
    ++samples_;
    return timing;
  }
  WorkShares& shares() { return shares_; }
  /// For begin(): the sample lets the next one start at `at`.
  void free_from(Cycle at) {
    ++samples_;
    client_->engine_free(at);
  }
  EngineClient& client() { return *client_; }

 private:
  EngineClient* client_ = nullptr;
  std::uint64_t samples_ = 0;
  WorkShares shares_;
};

/// The engine that a tile's kind asks for. `values`: compute() will be called. `stepped`: for
/// reference mode.
std::unique_ptr<Engine> make_engine(const Design& design, const Tile& tile, const Model& model,
                                    bool values, bool stepped, CycleScheduler& cycles);

}  // namespace recpim
