// SPDX-License-Identifier: Apache-2.0
#include "sim/core/cycle_scheduler.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace recpim {
namespace {

constexpr std::uint64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;

}  // namespace

void use_femtosecond_resolution() {
  static bool set = false;
  if (set) return;
  try {
    sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  } catch (const sc_core::sc_report&) {
    // Set before, or fixed by the first sc_time. All is well if it happens to be 1 fs.
    if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_FS)) {
      SC_REPORT_FATAL("CycleScheduler", "the time resolution was fixed before it was set to 1 fs");
    }
  }
  set = true;
}

CycleScheduler::CycleScheduler(const sc_core::sc_module_name& name, std::int64_t clock_hz)
    : sc_core::sc_module(name),
      kernel_(simcontext()),
      clock_hz_(static_cast<std::uint64_t>(clock_hz)),
      period_fs_(0),
      period_rest_(0),
      wheel_(kWheel) {
  if (clock_hz <= 0 || clock_hz_ > kFemtosecondsPerSecond) {
    SC_REPORT_FATAL("CycleScheduler", "the clock must lie in 1 Hz ... 1 PHz");
    return;
  }
  use_femtosecond_resolution();
  period_fs_ = kFemtosecondsPerSecond / clock_hz_;
  period_rest_ = kFemtosecondsPerSecond % clock_hz_;
  last_cycle_ = cycle_of(sc_core::sc_max_time());
  SC_METHOD(run);
  sensitive << trigger_;
  dont_initialize();
}

void CycleScheduler::shuffle(std::uint64_t seed) {
  shuffled_ = seed != 0;
  random_ = Random(seed);
}

sc_core::sc_time CycleScheduler::time_of(Cycle cycle) const {
  const auto count = static_cast<std::uint64_t>(cycle);
  std::uint64_t rest = 0;
  if (__builtin_mul_overflow(count, period_rest_, &rest)) {
    const auto wide = static_cast<unsigned __int128>(count) * period_rest_ / clock_hz_;
    return sc_core::sc_time::from_value(count * period_fs_ + static_cast<std::uint64_t>(wide));
  }
  return sc_core::sc_time::from_value(count * period_fs_ + rest / clock_hz_);
}

Cycle CycleScheduler::cycle_of(const sc_core::sc_time& time) const {
  // Greatest c with floor(c * 10^15 / hz) <= time, that is c * 10^15 < (time + 1) * hz.
  const auto bound = (static_cast<unsigned __int128>(time.value()) + 1) * clock_hz_ - 1;
  return static_cast<Cycle>(bound / kFemtosecondsPerSecond);
}

void CycleScheduler::arm(Client& client, Cycle at) {
  if (at <= now() || at > last_cycle_) {
    SC_REPORT_FATAL("CycleScheduler", (client.name + " armed for cycle " + std::to_string(at) +
                                       " in cycle " + std::to_string(now()))
                                          .c_str());
    return;
  }
  if (client.last_armed == at) return;
  client.last_armed = at;
  ++pending_;
  if (at - now_ < static_cast<Cycle>(kWheel)) {
    insert(&client, at);
  } else {
    heap_.push_back({at, order_++, &client});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  if (at < planned_ && !settling_) plan(at);
}

void CycleScheduler::insert(Client* client, Cycle at) {
  const std::size_t slot = static_cast<std::size_t>(at) % kWheel;
  wheel_[slot].push_back(client);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  occupied_words_ |= std::uint64_t{1} << (slot / 64);
}

void CycleScheduler::plan(Cycle at) {
  planned_ = at;
  // An earlier notification replaces the pending one.
  trigger_.notify(time_of(at) - kernel_->time_stamp());
}

void CycleScheduler::run() {
  now_ = std::exchange(planned_, kNever);
  run_time_ = kernel_->time_stamp();
  refill();
  const std::size_t slot = static_cast<std::size_t>(now_) % kWheel;
  std::vector<Client*>& batch = wheel_[slot];
  if (shuffled_) {
    for (std::size_t i = batch.size(); i > 1; --i) std::swap(batch[i - 1], batch[random_.below(i)]);
  }
  // The notified processes run after this one, so nothing is armed during the loop.
  for (Client* client : batch) {
    if (client->last_run == now_) continue;
    client->last_run = now_;
    ++wakeups_;
    client->wake.notify();
  }
  pending_ -= batch.size();
  batch.clear();
  occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  if (occupied_[slot / 64] == 0) occupied_words_ &= ~(std::uint64_t{1} << (slot / 64));
  // What the notified processes are going to arm often comes before all that is armed now, so the
  // next cycle is planned after they have run: one notification a cycle.
  settling_ = true;
  settler_.request();
}

void CycleScheduler::settle() {
  settling_ = false;
  if (pending_ > 0) plan(next_armed());
}

Cycle CycleScheduler::next_armed() const {
  if (occupied_words_ == 0) return heap_.front().at;
  // The first occupied slot at or after the one of now_ + 1, round the wheel.
  const std::size_t from = static_cast<std::size_t>(now_ + 1) % kWheel;
  const std::size_t word = from / 64;
  const auto slot_in = [this](std::size_t w, std::uint64_t bits) {
    const std::size_t slot = w * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
    const std::size_t ahead =
        (slot - static_cast<std::size_t>(now_) % kWheel + kWheel - 1) % kWheel + 1;
    return now_ + static_cast<Cycle>(ahead);
  };
  if (const std::uint64_t bits = occupied_[word] & (~std::uint64_t{0} << (from % 64))) {
    return slot_in(word, bits);
  }
  // Words after this one, else from the start; this one's lower part comes last.
  const std::uint64_t after = word == 63 ? 0 : occupied_words_ & (~std::uint64_t{0} << (word + 1));
  const std::uint64_t words = after != 0 ? after : occupied_words_;
  const auto found = static_cast<std::size_t>(__builtin_ctzll(words));
  return slot_in(found, occupied_[found]);
}

void CycleScheduler::refill() {
  while (!heap_.empty() && heap_.front().at - now_ < static_cast<Cycle>(kWheel)) {
    insert(heap_.front().client, heap_.front().at);
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
  }
}

}  // namespace recpim
