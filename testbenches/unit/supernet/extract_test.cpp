// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/extract.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "models/ops/float_reference.h"
#include "models/ops/metrics.h"
#include "models/supernet/presets.h"
#include "models/supernet/quality.h"
#include "models/supernet/training.h"
#include "models/training/split.h"
#include "testbenches/unit/supernet/tiny.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::supernet {
namespace {

using test::generated_trace;
using test::ScratchFolder;
using test::tiny_space;

// One supernet, trained a little, for all cases.
class Extract : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new ScratchFolder;
    trace_ = new TraceReader(generated_trace(*scratch_, 4000));
    SupernetOptions options;
    options.epochs = 6;
    options.batch = 64;
    options.seed = 4;
    options.warmup_steps = 75;
    supernet_ = new Supernet(new_supernet(tiny_space(), *trace_, options));
    train_supernet(*supernet_, *trace_, {});
  }
  static void TearDownTestSuite() {
    delete supernet_;
    delete trace_;
    delete scratch_;
  }

  static Architecture sampled(std::uint64_t i) {
    Random random(11, i);
    return ArchitectureSpace(tiny_space()).sample(random);
  }
  static double validation_loss(const Model& model) {
    QualityMeter meter(*trace_, split_samples(supernet_->split).validation, {});
    return meter.measure(model).logloss;
  }
  // InputError that names all of these.
  template <typename Work>
  static void expect_complaint(Work work, const std::vector<std::string>& parts) {
    try {
      work();
      ADD_FAILURE() << parts[0];
    } catch (const InputError& error) {
      for (const std::string& part : parts) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      }
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }

  static inline ScratchFolder* scratch_ = nullptr;
  static inline TraceReader* trace_ = nullptr;
  static inline Supernet* supernet_ = nullptr;
};

TEST_F(Extract, InheritsTheWeightsOfItsPlace) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    const Model model = inherit(*supernet_, sampled(i));
    EXPECT_EQ(model.kind, "nasrec");
    EXPECT_FALSE(model.random_weights);
    EXPECT_FALSE(model.quantised);
    ASSERT_TRUE(model.split.has_value());
    EXPECT_EQ(model.split->seed, 4U);
    EXPECT_EQ(model.split->samples, 4000U);
    // The supernet's own view of the same sub-network.
    QualityMeter meter(*trace_, split_samples(supernet_->split).validation, {});
    const Quality shared = meter.measure(supernet_->weights, supernet_->builder.build(sampled(i)));
    EXPECT_EQ(validation_loss(model), shared.logloss);
    // A copy: the supernet does not move with it.
    Model changed = model;
    for (Operator& op : changed.operators) {
      for (float& w : op.weight) w += 1;
    }
    EXPECT_EQ(validation_loss(inherit(*supernet_, sampled(i))), shared.logloss);
  }
}

TEST_F(Extract, QuantisesCloseToItsFloats) {
  Architecture architecture = sampled(3);
  for (Block& block : architecture.blocks) {
    block.dense_precision = block.sparse_precision = {8, 8};
    block.fm_precision = block.dsi_precision = {8, 8};
  }
  const Model model = extract(*supernet_, architecture, *trace_, {});
  EXPECT_TRUE(model.quantised);
  const Evaluation found = evaluate(model, *trace_, split_samples(supernet_->split).test);
  EXPECT_NEAR(found.integer.logloss, found.floating.logloss, 0.01);
  EXPECT_NEAR(
      found.floating.logloss,
      [&] {
        QualityMeter meter(*trace_, split_samples(supernet_->split).test, {});
        return meter.measure(supernet_->weights, supernet_->builder.build(architecture)).logloss;
      }(),
      1e-4);
  save_model(model, scratch_->at("m"));
  EXPECT_TRUE(load_model(scratch_->at("m")).quantised);
}

