// SPDX-License-Identifier: Apache-2.0
#include "search/space/design_space.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "models/graph/create.h"
#include "models/graph/kinds.h"
#include "traces/support/error.h"
#include "traces/support/yaml.h"

namespace recpim::search {
namespace {

constexpr const char* kHardware = DesignSpace::kHardware;
constexpr const char* kWeightBits = DesignSpace::kWeightBits;
constexpr const char* kRows = "crossbar.rows";
constexpr const char* kColumns = "crossbar.columns";
constexpr const char* kColumnsPerAdc = "adc.columns_per_adc";
constexpr int kWidestCrossbar = 1024;  // hardware.h: a multiple of every columns_per_adc.

/// The keys that are genes in every space, varied or not, with the built-in lists. All lists hold
/// the value of the default hardware.
const std::vector<Gene>& default_genes() {
  static const std::vector<Gene> kGenes = {
      {kRows, kHardware, {16, 32, 64, 128, 256, 512}},
      {kColumns, kHardware, {16, 32, 64, 128, 256, 512}},
      {"crossbar.cell_bits", kHardware, {1, 2, 4}},
      {"dac.bits", kHardware, {1, 2}},
      {"adc.bits", kHardware, {4, 5, 6, 7, 8, 9, 10}},
      {kColumnsPerAdc, kHardware, {8, 16, 32, 64, 128, 256}},
      {"mvm_tile.crossbars", kHardware, {8, 16, 32, 64, 96, 128}},
      {"mesh.flit_bits", kHardware, {32, 64, 128, 256, 512}},
  };
  return kGenes;
}

const std::vector<int> kAllWeightBits = {2, 4, 8};

// Keys of a hardware file that are numbers, but rates and times: decimals that no list varies.
const std::set<std::string> kDecimalKeys = {"clock_mhz", "crossbar.read_ns", "adc.rate_gs_per_s"};

std::pair<std::string, std::string> split_key(const std::string& key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

Json& at_key(Json& hardware, const std::string& key) {
  const auto [section, name] = split_key(key);
  return section.empty() ? hardware[name] : hardware[section][name];
}

// As load_hardware: a technology file is named relative to the file that names it.
Hardware beside(const std::string& file, Hardware hardware) {
  const std::filesystem::path technology(hardware.technology);
  if (technology.has_extension() || technology.has_parent_path()) {
    const auto folder = std::filesystem::path(file).parent_path();
    hardware.technology = (folder / technology).lexically_normal().string();
  }
  return hardware;
}

int preferred(const std::vector<int>& values, int wanted) {
  const bool there = std::find(values.begin(), values.end(), wanted) != values.end();
  return there ? wanted : values.front();
}

}  // namespace

struct DesignSpace::Parts {
  Parts() {}  // Json may throw in its constructor, so this is not the implicit one.
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  std::vector<Gene> genes;  // Hardware first, then weight bits.
  Json base;
  std::vector<int> operator_gene;
  Values reference;
  std::vector<Divides> constraints;

  std::vector<Gene>::iterator find(const std::string& name) {
    return std::find_if(genes.begin(), genes.end(), [&](const Gene& g) { return g.name == name; });
  }

  void add_operators(const Model& model,
                     const std::vector<std::vector<int>>& weight_bits_by_operator) {
    operator_gene.assign(model.operators.size(), -1);
    for (std::size_t i = 0; i < model.operators.size(); ++i) {
      const Operator& op = model.operators[i];
      if (!has_weights(op.kind)) continue;
      operator_gene[i] = static_cast<int>(genes.size());
      genes.push_back(
          {std::string(kWeightBits) + "." + op.name, kWeightBits, weight_bits_by_operator[i]});
      reference.push_back(preferred(genes.back().values, op.weight_bits));
    }
  }

  // The reference of the hardware genes. `file` is for the complaint that nothing is valid.
  void settle_hardware(const std::string& file) {
    Json usual = hardware_to_json(Hardware{});
    for (const Gene& gene : genes) {
      reference.push_back(preferred(gene.values, at_key(usual, gene.name).get<int>()));
    }
    const auto adc = static_cast<std::size_t>(find(kColumnsPerAdc) - genes.begin());
    const auto columns = static_cast<std::size_t>(find(kColumns) - genes.begin());
    constraints = {{adc, columns}};
    if (reference[columns] % reference[adc] != 0) settle_pair(adc, columns, file);
    for (std::size_t g = 0; g < genes.size(); ++g) at_key(base, genes[g].name) = reference[g];
  }

