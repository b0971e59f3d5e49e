// SPDX-License-Identifier: Apache-2.0
#include "sim/device/mvm_devices.h"

#include <algorithm>

#include "traces/support/math.h"

namespace recpim {

MvmShape::MvmShape(const Design& design, const Tile& tile, const Model& model)
    : rows(tile.rows),
      channels(tile.channels),
      vectors(tile.vectors),
      by_column(tile.axis == Axis::kRows) {
  const Hardware& hw = design.hardware;
  const Operator& op = model.operators[static_cast<std::size_t>(tile.op)];
  const TensorFormat& in = model.operators[static_cast<std::size_t>(op.inputs[0])].output;
  block_rows = hw.crossbar.rows;
  block_columns = hw.crossbar.columns;
  channels_per_crossbar = hw.channels_per_crossbar(op.weight_bits);
  row_blocks = ceil_div(rows, block_rows);
  column_blocks = ceil_div(channels, channels_per_crossbar);
  phases = hw.phases(in.bits, in.is_signed);
  input_bits = in.bits;
  input_signed = in.is_signed;
  dac_bits = hw.dac_bits;
  adc_bits = hw.adc.bits;
  adc_shift = tile.adc_shift;
  columns_per_adc = hw.adc.columns_per_adc;
  cell_bits = hw.crossbar.cell_bits;
  weight_bits = op.weight_bits;
  encoding = hw.crossbar.encoding;
  read_cycles = hw.read_cycles();
  conversion_cycles = hw.conversion_cycles();
  interval = hw.initiation_interval();
}

// --- DACs ---------------------------------------------------------------------------------------

void DacBank::start(const std::vector<std::int32_t>& input) {
  input_ = input;
  phase_ = 0;
  drive();
}

void DacBank::step() {
  if (phase_ < shape_.sample_phases()) {
    drive();
  } else {
    free_(now() + 1);
  }
}

// Puts the levels of phase_ on the wordlines in cycle now(), and wakes for the next phase, or for
// the last cycle of the last one.
void DacBank::drive() {
  const int vector = phase_ / shape_.phases;
  const int phase = phase_ % shape_.phases;
  const bool sign = shape_.input_signed && phase == shape_.phases - 1;
  const int value_bits = shape_.input_signed ? shape_.input_bits - 1 : shape_.input_bits;
  const int first = sign ? shape_.input_bits - 1 : phase * shape_.dac_bits;
  const int bits = sign ? 1 : std::min(shape_.dac_bits, value_bits - first);
  PhaseTag tag;
  tag.phase = phase;
  tag.vector = vector;
  tag.last = phase_ == shape_.sample_phases() - 1;
  tag.input_sum.assign(static_cast<std::size_t>(shape_.row_blocks), 0);
  std::vector<int> levels(static_cast<std::size_t>(shape_.rows));
  for (int r = 0; r < shape_.rows; ++r) {
    const auto place = static_cast<std::size_t>(shape_.input_place(vector, r));
    const int level = (input_[place] >> first) & ((1 << bits) - 1);
    levels[static_cast<std::size_t>(r)] = level;
    tag.input_sum[static_cast<std::size_t>(r / shape_.block_rows)] += level;
  }
  drives_ +=
      static_cast<std::uint64_t>(shape_.rows) * static_cast<std::uint64_t>(shape_.column_blocks);
  crossbars_.read(now(), std::move(levels), std::move(tag));
  ++phase_;
  if (phase_ < shape_.sample_phases()) {
    arm(now() + shape_.interval);
  } else if (shape_.interval > 1) {
    arm(now() + shape_.interval - 1);  // The cycle before the next sample can start.
  } else {
    free_(now() + 1);
  }
}

void DacBank::count_sample() {
  drives_ += static_cast<std::uint64_t>(shape_.rows) *
             static_cast<std::uint64_t>(shape_.column_blocks) *
             static_cast<std::uint64_t>(shape_.sample_phases());
}

// --- crossbars ----------------------------------------------------------------------------------

void CrossbarBank::read(Cycle at, std::vector<int> levels, PhaseTag tag) {
  levels_ = std::move(levels);
  tag_ = std::move(tag);
  const Cycle settled = at + shape_.read_cycles - 1;
  if (settled > now()) {
    arm(settled);
  } else {
    step();  // A read of one cycle: sensed at the end of the cycle that drives it.
  }
}

void CrossbarBank::step() {
  ColumnSums sums(blocks_.size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const EncodedBlock& block = blocks_[b];
    const int first = static_cast<int>(b) / shape_.column_blocks * shape_.block_rows;
    sums[b].assign(static_cast<std::size_t>(block.columns), 0);
    for (int c = 0; c < block.columns; ++c) {
      for (int r = 0; r < block.rows; ++r) {
        sums[b][static_cast<std::size_t>(c)] += static_cast<std::int64_t>(block.cell(r, c)) *
                                                levels_[static_cast<std::size_t>(first + r)];
      }
    }
  }
  reads_ += blocks_.size();
  hold_.capture(now() + 1, std::move(sums), std::move(tag_));
}

void CrossbarBank::count_sample() {
  reads_ += static_cast<std::uint64_t>(shape_.crossbars()) *
            static_cast<std::uint64_t>(shape_.sample_phases());
}

// --- sample-and-hold ----------------------------------------------------------------------------

void SampleHold::capture(Cycle visible, ColumnSums sums, PhaseTag tag) {
  current_ = 1 - current_;
  held_[current_] = std::move(sums);
  holds_ += static_cast<std::uint64_t>(shape_.crossbars()) *
            static_cast<std::uint64_t>(shape_.block_columns);
  adcs_.convert(visible, &held_[current_], std::move(tag));
}

void SampleHold::count_sample() {
  holds_ += static_cast<std::uint64_t>(shape_.crossbars()) *
            static_cast<std::uint64_t>(shape_.block_columns) *
            static_cast<std::uint64_t>(shape_.sample_phases());
}

// --- ADCs ---------------------------------------------------------------------------------------

void AdcBank::convert(Cycle at, const ColumnSums* sums, PhaseTag tag) {
  // The last conversion of the phase before may end in this very cycle, before or after this call.
  if (due_ == now()) convert_column();
  sums_ = sums;
  tag_ = std::move(tag);
  column_ = 0;
  due_ = at + shape_.conversion_cycles - 1;
  arm(due_);
}

void AdcBank::step() {
  if (due_ == now()) convert_column();
}

void AdcBank::convert_column() {
  const std::int64_t half = (std::int64_t{1} << shape_.adc_shift) >> 1;
  const std::int64_t most = (std::int64_t{1} << shape_.adc_bits) - 1;
  std::vector<std::vector<std::int64_t>> codes(sums_->size());
  for (std::size_t b = 0; b < sums_->size(); ++b) {
    for (int g = 0; g < shape_.converters(); ++g) {
      const std::int64_t sum =
          (*sums_)[b][static_cast<std::size_t>(g * shape_.columns_per_adc + column_)];
      codes[b].push_back(std::min((sum + half) >> shape_.adc_shift, most));
      ++conversions_;
    }
  }
  shift_add_.codes(now() + 1, column_, tag_, std::move(codes));
  due_ = kNever;
  if (++column_ < shape_.columns_per_adc) {
    due_ = now() + shape_.conversion_cycles;
    arm(due_);
  }
}

void AdcBank::count_sample() {
  conversions_ += static_cast<std::uint64_t>(shape_.crossbars()) *
                  static_cast<std::uint64_t>(shape_.block_columns) *
                  static_cast<std::uint64_t>(shape_.sample_phases());
}

// --- shift-add ----------------------------------------------------------------------------------

ShiftAdd::ShiftAdd(const sc_core::sc_module_name& name, CycleScheduler& cycles,
                   const MvmShape& shape, const std::vector<EncodedBlock>& blocks)
    : ClockedModule(name, cycles),
      shape_(shape),
      blocks_(blocks),
      accumulators_(
          static_cast<std::size_t>(shape.channels) * static_cast<std::size_t>(shape.vectors), 0) {
  // Every crossbar of a tile has the same layout; channels past the part's own are dropped below.
  Hardware hw;
  hw.crossbar.columns = shape.block_columns;
  hw.crossbar.cell_bits = shape.cell_bits;
  hw.crossbar.encoding = shape.encoding;
  hw.adc.columns_per_adc = shape.columns_per_adc;
  layout_ = column_layout(hw, shape.weight_bits, shape.channels_per_crossbar);
}

void ShiftAdd::codes(Cycle at, int column, const PhaseTag& tag,
                     std::vector<std::vector<std::int64_t>> codes) {
  adds_ += codes.size() * static_cast<std::uint64_t>(shape_.converters());
  first_.push_back({at, column, tag, std::move(codes)});
  arm(at);
}

void ShiftAdd::step() {
  if (valid_at_ == now()) {
    valid_at_ = kNever;
    done_(now() + 1, accumulators_);
    std::fill(accumulators_.begin(), accumulators_.end(), 0);
  }
  if (!second_.empty() && second_.front().at == now()) {
    accumulate(second_.front());
    second_.pop_front();
  }
  if (!first_.empty() && first_.front().at == now()) {
    second_.push_back(undo_and_add(first_.front()));
    first_.pop_front();
    arm(now() + 1);
  }
}

// Stage 1: undoes the inversion of each crossbar's column and adds the row blocks.
ShiftAdd::Stage ShiftAdd::undo_and_add(const Stage& in) const {
  Stage out{in.at + 1, in.column, in.tag, {}};
  out.values.assign(static_cast<std::size_t>(shape_.column_blocks),
                    std::vector<std::int64_t>(static_cast<std::size_t>(shape_.converters()), 0));
  const std::int64_t cell_max = (std::int64_t{1} << shape_.cell_bits) - 1;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const std::size_t row_block = b / static_cast<std::size_t>(shape_.column_blocks);
    const std::size_t column_block = b % static_cast<std::size_t>(shape_.column_blocks);
    for (int g = 0; g < shape_.converters(); ++g) {
      const auto group = static_cast<std::size_t>(g);
      const auto column = static_cast<std::size_t>(g * shape_.columns_per_adc + in.column);
      const std::int64_t value = in.values[b][group] << shape_.adc_shift;
      out.values[column_block][group] +=
          blocks_[b].inverted[column] != 0 ? cell_max * in.tag.input_sum[row_block] - value : value;
    }
  }
  return out;
}

