// SPDX-License-Identifier: Apache-2.0
/// @file
/// Pairwise dot products of the rows of an activation matrix, on multiply-accumulate lanes.
#pragma once

#include <vector>

#include "sim/core/clocked_module.h"
#include "sim/tile/engine.h"

namespace recpim {

class DotEngine : public Engine {
 public:
  DotEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
            CycleScheduler& cycles);
  Timing accept(Cycle start, const std::vector<std::int32_t>& input) override;
  void compute(const std::vector<std::int32_t>& input,
               std::vector<std::int32_t>& accumulators) override;
  void begin(Cycle now, const std::vector<std::int32_t>& input) override;
  std::uint64_t macs() const { return macs_; }

 private:
  /// The lanes of reference mode: one multiplication of each a cycle.
  class Stepper : public ClockedModule {
   public:
    Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles, DotEngine& engine);
    void begin(const std::vector<std::int32_t>& input);

   private:
    void step() override;

    DotEngine& engine_;
    std::vector<std::pair<int, int>> pairs_;  ///< (i, j), i > j.
    std::vector<std::int32_t> input_, sums_;
    int group_ = 0, element_ = 0;
    Cycle started_ = 0;
  };

  int rows_, width_, lanes_;
  Timing timing_;
  std::uint64_t macs_ = 0;
  Stepper stepper_;
};

}  // namespace recpim