  void settle_pair(std::size_t adc, std::size_t columns, const std::string& file) {
    for (const int c : genes[columns].values) {
      for (const int a : genes[adc].values) {
        if (c % a != 0) continue;
        reference[columns] = c;
        reference[adc] = a;
        return;
      }
    }
    reject(file, kColumnsPerAdc, Json(genes[adc].values).dump(),
           "a divisor of crossbar.columns, which is " + Json(genes[columns].values).dump());
  }
};

namespace {

/// Reads a space file into genes and the keys that stay.
class SpaceFile {
 public:
  explicit SpaceFile(const std::string& path) : path_(path), json_(read_yaml_file(path)) {
    if (json_.is_null()) json_ = Json::object();
    usual_ = hardware_to_json(Hardware{});
  }

  // Takes the lists out of the hardware keys; what is left must be a hardware file.
  std::vector<Gene> hardware_genes(Json& base) {
    const JsonView top(json_, path_);
    std::set<std::string> known = {kWeightBits};
    for (const auto& item : usual_.items()) known.insert(item.key());
    top.only(known);
    base = Json::object();
    std::vector<Gene> lists;
    for (const auto& item : json_.items()) {
      if (item.key() == kWeightBits) continue;
      if (usual_[item.key()].is_object() && !item.value().is_object()) {
        top.at(item.key()).fail("a section of keys");
      }
      if (!item.value().is_object()) {
        take(lists, base, item.key(), top.at(item.key()));
        continue;
      }
      const JsonView section = top.at(item.key());
      base[item.key()] = Json::object();
      for (const auto& inner : item.value().items()) {
        take(lists, base, item.key() + "." + inner.key(), section.at(inner.key()));
      }
    }
    return with_fixed(lists, base);
  }

  std::vector<std::vector<int>> weight_bits(const Model& model) {
    std::vector<std::vector<int>> lists(model.operators.size());
    for (std::size_t i = 0; i < lists.size(); ++i) lists[i] = {model.operators[i].weight_bits};
    if (!json_.contains(kWeightBits)) return lists;
    const JsonView view = JsonView(json_, path_).at(kWeightBits);
    if (view.raw().is_array()) {
      const std::vector<int> all = bits(view);
      std::fill(lists.begin(), lists.end(), all);
      return lists;
    }
    view.only({"fc", "embedding", "operators"});
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const char* kind = model.operators[i].kind == OpKind::kFc ? "fc" : "embedding";
      if (view.has(kind)) lists[i] = bits(view.at(kind));
    }
    if (view.has("operators")) by_name(view.at("operators"), model, lists);
    return lists;
  }

 private:
  void take(std::vector<Gene>& lists, Json& base, const std::string& key, const JsonView& value) {
    if (!value.raw().is_array()) {
      at_key(base, key) = value.raw();
      return;
    }
    const auto [section, name] = split_key(key);
    const Json& keys = section.empty() ? usual_ : usual_[section];
    if (!keys.is_object() || !keys.contains(name)) {
      at_key(base, key) = value.raw();  // Unknown: hardware_from_json says what is known.
      return;
    }
    if (!keys[name].is_number_integer() || kDecimalKeys.count(key) != 0) {
      value.fail("one value; only whole-number keys may have a list");
    }
    lists.push_back({key, kHardware, distinct(value)});
    for (const int v : lists.back().values) check(key, v);
  }

  static std::vector<int> distinct(const JsonView& list) {
    if (list.size() == 0) list.fail("a list of at least one value");
    std::vector<int> values;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto value = static_cast<int>(list.at(i).integer(INT32_MIN, INT32_MAX));
      if (std::find(values.begin(), values.end(), value) != values.end()) {
        list.at(i).fail("each value once");
      }
      values.push_back(value);
    }
    return values;
  }

  // One value of a list, alone in an otherwise usual hardware that it can not contradict.
  void check(const std::string& key, int value) const {
    Json probe = usual_;
    if (key == kColumns) at_key(probe, kColumnsPerAdc) = 1;
    if (key == kColumnsPerAdc) at_key(probe, kColumns) = kWidestCrossbar;
    at_key(probe, key) = value;
    hardware_from_json(JsonView(probe, path_));
  }

