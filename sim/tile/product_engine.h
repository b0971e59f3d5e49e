// SPDX-License-Identifier: Apache-2.0
/// @file
/// Interactions on multiply-accumulate lanes: pairwise dot products, sums, products element by
/// element, factorisation machines. What each sum consists of: sim/README.md, "Interaction".
#pragma once

#include <vector>

#include "sim/core/clocked_module.h"
#include "sim/tile/engine.h"

namespace recpim {

class ProductEngine : public Engine {
 public:
  ProductEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                const Model& model, CycleScheduler& cycles);
  Timing accept(Cycle start, const std::vector<std::int32_t>& input) override;
  void compute(const std::vector<std::int32_t>& input,
               std::vector<std::int32_t>& accumulators) override;
  void begin(Cycle now, const std::vector<std::int32_t>& input) override;
  /// Steps of a lane: one term of one sum each.
  std::uint64_t steps() const { return steps_; }

 private:
  /// The lanes of reference mode: one step of each a cycle.
  class Stepper : public ClockedModule {
   public:
    Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles, ProductEngine& engine);
    void begin(const std::vector<std::int32_t>& input);

   private:
    void step() override;
    void add_term(std::size_t sum);
    void finish();
    std::int32_t at(int row, int column) const {
      return input_[static_cast<std::size_t>(row * engine_.width_ + column)];
    }

    ProductEngine& engine_;
    std::vector<std::pair<int, int>> pairs_;  ///< Dot: (i, j), i > j.
    std::vector<std::int32_t> input_, sums_, squares_;
    int group_ = 0, term_ = 0;
  };

  void dot(const std::int32_t* x, std::int32_t* sums) const;
  void add(const std::int32_t* x, std::int32_t* sums) const;
  void factorise(const std::int32_t* x, std::int32_t* sums) const;

  OpKind kind_;  ///< A LayerNorm by itself is an add of one input.
  int rows_, width_, lanes_;
  int sums_ = 0, terms_ = 0;  ///< P and d.
  Timing timing_;
  std::uint64_t steps_ = 0;
  Stepper stepper_;
};

}  // namespace recpim
