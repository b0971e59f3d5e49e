// SPDX-License-Identifier: Apache-2.0
// The entry point of every test program: SystemC owns main, the tests run inside sc_main.
#include <gtest/gtest.h>

#include <cstdlib>
#include <systemc>

namespace {
// Before main, which is libsystemc's and prints a banner on standard error.
const int kQuiet = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
}  // namespace

int sc_main(int argc, char** argv) {
  (void)kQuiet;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
