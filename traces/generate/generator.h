// SPDX-License-Identifier: Apache-2.0
/// @file
/// Synthetic traces: skewed lookups, heavy-tailed dense features, labels that can be learnt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "traces/format/trace.h"
#include "traces/generate/planted_interactions.h"

namespace recpim {

enum class Pooling {
  kFixed,    ///< Every bag has `pooling` lookups.
  kUniform,  ///< Bag sizes are uniform in 1 .. 2 pooling - 1: the mean is `pooling`.
};

struct GenerateOptions {
  std::vector<std::uint64_t> rows;     ///< A table each; empty for an MLP trace.
  std::vector<std::uint32_t> pooling;  ///< A table each.
  Pooling pooling_kind = Pooling::kFixed;
  std::uint32_t dense = 13;
  std::uint64_t samples = 10000;
  double skew = 1.05;
  std::uint64_t seed = 1;
  double arrival_rate = 0;     ///< Samples a second of a Poisson process; 0: no arrivals.
  std::string locality_file;   ///< Empty: Zipf. Else the reuse histogram that lookups match.
  std::string locality_block;  ///< The block of that file; empty: its first.
  /// Labels of stated interactions instead of those of PlantedLabels; the trace then has the true
  /// logits too.
  std::optional<PlantedOptions> planted;
  std::string version;  ///< Of this program, for the provenance.
};

struct GenerateSummary {
  std::uint64_t samples = 0;
  double positive_share = 0;    ///< Labels that are 1.
  double bayes_logloss = 0;     ///< Of the generated labels under the true probabilities.
  double expected_logloss = 0;  ///< Mean entropy of the true probabilities.
  double constant_logloss = 0;  ///< Of a model that knows the share of ones alone.
};

/// Writes the trace. The samples are a function of the options alone; with Zipf lookups, sample i
/// does not depend on how many there are. InputError for a locality file that can't be used.
GenerateSummary generate_trace(const GenerateOptions& options, const std::string& path);

}  // namespace recpim
