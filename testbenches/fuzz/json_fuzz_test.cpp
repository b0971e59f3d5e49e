// SPDX-License-Identifier: Apache-2.0
// Files with random changes are read, or refused with a one-line InputError; nothing else. What is
// read must also be usable. Seeds are fixed: a failure names its mutant.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "models/graph/builder.h"
#include "models/graph/graph.h"
#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "sim/cost/cost_model.h"
#include "testbenches/unit/mapping/models.h"
#include "traces/support/error.h"
#include "traces/support/output.h"
#include "traces/support/random.h"
#include "traces/support/yaml.h"

namespace recpim {
namespace {

/// Every node below `json`, depth first.
void collect(Json& json, std::vector<Json*>& nodes) {
  nodes.push_back(&json);
  if (!json.is_structured()) return;
  for (auto& inner : json) collect(inner, nodes);
}

Json random_value(Random& random) {
  switch (random.below(12)) {
    case 0:
      return nullptr;
    case 1:
      return -1;
    case 2:
      return 0;
    case 3:
      return 1;
    case 4:
      return random.below(300);
    case 5:
      return random.next64();
    case 6:
      return static_cast<std::int64_t>(random.next64());
    case 7:
      return random.uniform() * 1e300;
    case 8:
      return "text";
    case 9:
      return Json::array();
    case 10:
      return Json::object();
    default:
      return random.below(2) == 0;
  }
}

/// One to three changes: a value replaced or nudged, a member or element lost or copied.
Json mutant(const Json& sound, Random& random) {
  Json json = sound;
  for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
    std::vector<Json*> nodes;
    collect(json, nodes);
    Json& node = *nodes[random.below(nodes.size())];
    const std::uint64_t kind = random.below(4);
    if (kind == 0 && node.is_number_integer()) {
      node = node.get<std::int64_t>() + static_cast<std::int64_t>(random.below(5)) - 2;
    } else if (kind == 1 && node.is_structured() && !node.empty()) {
      auto at = node.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random.below(node.size())));
      node.erase(at);
    } else if (kind == 2 && node.is_array() && !node.empty()) {
      const Json copy = node[random.below(node.size())];
      node.push_back(copy);
    } else if (kind == 2 && node.is_object()) {
      node["surplus"] = 1;
    } else {
      node = random_value(random);
    }
  }
  return json;
}

/// Runs `use` on mutants; counts the accepted ones.
int fuzz(const Json& sound, int mutants, const std::function<void(const Json&)>& use) {
  int accepted = 0;
  for (int i = 0; i < mutants; ++i) {
    Random random(static_cast<std::uint64_t>(i), 20260);
    const Json json = mutant(sound, random);
    try {
      use(json);
      ++accepted;
    } catch (const InputError& error) {
      const std::string text = error.what();
      EXPECT_EQ(text.find('\n'), std::string::npos) << "mutant " << i << ": " << text;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "mutant " << i << ": " << error.what() << "\n" << json.dump();
    }
  }
  return accepted;
}

constexpr int kDesignMutants = 4000;

Model small_model() {
  using namespace testing;
  std::vector<Operator> ops = {dense_input(13),
                               fc("bottom", 0, 13, 4),
                               embedding(0, 30, 4),
                               embedding(1, 40, 4),
                               concat("features", {1, 2, 3}, 12, true),
                               dot(4, 3),
                               concat("top_in", {1, 5}, 7, true),
                               fc("top", 6, 7, 1),
                               sigmoid(7)};
  ops[7].output = {true, 16, 1.0 / 2048};
  return model_of(std::move(ops));
}

