// SPDX-License-Identifier: Apache-2.0
/// @file
/// Attention on multiply-accumulate lanes with units for powers of two and for a reciprocal: head
/// by head and query by query the scores, their weights, the weighted mean of the values.
/// What happens in which cycle: sim/README.md, "Attention".
#pragma once

#include <vector>

#include "models/ops/integer_rsqrt.h"
#include "sim/core/clocked_module.h"
#include "sim/tile/engine.h"

namespace recpim {

class AttentionEngine : public Engine {
 public:
  AttentionEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                  const Model& model, CycleScheduler& cycles);
  Timing accept(Cycle start, const std::vector<std::int32_t>& input) override;
  void compute(const std::vector<std::int32_t>& input,
               std::vector<std::int32_t>& accumulators) override;
  void begin(Cycle now, const std::vector<std::int32_t>& input) override;

  std::uint64_t macs() const { return macs_; }
  std::uint64_t exponentials() const { return exponentials_; }
  std::uint64_t queries() const { return queries_; }

 private:
  /// The engine of reference mode: in each cycle of a query what the lanes do then.
  class Stepper : public ClockedModule {
   public:
    Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles, AttentionEngine& engine)
        : ClockedModule(name, cycles), engine_(engine) {}
    void begin(const std::vector<std::int32_t>& input);

   private:
    void step() override;
    void multiply_keys(int group, int column);
    void exponentiate(int group);
    void sum_weights();
    void weigh_values(int group, int column);
    /// Places of column `column` of the head in row `row` of queries, keys (1) or values (2).
    std::int32_t at(int part, int row, int column) const;

    AttentionEngine& engine_;
    std::vector<std::int32_t> input_, means_, scores_;
    std::vector<std::uint32_t> weights_;
    std::int32_t largest_ = 0;
    BinaryFraction reciprocal_;
    std::int64_t sum_ = 0;  ///< Of weighted values of one column.
    int head_ = 0, query_ = 0;
    int cycle_ = 0;  ///< Of the query.
  };

  std::uint64_t head_queries() const {
    return static_cast<std::uint64_t>(heads_) * static_cast<std::uint64_t>(rows_);
  }
  int exponent_start() const { return depth_ * groups_ + 2; }
  int weights_visible() const { return depth_ * groups_ + groups_ + 5; }
  int query_cycles() const { return 2 * depth_ * groups_ + groups_ + 7; }
  void side_by_side(const std::int32_t* from, std::vector<std::int32_t>& to) const;
  void attend(const std::int32_t* query, std::int32_t* means);

  int rows_, width_, heads_, depth_;  ///< R, d, h, D.
  int lanes_, groups_;                ///< L, g.
  Requantiser score_scale_;           ///< From a distance between scores to an exponent.
  Timing timing_;
  std::uint64_t macs_ = 0, exponentials_ = 0, queries_ = 0;
  std::vector<std::int32_t> keys_, values_;  ///< Of a head, by column.
  std::vector<std::int32_t> scores_, weights_;
  Stepper stepper_;
};

}  // namespace recpim
