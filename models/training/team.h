// SPDX-License-Identifier: Apache-2.0
/// @file
/// A few threads that share the tasks of a loop. Which thread takes which task is left to chance:
/// tasks write to places of their own, so that no result depends on it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace recpim {

/// The calling thread and threads - 1 others. These start at the first run() that has work for
/// them and end with the team: a process may fork before, not in between.
class Team {
 public:
  /// std::invalid_argument where `threads` is below 1.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }

  /// work(task, thread) once for every task below `tasks`, thread below threads(); returns when all
  /// are done, and throws what the first of them threw. Not for two threads at once.
  template <typename Work>
  void run(std::size_t tasks, const Work& work) {
    if (threads_ == 1 || tasks <= 1) {
      for (std::size_t task = 0; task < tasks; ++task) work(task, 0);
      return;
    }
    share(tasks, &work, [](const void* self, std::size_t task, int thread) {
      (*static_cast<const Work*>(self))(task, thread);
    });
  }

 private:
  using Call = void (*)(const void* work, std::size_t task, int thread);
  void share(std::size_t tasks, const void* work, Call call);
  void take_tasks(int thread);
  void serve(int thread);

  const int threads_;
  std::vector<std::thread> others_;
  std::mutex mutex_;
  std::condition_variable started_, finished_;
  // The loop under way. The others enter it under the mutex, and only while it is open.
  const void* work_ = nullptr;
  Call call_ = nullptr;
  std::size_t tasks_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<unsigned> loops_{0};  // How many there have been.
  int inside_ = 0;
  bool open_ = false, leaving_ = false;
  std::exception_ptr failure_;
};

}  // namespace recpim
