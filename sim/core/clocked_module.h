// SPDX-License-Identifier: Apache-2.0
/// @file
/// A module with one process that runs in the cycles it was armed for.
#pragma once

#include <systemc>

#include "sim/core/cycle_scheduler.h"

namespace recpim {

class ClockedModule : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(ClockedModule);
  ClockedModule(const sc_core::sc_module_name& name, CycleScheduler& cycles)
      : sc_module(name), cycles_(cycles) {
    wakeup_.name = this->name();
    SC_METHOD(step);
    sensitive << wakeup_.wake;
    dont_initialize();
  }

 protected:
  /// Runs in cycle now(). What it changes in another module must be dated now() + 1 or later.
  virtual void step() = 0;
  void arm(Cycle at) { cycles_.arm(wakeup_, at); }
  Cycle now() const { return cycles_.now(); }

 private:
  CycleScheduler& cycles_;
  CycleScheduler::Client wakeup_;
};

}  // namespace recpim
