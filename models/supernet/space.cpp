// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/space.h"

#include <algorithm>
#include <stdexcept>

#include "traces/support/error.h"

namespace recpim::supernet {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("architecture space: " + what);
}

template <class T>
void check_list(const std::vector<T>& list, const char* what) {
  if (list.empty()) refuse(std::string("no ") + what);
  for (auto value = list.begin(); value != list.end(); ++value) {
    if (std::find(list.begin(), value, *value) != value) {
      refuse(std::string("a value twice in ") + what);
    }
  }
}

void check(const SpaceDescription& description) {
  if (description.blocks < 1 || description.blocks > kMaxBlocks) {
    refuse("1 to " + std::to_string(kMaxBlocks) + " blocks");
  }
  if (description.max_inputs < 1 || description.max_inputs > kMostInputs) {
    refuse("1 to " + std::to_string(kMostInputs) + " inputs");
  }
  check_list(description.dense_operators, "dense operators");
  check_list(description.sparse_operators, "sparse operators");
  check_list(description.dense_widths, "dense widths");
  check_list(description.sparse_rows, "sparse rows");
  check_list(description.precisions, "precisions");
  const auto positive = [](int value) { return value > 0; };
  if (!std::all_of(description.dense_widths.begin(), description.dense_widths.end(), positive) ||
      !std::all_of(description.sparse_rows.begin(), description.sparse_rows.end(), positive)) {
    refuse("widths and rows above 0");
  }
  for (const auto& [weight_bits, activation_bits] : description.precisions) {
    if ((weight_bits != 2 && weight_bits != 4 && weight_bits != 8) ||
        (activation_bits != 4 && activation_bits != 8)) {
      refuse("weight bits 2, 4, 8 and activation bits 4, 8");
    }
  }
}

/// All subsets of `size` of 0 .. n - 1, in lexicographic order.
void append_subsets(int n, int size, std::vector<std::vector<int>>& to) {
  std::vector<int> subset(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) subset[static_cast<std::size_t>(i)] = i;
  while (true) {
    to.push_back(subset);
    int last = size - 1;  // The last element that can still grow.
    while (last >= 0 && subset[static_cast<std::size_t>(last)] == n - size + last) --last;
    if (last < 0) return;
    int value = subset[static_cast<std::size_t>(last)];
    for (int i = last; i < size; ++i) subset[static_cast<std::size_t>(i)] = ++value;
  }
}

/// -1 where `list` does not have `value`.
template <class T>
int index_of(const std::vector<T>& list, const T& value) {
  const auto found = std::find(list.begin(), list.end(), value);
  return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}

