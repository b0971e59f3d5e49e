// SPDX-License-Identifier: Apache-2.0
/// @file
/// The space of recommenders: which values each field of a block may take. Knows how many
/// architectures there are, draws and changes them, and turns them into plain integers for search
/// algorithms. README.md, "The space".
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "models/supernet/architecture.h"
#include "traces/support/json.h"
#include "traces/support/random.h"

namespace recpim::supernet {

using BigInteger = boost::multiprecision::cpp_int;

/// Inputs of a block, dense or sparse: subsets are listed, so their number must stay small.
constexpr int kMostInputs = 4;

/// What varies. Every list has at least one value, none twice; every block has the same lists.
struct SpaceDescription {
  std::string name;
  int blocks = 7;      ///< 1 to kMaxBlocks
  int max_inputs = 4;  ///< 1 to 4: how many outputs dense_inputs and sparse_inputs name at most.
  std::vector<DenseOperator> dense_operators;
  std::vector<SparseOperator> sparse_operators;
  std::vector<int> dense_widths;
  std::vector<int> sparse_rows;
  std::vector<SlotPrecision> precisions;  ///< Of each of a block's four slots.
};

/// The spaces that have a name: nasrec-full, nasrec-small.
std::vector<std::string> space_names();
/// InputError where there is none of that name.
SpaceDescription space_of(const std::string& name);

/// One thing that varies.
struct ArchitectureGene {
  std::string name;   ///< block3.dense_width
  std::string group;  ///< ArchitectureSpace::kArchitecture or kPrecision.
  int choices = 0;    ///< At least 1.
};

/// Which choice each gene takes: 0 .. choices - 1.
using Choices = std::vector<int>;

class ArchitectureSpace {
 public:
  static constexpr const char* kArchitecture = "architecture";
  static constexpr const char* kPrecision = "precision";

  /// std::invalid_argument where the description is no space.
  explicit ArchitectureSpace(SpaceDescription description);

  const SpaceDescription& description() const { return description_; }
  Json to_json() const;  ///< Everything that defines the space.

  /// Exactly how many genomes there are: without the precisions, of the precisions alone, of both.
  BigInteger architectures() const { return size_of_group(kArchitecture); }
  BigInteger precisions() const { return size_of_group(kPrecision); }
  BigInteger size() const { return architectures() * precisions(); }

  bool contains(const Architecture& architecture) const;
  /// InputError with place, value and what is accepted where the architecture is not in the space.
  void validate(const Architecture& architecture, const std::string& file = "architecture") const;

  /// Block by block, the fields in the order of Field; those with one choice too.
  const std::vector<ArchitectureGene>& genes() const { return genes_; }
  /// A bijection between the space and the vectors of choices. InputError as validate().
  Choices choices(const Architecture& architecture) const;
  /// std::invalid_argument where a choice is out of range or the number of them is another.
  Architecture architecture(const Choices& choices) const;

  Architecture sample(Random& random) const;  ///< Uniform.
  /// As NASRec samples while it trains a supernet: a subset of inputs has 1 + Binomial(n - 1, 1/2)
  /// of them, n the most there can be, and is uniform among those of its size; the other fields
  /// are uniform.
  Architecture sample_for_training(Random& random) const;
  /// One field of one block takes another value: the block uniform, then one of its fields that
  /// have another value, then the value.
  Architecture mutate(const Architecture& architecture, Random& random) const;

 private:
  using Subset = std::vector<int>;
  /// The subsets of the outputs that block `number` sees: by size, then in lexicographic order.
  const std::vector<Subset>& subsets(int number) const;
  int choice_count(int number, Field field) const;
  int find_choice(const Block& block, int number, Field field) const;  // -1 where it has none.
  void set_choice(Block& block, int number, Field field, int choice) const;
  std::string accepted(int number, Field field) const;
  BigInteger size_of_group(const std::string& group) const;
  int sample_subset(int number, Random& random) const;

  SpaceDescription description_;
  std::vector<std::vector<Subset>> subsets_;
  std::vector<ArchitectureGene> genes_;
};

}  // namespace recpim::supernet
