// SPDX-License-Identifier: Apache-2.0
// Compiled into everything that the asan preset builds: keeps out false alarms at a throw after a
// simulation, when AddressSanitizer clears the shadow of the stack that it believes to be on.
//
// - GCC 12's runtime asks for the signal stack on every throw, through its own checked
// sigaltstack(),
//   into a variable on a part of the stack whose shadow may be stale. (LLVM's runtime calls the
//   kernel there without the check since version 13.) The sigaltstack() here comes before the
//   checked one.
// - libsystemc tells the runtime when it goes from one coroutine's stack to another's, but names no
//   stack when it goes back to the main one, or says nothing at all. The first is mended on the
//   way, the second by whoever has called sc_start().
#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

namespace {

using StartSwitch = void (*)(void**, const void*, std::size_t);
using FinishSwitch = void (*)(void*, const void**, std::size_t*);

template <typename Function>
Function runtime(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

struct Stack {
  void* bottom = nullptr;
  std::size_t size = 0;
  Stack() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    pthread_attr_getstack(&attributes, &bottom, &size);
    pthread_attr_destroy(&attributes);
  }
};

}  // namespace

extern "C" {

__attribute__((no_sanitize("address"), weak)) int sigaltstack(const stack_t* now,
                                                              stack_t* before) noexcept {
  return static_cast<int>(syscall(SYS_sigaltstack, now, before));
}

__attribute__((no_sanitize("address"), weak)) void __sanitizer_start_switch_fiber(
    void** fake_stack, const void* bottom, std::size_t size) {
  static const StartSwitch real = runtime<StartSwitch>("__sanitizer_start_switch_fiber");
  if (bottom != nullptr && size != 0) {
    real(fake_stack, bottom, size);
  } else {
    const Stack stack;
    real(fake_stack, stack.bottom, stack.size);
  }
}

/// For the main coroutine, after sc_start().
__attribute__((no_sanitize("address"), weak)) void recpim_on_main_stack() {
  __sanitizer_start_switch_fiber(nullptr, nullptr, 0);
  runtime<FinishSwitch>("__sanitizer_finish_switch_fiber")(nullptr, nullptr, nullptr);
}
}
