// SPDX-License-Identifier: Apache-2.0
// Wake-ups a second of the cycle scheduler, beside the limit: a bare timing wheel that calls
// functions.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/core/cycle_scheduler.h"

namespace recpim {
namespace {

constexpr Cycle kCyclesAnIteration = 20'000;
constexpr int kMostTickers = 256;

// Runs in every `stride`-th cycle until `end`.
class Ticker : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Ticker);
  Ticker(const sc_core::sc_module_name& name, CycleScheduler& cycles)
      : sc_core::sc_module(name), cycles_(cycles) {
    SC_METHOD(tick);
    sensitive << client_.wake;
    dont_initialize();
  }
  void start(Cycle first, Cycle end, Cycle stride) {
    end_ = end;
    stride_ = stride;
    cycles_.arm(client_, first);
  }

 private:
  void tick() {
    const Cycle next = cycles_.now() + stride_;
    if (next < end_) cycles_.arm(client_, next);
  }
  CycleScheduler& cycles_;
  CycleScheduler::Client client_;
  Cycle end_ = 0, stride_ = 1;
};

struct Elaborated {
  Elaborated() {
    for (int i = 0; i < kMostTickers; ++i) {
      const std::string name = "ticker" + std::to_string(i);
      tickers.push_back(std::make_unique<Ticker>(name.c_str(), cycles));
    }
  }
  CycleScheduler cycles{"cycles", 1'200'000'000};
  std::vector<std::unique_ptr<Ticker>> tickers;
};

Elaborated& elaborated() {
  static Elaborated only;
  return only;
}

// Arguments: modules, and every how many cycles each runs (they start in different cycles).
void BM_SchedulerWakeups(benchmark::State& state) {
  Elaborated& at = elaborated();
  const std::uint64_t before = at.cycles.wakeups();
  for ([[maybe_unused]] auto _ : state) {
    const Cycle start = at.cycles.now() + 1;
    for (Cycle i = 0; i < state.range(0); ++i) {
      at.tickers[static_cast<std::size_t>(i)]->start(start + i % state.range(1),
                                                     start + kCyclesAnIteration, state.range(1));
    }
    sc_core::sc_start();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(at.cycles.wakeups() - before));
}
BENCHMARK(BM_SchedulerWakeups)
    ->Args({1, 1})
    ->Args({1, 7})
    ->Args({4, 1})
    ->Args({16, 1})
    ->Args({64, 1})
    ->Args({256, 1})
    ->Args({256, 16});

// The limit: no kernel, one wheel, a function pointer a client.
struct BareWheel {
  struct Client {
    void (*run)(BareWheel&, Client&);
    Cycle end;
  };
  std::vector<std::vector<Client*>> slots = std::vector<std::vector<Client*>>(4096);
  std::vector<Client*> batch;
  Cycle now = -1;
  std::int64_t pending = 0, wakeups = 0;
  void arm(Client& client, Cycle at) {
    slots[static_cast<std::size_t>(at) % slots.size()].push_back(&client);
    ++pending;
  }
  void run() {
    while (pending > 0) {
      ++now;
      std::vector<Client*>& slot = slots[static_cast<std::size_t>(now) % slots.size()];
      batch.swap(slot);
      pending -= static_cast<std::int64_t>(batch.size());
      wakeups += static_cast<std::int64_t>(batch.size());
      for (Client* client : batch) client->run(*this, *client);
      batch.clear();
    }
  }
};

void bare_tick(BareWheel& wheel, BareWheel::Client& client) {
  if (wheel.now + 1 < client.end) wheel.arm(client, wheel.now + 1);
}

void BM_BareWheelWakeups(benchmark::State& state) {
  BareWheel wheel;
  std::vector<BareWheel::Client> clients(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    for (auto& client : clients) {
      client = {bare_tick, wheel.now + 1 + kCyclesAnIteration};
      wheel.arm(client, wheel.now + 1);
    }
    wheel.run();
  }
  state.SetItemsProcessed(wheel.wakeups);
}
BENCHMARK(BM_BareWheelWakeups)->Arg(1)->Arg(16)->Arg(256);

}  // namespace
}  // namespace recpim
