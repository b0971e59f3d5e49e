// SPDX-License-Identifier: Apache-2.0
#include "models/graph/graph.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "models/graph/weight_file.h"
#include "models/quantisation/quantise.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/support/error.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

class ModelFile : public testing::Test {
 protected:
  void SetUp() override {
    const TraceInfo info = test::small_info(5, {30, 100});
    test::write_trace(scratch_.at("t.h5"), info, test::random_chunk(info, 50, 2, 1));
    model_ = create_dlrm(info, {8, {16, 8}, {16, 1}}, {4, 8}, 3);
    const TraceReader trace(scratch_.at("t.h5"));
    quantise(model_, trace, spread_samples(50));
    model_.split = Split{9, 50};
    folder_ = scratch_.at("model");
    save_model(model_, folder_);
  }

  // The complaint about the folder after `change` to model.json.
  std::string complaint(const std::function<void(Json&)>& change) const {
    Json json = read_json_file(folder_ + "/model.json");
    change(json);
    write_json_file(folder_ + "/model.json", json);
    return complaint();
  }
  std::string complaint() const {
    try {
      load_model(folder_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  }
  void expect_complaint(const std::function<void(Json&)>& change, const std::string& part) {
    save_model(model_, folder_);
    const std::string text = complaint(change);
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_NE(text.find("model.json"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }

  test::ScratchFolder scratch_;
  std::string folder_;
  Model model_;
};

TEST_F(ModelFile, RoundTripKeepsEverything) {
  const Model read = load_model(folder_);
  EXPECT_EQ(read.name, model_.name);
  EXPECT_EQ(read.kind, model_.kind);
  EXPECT_EQ(read.seed, model_.seed);
  EXPECT_TRUE(read.quantised);
  EXPECT_EQ(read.split->seed, 9U);
  EXPECT_EQ(read.split->samples, 50U);
  ASSERT_EQ(read.operators.size(), model_.operators.size());
  for (std::size_t i = 0; i < read.operators.size(); ++i) {
    const Operator& a = read.operators[i];
    const Operator& b = model_.operators[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_EQ(a.width, b.width);
    EXPECT_EQ(a.relu, b.relu);
    EXPECT_EQ(a.table, b.table);
    EXPECT_EQ(a.table_rows, b.table_rows);
    EXPECT_EQ(a.activation_bits, b.activation_bits);
    EXPECT_EQ(a.output.scale, b.output.scale);
    EXPECT_EQ(a.output.is_signed, b.output.is_signed);
    EXPECT_EQ(a.output.bits, b.output.bits);
    EXPECT_EQ(a.weight, b.weight);
    EXPECT_EQ(a.bias, b.bias);
    EXPECT_EQ(a.input_mean, b.input_mean);
    EXPECT_EQ(a.input_square, b.input_square);
    EXPECT_EQ(a.weight_q, b.weight_q);
    EXPECT_EQ(a.bias_q, b.bias_q);
    EXPECT_EQ(a.weight_scale, b.weight_scale);
    ASSERT_EQ(a.requantiser.size(), b.requantiser.size());
    for (std::size_t r = 0; r < a.requantiser.size(); ++r) {
      EXPECT_EQ(a.requantiser[r].multiplier, b.requantiser[r].multiplier);
      EXPECT_EQ(a.requantiser[r].shift, b.requantiser[r].shift);
    }
  }
}

TEST_F(ModelFile, SameModelHasTheSameBytes) {
  save_model(model_, scratch_.at("again"));
  EXPECT_EQ(model_sha256(folder_), model_sha256(scratch_.at("again")));
  model_.operators.back().name = "other";
  save_model(model_, scratch_.at("again"));
  EXPECT_NE(model_sha256(folder_), model_sha256(scratch_.at("again")));
}

TEST_F(ModelFile, LoadsOnlyWhatIsAsked) {
  const auto bottom = static_cast<std::size_t>(model_.find("bottom0"));
  const Model integers = load_model(folder_, Weights::kIntegers);
  EXPECT_TRUE(integers.operators[bottom].weight.empty());
  EXPECT_EQ(integers.operators[bottom].weight_q, model_.operators[bottom].weight_q);
  const Model none = load_model(folder_, Weights::kNone);
  EXPECT_TRUE(none.operators[bottom].weight_q.empty());
  EXPECT_TRUE(none.operators[bottom].requantiser.empty());
  EXPECT_THROW(save_model(none, scratch_.at("none")), std::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(scratch_.at("none")));
}

TEST_F(ModelFile, BrokenGraphs) {
  expect_complaint([](Json& j) { j["wheels"] = 4; }, "wheels");
  expect_complaint([](Json& j) { j.erase("seed"); }, "seed");
  expect_complaint([](Json& j) { j["schema"] = "recpim.model/2"; }, "recpim.model/1");
  expect_complaint([](Json& j) { j["operators"] = 3; }, "operators");
  expect_complaint([](Json& j) { j["operators"] = Json::array(); }, "at least one");
  expect_complaint([](Json& j) { j["operators"][0]["kind"] = "lstm"; }, "operators[0].kind");
  expect_complaint([](Json& j) { j["operators"][1]["width"] = "wide"; }, "operators[1].width");
  expect_complaint([](Json& j) { j["operators"][1]["relu"] = 1; }, "operators[1].relu");
  expect_complaint([](Json& j) { j["operators"][1]["table"] = 1; }, "operators[1].table");
  expect_complaint([](Json& j) { j["operators"][1]["inputs"][0] = "top0"; }, "inputs[0]");
  expect_complaint([](Json& j) { j["operators"][1]["weight_bits"] = 3; }, "weight_bits = 3");
  expect_complaint([](Json& j) { j["operators"][1]["activation_bits"] = 5; }, "activation_bits");
  expect_complaint([](Json& j) { j["operators"].back()["name"] = "The Last"; }, "The Last");
  expect_complaint([](Json& j) { j["operators"][1]["output"]["scale"] = 0.0; }, "scale");
  expect_complaint([](Json& j) { j["operators"][1]["output"]["bits"] = 16; }, "bits");
  expect_complaint([](Json& j) { j["operators"][3]["output"]["scale"] = 1.0; }, "concat");
  expect_complaint([](Json& j) { j["operators"][6]["width"] = 4; }, "dot");
  expect_complaint([](Json& j) { j["split"] = {{"seed", 1}}; }, "split.samples");
}

TEST_F(ModelFile, BrokenWeights) {
  const std::string file = folder_ + "/model.h5";
  const std::string whole = read_text_file(file);
  const auto expect = [&](const std::string& bytes, const std::string& part) {
    std::ofstream(file, std::ios::binary) << bytes;
    const std::string text = complaint();
    EXPECT_NE(text.find("model.h5"), std::string::npos) << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  };
  expect(whole.substr(0, whole.size() / 2), "HDF5");
  expect("junk", "HDF5");
  expect("", "HDF5");
  std::filesystem::remove(file);
  EXPECT_NE(complaint().find("model.h5"), std::string::npos);
}

TEST_F(ModelFile, WeightsOfAnotherShapeOrType) {
  const auto rewrite = [&](const std::function<void(WeightWriter&)>& write) {
    WeightWriter out(folder_ + "/model.h5");
    out.group("/bottom0");
    write(out);
    out.close();
    return complaint();
  };
  EXPECT_NE(rewrite([](WeightWriter&) {}).find("/bottom0/weight: accepted: float32"),
            std::string::npos);
  const std::string shape = rewrite(
      [](WeightWriter& out) { out.write("/bottom0/weight", std::vector<float>(80), {80}); });
  EXPECT_NE(shape.find("shape 80: accepted: float32 values of shape 16 x 5"), std::string::npos)
      << shape;
  const std::string type = rewrite([](WeightWriter& out) {
    out.write("/bottom0/weight", std::vector<double>(80), {16, 5});
  });
  EXPECT_NE(type.find("another type"), std::string::npos) << type;
}

TEST_F(ModelFile, MomentsMayBeAbsent) {
  for (Operator& op : model_.operators) {
    op.input_mean.clear();
    op.input_square.clear();
  }
  save_model(model_, folder_);
  Model read = load_model(folder_);
  EXPECT_TRUE(read.operators[1].input_mean.empty());
  EXPECT_NO_THROW(quantise_weights(read));
}

TEST_F(ModelFile, ValuesOutOfRangeAreFound) {
  model_.operators[static_cast<std::size_t>(model_.find("emb0"))].weight_q[3] = 8;  // 4 bits: +-7
  EXPECT_THROW(save_model(model_, scratch_.at("bad")), std::invalid_argument);
}

TEST_F(ModelFile, NoFolderNoModel) {
  EXPECT_THROW(load_model(scratch_.at("nothing")), InputError);
  EXPECT_THROW(load_model(scratch_.at("t.h5")), InputError);
}

}  // namespace
}  // namespace recpim
