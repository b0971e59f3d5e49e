// SPDX-License-Identifier: Apache-2.0
// input_buffer, dac, crossbar, adc, shift_add, mvm_engine and accumulator_bank against
// sim/README.md: starts, ends and completions in their cycles, accumulators against the bit-serial
// reference and, where the ADCs lose nothing, against plain integer products, for the dimensions in
// CMakeLists.txt and random weights, formats, latencies and stalls; several vectors a sample, one
// by one or several at once. Input vectors are put together from ports of 4 and 8 bits and gaps
// that no port fills.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "Vmvm_zoo.h"
#include "models/mapping/block_reference.h"
#include "models/mapping/encoding.h"
#include "mvm_zoo_members.h"
#include "rtl/gen/image.h"
#include "rtl/gen/layout.h"
#include "testbenches/cosim/block_zoo.h"
#include "traces/support/math.h"
#include "traces/support/random.h"
#include "verilated.h"

namespace recpim {
namespace {

using testing::between;
using testing::kMvmMembers;
using testing::MvmMember;

constexpr int kFlitBits = 64;
constexpr int kSettings = 12;
constexpr int kMembers = static_cast<int>(std::size(kMvmMembers));

/// A port of an engine's input vector.
struct InputPort {
  int first = 0, elements = 0, bits = 8;
};

/// One engine: its random settings, its samples, and where each of them is.
class Member {
 public:
  Member(int number, Random& random) : number_(number), shape_(kMvmMembers[number]) {
    hardware_.crossbar.rows = shape_.rows;
    hardware_.crossbar.columns = shape_.columns;
    hardware_.crossbar.cell_bits = shape_.cell_bits;
    hardware_.dac_bits = shape_.dac_bits;
    hardware_.adc.bits = shape_.adc_bits;
    hardware_.adc.columns_per_adc = shape_.columns / shape_.adcs;
    do {
      constexpr int kBits[] = {2, 4, 8};
      op_.weight_bits = kBits[random.below(3)];
      hardware_.crossbar.encoding =
          random.below(2) == 0 ? Encoding::kOffset : Encoding::kDifferential;
    } while (hardware_.channels_per_crossbar(op_.weight_bits) == 0);
    format_.bits = random.below(2) == 0 ? 4 : 8;
    format_.is_signed = random.below(2) == 0;
    read_ = static_cast<int>(1 + random.below(9));
    conversion_ = static_cast<int>(1 + random.below(3));
    vectors_ = shape_.along_rows != 0 ? shape_.vectors : between(random, 1, shape_.vectors);
    draw_weights(random);
    draw_ports(random);
  }

  void write_images(const std::string& folder) const {
    const std::string stem = folder + "/m" + std::to_string(number_) + "_";
    const int per_block = hardware_.channels_per_crossbar(op_.weight_bits);
    Image map(layout::map::kBits);
    const int rows = shape_.columns / shape_.adcs;  // Accumulator rows of a vector.
    for (int i = 0; i < vectors_ * tile_.channels; ++i) {
      const int q = i % tile_.channels;
      const int in_block = q % per_block;
      ImageWord word = map.word();
      const int v = i / tile_.channels;
      const int block = v % shape_.copies * shape_.column_blocks + q / per_block;
      word.set(layout::map::kRow,
               static_cast<std::uint64_t>(v / shape_.copies * rows + in_block % group_channels()));
      word.set(layout::map::kColumn,
               static_cast<std::uint64_t>(block * shape_.adcs + in_block / group_channels()));
      map.add(word);
    }
    map.write(stem + "map.hex");
    for (int c = 0; c < shape_.column_blocks; ++c) write_column_block(stem, c, per_block);
  }

  void settings(std::uint32_t* words) const {
    const int low = format_.is_signed ? format_.bits - 1 : format_.bits;
    const int values[kSettings] = {read_,
                                   conversion_,
                                   interval(),
                                   phases(),
                                   low,
                                   format_.is_signed,
                                   tile_.adc_shift,
                                   hardware_.crossbar.encoding == Encoding::kOffset,
                                   op_.weight_bits,
                                   hardware_.columns_per_weight(op_.weight_bits),
                                   group_channels(),
                                   vectors_ - 1};
    for (int i = 0; i < kSettings; ++i) words[i] = static_cast<std::uint32_t>(values[i]);
  }

