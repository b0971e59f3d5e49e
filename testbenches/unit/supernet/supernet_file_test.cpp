// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/supernet_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <memory>

#include "models/supernet/training.h"
#include "testbenches/unit/supernet/tiny.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::supernet {
namespace {

using test::generated_trace;
using test::ScratchFolder;
using test::tiny_space;

class SupernetFile : public testing::Test {
 protected:
  void SetUp() override {
    const TraceReader trace(generated_trace(scratch_, 100));
    SupernetOptions options;
    options.seed = 17;
    options.epochs = 3;
    options.batch = 16;
    options.warmup_steps = 5;
    options.fake_quantised = false;
    options.step = {0.1, 0.02, 4, 0.3, 1e-6, 1e-8};
    supernet_ = std::make_unique<Supernet>(new_supernet(tiny_space(), trace, options));
    write_supernet(*supernet_, folder_);
  }

  // Changes supernet.json; expects the complaint to name the file and `place`.
  void expect_refused(const std::function<void(Json&)>& change, const std::string& place) {
    Json json = read_json_file(folder_ + "/supernet.json");
    change(json);
    write_json_file(folder_ + "/supernet.json", json);
    expect_complaint("supernet.json", place);
    write_supernet(*supernet_, folder_);
  }
  void expect_complaint(const std::string& file, const std::string& place) {
    try {
      load_supernet(folder_);
      ADD_FAILURE() << place;
    } catch (const InputError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find(folder_), std::string::npos) << text;
      EXPECT_NE(text.find(file), std::string::npos) << text;
      EXPECT_NE(text.find(place), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.at("s");
  std::unique_ptr<Supernet> supernet_;
};

TEST_F(SupernetFile, ReadsWhatItWrote) {
  // Sums that are not 0.
  for (std::size_t p = 0; p < supernet_->weights.parameters().size(); ++p) {
    for (float& sum : supernet_->weights.values(p).weight_sum) sum = 0.25F + static_cast<float>(p);
    for (float& sum : supernet_->weights.values(p).bias_sum) sum = 0.75F;
  }
  supernet_->step = 7;
  update_supernet(*supernet_, folder_);
  const Supernet read = load_supernet(folder_);
  EXPECT_EQ(read.step, 7U);
  EXPECT_EQ(read.steps, 15U);  // 80 samples, 3 epochs of 5 steps
  EXPECT_FALSE(read.finished());
  EXPECT_TRUE(read.options == supernet_->options);
  EXPECT_EQ(read.split.seed, 17U);
  EXPECT_EQ(read.split.samples, 100U);
  EXPECT_EQ(read.trace_sha256, supernet_->trace_sha256);
  EXPECT_EQ(read.trace_sha256.size(), 64U);
  EXPECT_EQ(ArchitectureSpace(read.builder.space()).to_json(),
            ArchitectureSpace(tiny_space()).to_json());
  EXPECT_EQ(read.builder.trace().dense, 5U);
  ASSERT_EQ(read.builder.trace().tables.size(), 3U);
  EXPECT_EQ(read.builder.trace().tables[1].rows, 60U);
  EXPECT_EQ(read.builder.trace().tables[1].name, supernet_->builder.trace().tables[1].name);
  ASSERT_EQ(read.weights.parameters().size(), supernet_->weights.parameters().size());
  for (std::size_t p = 0; p < read.weights.parameters().size(); ++p) {
    EXPECT_EQ(read.weights.values(p).weight, supernet_->weights.values(p).weight);
    EXPECT_EQ(read.weights.values(p).bias, supernet_->weights.values(p).bias);
    EXPECT_EQ(read.weights.values(p).weight_sum, supernet_->weights.values(p).weight_sum);
    EXPECT_EQ(read.weights.values(p).bias_sum, supernet_->weights.values(p).bias_sum);
  }
  // The same once more: the same bytes.
  const std::string hash = supernet_sha256(folder_);
  update_supernet(read, folder_);
  EXPECT_EQ(supernet_sha256(folder_), hash);
  write_supernet(read, scratch_.at("again"));
  EXPECT_EQ(supernet_sha256(scratch_.at("again")), hash);
}

TEST_F(SupernetFile, AFinishedOneHasNoSums) {
  supernet_->step = supernet_->steps;
  supernet_->weights.drop_sums();
  const auto before = std::filesystem::file_size(folder_ + "/weights.h5");
  update_supernet(*supernet_, folder_);
  EXPECT_LT(std::filesystem::file_size(folder_ + "/weights.h5"), before * 2 / 3);
  EXPECT_EQ(presence_of(folder_), Presence::kFinished);
  const Supernet read = load_supernet(folder_);
  EXPECT_TRUE(read.finished());
  EXPECT_TRUE(read.weights.values(0).weight_sum.empty());
}

TEST_F(SupernetFile, NamesFileAndPlaceOfWhatIsWrong) {
  expect_refused([](Json& json) { json["schema"] = "recpim.supernet/2"; }, "schema");
  expect_refused([](Json& json) { json["more"] = 1; }, "more");
  expect_refused([](Json& json) { json.erase("split"); }, "split");
  expect_refused([](Json& json) { json["step"] = 16; }, "step");
  expect_refused([](Json& json) { json["steps"] = 0; }, "steps");
  expect_refused([](Json& json) { json["dense"] = 0; }, "dense");
  expect_refused([](Json& json) { json["tables"] = Json::array(); }, "tables");
  expect_refused([](Json& json) { json["tables"][1]["rows"] = 0; }, "tables[1].rows");
  expect_refused([](Json& json) { json["training"]["batch"] = 0; }, "training.batch");
  expect_refused([](Json& json) { json["training"]["rate"] = "x"; }, "training.rate");
  expect_refused([](Json& json) { json["space"]["dense_widths"] = Json::array(); }, "widths");
  expect_refused([](Json& json) { json["space"]["dense_widths"][0] = 0; }, "dense_widths[0]");
  expect_refused([](Json& json) { json["space"]["dense_operators"][1] = "cross"; },
                 "dense_operators[1]");
  expect_refused([](Json& json) { json["space"]["precisions"][1] = "4/2"; }, "precisions[1]");
  expect_refused([](Json& json) { json["space"]["blocks"] = 0; }, "blocks");
  expect_refused([](Json& json) { json["space"]["max_inputs"] = 5; }, "inputs");
}

TEST_F(SupernetFile, NamesTheDatasetThatIsWrong) {
  Supernet other = *supernet_;
  const auto write_anyway = [&] { update_supernet(other, folder_); };
  other.weights.values(4).weight[1] = std::numeric_limits<float>::quiet_NaN();
  write_anyway();
  expect_complaint("weights.h5", "/" + other.weights.parameters()[4].name + "/weight");
  write_supernet(*supernet_, folder_);
  Json json = read_json_file(folder_ + "/supernet.json");
  json["tables"][2]["rows"] = 31;
  write_json_file(folder_ + "/supernet.json", json);
  expect_complaint("weights.h5", "/emb2/weight");
  write_supernet(*supernet_, folder_);
  // An unfinished one without sums can't go on.
  std::filesystem::remove(folder_ + "/weights.h5");
  expect_complaint("weights.h5", "");
  write_text_file(folder_ + "/weights.h5", "none");
  expect_complaint("weights.h5", "");
}

TEST_F(SupernetFile, AFolderOfOthersStays) {
  std::filesystem::create_directory(scratch_.at("mine"));
  write_text_file(scratch_.at("mine/notes.txt"), "mine");
  EXPECT_THROW(write_supernet(*supernet_, scratch_.at("mine")), InputError);
  EXPECT_EQ(read_text_file(scratch_.at("mine/notes.txt")), "mine");
  EXPECT_EQ(presence_of(scratch_.at("mine")), Presence::kNone);
  EXPECT_EQ(presence_of(scratch_.at("nothing")), Presence::kNone);
  EXPECT_EQ(presence_of(folder_), Presence::kUnfinished);
  EXPECT_THROW(load_supernet(scratch_.at("nothing")), InputError);
  EXPECT_THROW(load_supernet(scratch_.at("mine")), InputError);
}

TEST_F(SupernetFile, SpacesByNameAndByFile) {
  EXPECT_EQ(space_named("nasrec-small").dense_operators.size(), 2U);
  const Json json = ArchitectureSpace(tiny_space()).to_json();
  write_json_file(scratch_.at("space.json"), json);
  const SpaceDescription read = space_named(scratch_.at("space.json"));
  EXPECT_EQ(ArchitectureSpace(read).to_json(), json);
  EXPECT_THROW(space_named("nasrec-medium"), InputError);
  EXPECT_THROW(space_named(folder_), InputError);
  EXPECT_THROW(space_named(folder_ + "/supernet.json"), InputError);
}

}  // namespace
}  // namespace recpim::supernet
