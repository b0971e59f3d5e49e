// SPDX-License-Identifier: Apache-2.0
/// @file
/// Crossbars, converters and shift-add of an MVM tile as one engine. In the fast mode a product is
/// one closed form: no device in it can stall, since its accumulator slot was reserved at its
/// start.
#pragma once

#include <memory>
#include <vector>

#include "sim/device/mvm_array.h"
#include "sim/device/mvm_devices.h"
#include "sim/tile/engine.h"

namespace recpim {

class MvmEngine : public Engine {
 public:
  MvmEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
            const Model& model, bool values, bool stepped, CycleScheduler& cycles);
  Timing accept(Cycle start, const std::vector<std::int32_t>& input) override;
  void compute(const std::vector<std::int32_t>& input,
               std::vector<std::int32_t>& accumulators) override;
  void begin(Cycle now, const std::vector<std::int32_t>& input) override;

  const MvmShape& shape() const { return shape_; }
  const DacBank& dacs() const { return dacs_; }
  const CrossbarBank& crossbars() const { return crossbars_; }
  const SampleHold& sample_hold() const { return sample_hold_; }
  const AdcBank& adcs() const { return adcs_; }
  const ShiftAdd& shift_add() const { return shift_add_; }

 private:
  MvmShape shape_;
  std::unique_ptr<MvmArray> array_;  ///< Where compute() is called.
  std::vector<EncodedBlock>
      blocks_;  ///< Reference mode: [row block * column blocks + column block]
  ShiftAdd shift_add_;
  AdcBank adcs_;
  SampleHold sample_hold_;
  CrossbarBank crossbars_;
  DacBank dacs_;
  Timing timing_;
  Cycle started_ = 0;
};

}  // namespace recpim
