// SPDX-License-Identifier: Apache-2.0
/// @file
/// What has been measured so far: a CSV file to which each finished measurement is appended.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "models/training/evaluate.h"

namespace recpim::rank {

/// How a sub-network came to its weights.
enum class Source {
  kInherited,  ///< From the supernet.
  kTuned,      ///< The same, then its last fc trained alone.
  kScratch,    ///< Trained alone from random weights.
};
const char* name(Source source);

/// One measurement. Rounding: precisions as drawn ("mixed") or none ("float").
struct Key {
  std::string data, mode;
  Source source = Source::kInherited;
  int network = 0;
  int seed = 0;
  bool operator<(const Key& other) const {
    return std::tie(data, mode, source, network, seed) <
           std::tie(other.data, other.mode, other.source, other.network, other.seed);
  }
};

struct Measured {
  Quality quality;             ///< On validation samples.
  std::uint64_t training = 0;  ///< Samples that a training step saw, each as often as it did.
  double seconds = 0;          ///< Of the wall clock; not of an inherited one.
};

/// InputError with file and line where something can not be read.
class Results {
 public:
  /// The file may not be there yet. Its first line is then the header, lines of `comment` before.
  Results(std::string path, std::string comment);

  bool has(const Key& key) const { return all_.count(key) > 0; }
  const std::map<Key, Measured>& all() const { return all_; }
  /// On the disk when it returns.
  void append(const Key& key, const Measured& measured);

 private:
  void read();
  std::string path_, comment_;
  bool headed_ = false;
  std::map<Key, Measured> all_;
};

}  // namespace recpim::rank
