// SPDX-License-Identifier: Apache-2.0
/// @file
/// Banks of an embedding tile: a bank reads a row at a time, or a group of rows of one array whose
/// sum it converts (pooling in the array). The banks overlap; what they read is added up digitally.
#pragma once

#include <deque>
#include <vector>

#include "models/mapping/placement.h"
#include "sim/core/clocked_module.h"
#include "sim/cost/cost_model.h"
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
  const TableReads& reads() const { return reads_; }
  int width() const { return tile_.width; }

 private:
  /// The dispatcher and the pooling adders of reference mode.
  class Stepper : public ClockedModule {
   public:
    Stepper(const sc_core::sc_module_name& name, CycleScheduler& cycles, EmbeddingEngine& engine)
        : ClockedModule(name, cycles), engine_(engine) {}
    void begin(const std::vector<std::int32_t>& input);

   private:
    /// The group of lookups that a bank delivers, or the end of a sample's list.
    struct Group {
      Cycle visible = 0;
      std::vector<Lookup> rows;  ///< None: the end.
    };
    void step() override;
    void dispatch();
    void pool(const Group& group);

    EmbeddingEngine& engine_;
    std::vector<std::int32_t> list_;
    std::size_t next_ = 0;
    bool dispatching_ = false;
    Cycle started_ = 0;
    Cycle waited_ = 0;           ///< For banks, in this sample.
    std::deque<Group> groups_;   ///< Issued.
    std::vector<Lookup> taken_;  ///< Of the group that is being gathered.
    std::vector<std::int32_t> sums_;
  };

  std::uint64_t bank_of(const Lookup& lookup) const { return lookup.row / bank_rows_; }
  /// Whether `next` joins the group that `last` is the n-th lookup of.
  bool joins(const Lookup& last, const Lookup& next, int n) const;
  void count(int rows);
  void add_row(const Lookup& lookup, std::vector<std::int32_t>& sums) const;

  const Tile& tile_;
  const Model& model_;
  Cycle interval_, read_;  ///< Between two rows of a bank; from issue to row data.
  Cycle conversion_;       ///< What of the interval is not the array's own read.
  std::uint64_t bank_rows_, array_rows_;
  int most_rows_;  ///< A.
  RowPlaces places_;
  std::vector<Cycle> bank_free_;
  TableReads reads_;
  Stepper stepper_;
};

}  // namespace recpim