  /// Acts in this cycle, if there is something to do; checks what has to be seen in it.
  void drive(Vmvm_zoo& top, std::int64_t now, bool chosen, Random& random) {
    const bool idle = starts_.empty() || now >= starts_.back() + busy();
    ASSERT_EQ((top.idle_o >> number_ & 1) != 0, idle) << where(now);
    if (!chosen) return;
    const auto slots = static_cast<std::size_t>(shape_.slots);
    if (read_count_ < starts_.size() && now >= starts_[read_count_] + latency()) {
      check_accumulators(top, now);
    } else if (idle && starts_.size() < written_ && starts_.size() < read_count_ + slots &&
               random.below(3) != 0) {
      top.start_i = 1U << number_;
      top.slot_i = static_cast<std::uint8_t>(starts_.size() % slots);
      starts_.push_back(now);
    } else if (written_ < freed(now) + slots && random.below(5) != 0) {
      write_flit(top, random);
    }
  }

  /// After inputs are settled: the pulses of this cycle.
  void check_pulses(const Vmvm_zoo& top, std::int64_t now) const {
    const bool last = !starts_.empty() && now == starts_.back() + busy() - 1;
    ASSERT_EQ((top.last_o >> number_ & 1) != 0, last) << where(now);
    const bool done = std::any_of(starts_.begin(), starts_.end(),
                                  [&](std::int64_t start) { return now == start + latency() - 1; });
    ASSERT_EQ((top.done_o >> number_ & 1) != 0, done) << where(now);
  }

  std::size_t checked() const { return read_count_; }
  std::size_t plain() const { return plain_; }  ///< Values held against plain products.

 private:
  int group_channels() const {
    return hardware_.adc.columns_per_adc / hardware_.columns_per_weight(op_.weight_bits);
  }
  int scan() const { return hardware_.adc.columns_per_adc * conversion_; }
  int interval() const { return std::max(read_, scan()); }
  int phases() const { return hardware_.phases(format_.bits, format_.is_signed); }
  int rounds() const { return ceil_div(vectors_, shape_.copies); }
  int busy() const { return rounds() * phases() * interval(); }
  int latency() const { return read_ + (rounds() * phases() - 1) * interval() + scan() + 3; }
  std::string where(std::int64_t now) const {
    return "member " + std::to_string(number_) + " cycle " + std::to_string(now);
  }
  std::size_t freed(std::int64_t now) const {
    std::size_t count = 0;
    while (count < starts_.size() && now >= starts_[count] + busy()) ++count;
    return count;
  }

  void draw_weights(Random& random) {
    const int per_block = hardware_.channels_per_crossbar(op_.weight_bits);
    const auto in_last = [&](int block) {
      return static_cast<int>(1 + random.below(static_cast<std::uint64_t>(block)));
    };
    tile_.rows = (shape_.row_blocks - 1) * shape_.rows + in_last(shape_.rows);
    if (shape_.vectors > 1) tile_.rows = shape_.length;
    tile_.channels = (shape_.column_blocks - 1) * per_block + in_last(per_block);
    op_.width = tile_.channels;
    const int most = (1 << (op_.weight_bits - 1)) - 1;
    // Leaning to one side, so that some columns are stored inverted and some are not.
    for (int i = 0; i < tile_.rows * tile_.channels; ++i) {
      const auto a =
          static_cast<int>(random.below(static_cast<std::uint64_t>(2 * most + 1))) - most;
      const auto b =
          static_cast<int>(random.below(static_cast<std::uint64_t>(2 * most + 1))) - most;
      op_.weight_q.push_back(
          static_cast<std::int8_t>(i / tile_.rows % 3 == 0 ? std::max(a, b) : a));
    }
    tile_.adc_shift = operator_adc_shift(hardware_, op_);
    if (tile_.adc_shift > 0 && random.below(2) == 0) --tile_.adc_shift;  // Saturates at times.
  }

