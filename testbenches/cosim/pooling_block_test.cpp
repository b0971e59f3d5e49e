// SPDX-License-Identifier: Apache-2.0
// embedding_engine against sim/README.md, "Tile", the embedding row, with adders and with pooling
// in the array: groups and their cycles from the formulas there, every sum from the rows, every
// output in every cycle, for the dimensions in CMakeLists.txt. Lists are random, with runs in one
// array.
#include <algorithm>
#include <deque>

#include "Vpooling_zoo.h"
#include "pooling_members.h"
#include "rtl/gen/image.h"
#include "testbenches/cosim/block_zoo.h"

namespace recpim {
namespace {

using testing::below;
using testing::between;
using testing::kPoolingMembers;
using testing::kZooCycles;

constexpr std::size_t kMembers = std::size(kPoolingMembers);

/// The words of pooling_zoo.sv.
struct In {
  std::uint32_t read_cycles = 0, scan_cycles = 0, interval = 0, bank_rows = 0;
  std::uint32_t write = 0, write_slot = 0, write_base = 0;
  testing::Payload data{};
  std::uint32_t start = 0, slot = 0;
};
struct Out {
  std::uint32_t idle = 0, last = 0, done = 0, add = 0, add_slot = 0, add_row = 0;
  std::array<std::uint32_t, 8> addends{};
};

struct Lookup {
  int bank = 0, row = 0, table = 0;
};

class Member {
 public:
  Member(std::size_t number, std::uint64_t seed, const testing::ZooFolder& folder)
      : shape_(kPoolingMembers[number]),
        random_(seed, 700 + number),
        write_pace_(seed, 800 + number),
        start_pace_(seed, 900 + number) {
    read_ = between(random_, 1, 6);
    scan_ = between(random_, 1, 9);
    bank_rows_ = between(random_, 1, shape_.bank_depth);
    bank_free_.assign(static_cast<std::size_t>(shape_.banks), 0);
    const int top = 1 << (shape_.weight_bits - 1);
    for (int b = 0; b < shape_.banks; ++b) {
      Image image(shape_.width * shape_.weight_bits);
      for (int r = 0; r < shape_.bank_depth; ++r) {
        ImageWord word = image.word();
        for (int i = 0; i < shape_.width; ++i) {
          const int value = between(random_, -top, top - 1);
          table_.push_back(value);
          word.set(i * shape_.weight_bits, shape_.weight_bits,
                   static_cast<std::uint64_t>(value) & static_cast<std::uint64_t>(2 * top - 1));
        }
        image.add(word);
      }
      image.write(folder.stem(number) + "bank_" + std::to_string(b) + ".hex");
    }
  }

  /// The inputs of a cycle; afterwards expected() is what it has to show.
  In drive(std::int64_t now) {
    In in;
    in.read_cycles = static_cast<std::uint32_t>(read_);
    in.scan_cycles = static_cast<std::uint32_t>(scan_);
    in.interval = static_cast<std::uint32_t>(std::max(read_, scan_));
    in.bank_rows = static_cast<std::uint32_t>(bank_rows_);
    expected_ = {};
    expected_.idle = now >= free_at_ ? 1 : 0;
    expected_.last = started_ > 0 && now == end_ ? 1 : 0;
    show(now);
    // A slot is written only when its sums are complete; a list is started when it is whole.
    if (expected_.idle != 0 && ready_ > started_ && start_pace_()) start(now, in);
    if (ready_ < finished_ + static_cast<std::size_t>(shape_.slots) && write_pace_()) write(in);
    return in;
  }
  const Out& expected() const { return expected_; }
  std::size_t finished() const { return finished_; }
  int groups() const { return groups_; }
  int joined() const { return joined_; }
  int waits() const { return waits_; }

 private:
  struct Sum {
    std::int64_t at = 0;
    Out shown;
  };

  void show(std::int64_t now) {
    if (!sums_.empty() && sums_.front().at == now) {
      const Out& sum = sums_.front().shown;
      expected_.add = 1;
      expected_.add_slot = sum.add_slot;
      expected_.add_row = sum.add_row;
      expected_.addends = sum.addends;
      sums_.pop_front();
    }
    if (!done_.empty() && done_.front() == now) {
      expected_.done = 1;
      done_.pop_front();
      ++finished_;
    }
  }

  bool joins(const Lookup& last, const Lookup& next, int rows) const {
    return rows < shape_.group_rows && next.table == last.table && next.bank == last.bank &&
           next.row / shape_.array_rows == last.row / shape_.array_rows && next.row > last.row;
  }

  void start(std::int64_t now, In& in) {
    const std::vector<Lookup>& list = lists_.front();
    in.start = 1;
    in.slot = static_cast<std::uint32_t>(started_ % static_cast<std::size_t>(shape_.slots));
    std::int64_t issued = now;
    for (std::size_t i = 0; i < list.size();) {
      std::size_t end = i + 1;
      while (end < list.size() && joins(list[end - 1], list[end], static_cast<int>(end - i))) ++end;
      auto& free = bank_free_[static_cast<std::size_t>(list[i].bank)];
      const auto rows = static_cast<std::int64_t>(end - i);
      waits_ += free > issued + rows ? 1 : 0;
      issued = std::max(issued + rows, free);
      free = issued + std::max(read_, scan_);
      Sum sum;
      sum.at = issued + read_ + scan_ + 1;  // A register behind the bank's data.
      sum.shown.add_slot = in.slot;
      sum.shown.add_row = static_cast<std::uint32_t>(list[i].table);
      for (; i < end; ++i) add(list[i], sum.shown);
      sums_.push_back(sum);
      ++groups_;
      joined_ += static_cast<int>(rows) - 1;
    }
    end_ = issued + 1;
    free_at_ = end_ + 1;
    done_.push_back(end_ + read_ + scan_ + 1);
    lists_.pop_front();
    ++started_;
  }

