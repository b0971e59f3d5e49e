// SPDX-License-Identifier: Apache-2.0
/// @file
/// Tasks in forked processes. Each task gets a process of its own, forked from this (warm) one: it
/// sees everything loaded here without copying it, may elaborate one SystemC chip, and whatever
/// becomes of it - a throw, a crash, a kill, an endless loop - is a reason in a result, never the
/// end of the search. Protocol of the pipe: README.md of search/.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace recpim::search {

class WorkerPool {
 public:
  /// Runs in the worker; returns the payload (JSON text by convention). A throw is the reason.
  using Task = std::function<std::string()>;

  struct Finished {
    int number = 0;
    bool ok = false;
    bool input_is_wrong = false;  ///< The task threw InputError.
    std::string payload;          ///< Where ok.
    std::string reason;           ///< Where not.
    double wall_s = 0;
  };

  /// At most `jobs` at a time; a task that takes longer than timeout_s is killed.
  WorkerPool(int jobs, double timeout_s);
  ~WorkerPool();  ///< Kills and reaps what still runs.
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  bool full() const { return workers_.size() >= static_cast<std::size_t>(jobs_); }
  bool idle() const { return workers_.empty(); }
  void start(int number, const Task& task);
  /// Waits for one of the running tasks. std::logic_error where none runs.
  Finished wait();

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    pid_t pid;
    int pipe;
    int number;
    Clock::time_point start;
    std::string received;
  };
  bool read_some(Worker& worker);  // False at the end of the stream.
  Finished finish(std::size_t position, bool timed_out);

  int jobs_;
  std::chrono::duration<double> timeout_;
  std::vector<Worker> workers_;
};

}  // namespace recpim::search
