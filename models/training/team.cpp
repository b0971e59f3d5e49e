// SPDX-License-Identifier: Apache-2.0
#include "models/training/team.h"

#include <immintrin.h>

#include <stdexcept>

namespace recpim {
namespace {

// How often a thread looks for a new loop before it sleeps: some 20 microseconds, less than it
// takes to wake it.
constexpr int kLooks = 1000;

}  // namespace

Team::Team(int threads) : threads_(threads) {
  if (threads < 1) throw std::invalid_argument("a team of at least one thread");
}

Team::~Team() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    leaving_ = true;
    ++loops_;
  }
  started_.notify_all();
  for (std::thread& other : others_) other.join();
}

void Team::take_tasks(int thread) {
  for (std::size_t task = next_++; task < tasks_; task = next_++) {
    try {
      call_(work_, task, thread);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      next_ = tasks_;
    }
  }
}

void Team::serve(int thread) {
  unsigned seen = 0;
  for (;;) {
    for (int look = 0; look < kLooks && loops_.load() == seen; ++look) _mm_pause();
    std::unique_lock<std::mutex> lock(mutex_);
    started_.wait(lock, [&] { return loops_.load() != seen; });
    seen = loops_.load();
    if (leaving_) return;
    if (!open_) continue;
    ++inside_;
    lock.unlock();
    take_tasks(thread);
    lock.lock();
    if (--inside_ == 0) finished_.notify_one();
  }
}

void Team::share(std::size_t tasks, const void* work, Call call) {
  for (int i = static_cast<int>(others_.size()) + 1; i < threads_; ++i) {
    others_.emplace_back([this, i] { serve(i); });
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work_ = work;
    call_ = call;
    tasks_ = tasks;
    next_ = 0;
    failure_ = nullptr;
    open_ = true;
    ++loops_;
  }
  started_.notify_all();
  take_tasks(0);
  std::unique_lock<std::mutex> lock(mutex_);
  open_ = false;  // Who has not come yet finds nothing left.
  finished_.wait(lock, [&] { return inside_ == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace recpim
