// SPDX-License-Identifier: Apache-2.0
/// @file
/// Time in cycles, and who runs in which. Nothing has a free-running clock: a module is woken only
/// in cycles it was armed for.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <systemc>
#include <vector>

#include "traces/support/random.h"

namespace recpim {

/// Number of a clock cycle; 0 is the first one after reset.
using Cycle = std::int64_t;
/// Later than any cycle: not known yet, or never.
constexpr Cycle kNever = std::numeric_limits<Cycle>::max();

/// Owns the cycle counter and the armed cycles of every module: a timing wheel of a power of two of
/// cycles, a heap for what lies beyond it. An SC_METHOD that wakes modules by sc_event::notify().
class CycleScheduler : public sc_core::sc_module {
 public:
  /// One module's right to be woken.
  struct Client {
    sc_core::sc_event wake;
    Cycle last_run = -1;
    std::string name;
  };

  SC_HAS_PROCESS(CycleScheduler);
  CycleScheduler(const sc_core::sc_module_name& name, std::int64_t clock_hz);

  /// Wakes the clients of a cycle in an order drawn from `seed` (0: in the order they were armed).
  /// No result may depend on it: --shuffle-wakeups tests that.
  void shuffle(std::uint64_t seed);

  Cycle now() const { return now_; }
  /// Makes `client.wake` be notified in cycle `at`, once, however often it is armed for that cycle.
  /// `at` must be after the cycle being run; from a process that no client owns (a TLM initiator)
  /// at >= now() + 1 as well. SC_REPORT_FATAL otherwise.
  void arm(Client& client, Cycle at);
  bool idle() const { return pending_ == 0; }
  std::uint64_t wakeups() const { return wakeups_; }

  /// Start of a cycle, rounded down to the resolution of 1 fs: the one place where cycles become
  /// time.
  sc_core::sc_time time_of(Cycle cycle) const;

 private:
  static constexpr std::size_t kWheel = 4096;  ///< Cycles; most latencies are far shorter.
  struct Late {
    Cycle at;
    std::uint64_t order;
    Client* client;
    bool operator>(const Late& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void run();
  Cycle next_armed() const;
  void refill();

  std::int64_t clock_hz_;
  Cycle now_ = -1;
  std::vector<std::vector<Client*>> wheel_;
  std::vector<std::uint64_t> occupied_;  ///< One bit a wheel slot.
  std::vector<Late> heap_;
  std::vector<Client*> batch_;
  std::uint64_t pending_ = 0, order_ = 0, wakeups_ = 0;
  Cycle planned_ = kNever;  ///< The cycle that run() is going to be triggered for.
  bool running_ = false, shuffled_ = false;
  Random random_{0};
  sc_core::sc_event trigger_;
};

}  // namespace recpim