bool smaller_first(const std::vector<int>& a, const std::vector<int>& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::size_t at(int index) { return static_cast<std::size_t>(index); }

std::string listed(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

template <class T, class Text>
std::vector<std::string> texts(const std::vector<T>& values, Text text) {
  std::vector<std::string> result;
  result.reserve(values.size());
  for (const T& value : values) result.push_back(text(value));
  return result;
}

std::vector<std::string> numbers(const std::vector<int>& values) {
  return texts(values, [](int value) { return std::to_string(value); });
}

const auto kNameOf = [](auto op) { return std::string(name(op)); };

}  // namespace

std::vector<std::string> space_names() { return {"nasrec-full", "nasrec-small"}; }

SpaceDescription space_of(const std::string& name) {
  SpaceDescription space;
  space.name = name;
  space.dense_widths = {16, 32, 64, 128, 256, 512, 768, 1024};
  space.sparse_rows = {16, 32, 48, 64};
  space.precisions = {{2, 4}, {2, 8}, {4, 4}, {4, 8}, {8, 4}, {8, 8}};
  if (name == "nasrec-full") {
    space.dense_operators = {DenseOperator::kFc, DenseOperator::kDot, DenseOperator::kGating,
                             DenseOperator::kSum};
    space.sparse_operators = {SparseOperator::kTransformer, SparseOperator::kEfc};
  } else if (name == "nasrec-small") {
    space.dense_operators = {DenseOperator::kFc, DenseOperator::kDot};
    space.sparse_operators = {SparseOperator::kEfc};
  } else {
    reject("", "space", name, listed(space_names()));
  }
  return space;
}

ArchitectureSpace::ArchitectureSpace(SpaceDescription description)
    : description_(std::move(description)) {
  check(description_);
  for (int number = 1; number <= description_.blocks; ++number) {
    std::vector<Subset> subsets;
    for (int size = 1; size <= std::min(number, description_.max_inputs); ++size) {
      append_subsets(number, size, subsets);
    }
    subsets_.push_back(std::move(subsets));
    for (std::size_t f = 0; f < kFields; ++f) {
      const auto field = static_cast<Field>(f);
      genes_.push_back({"block" + std::to_string(number) + "." + supernet::name(field),
                        field < Field::kDensePrecision ? kArchitecture : kPrecision,
                        choice_count(number, field)});
    }
  }
}

const std::vector<ArchitectureSpace::Subset>& ArchitectureSpace::subsets(int number) const {
  return subsets_[at(number - 1)];
}

Json ArchitectureSpace::to_json() const {
  return {{"name", description_.name},
          {"blocks", description_.blocks},
          {"max_inputs", description_.max_inputs},
          {"dense_operators", texts(description_.dense_operators, kNameOf)},
          {"sparse_operators", texts(description_.sparse_operators, kNameOf)},
          {"dense_widths", description_.dense_widths},
          {"sparse_rows", description_.sparse_rows},
          {"precisions", texts(description_.precisions, text)}};
}

int ArchitectureSpace::choice_count(int number, Field field) const {
  const auto count = [](const auto& list) { return static_cast<int>(list.size()); };
  switch (field) {
    case Field::kDenseOperator:
      return count(description_.dense_operators);
    case Field::kSparseOperator:
      return count(description_.sparse_operators);
    case Field::kDenseWidth:
      return count(description_.dense_widths);
    case Field::kSparseRows:
      return count(description_.sparse_rows);
    case Field::kDsi:
    case Field::kFm:
      return 2;
    case Field::kDenseInputs:
    case Field::kSparseInputs:
      return count(subsets(number));
    case Field::kLeft:
    case Field::kRight:
      return number;
    default:
      return count(description_.precisions);
  }
}

int ArchitectureSpace::find_choice(const Block& block, int number, Field field) const {
  const auto subset = [&](const Subset& inputs) {
    const auto& all = subsets(number);
    const auto found = std::lower_bound(all.begin(), all.end(), inputs, smaller_first);
    return found != all.end() && *found == inputs ? static_cast<int>(found - all.begin()) : -1;
  };
  const auto output = [&](int index) { return index >= 0 && index < number ? index : -1; };
  switch (field) {
    case Field::kDenseOperator:
      return index_of(description_.dense_operators, block.dense_operator);
    case Field::kSparseOperator:
      return index_of(description_.sparse_operators, block.sparse_operator);
    case Field::kDenseWidth:
      return index_of(description_.dense_widths, block.dense_width);
    case Field::kSparseRows:
      return index_of(description_.sparse_rows, block.sparse_rows);
    case Field::kDsi:
      return block.dsi ? 1 : 0;
    case Field::kFm:
      return block.fm ? 1 : 0;
    case Field::kDenseInputs:
      return subset(block.dense_inputs);
    case Field::kSparseInputs:
      return subset(block.sparse_inputs);
    case Field::kLeft:
      return output(block.left);
    case Field::kRight:
      return output(block.right);
    case Field::kDensePrecision:
      return index_of(description_.precisions, block.dense_precision);
    case Field::kSparsePrecision:
      return index_of(description_.precisions, block.sparse_precision);
    case Field::kFmPrecision:
      return index_of(description_.precisions, block.fm_precision);
    default:
      return index_of(description_.precisions, block.dsi_precision);
  }
}

void ArchitectureSpace::set_choice(Block& block, int number, Field field, int choice) const {
  const std::size_t i = at(choice);
  switch (field) {
    case Field::kDenseOperator:
      block.dense_operator = description_.dense_operators[i];
      break;
    case Field::kSparseOperator:
      block.sparse_operator = description_.sparse_operators[i];
      break;
    case Field::kDenseWidth:
      block.dense_width = description_.dense_widths[i];
      break;
    case Field::kSparseRows:
      block.sparse_rows = description_.sparse_rows[i];
      break;
    case Field::kDsi:
      block.dsi = choice == 1;
      break;
    case Field::kFm:
      block.fm = choice == 1;
      break;
    case Field::kDenseInputs:
      block.dense_inputs = subsets(number)[i];
      break;
    case Field::kSparseInputs:
      block.sparse_inputs = subsets(number)[i];
      break;
    case Field::kLeft:
      block.left = choice;
      break;
    case Field::kRight:
      block.right = choice;
      break;
    case Field::kDensePrecision:
      block.dense_precision = description_.precisions[i];
      break;
    case Field::kSparsePrecision:
      block.sparse_precision = description_.precisions[i];
      break;
    case Field::kFmPrecision:
      block.fm_precision = description_.precisions[i];
      break;
    case Field::kDsiPrecision:
      block.dsi_precision = description_.precisions[i];
      break;
  }
}

std::string ArchitectureSpace::accepted(int number, Field field) const {
  switch (field) {
    case Field::kDenseOperator:
      return listed(texts(description_.dense_operators, kNameOf));
    case Field::kSparseOperator:
      return listed(texts(description_.sparse_operators, kNameOf));
    case Field::kDenseWidth:
      return listed(numbers(description_.dense_widths));
    case Field::kSparseRows:
      return listed(numbers(description_.sparse_rows));
    case Field::kDsi:
    case Field::kFm:
      return "true, false";
    case Field::kDenseInputs:
    case Field::kSparseInputs:
      return "1 to " + std::to_string(std::min(number, description_.max_inputs)) +
             " ascending numbers from 0 to " + std::to_string(number - 1);
    case Field::kLeft:
    case Field::kRight:
      return "a whole number from 0 to " + std::to_string(number - 1);
    default:
      return listed(texts(description_.precisions, text));
  }
}

BigInteger ArchitectureSpace::size_of_group(const std::string& group) const {
  BigInteger product = 1;
  for (const ArchitectureGene& gene : genes_) {
    if (gene.group == group) product *= gene.choices;
  }
  return product;
}

bool ArchitectureSpace::contains(const Architecture& architecture) const {
  if (architecture.blocks.size() != at(description_.blocks)) return false;
  for (int number = 1; number <= description_.blocks; ++number) {
    for (std::size_t f = 0; f < kFields; ++f) {
      if (find_choice(architecture.blocks[at(number - 1)], number, static_cast<Field>(f)) < 0) {
        return false;
      }
    }
  }
  return true;
}

void ArchitectureSpace::validate(const Architecture& architecture, const std::string& file) const {
  if (architecture.blocks.size() != at(description_.blocks)) {
    reject(file, "blocks", "an array of " + std::to_string(architecture.blocks.size()),
           std::to_string(description_.blocks) + " blocks");
  }
  for (int number = 1; number <= description_.blocks; ++number) {
    const Block& block = architecture.blocks[at(number - 1)];
    for (std::size_t f = 0; f < kFields; ++f) {
      const auto field = static_cast<Field>(f);
      if (find_choice(block, number, field) >= 0) continue;
      const Json json = supernet::to_json(architecture);
      reject(file, "blocks[" + std::to_string(number - 1) + "]." + supernet::name(field),
             json["blocks"][at(number - 1)][supernet::name(field)].dump(), accepted(number, field));
    }
  }
}

Choices ArchitectureSpace::choices(const Architecture& architecture) const {
  validate(architecture);
  Choices choices;
  choices.reserve(genes_.size());
  for (int number = 1; number <= description_.blocks; ++number) {
    for (std::size_t f = 0; f < kFields; ++f) {
      choices.push_back(
          find_choice(architecture.blocks[at(number - 1)], number, static_cast<Field>(f)));
    }
  }
  return choices;
}

Architecture ArchitectureSpace::architecture(const Choices& choices) const {
  if (choices.size() != genes_.size()) refuse("one choice for each gene");
  Architecture architecture;
  architecture.blocks.resize(at(description_.blocks));
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (choices[g] < 0 || choices[g] >= genes_[g].choices) {
      refuse("choice " + std::to_string(choices[g]) + " of " + genes_[g].name);
    }
    const std::size_t block = g / kFields;
    set_choice(architecture.blocks[block], static_cast<int>(block) + 1,
               static_cast<Field>(g % kFields), choices[g]);
  }
  return architecture;
}