  void write_column_block(const std::string& stem, int c, int per_block) const {
    const int m = hardware_.adc.columns_per_adc;
    const int channels = std::min(per_block, tile_.channels - c * per_block);
    Image inverted(shape_.row_blocks * shape_.adcs);
    std::vector<ImageWord> words(static_cast<std::size_t>(m), inverted.word());
    for (int r = 0; r < shape_.row_blocks; ++r) {
      const int rows = std::min(shape_.rows, tile_.rows - r * shape_.rows);
      const EncodedBlock block = encode_block(
          op_.weight_q.data() + std::ptrdiff_t{c} * per_block * tile_.rows + r * shape_.rows,
          tile_.rows, rows, channels, hardware_, op_.weight_bits);
      Image cells(shape_.rows);
      for (int column = 0; column < shape_.columns; ++column) {
        for (int b = 0; b < shape_.cell_bits; ++b) {
          ImageWord word = cells.word();
          for (int row = 0; row < rows; ++row) {
            if ((block.cell(row, column) >> b & 1) != 0) word.set_bit(row);
          }
          cells.add(word);
        }
        if (block.inverted[static_cast<std::size_t>(column)] != 0) {
          words[static_cast<std::size_t>(column % m)].set_bit(r * shape_.adcs + column / m);
        }
      }
      cells.write(stem + "crossbar_" + std::to_string(r) + "_" + std::to_string(c) + ".hex");
    }
    for (const ImageWord& word : words) inverted.add(word);
    inverted.write(stem + "inverted_" + std::to_string(c) + ".hex");
  }

  /// Ports of random lengths, one after the other, with gaps.
  void draw_ports(Random& random) {
    const int elements = tile_.rows * vectors_;
    for (int first = 0; first < elements || ports_.empty();) {
      first %= elements;
      InputPort port;
      port.first = first;
      port.elements = between(random, 1, elements - first);
      port.bits = format_.bits == 8 && random.below(3) == 0 ? 4 : format_.bits;
      first += port.elements;
      if (random.below(5) != 0) ports_.push_back(port);
    }
  }

  std::vector<std::int32_t> draw_sample(Random& random) const {
    std::vector<std::int32_t> x(static_cast<std::size_t>(tile_.rows * vectors_), 0);
    for (const InputPort& port : ports_) {
      const int low = format_.is_signed ? -(1 << (port.bits - 1)) : 0;
      for (int i = 0; i < port.elements; ++i) {
        const int value = low + between(random, 0, (1 << port.bits) - 1);
        x[static_cast<std::size_t>(port.first + i)] =
            value * (port.bits < format_.bits ? 16 : 1);  // Its scale is 16 times the others'.
      }
    }
    return x;
  }

  /// One payload flit of the next sample. What lies behind the last element of a packet is noise,
  /// which must not get into the buffer.
  void write_flit(Vmvm_zoo& top, Random& random) {
    if (port_ == 0 && next_ == 0) x_.push_back(draw_sample(random));
    const InputPort& port = ports_[port_];
    const int step = kFlitBits / port.bits;
    const int moved = std::min(step, port.elements - next_);
    std::uint64_t flit = random.next64();
    const std::uint64_t mask = (1U << unsigned(port.bits)) - 1U;
    for (int i = 0; i < moved; ++i) {
      const int value = x_.back()[static_cast<std::size_t>(port.first + next_ + i)];
      const auto stored =
          static_cast<std::uint64_t>(port.bits < format_.bits ? value / 16 : value) & mask;
      const auto at = static_cast<unsigned>(i * port.bits);
      flit = (flit & ~(mask << at)) | stored << at;
    }
    top.write_i = 1U << number_;
    top.slot_i = static_cast<std::uint8_t>(written_ % static_cast<std::size_t>(shape_.slots));
    top.base_i = static_cast<std::uint32_t>(port.first + next_);
    top.elements_i = static_cast<std::uint32_t>(port.elements - next_);
    top.bits_log2_i = port.bits == 4 ? 2 : 3;
    top.shift_i = port.bits < format_.bits ? 1 : 0;
    top.data_i = flit;
    next_ += moved;
    if (next_ < port.elements) return;
    next_ = 0;
    port_ = (port_ + 1) % ports_.size();
    if (port_ == 0) ++written_;
  }

  /// Vector v of a sample.
  std::vector<std::int32_t> vector(const std::vector<std::int32_t>& x, int v) const {
    std::vector<std::int32_t> out;
    for (int r = 0; r < tile_.rows; ++r) {
      const int at = shape_.along_rows != 0 ? r * vectors_ + v : v * tile_.rows + r;
      out.push_back(x[static_cast<std::size_t>(at)]);
    }
    return out;
  }