TEST_F(Extract, FineTuningMovesTheLastFcAlone) {
  FineTuneOptions options;
  options.steps = 40;
  options.batch = 128;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const Model before = inherit(*supernet_, sampled(i));
    Model after = before;
    fine_tune(after, *trace_, options);
    for (std::size_t p = 0; p < before.operators.size(); ++p) {
      const bool last = before.operators[p].name == "logit";
      EXPECT_EQ(before.operators[p].weight != after.operators[p].weight, last);
      EXPECT_EQ(before.operators[p].bias != after.operators[p].bias, last);
    }
    EXPECT_LT(validation_loss(after), validation_loss(before) + 0.005);
    Model again = before;
    options.threads = 2;
    fine_tune(again, *trace_, options);
    EXPECT_EQ(validation_loss(again), validation_loss(after));
    options.seed += 1;
    fine_tune(again = before, *trace_, options);
    EXPECT_NE(validation_loss(again), validation_loss(after));
  }
}

TEST_F(Extract, FineTuningRepairsALogit) {
  Model model = inherit(*supernet_, sampled(1));
  const double whole = validation_loss(model);
  Operator& logit = model.operators[static_cast<std::size_t>(model.find("logit"))];
  logit.weight.assign(logit.weight.size(), 0.0F);
  EXPECT_GT(validation_loss(model), whole + 0.02);
  FineTuneOptions options;
  options.steps = 150;
  options.batch = 128;
  fine_tune(model, *trace_, options);
  EXPECT_LT(validation_loss(model), whole + 0.02);
}

TEST_F(Extract, RefusesWhatDoesNotFit) {
  Architecture other = sampled(0);
  other.blocks[1].dense_width = 64;
  expect_complaint([&] { extract(*supernet_, other, *trace_, {}); }, {"dense_width", "64"});
  other = sampled(0);
  other.blocks.pop_back();
  expect_complaint([&] { extract(*supernet_, other, *trace_, {}); }, {"blocks"});
  const TraceReader longer(generated_trace(*scratch_, 4100));
  expect_complaint([&] { extract(*supernet_, sampled(0), longer, {}); },
                   {"samples = 4100", "4000"});
}

TEST_F(Extract, ArchitecturesByTextNameAndFile) {
  const Architecture wanted = sampled(2);
  EXPECT_EQ(architecture_named(encode(wanted), "--genome"), wanted);
  write_text_file(scratch_->at("a.json"), encode(wanted) + "\n");
  EXPECT_EQ(architecture_named(scratch_->at("a.json"), "--genome"), wanted);
  EXPECT_EQ(architecture_named("nasrec-kdd-small", "--genome"), preset("nasrec-kdd-small"));
  // A block as NASRec publishes it: operators by number, wiring apart.
  write_text_file(
      scratch_->at("nasrec.json"),
      R"({"config":"xlarge","micro":[{"active_nodes":[1,5],"dense_in_dims":32,"sparse_in_dims":16,
          "dense_sparse_interact":1,"deep_fm":0}],
          "macro":[{"dense_idx":[0],"sparse_idx":[0],"dense_left_idx":[0],"dense_right_idx":[0]}]})");
  const Architecture nasrec = architecture_named(scratch_->at("nasrec.json"), "--genome");
  ASSERT_EQ(nasrec.blocks.size(), 1U);
  EXPECT_EQ(nasrec.blocks[0].dense_operator, DenseOperator::kDot);
  EXPECT_EQ(nasrec.blocks[0].dense_width, 32);
  EXPECT_TRUE(nasrec.blocks[0].dsi);
  expect_complaint([] { architecture_named("nasrec-kdd-medium", "--genome"); },
                   {"--genome", "nasrec-kdd-medium", "nasrec-kdd-small"});
  expect_complaint([] { architecture_named("", "--genome"); }, {"--genome"});
  expect_complaint([] { architecture_named("{\"blocks\":1}", "--genome"); }, {"--genome"});
  write_text_file(scratch_->at("bad.json"), "{\"schema\": ");
  expect_complaint([&] { architecture_named(scratch_->at("bad.json"), "--genome"); }, {"bad.json"});
}

}  // namespace
}  // namespace recpim::supernet
