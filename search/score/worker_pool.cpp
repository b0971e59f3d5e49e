// SPDX-License-Identifier: Apache-2.0
#include "search/score/worker_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "traces/support/error.h"

namespace recpim::search {
namespace {

// A frame: kind ('R' result, 'E' error, 'I' the input is wrong), 4 bytes of length (little endian),
// the text.
constexpr std::size_t kHeader = 5;
constexpr std::size_t kMaxReason = 400;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void send(int pipe, char kind, const std::string& text) {
  std::string frame(kHeader, kind);
  const auto length = static_cast<std::uint32_t>(text.size());
  for (unsigned i = 0; i < 4; ++i) frame[1 + i] = static_cast<char>((length >> (8 * i)) & 0xffU);
  frame += text;
  std::size_t sent = 0;
  while (sent < frame.size()) {
    const ssize_t n = write(pipe, frame.data() + sent, frame.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) _exit(3);  // The parent has gone.
    sent += static_cast<std::size_t>(n);
  }
}

// True where `received` is one whole frame.
bool whole(const std::string& received) {
  if (received.size() < kHeader) return false;
  std::uint32_t length = 0;
  for (unsigned i = 0; i < 4; ++i) {
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(received[1 + i])) << (8 * i);
  }
  return received.size() == kHeader + length && std::strchr("REI", received[0]) != nullptr;
}

std::string one_line(std::string text) {
  if (text.size() > kMaxReason) text = text.substr(0, kMaxReason - 3) + "...";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// Never returns, never unwinds into the parent's frames, runs no destructor of the parent's.
[[noreturn]] void work(int pipe, pid_t parent, const WorkerPool::Task& task) {
  // A killed search must not leave workers behind.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(3);
  dup2(STDERR_FILENO, STDOUT_FILENO);  // Standard output is for results of the search.
  try {
    send(pipe, 'R', task());
  } catch (const InputError& error) {
    send(pipe, 'I', error.what());
  } catch (const std::exception& error) {
    send(pipe, 'E', error.what());
  } catch (...) {
    send(pipe, 'E', "an exception of an unknown type");
  }
  _exit(0);
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "worker killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  }
  return "worker ended with exit code " + std::to_string(WEXITSTATUS(status)) +
         " and without a result";
}

}  // namespace

WorkerPool::WorkerPool(int jobs, double timeout_s) : jobs_(jobs), timeout_(timeout_s) {
  if (jobs < 1) throw std::invalid_argument("worker pool: jobs must be at least 1");
}

WorkerPool::~WorkerPool() {
  for (const Worker& worker : workers_) {
    kill(worker.pid, SIGKILL);
    close(worker.pipe);
    while (waitpid(worker.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void WorkerPool::start(int number, const Task& task) {
  if (full()) throw std::logic_error("worker pool: every worker is busy");
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw_errno("pipe");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int saved = errno;
    close(ends[0]);
    close(ends[1]);
    errno = saved;
    throw_errno("fork");
  }
  if (pid == 0) {
    close(ends[0]);
    work(ends[1], parent, task);
  }
  close(ends[1]);
  workers_.push_back({pid, ends[0], number, Clock::now(), {}});
}

bool WorkerPool::read_some(Worker& worker) {
  std::array<char, 16384> buffer;
  const ssize_t n = read(worker.pipe, buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return true;
  if (n < 0) throw_errno("read from a worker");
  worker.received.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

WorkerPool::Finished WorkerPool::wait() {
  if (idle()) throw std::logic_error("worker pool: nothing to wait for");
  while (true) {
    const auto now = Clock::now();
    std::vector<pollfd> polls;
    auto next = Clock::time_point::max();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const auto deadline =
          workers_[i].start + std::chrono::duration_cast<Clock::duration>(timeout_);
      if (now >= deadline) return finish(i, true);
      next = std::min(next, deadline);
      polls.push_back({workers_[i].pipe, POLLIN, 0});
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count() + 1;
    const auto timeout = static_cast<int>(std::min<long long>(left, 3'600'000));
    if (poll(polls.data(), polls.size(), timeout) < 0 && errno != EINTR) throw_errno("poll");
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (polls[i].revents != 0 && !read_some(workers_[i])) return finish(i, false);
    }
  }
}

WorkerPool::Finished WorkerPool::finish(std::size_t position, bool timed_out) {
  Worker worker = std::move(workers_[position]);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(position));
  if (timed_out) kill(worker.pid, SIGKILL);
  close(worker.pipe);
  int status = 0;
  while (waitpid(worker.pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid");
  }
  Finished finished;
  finished.number = worker.number;
  finished.wall_s = std::chrono::duration<double>(Clock::now() - worker.start).count();
  if (timed_out) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "timed out after %g s", timeout_.count());
    finished.reason = text.data();
  } else if (!whole(worker.received)) {
    finished.reason = describe(status);
  } else {
    finished.ok = worker.received[0] == 'R';
    finished.input_is_wrong = worker.received[0] == 'I';
    const std::string text = worker.received.substr(kHeader);
    (finished.ok ? finished.payload : finished.reason) = finished.ok ? text : one_line(text);
  }
  return finished;
}

}  // namespace recpim::search
