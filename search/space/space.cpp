// SPDX-License-Identifier: Apache-2.0
#include "search/space/space.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "traces/support/error.h"

namespace recpim::search {
namespace {

void check(const std::vector<Gene>& genes) {
  std::set<std::string> names;
  for (const Gene& gene : genes) {
    const std::set<int> distinct(gene.values.begin(), gene.values.end());
    if (gene.values.empty() || distinct.size() != gene.values.size()) {
      throw std::invalid_argument("space: gene " + gene.name + " needs distinct values");
    }
    if (!names.insert(gene.name).second) {
      throw std::invalid_argument("space: two genes are named " + gene.name);
    }
  }
}

}  // namespace

Space::Space(std::vector<Gene> genes, const std::vector<Divides>& constraints)
    : genes_(std::move(genes)), paired_(genes_.size(), false) {
  check(genes_);
  for (const Divides& divides : constraints) {
    if (paired_.at(divides.divisor) || paired_.at(divides.dividend) ||
        divides.divisor == divides.dividend) {
      throw std::invalid_argument("space: a gene stands in two constraints");
    }
    paired_[divides.divisor] = paired_[divides.dividend] = true;
    Pair pair{divides, {}};
    const auto& divisors = genes_[divides.divisor].values;
    const auto& dividends = genes_[divides.dividend].values;
    for (std::size_t i = 0; i < divisors.size(); ++i) {
      for (std::size_t j = 0; j < dividends.size(); ++j) {
        if (divisors[i] != 0 && dividends[j] % divisors[i] == 0) {
          pair.valid.emplace_back(static_cast<int>(i), static_cast<int>(j));
        }
      }
    }
    if (pair.valid.empty()) {
      throw std::invalid_argument("space: no " + genes_[divides.divisor].name + " divides a " +
                                  genes_[divides.dividend].name);
    }
    pairs_.push_back(std::move(pair));
  }
}

std::size_t Space::find(const std::string& gene) const {
  const auto found = std::find_if(genes_.begin(), genes_.end(),
                                  [&](const Gene& candidate) { return candidate.name == gene; });
  return static_cast<std::size_t>(found - genes_.begin());
}

BigInteger Space::size() const {
  BigInteger product = 1;
  for (const auto& group : groups()) product *= size_of_group(group);
  return product;
}

BigInteger Space::size_of_group(const std::string& group) const {
  BigInteger product = 1;
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (!paired_[g] && genes_[g].group == group) product *= genes_[g].values.size();
  }
  for (const Pair& pair : pairs_) {
    if (genes_[pair.genes.dividend].group == group) product *= pair.valid.size();
  }
  return product;
}

std::vector<std::string> Space::groups() const {
  std::vector<std::string> names;
  for (const Gene& gene : genes_) {
    if (std::find(names.begin(), names.end(), gene.group) == names.end()) {
      names.push_back(gene.group);
    }
  }
  return names;
}

bool Space::meets(const Genome& genome, const Pair& pair) const {
  return std::find(pair.valid.begin(), pair.valid.end(),
                   std::make_pair(genome[pair.genes.divisor], genome[pair.genes.dividend])) !=
         pair.valid.end();
}

bool Space::valid(const Genome& genome) const {
  if (genome.size() != genes_.size()) return false;
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (genome[g] < 0 || genome[g] >= static_cast<int>(genes_[g].values.size())) return false;
  }
  return std::all_of(pairs_.begin(), pairs_.end(),
                     [&](const Pair& pair) { return meets(genome, pair); });
}

Genome Space::sample(Random& random) const {
  Genome genome(genes_.size());
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (!paired_[g]) genome[g] = static_cast<int>(random.below(genes_[g].values.size()));
  }
  for (const Pair& pair : pairs_) {
    const auto& choice = pair.valid[random.below(pair.valid.size())];
    genome[pair.genes.divisor] = choice.first;
    genome[pair.genes.dividend] = choice.second;
  }
  return genome;
}

Genome Space::mutate(const Genome& genome, Random& random) const {
  std::vector<std::pair<std::size_t, std::vector<int>>> moves;
  Genome trial = genome;
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    std::vector<int> others;
    for (int choice = 0; choice < static_cast<int>(genes_[g].values.size()); ++choice) {
      if (choice == genome[g]) continue;
      trial[g] = choice;
      const bool fits = !paired_[g] || std::all_of(pairs_.begin(), pairs_.end(),
                                                   [&](const Pair& p) { return meets(trial, p); });
      if (fits) others.push_back(choice);
    }
    trial[g] = genome[g];
    if (!others.empty()) moves.emplace_back(g, std::move(others));
  }
  if (moves.empty()) return genome;
  const auto& [gene, others] = moves[random.below(moves.size())];
  trial[gene] = others[random.below(others.size())];
  return trial;
}

Values Space::values(const Genome& genome) const {
  Values values(genes_.size());
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    values[g] = genes_[g].values.at(static_cast<std::size_t>(genome.at(g)));
  }
  return values;
}

Json Space::to_json(const Values& values) const {
  Json json = Json::object();
  for (std::size_t g = 0; g < genes_.size(); ++g) json[genes_[g].name] = values.at(g);
  return json;
}

std::string Space::encode(const Values& values) const { return to_json(values).dump(); }

Genome Space::decode(const std::string& text) const {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    reject("genome", "", text, "a JSON object of genes");
  }
  const JsonView view(json, "genome");
  std::set<std::string> names;
  Genome genome(genes_.size());
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    names.insert(genes_[g].name);
    const JsonView gene = view.at(genes_[g].name);
    const auto& values = genes_[g].values;
    const auto low = *std::min_element(values.begin(), values.end());
    const auto high = *std::max_element(values.begin(), values.end());
    const auto found =
        std::find(values.begin(), values.end(), static_cast<int>(gene.integer(low, high)));
    if (found == values.end()) gene.fail("one of " + Json(values).dump());
    genome[g] = static_cast<int>(found - values.begin());
  }
  view.only(names);
  if (!valid(genome)) reject("genome", "", text, "a point of the space");
  return genome;
}

}  // namespace recpim::search
