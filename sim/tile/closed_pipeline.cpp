// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/closed_pipeline.h"

#include <algorithm>

namespace recpim {

ClosedPipeline::ClosedPipeline(const sc_core::sc_module_name& name, const Design& design,
                               const Tile& tile, bool values, TileBuffers& buffers, Engine& engine,
                               VectorUnit& vector_unit)
    : Pipeline(name, buffers, engine, vector_unit),
      values_(values),
      outputs_(static_cast<std::size_t>(tile.outputs)),
      accumulator_slots_(design.hardware.buffer_slots),
      output_slots_(design.hardware.buffer_slots) {}

void ClosedPipeline::packet_arrives(int port, const Packet& packet, Cycle at) {
  buffers_.store(port, packet, at);
  start_engine();
  start_vector_unit();
}

void ClosedPipeline::start_engine() {
  while (!accumulator_slots_.empty()) {
    const Cycle complete = buffers_.inputs_complete();
    if (complete == kNever) return;
    const Cycle start = std::max({complete, engine_free_, accumulator_slots_.pop()});
    const auto& input = buffers_.input(started_++);
    const Engine::Timing timing = engine_.accept(start, input);
    engine_free_ = start + timing.busy;
    engine_starts(started_ - 1, start);
    engine_meter_.frees(engine_free_);
    tell(TileObserver::Part::kEngine, started_ - 1, start, engine_free_);
    Done done;
    done.at = start + timing.latency;
    if (values_) {
      done.accumulators.resize(outputs_);
      engine_.compute(input, done.accumulators);
    }
    done_.push_back(std::move(done));
    buffers_.take_inputs(interface(), engine_free_);
  }
}

void ClosedPipeline::start_vector_unit() {
  while (!done_.empty() && !output_slots_.empty()) {
    const Cycle partials = buffers_.partials_complete();
    if (partials == kNever) return;
    const Cycle start = std::max({done_.front().at, partials, vector_free_, output_slots_.pop()});
    vector_starts(finished_, start, done_.front().at);
    const Cycle read = start + vector_unit_.cycles();  // Accumulators and partial sums.
    vector_free_ = start + vector_unit_.interval();
    vector_meter_.frees(vector_free_);
    tell(TileObserver::Part::kVectorUnit, finished_, start, read);
    NetworkInterface::Output output = output_of(finished_, start + vector_unit_.latency());
    vector_unit_.count_sample();
    if (values_) {
      output.values.push_back(std::make_shared<const std::vector<std::int32_t>>(
          vector_unit_.finish(done_.front().accumulators, buffers_.partials(finished_))));
    }
    ++finished_;
    done_.pop_front();
    accumulator_slots_.push(read);
    buffers_.take_partials(interface(), read);
    interface().send_output(std::move(output));
    start_engine();
  }
}

void ClosedPipeline::output_freed(Cycle at) {
  output_slots_.push(at);
  start_vector_unit();
}

std::string ClosedPipeline::waits_for() const {
  const std::string inputs = buffers_.waits_for();
  return !done_.empty() && output_slots_.empty() ? "a free output slot; " + inputs : inputs;
}

}  // namespace recpim
