// SPDX-License-Identifier: Apache-2.0
// Compiled into everything that the asan preset builds. GCC 12's AddressSanitizer asks for the
// signal stack on every throw, through its own checked sigaltstack(), into a variable on a part of
// the stack whose shadow may be stale: a false "stack-buffer-overflow in sigaltstack". (LLVM's
// runtime calls the kernel there without the check since version 13.) This sigaltstack() comes
// before the checked one.
#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>

extern "C" __attribute__((no_sanitize("address"), visibility("default"), weak)) int sigaltstack(
    const stack_t* now, stack_t* before) noexcept {
  return static_cast<int>(syscall(SYS_sigaltstack, now, before));
}
