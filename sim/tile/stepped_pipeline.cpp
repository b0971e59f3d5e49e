// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/stepped_pipeline.h"

#include "sim/tile/closed_pipeline.h"

namespace recpim {
namespace {

constexpr Cycle kStagesBehindLanes = 3;  // sim/README.md, "Tile", point 3

bool visible(const CycleRing& slots, Cycle now) { return !slots.empty() && slots.front() <= now; }

}  // namespace

SteppedPipeline::SteppedPipeline(const sc_core::sc_module_name& name, const Design& design,
                                 const Tile& tile, CycleScheduler& cycles, TileBuffers& buffers,
                                 Engine& engine, VectorUnit& vector_unit)
    : Pipeline(name, buffers, engine, vector_unit),
      outputs_(static_cast<std::size_t>(tile.outputs)),
      lanes_(static_cast<std::size_t>(vector_unit.lanes())),
      sequencer_("sequencer", cycles, *this),
      walker_("walker", cycles, *this),
      accumulator_slots_(design.hardware.buffer_slots),
      output_slots_(design.hardware.buffer_slots) {
  engine.connect(*this);
  if (vector_unit.normaliser() == nullptr) return;
  normaliser_ = std::make_unique<NormaliserStepper>(
      "normaliser", cycles, *vector_unit.normaliser(),
      [this](Cycle at) {
        vector_meter_.frees(at);
        walker_.release(at);
      },
      [this](Cycle at, std::vector<std::int32_t> output) { output_done(at, std::move(output)); });
}

void SteppedPipeline::packet_arrives(int port, const Packet& packet, Cycle at) {
  buffers_.store(port, packet, at);
  sequencer_.look(at);
  walker_.look(at);
}

void SteppedPipeline::output_freed(Cycle at) {
  output_slots_.push(at);
  walker_.look(at);
}

// The input slot and the engine come free together.
void SteppedPipeline::engine_free(Cycle at) {
  engine_busy_ = false;
  engine_free_ = at;
  engine_meter_.frees(at);
  tell(TileObserver::Part::kEngine, started_ - 1, engine_started_, at);
  buffers_.take_inputs(interface(), at);
  sequencer_.look(at);
}

void SteppedPipeline::engine_done(Cycle at, std::vector<std::int32_t> accumulators) {
  done_.push_back({at, std::move(accumulators)});
  walker_.look(at);
}

void SteppedPipeline::Sequencer::step() {
  SteppedPipeline& p = owner_;
  if (p.engine_busy_ || p.engine_free_ > now() || p.buffers_.inputs_complete() > now() ||
      !visible(p.accumulator_slots_, now())) {
    return;
  }
  p.accumulator_slots_.pop();
  p.engine_busy_ = true;
  p.engine_started_ = now();
  p.engine_starts(p.started_, now());
  p.engine_.begin(now(), p.buffers_.input(p.started_++));
}

bool SteppedPipeline::Walker::can_start() const {
  const SteppedPipeline& p = owner_;
  return !held_ && free_ <= now() && !p.done_.empty() && p.done_.front().at <= now() &&
         p.buffers_.partials_complete() <= now() && visible(p.output_slots_, now());
}

void SteppedPipeline::Walker::step() {
  if (!active_) {
    if (!can_start()) return;
    owner_.output_slots_.pop();
    active_ = true;
    next_ = 0;
    started_ = now();
    owner_.vector_starts(owner_.finished_, now(), owner_.done_.front().at);
  }
  next_ += owner_.lanes_;
  if (next_ < owner_.outputs_) {
    arm(now() + 1);
    return;
  }
  finish();
}

// The lanes have read the last elements in this cycle.
void SteppedPipeline::Walker::finish() {
  SteppedPipeline& p = owner_;
  p.tell(TileObserver::Part::kVectorUnit, p.finished_, started_, now() + 1);
  active_ = false;
  p.vector_unit_.count_sample();
  const Cycle written = now() + 1 + kStagesBehindLanes;
  std::vector<std::int32_t> values =
      p.vector_unit_.requantise(p.done_.front().accumulators, p.buffers_.partials(p.finished_++));
  if (p.normaliser_) {
    held_ = true;
    p.normaliser_->take(written, std::move(values));
  } else {
    p.vector_meter_.frees(now() + 1);
    p.output_done(written, std::move(values));
  }
  p.done_.pop_front();
  p.accumulator_slots_.push(now() + 1);
  p.buffers_.take_partials(p.interface(), now() + 1);
  p.sequencer_.look(now() + 1);
  arm(now() + 1);
}

void SteppedPipeline::output_done(Cycle at, std::vector<std::int32_t> values) {
  NetworkInterface::Output output = output_of(put_out_++, at);
  output.values.push_back(std::make_shared<const std::vector<std::int32_t>>(std::move(values)));
  interface().send_output(std::move(output));
}

std::string SteppedPipeline::waits_for() const { return buffers_.waits_for(); }

std::unique_ptr<Pipeline> make_pipeline(const Design& design, const Tile& tile, bool values,
                                        bool stepped, CycleScheduler& cycles, TileBuffers& buffers,
                                        Engine& engine, VectorUnit& vector_unit) {
  if (stepped) {
    return std::make_unique<SteppedPipeline>("pipeline", design, tile, cycles, buffers, engine,
                                             vector_unit);
  }
  return std::make_unique<ClosedPipeline>("pipeline", design, tile, values, buffers, engine,
                                          vector_unit);
}

}  // namespace recpim
