// SPDX-License-Identifier: Apache-2.0
/// @file
/// The devices of an MVM tile, one module a bank: DACs, crossbars, sample-and-holds, ADCs,
/// shift-add. They count what costs energy in both modes. In reference mode each is stepped cycle
/// by cycle; in the fast mode their sequence, in which nothing can stall, is one closed form
/// (MvmEngine). Timing: sim/README.md, "Tile".
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "models/mapping/encoding.h"
#include "sim/core/clocked_module.h"

namespace recpim {

/// Dimensions that the devices of one tile share.
struct MvmShape {
  int rows = 0, channels = 0;             ///< Of the part.
  int vectors = 1;                        ///< Of a sample, one after the other.
  bool by_column = false;                 ///< An fc along the rows: vector v is column v.
  int block_rows = 0, block_columns = 0;  ///< Of a physical crossbar.
  int row_blocks = 0, column_blocks = 0;
  int channels_per_crossbar = 0;
  int phases = 0, input_bits = 0;  ///< Phases of one vector.
  bool input_signed = false;
  int dac_bits = 0, adc_bits = 0, adc_shift = 0, columns_per_adc = 0, cell_bits = 0;
  int weight_bits = 0;
  Encoding encoding = Encoding::kOffset;
  Cycle read_cycles = 0, conversion_cycles = 0, interval = 0;

  MvmShape(const Design& design, const Tile& tile, const Model& model);
  int crossbars() const { return row_blocks * column_blocks; }
  int converters() const { return block_columns / columns_per_adc; }  ///< ADCs of a crossbar.
  int sample_phases() const { return vectors * phases; }
  /// Where row r of vector v lies in the input vector, and channel c of it in the accumulators.
  int input_place(int v, int r) const { return by_column ? r * vectors + v : v * rows + r; }
  int output_place(int v, int c) const { return by_column ? c * vectors + v : v * channels + c; }
};

/// Sums of one read: [crossbar][column]; crossbar = row block * column_blocks + column block.
using ColumnSums = std::vector<std::vector<std::int64_t>>;

/// What travels with a phase through the pipeline.
struct PhaseTag {
  int phase = 0, vector = 0;
  bool last = false;                    ///< Of its sample.
  std::vector<std::int64_t> input_sum;  ///< One a row block: the exact sum of the levels driven.
};

/// Shift, undo, add: from codes to accumulators, in three registered stages.
class ShiftAdd : public ClockedModule {
 public:
  ShiftAdd(const sc_core::sc_module_name& name, CycleScheduler& cycles, const MvmShape& shape,
           const std::vector<EncodedBlock>& blocks);
  using DoneFunction = std::function<void(Cycle at, std::vector<std::int32_t> accumulators)>;
  void on_done(DoneFunction done) { done_ = std::move(done); }
  /// Codes of column `column` of every ADC group ([crossbar][group]), visible from `at`.
  void codes(Cycle at, int column, const PhaseTag& tag,
             std::vector<std::vector<std::int64_t>> codes);
  std::uint64_t adds() const { return adds_; }  ///< Codes taken in.
  void count_sample();

 private:
  struct Stage {
    Cycle at = 0;
    int column = 0;
    PhaseTag tag;
    std::vector<std::vector<std::int64_t>> values;  ///< [crossbar or column block][group]
  };
  void step() override;
  Stage undo_and_add(const Stage& in) const;
  void accumulate(const Stage& in);

  const MvmShape& shape_;
  const std::vector<EncodedBlock>& blocks_;
  std::vector<ColumnUse> layout_;
  DoneFunction done_;
  std::deque<Stage> first_, second_;
  Cycle valid_at_ = kNever;
  std::vector<std::int32_t> accumulators_;
  std::uint64_t adds_ = 0;
};

/// Converts the held sums, one column of every group after the other.
class AdcBank : public ClockedModule {
 public:
  AdcBank(const sc_core::sc_module_name& name, CycleScheduler& cycles, const MvmShape& shape,
          ShiftAdd& shift_add)
      : ClockedModule(name, cycles), shape_(shape), shift_add_(shift_add) {}
  /// Held sums that are visible from `at`.
  void convert(Cycle at, const ColumnSums* sums, PhaseTag tag);
  std::uint64_t conversions() const { return conversions_; }
  void count_sample();

 private:
  void step() override;

  const MvmShape& shape_;
  void convert_column();

  ShiftAdd& shift_add_;
  const ColumnSums* sums_ = nullptr;
  PhaseTag tag_;
  int column_ = 0;
  Cycle due_ = kNever;  ///< The cycle at whose end the conversion of column_ ends.
  std::uint64_t conversions_ = 0;
};

/// Holds the column sums of a read while they are converted and the next read goes on.
class SampleHold : public sc_core::sc_module {
 public:
  SampleHold(const sc_core::sc_module_name& name, const MvmShape& shape, AdcBank& adcs)
      : sc_module(name), shape_(shape), adcs_(adcs) {}
  void capture(Cycle visible, ColumnSums sums, PhaseTag tag);
  std::uint64_t holds() const { return holds_; }
  void count_sample();

 private:
  const MvmShape& shape_;
  AdcBank& adcs_;
  /// Two: in the cycle that captures a read, the last column of the one before may be converted.
  ColumnSums held_[2];
  int current_ = 0;
  std::uint64_t holds_ = 0;
};

/// Arrays of cells: the current of a column is the sum over the rows of cell x wordline level.
class CrossbarBank : public ClockedModule {
 public:
  CrossbarBank(const sc_core::sc_module_name& name, CycleScheduler& cycles, const MvmShape& shape,
               const std::vector<EncodedBlock>& blocks, SampleHold& hold)
      : ClockedModule(name, cycles), shape_(shape), blocks_(blocks), hold_(hold) {}
  /// The wordlines hold `levels` (one a row of the part) for read_cycles from `at` on.
  void read(Cycle at, std::vector<int> levels, PhaseTag tag);
  std::uint64_t reads() const { return reads_; }  ///< Of a physical crossbar.
  void count_sample();

 private:
  void step() override;

  const MvmShape& shape_;
  const std::vector<EncodedBlock>& blocks_;
  SampleHold& hold_;
  std::vector<int> levels_;
  PhaseTag tag_;
  std::uint64_t reads_ = 0;
};

/// Drives the wordlines with one slice of the input vector a phase.
class DacBank : public ClockedModule {
 public:
  DacBank(const sc_core::sc_module_name& name, CycleScheduler& cycles, const MvmShape& shape,
          CrossbarBank& crossbars)
      : ClockedModule(name, cycles), shape_(shape), crossbars_(crossbars) {}
  using FreeFunction = std::function<void(Cycle at)>;
  void on_free(FreeFunction free) { free_ = std::move(free); }
  /// Starts a sample in cycle now(): phase 0 is on the wordlines in this cycle.
  void start(const std::vector<std::int32_t>& input);
  std::uint64_t drives() const { return drives_; }  ///< Wordlines x phases, of all crossbars.
  void count_sample();

 private:
  void step() override;
  void drive();

  const MvmShape& shape_;
  CrossbarBank& crossbars_;
  FreeFunction free_;
  std::vector<std::int32_t> input_;
  int phase_ = 0;  ///< Of the sample.
  std::uint64_t drives_ = 0;
};

}  // namespace recpim