  // The genes of every space first, in their order, then the other lists in the file's.
  std::vector<Gene> with_fixed(const std::vector<Gene>& lists, const Json& base) {
    std::vector<Gene> genes;
    const auto same = [](const std::string& name) {
      return [name](const Gene& gene) { return gene.name == name; };
    };
    for (const Gene& usual : default_genes()) {
      const auto found = std::find_if(lists.begin(), lists.end(), same(usual.name));
      genes.push_back(found != lists.end() ? *found : fixed(usual.name, base));
    }
    for (const Gene& list : lists) {
      if (std::none_of(genes.begin(), genes.end(), same(list.name))) genes.push_back(list);
    }
    return genes;
  }

  // A key of every space that has no list: one value, the file's or the usual one.
  Gene fixed(const std::string& key, const Json& base) {
    const auto [section, name] = split_key(key);
    const auto found = base.find(section);
    if (found == base.end() || !found->contains(name)) {
      return {key, kHardware, {at_key(usual_, key).get<int>()}};
    }
    const JsonView value((*found)[name], path_, key);
    const auto number = static_cast<int>(value.integer(INT32_MIN, INT32_MAX));
    check(key, number);
    return {key, kHardware, {number}};
  }

  static std::vector<int> bits(const JsonView& list) {
    std::vector<int> values = distinct(list);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::find(kAllWeightBits.begin(), kAllWeightBits.end(), values[i]) ==
          kAllWeightBits.end()) {
        list.at(i).fail("2, 4, 8");
      }
    }
    return values;
  }

  static void by_name(const JsonView& view, const Model& model,
                      std::vector<std::vector<int>>& lists) {
    std::set<std::string> names;
    for (const Operator& op : model.operators) {
      if (has_weights(op.kind)) names.insert(op.name);
    }
    view.only(names);
    for (const auto& item : view.raw().items()) {
      lists[static_cast<std::size_t>(model.find(item.key()))] = bits(view.at(item.key()));
    }
  }

  std::string path_;
  Json json_, usual_;
};

}  // namespace

DesignSpace::DesignSpace(const std::unique_ptr<Parts>& parts)
    : space_(std::move(parts->genes), parts->constraints),
      reference_(space_.decode(space_.encode(parts->reference))),
      base_(std::move(parts->base)),
      operator_gene_(std::move(parts->operator_gene)) {}

DesignSpace::DesignSpace(const Model& model)
    : DesignSpace([&] {
        auto parts = std::make_unique<Parts>();
        parts->genes = default_genes();
        parts->base = hardware_to_json(Hardware{});
        parts->settle_hardware("");
        const std::vector<std::vector<int>> bits(model.operators.size(), kAllWeightBits);
        parts->add_operators(model, bits);
        return parts;
      }()) {}

DesignSpace::DesignSpace(const std::string& path, const Model& model)
    : DesignSpace([&] {
        auto parts = std::make_unique<Parts>();
        SpaceFile file(path);
        parts->genes = file.hardware_genes(parts->base);
        parts->settle_hardware(path);
        // Everything else that the file says is checked as in any hardware file.
        const Hardware hardware = hardware_from_json(JsonView(parts->base, path));
        parts->base = hardware_to_json(beside(path, hardware));
        parts->add_operators(model, file.weight_bits(model));
        return parts;
      }()) {}

Hardware DesignSpace::hardware(const Values& values) const {
  Json json = base_;
  for (std::size_t g = 0; g < space_.genes().size(); ++g) {
    const Gene& gene = space_.genes()[g];
    if (gene.group == kHardware) at_key(json, gene.name) = values.at(g);
  }
  return hardware_from_json(JsonView(json, "candidate"));
}

std::vector<int> DesignSpace::weight_bits(const Values& values) const {
  std::vector<int> bits(operator_gene_.size(), 0);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (operator_gene_[i] >= 0) bits[i] = values.at(static_cast<std::size_t>(operator_gene_[i]));
  }
  return bits;
}

Json DesignSpace::to_json() const {
  Json genes = Json::object();
  for (const Gene& gene : space_.genes()) genes[gene.name] = gene.values;
  return {{"genes", genes}, {"hardware", base_}};
}

Model default_count_model() {
  TraceInfo trace;
  trace.dense = 13;
  trace.tables.resize(26);
  for (auto& table : trace.tables) table.rows = 1;  // The size of a table is no choice.
  return create_dlrm(trace, DlrmShape{}, Precision{}, 0);
}

}  // namespace recpim::search
