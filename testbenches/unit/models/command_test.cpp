// SPDX-License-Identifier: Apache-2.0
// recpim model and recpim train as a user calls them: exit codes, one line of complaint, nothing
// half-written; and the quality that they reach on real clicks.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "models/graph/graph.h"
#include "testbenches/unit/models/small_models.h"
#include "traces/support/json.h"
#include "traces/support/output.h"

namespace recpim {
namespace {

class ModelCommand : public testing::Test {
 protected:
  // The exit code; what was printed is in out_ and err_.
  int recpim(const std::string& arguments) {
    const std::string command =
        "cd '" + scratch_.at("") + "' && '" RECPIM_COMMAND "' " + arguments + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    out_ = read_text_file(scratch_.at("out.txt"));
    err_ = read_text_file(scratch_.at("err.txt"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void expect_rejected(const std::string& arguments, const std::string& part) {
    EXPECT_EQ(recpim(arguments + " -o rejected"), 2) << arguments;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_NE(err_.find(part), std::string::npos) << err_;
    EXPECT_FALSE(std::filesystem::exists(scratch_.at("rejected"))) << arguments;
  }

  test::ScratchFolder scratch_;
  std::string out_, err_;
};

TEST_F(ModelCommand, CreateTrainEvaluateShow) {
  ASSERT_EQ(recpim("trace generate --tables 3 --rows 50 --dense 4 --samples 500 --skew 1.1 "
                   "--seed 2 -o t.h5"),
            0);
  const std::string create =
      "model create --kind dlrm --trace t.h5 --embedding-dim 8 --bottom 16-8 --top 16-1 "
      "--weight-bits 4 --activation-bits 8 --seed 5 ";
  ASSERT_EQ(recpim(create + "-o m0"), 0) << err_;
  ASSERT_EQ(recpim(create + "-o m1"), 0) << err_;
  EXPECT_EQ(model_sha256(scratch_.at("m0")), model_sha256(scratch_.at("m1")));
  EXPECT_EQ(load_model(scratch_.at("m0")).operators[1].weight_bits, 4);
  ASSERT_EQ(recpim("train --model m0 --trace t.h5 --epochs 1 --seed 3 -o m"), 0) << err_;
  EXPECT_NE(out_.find("validation"), std::string::npos);
  for (const char* part : {"train", "validation", "test", "all"}) {
    ASSERT_EQ(recpim(std::string("model evaluate m --trace t.h5 --split ") + part + " -o ev.json"),
              0)
        << err_;
    const Json json = read_json_file(scratch_.at("ev.json"));
    EXPECT_EQ(json["split"], part);
    for (const char* path : {"float", "integer"}) {
      EXPECT_GT(json[path]["logloss"], 0.1);
      EXPECT_LT(json[path]["logloss"], 1.0);
      EXPECT_TRUE(json[path]["auc"].is_number());
    }
  }
  ASSERT_EQ(recpim("model show m --json"), 0);
  const Json shown = Json::parse(out_);
  EXPECT_EQ(shown["split"]["samples"], 500);
  EXPECT_EQ(shown["operators"].size(), 12U);
  EXPECT_EQ(recpim("model show m"), 0);
  EXPECT_EQ(recpim("model --help"), 0);
}

TEST_F(ModelCommand, MlpFromItsLayers) {
  ASSERT_EQ(recpim("trace generate --tables 0 --dense 20 --samples 50 --seed 2 -o t.h5"), 0);
  ASSERT_EQ(recpim("model create --kind mlp --trace t.h5 --layers 20-16-4 --seed 1 -o m"), 0);
  const Model model = load_model(scratch_.at("m"));
  EXPECT_EQ(model.operators.size(), 3U);
  EXPECT_TRUE(model.operators[1].relu);
  EXPECT_FALSE(model.operators[2].relu);
  expect_rejected("model create --kind mlp --trace t.h5 --layers 19-16-4", "dense features = 20");
  expect_rejected("model create --kind mlp --trace t.h5 --layers 20", "--layers = 20");
  expect_rejected("train --model m --trace t.h5", "sigmoid");
  expect_rejected("model evaluate m --trace t.h5", "sigmoid");
}

TEST_F(ModelCommand, WrongInput) {
  ASSERT_EQ(recpim("trace generate --tables 2 --rows 50 --dense 4 --samples 50 --skew 1.1 --seed 2 "
                   "-o t.h5"),
            0);
  ASSERT_EQ(recpim("trace generate --tables 2 --rows 60 --dense 4 --samples 50 --skew 1.1 --seed 2 "
                   "-o larger.h5"),
            0);
  ASSERT_EQ(recpim("trace generate --tables 2 --rows 50 --dense 3 --samples 50 --skew 1.1 --seed 2 "
                   "-o narrow.h5"),
            0);
  ASSERT_EQ(recpim("model create --trace t.h5 -o m"), 0);
  write_text_file(scratch_.at("cut.h5"), read_text_file(scratch_.at("t.h5")).substr(0, 2000));
  expect_rejected("model create --trace t.h5 --bottom 64-17", "--bottom = 64-17");
  expect_rejected("model create --trace t.h5 --top 64-2", "--top = 64-2");
  expect_rejected("model create --trace t.h5 --weight-bits 3", "--weight-bits = 3");
  expect_rejected("model create --trace t.h5 --activation-bits 16", "--activation-bits = 16");
  expect_rejected("model create --trace t.h5 --kind lstm", "--kind = lstm");
  expect_rejected("model create --trace cut.h5", "cut.h5");
  expect_rejected("model create --trace none.h5", "none.h5");
  expect_rejected("model create", "--trace");
  expect_rejected("train --model m --trace larger.h5", "rows of table");
  expect_rejected("train --model m --trace narrow.h5", "dense features = 3");
  expect_rejected("train --model m --trace t.h5 --epochs 0", "--epochs = 0");
  expect_rejected("train --model t.h5 --trace t.h5", "folder of a model");
  expect_rejected("model evaluate m --trace t.h5 --split test", "split = null");
  expect_rejected("model evaluate m --trace t.h5 --split half", "--split = half");
  expect_rejected("model paint m", "create, import, extract, show, evaluate");
  ASSERT_EQ(recpim("train --model m --trace t.h5 -o trained"), 0);
  ASSERT_EQ(recpim("trace generate --tables 2 --rows 50 --dense 4 --samples 60 --skew 1.1 --seed 2 "
                   "-o longer.h5"),
            0);
  expect_rejected("model evaluate trained --trace longer.h5 --split test", "samples = 60");
}

// The aim is 0.685 over five split seeds; three move by 0.005 around their mean of 0.690.
TEST_F(ModelCommand, KddClicksReachTheirAuc) {
  const std::string csv =
      RECPIM_SOURCE_DIR "/../shared/data/kdd2012_track2_40k/Click_prediction_small.csv";
  if (!std::filesystem::exists(csv)) GTEST_SKIP() << csv << " is absent: NOT TESTED";
  ASSERT_EQ(recpim("trace import --format kdd2012 '" + csv + "' -o t.h5"), 0) << err_;
  double sum = 0;
  for (const char* seed : {"1", "2", "3"}) {
    ASSERT_EQ(
        recpim(std::string("model create --kind dlrm --trace t.h5 --seed ") + seed + " -o m0"), 0);
    ASSERT_EQ(
        recpim(std::string("train --model m0 --trace t.h5 --epochs 2 --seed ") + seed + " -o m"),
        0);
    ASSERT_EQ(recpim("model evaluate m --trace t.h5 --split test -o ev.json"), 0);
    const Json json = read_json_file(scratch_.at("ev.json"));
    const double integer = json["integer"]["logloss"];
    const double floating = json["float"]["logloss"];
    EXPECT_LT(integer, floating + 0.002) << seed;
    sum += json["integer"]["auc"].get<double>();
  }
  EXPECT_GT(sum / 3, 0.685);
}

}  // namespace
}  // namespace recpim
