// SPDX-License-Identifier: Apache-2.0
/// @file
/// A LayerNorm behind the requantiser of a tile: K vectors of n elements of 16 bits go through
/// twice, once for their mean and deviation, once to be normalised. sim/README.md, "Tile", point 3.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/ops/integer_rsqrt.h"
#include "sim/core/clocked_module.h"

namespace recpim {

class Normaliser {
 public:
  /// The LayerNorm `tile.norm` behind `lanes` lanes.
  Normaliser(const Design& design, const Tile& tile, const Model& model, int lanes);

  /// Cycles that a sample keeps the vector unit beyond the passes over its outputs.
  Cycle hold() const { return passes_ + statistics_cycles() + kStatisticsStages; }
  /// From when the requantised elements would be visible until the normalised ones are.
  Cycle latency() const {
    return passes_ + statistics_cycles() + kStatisticsStages + kOutputStages;
  }
  /// From the requantised elements to the LayerNorm's output.
  void normalise(std::vector<std::int32_t>& values) const;

 private:
  friend class NormaliserStepper;
  static constexpr Cycle kStatisticsStages = 6;  // Squares, sums, Q, m and e, T[i], d, mantissa.
  static constexpr Cycle kOutputStages = 6;      // Centred, scaled, y, bias, multiplier, saturated.

  /// Sum, sum of squares and what follows from them.
  struct Statistics {
    std::int64_t sum = 0, squares = 0;
    BinaryFraction root;
  };
  Cycle statistics_cycles() const { return vectors_ * groups_; }
  std::size_t place(int vector, int element) const {
    return static_cast<std::size_t>(by_column_ ? element * vectors_ + vector
                                               : vector * length_ + element);
  }
  BinaryFraction root_of(const Statistics& statistics) const;
  std::int32_t output(std::int32_t x, int element, const Statistics& statistics) const;

  int vectors_, length_;  ///< K, n.
  bool by_column_;        ///< Vector v is column v.
  int lanes_;
  Cycle groups_, passes_;  ///< b, nv.
  std::int64_t epsilon_ = 1;
  std::int64_t low_ = 0, high_ = 0;
  std::vector<std::int32_t> sign_, bias_;  ///< Of each element of a vector.
  std::vector<Requantiser> requantiser_;
};

/// The same, group by group (reference mode).
class NormaliserStepper : public ClockedModule {
 public:
  /// The vector unit can start the next sample from `at`.
  using FreeFunction = std::function<void(Cycle at)>;
  /// The output is visible from `at`.
  using DoneFunction = std::function<void(Cycle at, std::vector<std::int32_t> output)>;

  NormaliserStepper(const sc_core::sc_module_name& name, CycleScheduler& cycles,
                    const Normaliser& normaliser, FreeFunction free, DoneFunction done)
      : ClockedModule(name, cycles),
        normaliser_(normaliser),
        free_(std::move(free)),
        done_(std::move(done)) {}
  /// Requantised elements that are all in the buffer from `at` on.
  void take(Cycle at, std::vector<std::int32_t> values);

 private:
  struct Sample {
    Cycle at = 0;
    std::vector<std::int32_t> values;
  };
  void step() override;
  void gather(int read);
  void put_out(int group);

  const Normaliser& normaliser_;
  FreeFunction free_;
  DoneFunction done_;
  std::deque<Sample> samples_;  ///< The first one is being read, from its cycle on.
  std::vector<Normaliser::Statistics> statistics_;
  std::vector<std::int32_t> output_;
};

}  // namespace recpim
