// SPDX-License-Identifier: Apache-2.0
#include "sim/core/cycle_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "traces/support/random.h"

namespace recpim {
namespace {

using Log = std::vector<std::pair<Cycle, std::string>>;

// A module that writes down when it is woken, then does what the test says.
class Sleeper : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Sleeper);
  Sleeper(const sc_core::sc_module_name& name, CycleScheduler& cycles, Log& log)
      : sc_core::sc_module(name), cycles_(cycles), log_(log) {
    client.name = basename();
    SC_METHOD(woken);
    sensitive << client.wake;
    dont_initialize();
  }
  CycleScheduler::Client client;
  std::function<void(Cycle)> action;

 private:
  void woken() {
    log_.emplace_back(cycles_.now(), client.name);
    EXPECT_EQ(cycles_.time_of(cycles_.now()), sc_core::sc_time_stamp());
    if (action) action(cycles_.now());
  }
  CycleScheduler& cycles_;
  Log& log_;
};

// What a TLM initiator is to the scheduler: a thread that no client owns.
class Outsider : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Outsider);
  Outsider(const sc_core::sc_module_name& name, std::function<void()> body)
      : sc_core::sc_module(name), body_(std::move(body)) {
    SC_THREAD(thread);
  }

 private:
  void thread() { body_(); }
  std::function<void()> body_;
};

constexpr std::int64_t kGigahertz = 1'000'000'000;

TEST(CycleScheduler, RunsInTheOrderOfCyclesAndOfArming) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log), b("b", cycles, log), c("c", cycles, log);
  EXPECT_TRUE(cycles.idle());
  EXPECT_EQ(cycles.now(), -1);
  cycles.arm(c.client, 7);
  cycles.arm(b.client, 3);
  cycles.arm(a.client, 3);
  cycles.arm(a.client, 0);
  EXPECT_FALSE(cycles.idle());
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{0, "a"}, {3, "b"}, {3, "a"}, {7, "c"}}));
  EXPECT_EQ(cycles.wakeups(), 4U);
  EXPECT_TRUE(cycles.idle());
  EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::sc_time(7, sc_core::SC_NS));
}

TEST(CycleScheduler, RunsAClientOnceACycle) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log), b("b", cycles, log);
  for (int i = 0; i < 3; ++i) {
    cycles.arm(a.client, 5);
    cycles.arm(a.client, 6);
    cycles.arm(b.client, 5);
  }
  a.action = [&](Cycle now) {
    if (now == 5) cycles.arm(b.client, 6), cycles.arm(a.client, 6);
  };
  b.action = [&](Cycle now) {
    if (now == 5) cycles.arm(b.client, 6);
  };
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{5, "a"}, {5, "b"}, {6, "a"}, {6, "b"}}));
  EXPECT_EQ(cycles.wakeups(), 4U);
  EXPECT_TRUE(cycles.idle());
}

TEST(CycleScheduler, ArmsEarlierThanWhatWasPlanned) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log), b("b", cycles, log);
  cycles.arm(b.client, 100);
  cycles.arm(a.client, 10);
  a.action = [&](Cycle now) {
    if (now == 10) cycles.arm(a.client, 50), cycles.arm(b.client, 11);
  };
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{10, "a"}, {11, "b"}, {50, "a"}, {100, "b"}}));
}

TEST(CycleScheduler, ReachesTheFarFuture) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log), b("b", cycles, log);
  // Round the wheel of 4096 slots, at its edge, and far beyond it.
  const std::vector<Cycle> far = {4094, 4095, 4096, 8192, 1'000'000'000'000};
  for (auto at = far.rbegin(); at != far.rend(); ++at) cycles.arm(a.client, *at);
  cycles.arm(b.client, 4096);
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{4094, "a"},
                      {4095, "a"},
                      {4096, "a"},
                      {4096, "b"},
                      {8192, "a"},
                      {1'000'000'000'000, "a"}}));
}

// Against the plainest model of all: a sorted list of (cycle, client) without repetitions.
TEST(CycleScheduler, AgreesWithASortedListOnRandomArming) {
  CycleScheduler cycles("cycles", 1'200'000'000);
  Log log, expected;
  Random random(11);
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  int left = 20'000;
  const auto arm_some = [&](Cycle now) {
    for (std::uint64_t n = random.below(3) + (left % 100 == 0 ? 2 : 0); n > 0 && left > 0; --n) {
      const auto shift = random.below(15);
      const Cycle at = now + 1 + static_cast<Cycle>(random.below(std::uint64_t{1} << shift));
      Sleeper& sleeper = *sleepers[random.below(sleepers.size())];
      cycles.arm(sleeper.client, at);
      expected.emplace_back(at, sleeper.client.name);
      --left;
    }
  };
  for (int i = 0; i < 9; ++i) {
    const std::string name = "s" + std::to_string(i);
    sleepers.push_back(std::make_unique<Sleeper>(name.c_str(), cycles, log));
    sleepers.back()->action = arm_some;
  }
  while (expected.size() < 30) arm_some(-1);
  sc_core::sc_start();
  ASSERT_GT(log.size(), 5000U);
  EXPECT_TRUE(std::is_sorted(log.begin(), log.end(),
                             [](const auto& x, const auto& y) { return x.first < y.first; }));
  std::sort(log.begin(), log.end());
  std::sort(expected.begin(), expected.end());
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  EXPECT_EQ(log, expected);
  EXPECT_EQ(cycles.wakeups(), expected.size());
}

TEST(CycleScheduler, ShuffleChangesTheOrderWithinACycleOnly) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "s" + std::to_string(i);
    sleepers.push_back(std::make_unique<Sleeper>(name.c_str(), cycles, log));
    for (Cycle at = 0; at < 50; ++at) cycles.arm(sleepers.back()->client, at);
  }
  cycles.shuffle(3);
  sc_core::sc_start();
  ASSERT_EQ(log.size(), 400U);
  int in_order = 0;
  for (std::size_t at = 0; at < 50; ++at) {
    const auto first = log.begin() + static_cast<std::ptrdiff_t>(8 * at);
    in_order += std::is_sorted(first, first + 8) ? 1 : 0;
    std::sort(first, first + 8);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto entry = std::make_pair(static_cast<Cycle>(at), "s" + std::to_string(i));
      EXPECT_EQ(first[static_cast<std::ptrdiff_t>(i)], entry);
    }
  }
  EXPECT_LT(in_order, 5);  // 8! orders.
}

