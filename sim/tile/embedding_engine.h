// SPDX-License-Identifier: Apache-2.0
/// @file
/// Banks of an embedding tile: rows are read one at a time from each bank, the banks overlap, rows
/// are pooled by digital adders.
#pragma once

#include <deque>
#include <vector>

#include "sim/core/clocked_module.h"
#include "sim/tile/engine.h"

namespace recpim {

/// A lookup as its element says it.
struct Lookup {
  bool valid = false;
  std::size_t table = 0;  ///< Of the tile.
  std::uint64_t row = 0;  ///< Local to the tile.
};
Lookup decode_lookup(std::int32_t element);

class EmbeddingEngine : public Engine {
 public:
  EmbeddingEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                  const Model& model, CycleScheduler& cycles);
  Timing accept(Cycle start, const std::vector<std::int32_t>& input) override;
  void compute(const std::vector<std::int32_t>& input,
               std::vector<std::int32_t>& accumulators) override;
  void begin(Cycle now, const std::vector<std::int32_t>& input) override;
  std::uint64_t lookups() const { return lookups_; }
  int width() const { return tile_.width; }

 private:
  /// The dispatcher and the pooling adders of reference mode.
  class Stepper : public ClockedModule {
   public:
    Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles, EmbeddingEngine& engine)
        : ClockedModule(name, cycles), engine_(engine) {}
    void begin(const std::vector<std::int32_t>& input);

   private:
    /// A row that its bank delivers, or the end of a sample's list.
    struct Row {
      Cycle visible = 0;
      Lookup lookup;  ///< Not valid: the end.
    };
    void step() override;
    void dispatch();
    void pool(const Row& row);

    EmbeddingEngine& engine_;
    std::vector<std::int32_t> list_;
    std::size_t next_ = 0;
    bool dispatching_ = false;
    Cycle started_ = 0;
    std::deque<Row> rows_;
    std::vector<std::int32_t> sums_;
  };

  std::uint64_t bank_of(const Lookup& lookup) const { return lookup.row / bank_rows_; }
  void add_row(const Lookup& lookup, std::vector<std::int32_t>& sums) const;

  const Tile& tile_;
  const Model& model_;
  Cycle interval_, read_;  ///< Between two rows of a bank; from issue to row data.
  std::uint64_t bank_rows_;
  std::vector<Cycle> bank_free_;
  std::uint64_t lookups_ = 0;
  Stepper stepper_;
};

}  // namespace recpim