  std::int32_t plain_product(const std::vector<std::int32_t>& x, int channel) const {
    std::int32_t sum = 0;
    for (std::size_t r = 0; r < x.size(); ++r) {
      sum += x[r] * op_.weight_q[static_cast<std::size_t>(channel) * x.size() + r];
    }
    return sum;
  }

  void check_accumulators(Vmvm_zoo& top, std::int64_t now) {
    top.read_i = 1U << number_;
    top.slot_i = static_cast<std::uint8_t>(read_count_ % static_cast<std::size_t>(shape_.slots));
    const bool lossless = tile_.adc_shift == 0 && operator_adc_shift(hardware_, op_) == 0;
    for (int v = 0; v < vectors_; ++v) {
      const auto x = vector(x_[read_count_], v);
      const auto expected = mvm_reference(tile_, hardware_, op_, format_, x.data());
      for (int q = 0; q < tile_.channels; ++q) {
        top.channel_i = static_cast<std::uint32_t>(v * tile_.channels + q);
        top.eval();
        const auto got = static_cast<std::int32_t>(top.accumulator_o[number_]);
        ASSERT_EQ(got, expected[static_cast<std::size_t>(q)])
            << where(now) << " sample " << read_count_ << " vector " << v << " channel " << q
            << " weights " << op_.weight_bits << " bits, k " << tile_.adc_shift;
        if (!lossless) continue;
        ASSERT_EQ(got, plain_product(x, q)) << where(now);
        ++plain_;
      }
    }
    ++read_count_;
  }

  int number_;
  MvmMember shape_;
  Hardware hardware_;
  Operator op_;
  Tile tile_;
  InputFormat format_;
  int read_ = 1, conversion_ = 1;
  std::vector<std::vector<std::int32_t>> x_;
  std::vector<std::int64_t> starts_;
  std::size_t written_ = 0, read_count_ = 0;
  int vectors_ = 1;
  std::vector<InputPort> ports_;
  std::size_t port_ = 0;  ///< The one whose packet is being written.
  int next_ = 0;          ///< Its elements that have been.
  std::size_t plain_ = 0;
};

class MvmEngine : public ::testing::TestWithParam<int> {};

TEST_P(MvmEngine, EqualsTheReference) {
  Random random(static_cast<std::uint64_t>(GetParam()), 77);
  const std::string folder = ::testing::TempDir() + "/mvm_zoo_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  std::vector<Member> members;
  for (int i = 0; i < kMembers; ++i) {
    members.emplace_back(i, random);
    members.back().write_images(folder);
  }
  VerilatedContext context;
  const std::string images = "+images=" + folder;
  const char* arguments[] = {"zoo", images.c_str()};
  context.commandArgs(2, arguments);
  context.randReset(2);
  context.randSeed(1 + GetParam());
  const auto top = std::make_unique<Vmvm_zoo>(&context, "");
  for (int i = 0; i < kMembers; ++i)
    members[static_cast<std::size_t>(i)].settings(&top->settings_i[kSettings * i]);
  top->clk_i = 0;
  top->rst_ni = 1;
  top->eval();
  top->rst_ni = 0;
  top->eval();
  top->rst_ni = 1;
  top->eval();
  std::filesystem::remove_all(folder);
  for (std::int64_t now = 0; now < 20000; ++now) {
    top->write_i = top->start_i = top->read_i = 0;
    top->eval();
    const std::uint64_t chosen = random.below(kMembers);
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i].drive(*top, now, i == chosen, random);
      if (HasFatalFailure()) return;
    }
    top->eval();
    for (const Member& member : members) {
      member.check_pulses(*top, now);
      if (HasFatalFailure()) return;
    }
    top->clk_i = 1;
    top->eval();
    top->clk_i = 0;
    top->eval();
  }
  std::size_t products = 0, plain = 0;
  for (const Member& member : members) {
    EXPECT_GE(member.checked(), 1U);
    products += member.checked();
    plain += member.plain();
  }
  EXPECT_GT(products, 100U);
  EXPECT_GT(plain, 100U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MvmEngine, ::testing::Range(0, 6));

}  // namespace
}  // namespace recpim