// Stage 2: weighs by digit, sign and phase, takes the offset off once a channel and phase.
void ShiftAdd::accumulate(const Stage& in) {
  const bool sign = shape_.input_signed && in.tag.phase == shape_.phases - 1;
  const std::int64_t weight = sign ? -(std::int64_t{1} << (shape_.input_bits - 1))
                                   : std::int64_t{1} << (in.tag.phase * shape_.dac_bits);
  std::int64_t inputs = 0;
  for (const std::int64_t sum : in.tag.input_sum) inputs += sum;
  for (int cb = 0; cb < shape_.column_blocks; ++cb) {
    for (int g = 0; g < shape_.converters(); ++g) {
      const ColumnUse& use =
          layout_[static_cast<std::size_t>(g * shape_.columns_per_adc + in.column)];
      const int channel = cb * shape_.channels_per_crossbar + use.channel;
      if (use.channel < 0 || channel >= shape_.channels) continue;
      // Products and not shifts: an undone inversion can leave a negative value.
      std::int64_t value = in.values[static_cast<std::size_t>(cb)][static_cast<std::size_t>(g)] *
                           (std::int64_t{1} << (use.digit * shape_.cell_bits));
      if (use.negative) value = -value;
      if (shape_.encoding == Encoding::kOffset && use.digit == 0) {
        value -= inputs * (std::int64_t{1} << (shape_.weight_bits - 1));
      }
      const auto place = static_cast<std::size_t>(shape_.output_place(in.tag.vector, channel));
      accumulators_[place] += static_cast<std::int32_t>(weight * value);
    }
  }
  if (in.tag.last && in.column == shape_.columns_per_adc - 1) {
    valid_at_ = now() + 1;
    arm(valid_at_);
  }
}

void ShiftAdd::count_sample() {
  adds_ += static_cast<std::uint64_t>(shape_.crossbars()) *
           static_cast<std::uint64_t>(shape_.block_columns) *
           static_cast<std::uint64_t>(shape_.sample_phases());
}

}  // namespace recpim
