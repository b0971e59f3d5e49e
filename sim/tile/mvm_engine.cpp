// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/mvm_engine.h"

#include <algorithm>

namespace recpim {
namespace {

constexpr Cycle kStages = 3;  // Registers behind the last conversion: sim/README.md, "Tile".

}  // namespace

MvmEngine::MvmEngine(const sc_core::sc_module_name& name, const Design& design, const Tile& tile,
                     const Model& model, bool values, bool stepped, CycleScheduler& cycles)
    : Engine(name),
      shape_(design, tile, model),
      array_(values && !stepped ? std::make_unique<MvmArray>(design, tile, model) : nullptr),
      blocks_(stepped ? encode_part(design.hardware, tile, model) : std::vector<EncodedBlock>()),
      shift_add_("shift_add", cycles, shape_, blocks_),
      adcs_("adcs", cycles, shape_, shift_add_),
      sample_hold_("sample_hold", shape_, adcs_),
      crossbars_("crossbars", cycles, shape_, blocks_, sample_hold_),
      dacs_("dacs", cycles, shape_, crossbars_) {
  timing_.busy = shape_.sample_phases() * shape_.interval;
  timing_.latency = shape_.read_cycles + (shape_.sample_phases() - 1) * shape_.interval +
                    shape_.columns_per_adc * shape_.conversion_cycles + kStages;
  dacs_.on_free([this](Cycle at) {
    shares().adc += at - started_ - shape_.sample_phases() * shape_.read_cycles;
    free_from(at);
  });
  shift_add_.on_done([this](Cycle at, std::vector<std::int32_t> accumulators) {
    client().engine_done(at, std::move(accumulators));
  });
}

Engine::Timing MvmEngine::accept(Cycle /*start*/, const std::vector<std::int32_t>& /*input*/) {
  dacs_.count_sample();
  crossbars_.count_sample();
  sample_hold_.count_sample();
  adcs_.count_sample();
  shift_add_.count_sample();
  shares().adc += shape_.sample_phases() * (shape_.interval - shape_.read_cycles);
  return account(timing_);
}

void MvmEngine::compute(const std::vector<std::int32_t>& input,
                        std::vector<std::int32_t>& accumulators) {
  array_->multiply(input.data(), accumulators.data());
}

void MvmEngine::begin(Cycle now, const std::vector<std::int32_t>& input) {
  started_ = now;
  dacs_.start(input);
}

}  // namespace recpim
