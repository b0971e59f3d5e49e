// SPDX-License-Identifier: Apache-2.0
/// @file
/// Plays a trace into the host port: an ordinary TLM-2.0 initiator, as a driver would be. It
/// quantises dense features, turns table rows into the local rows of the tiles that hold them, and
/// collects the predictions.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <systemc>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/host/lookup_list.h"
#include "traces/format/trace.h"

namespace recpim {

/// Checks that a trace fits a design: InputError names the trace and the place. `samples` from
/// `first` must be there.
void require_trace_fits(const Model& model, const TraceReader& trace, std::uint64_t first,
                        std::uint64_t samples);

/// What the host sends for each sample of a chunk: one list a send of the host tile.
class RequestBuilder {
 public:
  RequestBuilder(const Design& design, const Model& model, const TraceReader& trace, bool values);
  /// Whether build() looks at its chunk: not where neither lookups nor values flow.
  bool needs_trace() const { return needs_trace_; }
  struct Part {
    std::uint32_t elements = 0;
    bool has_values = false;
    std::vector<std::int32_t> values;
  };
  /// The parts of sample `i` of the chunk, the host's `sample`-th, valid until the next call; empty
  /// ones of sends that are not active in it. Samples come in the order in which they are sent:
  /// places of rows depend on those before. InputError where a bag list is longer than an input
  /// slot of its tile.
  const std::vector<Part>& build(const TraceChunk& chunk, std::uint64_t i, std::uint64_t sample);

 private:
  void add_lookups(const TraceChunk& chunk, std::uint64_t i, const Tile& tile, LookupList& list,
                   Part& part) const;

  const Design& design_;
  const Model& model_;
  const TraceReader& trace_;
  bool values_;
  bool needs_trace_;
  const Operator* dense_ = nullptr;
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<LookupList>> lists_;  ///< Of sends to embedding tiles.
};

class TracePlayer : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(TracePlayer);
  tlm_utils::simple_initiator_socket<TracePlayer> initiator_o;

  struct Result {
    Cycle accepted = 0, transferred = 0;
    std::vector<std::int32_t> values;
  };

  /// `arrivals`: of each sample, or empty.
  TracePlayer(const sc_core::sc_module_name& name, const Design& design, const Model& model,
              const TraceReader& trace, std::uint64_t first, std::uint64_t samples, bool values,
              int output_elements, const std::vector<Cycle>& arrivals, bool progress);

  const std::vector<Result>& results() const { return results_; }
  std::vector<Result>& results() { return results_; }
  /// Throws the InputError that a sample of the trace met, if any. It can't leave a process of the
  /// kernel, so the player pauses the simulation and keeps it for the caller of sc_start.
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void submit_all();
  void submit_samples();
  void collect_all();
  void access(tlm::tlm_command command, std::uint64_t address, void* data, std::size_t bytes);

  const TraceReader& trace_;
  RequestBuilder builder_;
  std::uint64_t first_, samples_;
  std::size_t output_elements_;
  const std::vector<Cycle>& arrivals_;
  bool progress_;
  std::vector<Result> results_;
  std::exception_ptr failure_;
};

}  // namespace recpim