  void add(const Lookup& lookup, Out& sum) const {
    for (int i = 0; i < shape_.width; ++i) {
      const int at = (lookup.bank * shape_.bank_depth + lookup.row) * shape_.width + i;
      sum.addends[static_cast<std::size_t>(i)] +=
          static_cast<std::uint32_t>(table_[static_cast<std::size_t>(at)]);
    }
  }

  /// A random list: runs that ascend in one array, with repetitions, among lookups anywhere.
  std::vector<Lookup> draw() {
    const int most = shape_.flits * shape_.flit_bits / 32;
    const int n = below(random_, 4) == 0 ? most : between(random_, 0, most);
    std::vector<Lookup> list;
    Lookup lookup;
    for (int i = 0; i < n; ++i) {
      const bool near = i > 0 && below(random_, 4) != 0;
      if (near) {
        lookup.row = std::min(bank_rows_ - 1, lookup.row + between(random_, 0, 2));
      } else {
        lookup = {between(random_, 0, shape_.banks - 1), between(random_, 0, bank_rows_ - 1),
                  between(random_, 0, shape_.tables - 1)};
      }
      if (near && below(random_, 8) == 0) lookup.table = between(random_, 0, shape_.tables - 1);
      if (near && below(random_, 8) == 0) lookup.bank = between(random_, 0, shape_.banks - 1);
      list.push_back(lookup);
    }
    return list;
  }

  void write(In& in) {
    if (flit_ == 0) lists_.push_back(draw());
    const std::vector<Lookup>& list = lists_.back();
    std::vector<std::uint32_t> elements;
    for (const Lookup& l : list) {
      elements.push_back(static_cast<std::uint32_t>(l.bank * bank_rows_ + l.row) |
                         static_cast<std::uint32_t>(l.table) << 24U | 1U << 31U);
    }
    in.write = 1;
    in.write_slot = static_cast<std::uint32_t>(ready_ % static_cast<std::size_t>(shape_.slots));
    in.write_base = static_cast<std::uint32_t>(flit_);
    in.data = testing::packed_flit(elements, 0, static_cast<int>(elements.size()), 32, flit_,
                                   shape_.flit_bits);
    ++flit_;
    if (flit_ * shape_.flit_bits / 32 >= static_cast<int>(list.size())) {
      flit_ = 0;
      ++ready_;
    }
  }

  const testing::PoolingMember& shape_;
  Random random_;
  testing::Pace write_pace_, start_pace_;
  int read_ = 1, scan_ = 1, bank_rows_ = 1, flit_ = 0;
  std::vector<int> table_;
  std::vector<std::int64_t> bank_free_;
  std::deque<std::vector<Lookup>> lists_;  ///< Not started; the last may be incomplete.
  std::deque<Sum> sums_;
  std::deque<std::int64_t> done_;
  std::size_t ready_ = 0, started_ = 0, finished_ = 0;
  std::int64_t end_ = -1, free_at_ = 0;
  int groups_ = 0, joined_ = 0, waits_ = 0;
  Out expected_;
};

void compare(const Out& got, const Out& expected, const std::string& where) {
  ASSERT_EQ(got.idle, expected.idle) << where;
  ASSERT_EQ(got.last, expected.last) << where;
  ASSERT_EQ(got.done, expected.done) << where;
  ASSERT_EQ(got.add, expected.add) << where;
  if (expected.add == 0) return;
  ASSERT_EQ(got.add_slot, expected.add_slot) << where;
  ASSERT_EQ(got.add_row, expected.add_row) << where;
  ASSERT_EQ(got.addends, expected.addends) << where;
}

class PoolingZoo : public ::testing::TestWithParam<int> {};

TEST_P(PoolingZoo, EveryGroupInItsCycle) {
  const testing::ZooFolder folder("pooling_zoo");
  std::vector<Member> members;
  for (std::size_t m = 0; m < kMembers; ++m) {
    members.emplace_back(m, static_cast<std::uint64_t>(GetParam()), folder);
  }
  testing::Zoo<Vpooling_zoo, In, Out> zoo(GetParam(), folder.path());
  for (int now = 0; now < kZooCycles; ++now) {
    for (std::size_t m = 0; m < kMembers; ++m) zoo.put(m, members[m].drive(now));
    zoo.settle();
    for (std::size_t m = 0; m < kMembers; ++m) {
      compare(zoo.get(m), members[m].expected(), testing::where(GetParam(), m, now));
      if (HasFatalFailure()) return;
    }
    zoo.tick();
  }
  int waits = 0;
  for (std::size_t m = 0; m < kMembers; ++m) {
    EXPECT_GT(members[m].finished(), 50U) << m;
    waits += members[m].waits();
    if (kPoolingMembers[m].group_rows == 1) {
      EXPECT_EQ(members[m].joined(), 0) << m;
    } else {
      EXPECT_GT(members[m].joined(), 50) << m;
    }
  }
  EXPECT_GT(waits, 5000);  // Banks that were busy.
}

INSTANTIATE_TEST_SUITE_P(Seeds, PoolingZoo, ::testing::Range(0, testing::kZooSeeds));

}  // namespace
}  // namespace recpim