TEST(CycleScheduler, IsArmedByAThreadAtAnyTimeAlsoWhenIdle) {
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log), b("b", cycles, log);
  cycles.arm(a.client, 2);
  Outsider outsider("outsider", [&] {
    EXPECT_EQ(cycles.now(), -1);
    sc_core::wait(3.5, sc_core::SC_NS);
    EXPECT_EQ(cycles.now(), 3);
    EXPECT_TRUE(cycles.idle());
    cycles.arm(b.client, cycles.now() + 1);
    sc_core::wait(0.5, sc_core::SC_NS);
    // The start of cycle 4, whether or not b has run already.
    EXPECT_EQ(cycles.now(), 4);
    cycles.arm(b.client, 5);
    sc_core::wait(1, sc_core::SC_MS);
    EXPECT_EQ(cycles.now(), 1'000'004);
    cycles.arm(a.client, 1'000'500);
    cycles.arm(b.client, 1'000'005);
    sc_core::wait(10, sc_core::SC_NS);
    cycles.arm(a.client, 1'000'015);
  });
  sc_core::sc_start();
  EXPECT_EQ(
      log,
      (Log{{2, "a"}, {4, "b"}, {5, "b"}, {1'000'005, "b"}, {1'000'015, "a"}, {1'000'500, "a"}}));
}

TEST(CycleScheduler, GoesOnAfterTheSimulationRanDry) {
  CycleScheduler cycles("cycles", 1'200'000'000);
  Log log;
  Sleeper a("a", cycles, log);
  cycles.arm(a.client, 1);
  sc_core::sc_start();
  EXPECT_EQ(cycles.now(), 1);
  cycles.arm(a.client, 2);
  cycles.arm(a.client, 5000);
  sc_core::sc_start();
  sc_core::sc_start(1, sc_core::SC_US);  // 1,200 cycles in which nothing happens.
  EXPECT_EQ(cycles.now(), 6200);
  cycles.arm(a.client, 6201);
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{1, "a"}, {2, "a"}, {5000, "a"}, {6201, "a"}}));
}

TEST(CycleScheduler, TimeIsExactToAFemtosecondOverABillionCycles) {
  CycleScheduler cycles("cycles", 1'200'000'000);
  // A period is 833,333 + 1/3 fs: every third cycle starts on a whole femtosecond.
  EXPECT_EQ(cycles.time_of(0).value(), 0U);
  EXPECT_EQ(cycles.time_of(1).value(), 833'333U);
  EXPECT_EQ(cycles.time_of(2).value(), 1'666'666U);
  EXPECT_EQ(cycles.time_of(3).value(), 2'500'000U);
  EXPECT_EQ(cycles.time_of(1'000'000'000).value(), 833'333'333'333'333U);
  EXPECT_EQ(cycles.time_of(1'200'000'000), sc_core::sc_time(1, sc_core::SC_SEC));
  // Beyond 2^64 fs * Hz, in three-cycle steps of 2,500,000 fs.
  EXPECT_EQ(cycles.time_of(20'999'999'999'998).value(), 17'499'999'999'998'333'333U);
  for (const Cycle c : {Cycle{1}, Cycle{2}, Cycle{3}, Cycle{999'999'999}, Cycle{1'000'000'000}}) {
    EXPECT_EQ(cycles.cycle_of(cycles.time_of(c)), c);
    EXPECT_EQ(cycles.cycle_of(sc_core::sc_time::from_value(cycles.time_of(c).value() - 1)), c - 1);
  }
  // And the simulation arrives there.
  Log log;
  Sleeper a("a", cycles, log);
  cycles.arm(a.client, 1'000'000'000);
  sc_core::sc_start();
  EXPECT_EQ(log, (Log{{1'000'000'000, "a"}}));
  EXPECT_EQ(sc_core::sc_time_stamp().value(), 833'333'333'333'333U);
}

TEST(CycleScheduler, RefusesThePresentThePastAndTheEndOfTime) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
  CycleScheduler cycles("cycles", kGigahertz);
  Log log;
  Sleeper a("a", cycles, log);
  int refused = 0;
  const auto refuses = [&](Cycle at) {
    try {
      cycles.arm(a.client, at);
    } catch (const sc_core::sc_report& report) {
      refused += std::string(report.get_msg()).find("a armed for cycle") == 0 ? 1 : 0;
    }
  };
  a.action = [&](Cycle now) {
    refuses(now);
    refuses(now - 1);
    refuses(kNever);
  };
  cycles.arm(a.client, 9);
  sc_core::sc_start();
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(log.size(), 1U);
  sc_core::sc_start(20, sc_core::SC_NS);
  refuses(29);
  EXPECT_EQ(refused, 4);
  EXPECT_TRUE(cycles.idle());
}

TEST(CycleScheduler, NeedsTheResolutionOfAFemtosecond) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
  const sc_core::sc_time fixes_the_resolution(1, sc_core::SC_NS);
  EXPECT_THROW(use_femtosecond_resolution(), sc_core::sc_report);
}

}  // namespace
}  // namespace recpim