/// Fcs along both axes, a fused LayerNorm and one by itself, interactions, 4 bits among 8.
Model operator_model() {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(12)}, 3);
  const int rows = b.layer_norm("norm", b.wide(b.fc_along("fc", x, Axis::kRows, 3)), Axis::kRows);
  b.set_precision({8, 4});
  const int width = b.fc_along("width", x, Axis::kWidth, 4);
  b.set_precision({8, 8});
  const int wide = b.wide(b.add("sum", {b.mul("mul", rows, x), width}));
  const int one = b.layer_norm("one", wide, Axis::kWidth);
  const int two = b.layer_norm("two", wide, Axis::kWidth);
  const int mixed = b.attention("attention", one, two, width, 2);
  const int all = b.concat("all", {mixed, b.pad("pad", b.fm("fm", x), 9), width});
  Model model = b.finish_without_weights(b.sigmoid("out", b.fc("logit", all, 1)));
  model.quantised = true;
  for (Operator& op : model.operators) {
    op.output = {op.kind != OpKind::kSigmoid, op.activation_bits, 1.0};
    const OperatorShape shape = shape_of(model, op);
    op.weight_q.assign(shape.weights(), 1);
    op.bias_q.assign(shape.biases, 0);
    op.requantiser.assign(shape.requantisers, {1, 1});
  }
  return model;
}

void fuzz_designs(const Model& model) {
  const Technology technology = load_technology("isaac-32nm");
  const Json sound = design_to_json(map_naive(model, Hardware()));
  const int accepted = fuzz(sound, kDesignMutants, [&](const Json& json) {
    const Design design = design_from_json(JsonView(json, "d.json"));
    validate(design, model, "d.json");
    area_of(design, model, technology);
    for (int t = 0; t < static_cast<int>(design.tiles.size()); ++t) {
      sample_events(design, model, t);
    }
  });
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, kDesignMutants / 2);
}

TEST(Fuzz, Designs) { fuzz_designs(small_model()); }
TEST(Fuzz, DesignsOfOperators) { fuzz_designs(operator_model()); }

TEST(Fuzz, Hardware) {
  const Model model = small_model();
  const int accepted = fuzz(hardware_to_json(Hardware()), 4000, [&](const Json& json) {
    const Hardware hardware = hardware_from_json(JsonView(json, "hw.yaml"));
    validate(map_naive(model, hardware), "design");
  });
  EXPECT_GT(accepted, 0);
}

TEST(Fuzz, Technologies) {
  const Json sound = read_yaml_file(RECPIM_SOURCE_DIR "/sim/technology/isaac-32nm.yaml");
  const int accepted = fuzz(sound, 4000, [&](const Json& json) {
    const Technology technology = technology_from_json(JsonView(json, "t.yaml"));
    for (const std::string& name : required_components()) {
      technology.energy_pj(name, Hardware());
      technology.area_mm2(name, Hardware());
    }
  });
  EXPECT_GT(accepted, 0);
}

TEST(Fuzz, ModelFiles) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("recpim-fuzz-" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  Model whole = testing::mlp({6, 4, 3});
  for (Operator& op : whole.operators) {
    op.weight.assign(op.weight_q.size(), 0.5F);
    op.bias.assign(op.bias_q.size(), 0.0F);
  }
  save_model(whole, (folder / "m").string());
  const std::string file = (folder / "m" / "model.json").string();
  const Json sound = read_json_file(file);
  const int accepted = fuzz(sound, 500, [&](const Json& json) {
    write_text_file(file, json.dump());
    const Model model = load_model((folder / "m").string(), Weights::kIntegers);
    if (model.quantised) validate(map_naive(model, Hardware()), "design");
  });
  EXPECT_GT(accepted, 0);
  std::filesystem::remove_all(folder);
}

/// YAML text with bytes changed, lost or doubled.
TEST(Fuzz, YamlText) {
  const std::string sound = read_text_file(RECPIM_SOURCE_DIR "/sim/technology/isaac-32nm.yaml");
  const auto folder =
      std::filesystem::temp_directory_path() / ("recpim-yaml-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "t.yaml").string();
  fuzz(Json(), 300, [&, n = std::uint64_t{0}](const Json&) mutable {
    Random random(++n, 77);
    std::string text = sound.substr(0, 200 + random.below(sound.size() - 200));
    for (int i = 0; i < 4; ++i) {
      const std::size_t at = random.below(text.size());
      if (random.below(3) == 0) {
        text.erase(at, 1);
      } else {
        text[at] = "{}[]:,#&*!|>'\"%@`-\n\t 0aZ\x80"[random.below(26)];
      }
    }
    write_text_file(file, text);
    const Json json = read_yaml_file(file);
    technology_from_json(JsonView(json, file));
  });
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace recpim
