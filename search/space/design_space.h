// SPDX-License-Identifier: Apache-2.0
/// @file
/// The space of designs: what of the hardware varies, and the weight bits of each operator. Stated
/// by a YAML file that is a hardware file in which a whole-number key may hold a list, and a key
/// weight_bits more; README.md of search/ has the format and the built-in default.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/hardware.h"
#include "search/space/space.h"

namespace recpim::search {

class DesignSpace {
 public:
  /// The groups of genes.
  static constexpr const char* kHardware = "hardware";
  static constexpr const char* kWeightBits = "weight_bits";

  /// The built-in default over the operators of `model` (no weights needed).
  explicit DesignSpace(const Model& model);
  /// A space file. InputError names the file, the place, the value and what is accepted.
  DesignSpace(const std::string& path, const Model& model);

  const Space& space() const { return space_; }
  /// The point that the others are compared with: every key at the default hardware's value, every
  /// operator at the model's own bits; the first of a list that does not have that value.
  const Genome& reference() const { return reference_; }

  Hardware hardware(const Values& values) const;
  /// Weight bits by position in Model::operators; 0 where an operator has no weights.
  std::vector<int> weight_bits(const Values& values) const;

  /// Everything that defines the space: the lists and the keys that do not vary.
  Json to_json() const;

 private:
  struct Parts;
  explicit DesignSpace(const std::unique_ptr<Parts>& parts);  // Moved from.

  Space space_;
  Genome reference_;
  Json base_;                       // A hardware file's keys, those that vary at the reference.
  std::vector<int> operator_gene_;  // Position in the genes by operator; -1 where there is none.
};

/// The model that `--count` takes where none is named: a DLRM of 26 tables and 13 dense features,
/// bottom 64-16, top 64-32-1, weights of 8 bits (the shape of Criteo).
Model default_count_model();

}  // namespace recpim::search
