// SPDX-License-Identifier: Apache-2.0
/// @file
/// Time in cycles, and who runs in which. Nothing has a free-running clock: a module is woken only
/// in cycles it was armed for.
#pragma once

#include <array>
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

/// Sets the resolution of sc_time to 1 fs; may be called any number of times. The first call (a
/// CycleScheduler's constructor makes one) must come before anything makes a non-zero sc_time:
/// SC_REPORT_FATAL if that has fixed another resolution.
void use_femtosecond_resolution();

/// Owns the cycle counter and the armed cycles of every module: a timing wheel of a power of two of
/// cycles, a heap for what lies beyond it. An SC_METHOD that wakes modules by sc_event::notify().
class CycleScheduler : public sc_core::sc_module {
 public:
  /// One module's right to be woken.
  struct Client {
    sc_core::sc_event wake;
    Cycle last_run = -1;
    std::string name;
    Cycle last_armed = -1;  ///< The cycle of the latest arm(): most repetitions are of that one.
  };

  SC_HAS_PROCESS(CycleScheduler);
  CycleScheduler(const sc_core::sc_module_name& name, std::int64_t clock_hz);

  /// Wakes the clients of a cycle in an order drawn from `seed` (0: in the order they were armed).
  /// No result may depend on it: --shuffle-wakeups tests that.
  void shuffle(std::uint64_t seed);

  /// The cycle in which the present simulation time lies, whichever process asks; -1 before cycle
  /// 0 has been run (it is run only if somebody is armed for it).
  Cycle now() const {
    const sc_core::sc_time& time = kernel_->time_stamp();
    return time == run_time_ ? now_ : cycle_of(time);
  }
  /// Makes `client.wake` be notified in cycle `at`, once, however often it is armed for that cycle.
  /// `at` must be after now(), also from a process that no client owns (a TLM initiator), which may
  /// arm at any time, and within what sc_time can hold (18,446 s). SC_REPORT_FATAL otherwise.
  void arm(Client& client, Cycle at);
  bool idle() const { return pending_ == 0; }
  std::uint64_t wakeups() const { return wakeups_; }

  /// Start of a cycle, rounded down to the resolution of 1 fs: the one place where cycles become
  /// time.
  sc_core::sc_time time_of(Cycle cycle) const;
  /// The last cycle that has started at `time`.
  Cycle cycle_of(const sc_core::sc_time& time) const;

 private:
  // Cycles; most latencies are far shorter. 64 words of 64 bits say which slots are occupied, and
  // one more word which of these are not 0.
  static constexpr std::size_t kWheel = 4096;
  struct Late {
    Cycle at;
    std::uint64_t order;
    Client* client;
    bool operator>(const Late& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  /// Has the kernel call settle() at the end of the evaluation in which run() woke modules.
  class Settler : public sc_core::sc_prim_channel {
   public:
    explicit Settler(CycleScheduler& owner) : sc_prim_channel("settler"), owner_(owner) {}
    void request() { request_update(); }

   private:
    void update() override { owner_.settle(); }
    CycleScheduler& owner_;
  };

  void run();
  void settle();
  void insert(Client* client, Cycle at);
  void plan(Cycle at);
  Cycle next_armed() const;
  void refill();

  sc_core::sc_simcontext* kernel_;
  std::uint64_t clock_hz_;
  std::uint64_t period_fs_, period_rest_;  ///< 10^15 fs divided by clock_hz_.
  Cycle last_cycle_ = 0;                   ///< Greatest one that sc_time can hold.
  Cycle now_ = -1;                         ///< The cycle run last.
  sc_core::sc_time run_time_;              ///< When it was.
  std::vector<std::vector<Client*>> wheel_;
  std::array<std::uint64_t, kWheel / 64> occupied_{};
  std::uint64_t occupied_words_ = 0;
  std::vector<Late> heap_;
  std::uint64_t pending_ = 0, order_ = 0, wakeups_ = 0;
  Cycle planned_ = kNever;  ///< The cycle that run() is going to be triggered for.
  bool settling_ = false;   ///< settle() is going to plan.
  Settler settler_{*this};
  bool shuffled_ = false;
  Random random_{0};
  sc_core::sc_event trigger_;
};

}  // namespace recpim
