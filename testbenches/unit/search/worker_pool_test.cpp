// SPDX-License-Identifier: Apache-2.0
#include "search/score/worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "traces/support/error.h"

namespace recpim::search {
namespace {

WorkerPool::Finished run(const WorkerPool::Task& task, double timeout_s = 60) {
  WorkerPool pool(1, timeout_s);
  pool.start(5, task);
  return pool.wait();
}

TEST(WorkerPool, BringsBackLargePayloads) {
  // More than a pipe holds (64 KiB), so the worker writes while the pool reads.
  std::string big(1'000'000, 'x');
  const auto finished = run([&] { return big; });
  EXPECT_TRUE(finished.ok);
  EXPECT_EQ(finished.number, 5);
  EXPECT_EQ(finished.payload, big);
}

TEST(WorkerPool, AThrowIsAReason) {
  const auto finished = run([]() -> std::string { throw std::runtime_error("two\nlines"); });
  EXPECT_FALSE(finished.ok);
  EXPECT_EQ(finished.reason, "two lines");
  EXPECT_EQ(run([]() -> std::string { throw 7; }).reason, "an exception of an unknown type");
}

TEST(WorkerPool, WrongInputIsTold) {
  const auto finished = run([]() -> std::string { throw InputError("t.h5: empty"); });
  EXPECT_FALSE(finished.ok);
  EXPECT_TRUE(finished.input_is_wrong);
  EXPECT_EQ(finished.reason, "t.h5: empty");
  EXPECT_FALSE(run([]() -> std::string { throw 7; }).input_is_wrong);
}

TEST(WorkerPool, AKillIsAReason) {
  const auto finished = run([]() -> std::string {
    raise(SIGKILL);
    return "";
  });
  EXPECT_FALSE(finished.ok);
  EXPECT_EQ(finished.reason, "worker killed by signal 9 (Killed)");
}

TEST(WorkerPool, ACrashIsAReason) {
  const auto finished = run([]() -> std::string {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return "";
  });
  EXPECT_EQ(finished.reason, "worker killed by signal 11 (Segmentation fault)");
}

TEST(WorkerPool, AnExitIsAReason) {
  const auto finished = run([]() -> std::string { _exit(4); });
  EXPECT_EQ(finished.reason, "worker ended with exit code 4 and without a result");
}

TEST(WorkerPool, AHangIsKilled) {
  const auto start = std::chrono::steady_clock::now();
  const auto finished = run(
      []() -> std::string {
        while (true) pause();
      },
      0.2);
  EXPECT_EQ(finished.reason, "timed out after 0.2 s");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(WorkerPool, RunsAsManyAtATimeAsAsked) {
  WorkerPool pool(3, 60);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(pool.full());
    pool.start(i, [i] { return std::to_string(i * i); });
  }
  EXPECT_TRUE(pool.full());
  EXPECT_THROW(pool.start(9, [] { return std::string(); }), std::logic_error);
  std::set<std::string> payloads;
  while (!pool.idle()) payloads.insert(pool.wait().payload);
  EXPECT_EQ(payloads, (std::set<std::string>{"0", "1", "4"}));
  EXPECT_THROW(pool.wait(), std::logic_error);
}

TEST(WorkerPool, KillsWhatRunsWhenItGoes) {
  const auto start = std::chrono::steady_clock::now();
  {
    WorkerPool pool(2, 60);
    pool.start(0, []() -> std::string {
      std::this_thread::sleep_for(std::chrono::seconds(30));
      return "";
    });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace recpim::search
