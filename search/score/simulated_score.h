// SPDX-License-Identifier: Apache-2.0
/// @file
/// The score of a point of a DesignSpace: the model's float weights quantised as the point says,
/// mapped on its hardware, simulated with values on a trace. Latency, energy and area are those of
/// that simulation, log loss is that of the predictions which the simulated chip gave.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "search/score/measurement.h"
#include "search/space/design_space.h"
#include "traces/format/trace.h"

namespace recpim::search {

class SimulatedScore {
 public:
  /// `model`: quantised, with its float weights. Its own precision stays as it is; to every other
  /// number of bits that the space has every operator is quantised here, so that a worker only
  /// picks. `trace` is opened by each worker for itself (a file position is shared by forked
  /// processes); all its samples are simulated, and it must have labels. `threads` of this process
  /// quantise; they have ended when the constructor returns.
  SimulatedScore(Model model, const DesignSpace& space, std::string trace, int threads = 1);
  SimulatedScore(const SimulatedScore&) = delete;
  SimulatedScore& operator=(const SimulatedScore&) = delete;
  ~SimulatedScore();

  /// Quantised as `values` say, equal to what quantise_weights makes of it, with its float weights.
  /// Not in a worker: the float weights are not forked.
  Model model(const Values& values) const;

  /// Scores; infeasible where the chip is too small for the model. Once a process only, for a
  /// forked worker: SystemC elaborates one chip, and the weights are moved into the candidate, not
  /// copied (the parent's are untouched).
  Outcome score_once(const Values& values);

 private:
  // What quantisation makes of one operator.
  struct Quantised {
    std::vector<std::int8_t> weight;
    std::vector<std::int32_t> bias;
    std::vector<double> scale;
    std::vector<Requantiser> requantiser;
  };
  struct Floats {
    std::vector<float> weight, bias;
  };
  static constexpr std::size_t kPrecisions = 3;  // 2, 4, 8 bits.

  void quantise_to(Model& model, std::size_t precision);
  static void take_quantised(Model& model, std::vector<Quantised>& into);
  template <typename Take>
  Model assemble(const Values& values, const Take& take) const;

  std::array<std::vector<Quantised>, kPrecisions> quantised_;
  std::vector<Floats> floats_;
  Model model_;  // Without weights; outputs and activations as calibrated.
  const DesignSpace& space_;
  std::string trace_;
};

/// The samples that a search scores on, for a trace of their own.
struct ScoredSamples {
  TraceInfo info;
  TraceChunk chunk;
};
/// Reads them in the order given; InputError where they are damaged.
ScoredSamples gather_samples(const TraceReader& from, const std::vector<std::uint64_t>& samples);
void write_samples(const ScoredSamples& samples, const std::string& to);

}  // namespace recpim::search
