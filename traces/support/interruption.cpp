// SPDX-License-Identifier: Apache-2.0
#include "traces/support/interruption.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

namespace recpim {
namespace {

// Plain memory: a signal handler must not allocate or lock.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<pid_t> owner{0};  // Set last: until then the path is incomplete.
  std::array<char, 4096> path{};
};
std::array<Slot, 16> g_slots;
std::atomic<pid_t> g_group{0}, g_group_owner{0};

// Only calls that POSIX allows in a handler. `rm` does what remove_all would, which allocates.
void handle(int number) {
  const pid_t self = getpid();
  if (g_group_owner == self && g_group > 0) kill(-g_group, SIGKILL);
  for (Slot& slot : g_slots) {
    if (slot.owner != self) continue;  // Free, or the parent's where this is a forked worker.
    const pid_t child = fork();
    if (child == 0) {
      execl("/bin/rm", "rm", "-rf", "--", slot.path.data(), nullptr);
      _exit(127);
    }
    if (child > 0) waitpid(child, nullptr, 0);
  }
  raise(number);  // SA_RESETHAND: the default action, so the parent sees how this process ended.
}

}  // namespace

void remove_temporaries_at_interruption() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old {};
    if (sigaction(number, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

RunningGroup::RunningGroup(int group) {
  g_group = group;
  g_group_owner = getpid();
}

RunningGroup::~RunningGroup() { g_group_owner = 0; }

Temporary::Temporary(const std::string& path) {
  for (std::size_t i = 0; i < g_slots.size(); ++i) {
    Slot& slot = g_slots[i];
    if (path.size() >= slot.path.size() || slot.taken.exchange(true)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.owner = getpid();
    slot_ = static_cast<int>(i);
    return;
  }
}

Temporary::~Temporary() {
  if (slot_ < 0) return;
  Slot& slot = g_slots[static_cast<std::size_t>(slot_)];
  slot.owner = 0;
  slot.taken = false;
}

}  // namespace recpim