Architecture ArchitectureSpace::sample(Random& random) const {
  Choices choices;
  choices.reserve(genes_.size());
  for (const ArchitectureGene& gene : genes_) {
    choices.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(gene.choices))));
  }
  return architecture(choices);
}

int ArchitectureSpace::sample_subset(int number, Random& random) const {
  std::size_t size = 1;
  for (int coin = 1; coin < std::min(number, description_.max_inputs); ++coin) {
    size += random.below(2);
  }
  const auto& all = subsets(number);
  const auto shorter = [](const Subset& subset, std::size_t n) { return subset.size() < n; };
  const auto first = std::lower_bound(all.begin(), all.end(), size, shorter);
  const auto end = std::lower_bound(first, all.end(), size + 1, shorter);
  const auto chosen = random.below(static_cast<std::uint64_t>(end - first));
  return static_cast<int>(first - all.begin()) + static_cast<int>(chosen);
}

Architecture ArchitectureSpace::sample_for_training(Random& random) const {
  Architecture architecture = sample(random);
  for (int number = 1; number <= description_.blocks; ++number) {
    Block& block = architecture.blocks[at(number - 1)];
    set_choice(block, number, Field::kDenseInputs, sample_subset(number, random));
    set_choice(block, number, Field::kSparseInputs, sample_subset(number, random));
  }
  return architecture;
}

Architecture ArchitectureSpace::mutate(const Architecture& architecture, Random& random) const {
  Choices choices = this->choices(architecture);
  const std::size_t first = random.below(architecture.blocks.size()) * kFields;
  std::vector<std::size_t> genes;  // Never empty: a block has its switches.
  for (std::size_t g = first; g < first + kFields; ++g) {
    if (genes_[g].choices > 1) genes.push_back(g);
  }
  const std::size_t gene = genes[random.below(genes.size())];
  auto other = static_cast<int>(random.below(static_cast<std::uint64_t>(genes_[gene].choices - 1)));
  if (other >= choices[gene]) ++other;
  choices[gene] = other;
  return this->architecture(choices);
}

}  // namespace recpim::supernet
