// SPDX-License-Identifier: Apache-2.0
/// @file
/// A supernet: the shared weights of a space, trained or on the way there. On disk a folder:
/// supernet.json (what it is) and weights.h5 (values); layout in README.md, "Files".
#pragma once

#include <cstdint>
#include <string>

#include "models/graph/graph.h"
#include "models/supernet/subnetwork.h"
#include "models/supernet/weights.h"
#include "traces/support/json.h"

namespace recpim::supernet {

/// All that the trained weights depend on besides space and trace. The values are NASRec's.
struct SupernetOptions {
  int epochs = 1;
  int batch = 512;
  std::uint64_t seed = 1;  ///< Of weights, split, order of samples, sub-networks.
  /// Steps over which the probability of the full path falls from 1 to 0.
  std::uint64_t warmup_steps = 0;
  /// Rounds weights and activations to the bits of their slots (models/training/fake_quantise.h).
  bool fake_quantised = true;
  StepOptions step;  ///< Its rates are the highest of the schedule.
};
bool operator==(const SupernetOptions& a, const SupernetOptions& b);

struct Supernet {
  explicit Supernet(SubnetworkBuilder of) : builder(std::move(of)), weights(builder.parameters()) {}

  SubnetworkBuilder builder;  ///< Of its TraceInfo only dense features, tables and samples count.
  SharedWeights weights;
  SupernetOptions options;
  Split split;
  std::string trace_sha256;
  std::uint64_t step = 0;   ///< Done so far.
  std::uint64_t steps = 0;  ///< In all.
  bool finished() const { return step == steps; }
};

enum class Presence { kNone, kUnfinished, kFinished };
/// Whether a folder holds a supernet, by its supernet.json alone. InputError where that is damaged.
Presence presence_of(const std::string& folder);
/// Reads and checks a folder; sums of gradients only of an unfinished supernet. InputError names
/// file and place.
Supernet load_supernet(const std::string& folder);
/// A new folder, whole or not at all; takes the place of an earlier supernet.
void write_supernet(const Supernet& supernet, const std::string& folder);
/// Brings the folder of the same supernet up to date, so that a process that is killed at any
/// moment leaves the state before or after. An unfinished supernet needs its sums.
void update_supernet(const Supernet& supernet, const std::string& folder);
/// SHA-256 over supernet.json and weights.h5.
std::string supernet_sha256(const std::string& folder);

/// A space as ArchitectureSpace::to_json() writes it. InputError.
SpaceDescription read_space(const JsonView& json);
/// A space by its name, or from a file that holds its JSON. InputError.
SpaceDescription space_named(const std::string& name_or_file);

}  // namespace recpim::supernet
