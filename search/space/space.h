// SPDX-License-Identifier: Apache-2.0
/// @file
/// A finite space of choices: named genes, each with the list of values it may take. Knows nothing
/// of hardware or models (design_space.h does), so that a toy function can be searched in a test.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "traces/support/json.h"
#include "traces/support/random.h"

namespace recpim::search {

/// One thing that varies. `group` gathers genes in what --count prints.
struct Gene {
  std::string name;
  std::string group;
  std::vector<int> values;  ///< Distinct, at least one.
};

/// The value of gene `divisor` divides that of gene `dividend`, else the genome is not in the
/// space.
struct Divides {
  std::size_t divisor = 0, dividend = 0;
};

/// Which value each gene takes: positions in Gene::values.
using Genome = std::vector<int>;
/// The values themselves, gene by gene.
using Values = std::vector<int>;
using BigInteger = boost::multiprecision::cpp_int;

class Space {
 public:
  /// std::invalid_argument: a gene without values or with a repeated one, a repeated name, a gene
  /// in two constraints, or a constraint that nothing meets.
  explicit Space(std::vector<Gene> genes, const std::vector<Divides>& constraints = {});

  const std::vector<Gene>& genes() const { return genes_; }
  std::size_t find(const std::string& gene) const;  ///< genes().size() where there is none.

  /// Exactly how many genomes are valid; of one group alone. A constraint must not join two groups.
  BigInteger size() const;
  BigInteger size_of_group(const std::string& group) const;
  std::vector<std::string> groups() const;  ///< In the order of their first genes.

  bool valid(const Genome& genome) const;
  Genome sample(Random& random) const;  ///< Uniform over the valid genomes.
  /// One gene takes another value: the gene uniform among those that have a valid other value, then
  /// that value uniform. The genome itself where nothing else is valid.
  Genome mutate(const Genome& genome, Random& random) const;

  Values values(const Genome& genome) const;
  /// The canonical text of a point: one JSON object, genes in order, no blanks.
  std::string encode(const Values& values) const;
  /// The inverse. InputError where a gene is missing, unknown or takes a value that is not its own.
  Genome decode(const std::string& text) const;
  Json to_json(const Values& values) const;

 private:
  struct Pair {
    Divides genes;
    std::vector<std::pair<int, int>> valid;  // Choices of (divisor, dividend).
  };
  bool meets(const Genome& genome, const Pair& pair) const;

  std::vector<Gene> genes_;
  std::vector<Pair> pairs_;
  std::vector<bool> paired_;
};

}  // namespace recpim::search
