// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/training.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "models/ops/float_reference.h"
#include "models/ops/metrics.h"
#include "models/supernet/quality.h"
#include "models/supernet/training_batches.h"
#include "models/training/split.h"
#include "testbenches/unit/supernet/kill.h"
#include "testbenches/unit/supernet/tiny.h"
#include "traces/support/error.h"
#include "traces/support/output.h"

namespace recpim::supernet {
namespace {

using test::generated_trace;
using test::ScratchFolder;
using test::small_info;
using test::tiny_space;

SupernetOptions short_options() {
  SupernetOptions options;
  options.epochs = 2;
  options.batch = 32;
  options.seed = 3;
  options.warmup_steps = 10;
  return options;
}

std::string bytes(const std::string& folder) {
  return read_text_file(folder + "/supernet.json") + read_text_file(folder + "/weights.h5");
}

// Trains in a folder as the command does: from the start, or from what is there.
void train_in(const std::string& folder, const TraceReader& trace, const SupernetOptions& options,
              int threads = 1) {
  if (presence_of(folder) == Presence::kNone)
    write_supernet(new_supernet(tiny_space(), trace, options), folder);
  Supernet supernet = load_supernet(folder);
  TrainingRun run;
  run.threads = threads;
  run.checkpoint_steps = 1;
  run.checkpoint = [&](const Supernet& now) { update_supernet(now, folder); };
  train_supernet(supernet, trace, run);
}

TEST(SupernetSchedule, RatesRiseThenFall) {
  // 100 steps: up over the first 10.
  EXPECT_DOUBLE_EQ(rate_factor(0, 100), 0.1);
  EXPECT_DOUBLE_EQ(rate_factor(4, 100), 0.5);
  EXPECT_DOUBLE_EQ(rate_factor(9, 100), 1.0);
  EXPECT_DOUBLE_EQ(rate_factor(10, 100), 1.0);
  EXPECT_NEAR(rate_factor(55, 100), 0.5, 1e-12);
  EXPECT_NEAR(rate_factor(40, 100), 0.75, 1e-12);  // cos(60 degrees) = 1/2
  EXPECT_LT(rate_factor(99, 100), 0.001);
  EXPECT_GT(rate_factor(99, 100), 0);
  EXPECT_DOUBLE_EQ(rate_factor(0, 1), 1.0);
}

TEST(SupernetSchedule, TheFullPathFadesOut) {
  EXPECT_DOUBLE_EQ(full_path_probability(0, 8), 1.0);
  EXPECT_DOUBLE_EQ(full_path_probability(2, 8), 0.75);
  EXPECT_DOUBLE_EQ(full_path_probability(7, 8), 0.125);
  EXPECT_DOUBLE_EQ(full_path_probability(8, 8), 0);
  EXPECT_DOUBLE_EQ(full_path_probability(0, 0), 0);
  EXPECT_EQ(default_warmup_steps(1000, 2, 100), 8U);  // 800 train, 16 steps
  // 10 million train: 152 blocks of 65,536 with 128 steps each, 38,528 samples in 76 steps.
  EXPECT_EQ(default_warmup_steps(12'500'000, 1, 512), (152U * 128U + 76U) / 4U);
}

TEST(SupernetSchedule, DefaultsGoByTheSizeOfTheTrace) {
  EXPECT_TRUE(default_options(12'500'000) == SupernetOptions());  // 10 million train: NASRec's
  const SupernetOptions small = default_options(40'000);          // 32,000 train
  EXPECT_EQ(small.epochs, 4);                                     // 128,000 samples seen
  EXPECT_EQ(small.batch, 128);
  EXPECT_EQ(small.step.rate, 0.01);
  EXPECT_EQ(small.step.table_rate, 0.06);
  EXPECT_EQ(default_options(20).epochs, 4);
  EXPECT_EQ(default_options(80'000).epochs, 2);  // 64,000 train
  EXPECT_EQ(default_options(1'000'000).epochs, 1);
}

TEST(SupernetSchedule, TheScheduleScalesBothRates) {
  StepOptions options;
  options.rate = 0.5;
  options.table_rate = 0.125;
  const StepOptions half = scaled(options, 0.5);
  EXPECT_EQ(half.rate, 0.25);
  EXPECT_EQ(half.table_rate, 0.0625);
  EXPECT_EQ(half.clip, options.clip);
}

TEST(SupernetSchedule, WhatIsDrawnDependsOnSeedAndStep) {
  const ArchitectureSpace space(tiny_space());
  SupernetOptions options = short_options();
  options.warmup_steps = 2000;
  int full = 0;
  std::set<std::string> different;
  for (std::uint64_t step = 0; step < 2000; ++step) {
    const auto architecture = drawn(space, options, step);
    if (!architecture) {
      ++full;
      continue;
    }
    EXPECT_TRUE(space.contains(*architecture));
    different.insert(encode(*architecture));
    EXPECT_EQ(*architecture, *drawn(space, options, step));
  }
  EXPECT_NEAR(full, 1000, 5 * std::sqrt(2000 / 6.0));  // the variances p (1 - p) add up so
  EXPECT_GT(different.size(), 900U);
  options.warmup_steps = 0;
  SupernetOptions other = options;
  other.seed = 4;
  EXPECT_NE(*drawn(space, options, 5), *drawn(space, other, 5));
}

TEST(BatchOrder, EverySampleOnceAnEpoch) {
  constexpr std::size_t kSamples = 2 * BatchOrder::kBlockSamples + 1100;
  const BatchOrder order(kSamples, 1000, 3);
  // 66 steps of each whole block (the last of 536), two of 1,100.
  ASSERT_EQ(order.steps_an_epoch(), 66U + 66U + 2U);
  std::vector<int> seen(kSamples, 0);
  std::vector<std::size_t> first_epoch, second_epoch;
  for (std::uint64_t step = 0; step < 2 * order.steps_an_epoch(); ++step) {
    const BatchOrder::Place place = order.place(step);
    EXPECT_EQ(place.epoch, step / order.steps_an_epoch());
    const std::vector<std::uint32_t> positions = order.order(place.epoch, place.block);
    EXPECT_TRUE(place.count == 1000 || place.count == 536 || place.count == 100);
    for (std::size_t i = place.first; i < place.first + place.count; ++i) {
      const std::size_t sample = place.block * BatchOrder::kBlockSamples + positions[i];
      ASSERT_LT(sample, kSamples);
      ++seen[sample];
      (place.epoch == 0 ? first_epoch : second_epoch).push_back(sample);
    }
  }
  for (const int times : seen) ASSERT_EQ(times, 2);
  EXPECT_NE(first_epoch, second_epoch);
  EXPECT_FALSE(std::is_sorted(first_epoch.begin(), first_epoch.begin() + 1000));
}

class SupernetTraining : public testing::Test {
 protected:
  ScratchFolder scratch_;
};

TEST_F(SupernetTraining, SubnetworksLearnPlantedLabels) {
  const TraceReader trace(generated_trace(scratch_, 8000));
  SupernetOptions options;
  options.epochs = 4;
  options.batch = 64;
  options.warmup_steps = 100;
  Supernet supernet = new_supernet(tiny_space(), trace, options);
  EXPECT_EQ(supernet.steps, 400U);
  const SupernetReport report = train_supernet(supernet, trace, {});
  EXPECT_EQ(report.samples, 800U);
  // Always predicting the share of clicks: 0.592; knowing the true probabilities: 0.468.
  EXPECT_NEAR(report.constant_logloss, 0.592, 0.005);
  EXPECT_LT(report.logloss, 0.555);
  // Not the few that the report looks at, and not on the samples that it looks at.
  QualityMeter meter(trace, split_samples(supernet.split).test, {1, true});
  const ArchitectureSpace space(tiny_space());
  double sum = 0;
  double ranks = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Random random(99, i);
    const Quality quality =
        meter.measure(supernet.weights, supernet.builder.build(space.sample(random)));
    sum += quality.logloss / 20;
    ranks += quality.auc / 20;
  }
  EXPECT_LT(sum, meter.constant_log_loss() - 0.03);
  EXPECT_GT(ranks, 0.65);
}

TEST_F(SupernetTraining, ThreadsChangeNothing) {
  const TraceReader trace(generated_trace(scratch_, 600));
  train_in(scratch_.at("one"), trace, short_options(), 1);
  train_in(scratch_.at("three"), trace, short_options(), 3);
  EXPECT_EQ(bytes(scratch_.at("one")), bytes(scratch_.at("three")));
  SupernetOptions other = short_options();
  other.seed = 4;
  train_in(scratch_.at("other"), trace, other);
  EXPECT_NE(bytes(scratch_.at("one")), bytes(scratch_.at("other")));
}

TEST_F(SupernetTraining, OnlyTheTrainPartIsSeen) {
  const std::string path = generated_trace(scratch_, 400);
  const TraceReader trace(path);
  const SplitSamples parts = split_samples({short_options().seed, 400});
  // The same trace with other labels and lookups in the validation and test parts.
  TraceChunk chunk;
  trace.read(0, 400, chunk);
  std::vector<bool> train(400, false);
  for (const std::uint64_t s : parts.train) train[s] = true;
  for (std::size_t s = 0; s < 400; ++s) {
    if (train[s]) continue;
    chunk.labels[s] = 1 - chunk.labels[s];
    chunk.indices[0][s] = (chunk.indices[0][s] + 1) % 40;
    chunk.dense[s * 5] += 1;
  }
  test::write_trace(scratch_.at("changed.h5"), trace.info(), chunk);
  const TraceReader changed(scratch_.at("changed.h5"));
  train_in(scratch_.at("a"), trace, short_options());
  train_in(scratch_.at("b"), changed, short_options());
  EXPECT_EQ(read_text_file(scratch_.at("a/weights.h5")),
            read_text_file(scratch_.at("b/weights.h5")));
}

TEST_F(SupernetTraining, KilledAndResumedEndsAsUninterrupted) {
  const std::string path = generated_trace(scratch_, 600);
  SupernetOptions options = short_options();
  options.epochs = 6;
  {
    const TraceReader trace(path);
    train_in(scratch_.at("whole"), trace, options);
  }
  // Killed again and again, at moments spread from before the folder is there to the end.
  int kills = 0;
  std::set<std::uint64_t> steps;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const TraceReader trace(path);
      train_in(scratch_.at("cut"), trace, options, 2);
      _exit(0);
    }
    const std::chrono::microseconds little(379 * i);
    kills += test::kill_after(child, scratch_.at("cut/weights.h5"), 2 * i, little) ? 1 : 0;
    if (presence_of(scratch_.at("cut")) != Presence::kNone) {
      steps.insert(load_supernet(scratch_.at("cut")).step);
    }
  }
  EXPECT_GT(kills, 3);
  EXPECT_GT(steps.size(), 2U) << "no kill hit the training itself";
  const TraceReader trace(path);
  train_in(scratch_.at("cut"), trace, options);
  EXPECT_EQ(bytes(scratch_.at("cut")), bytes(scratch_.at("whole")));
  EXPECT_EQ(presence_of(scratch_.at("cut")), Presence::kFinished);
}

TEST_F(SupernetTraining, AKillBetweenTheTwoFilesOfACheckpoint) {
  const TraceReader trace(generated_trace(scratch_, 600));
  train_in(scratch_.at("whole"), trace, short_options());
  Supernet supernet = new_supernet(tiny_space(), trace, short_options());
  write_supernet(supernet, scratch_.at("cut"));
  const std::string before = read_text_file(scratch_.at("cut/supernet.json"));
  struct Stop {};
  TrainingRun run;
  run.checkpoint_steps = 7;
  run.checkpoint = [&](const Supernet& now) {
    update_supernet(now, scratch_.at("cut"));
    if (now.step == 14) throw Stop();
  };
  EXPECT_THROW(train_supernet(supernet, trace, run), Stop);
  write_text_file(scratch_.at("cut/supernet.json"), before);  // as if it had not come so far
  EXPECT_EQ(load_supernet(scratch_.at("cut")).step, 14U);
  train_in(scratch_.at("cut"), trace, short_options());
  EXPECT_EQ(bytes(scratch_.at("cut")), bytes(scratch_.at("whole")));
}

TEST_F(SupernetTraining, RefusesTracesItCannotLearnFrom) {
  const auto refused = [&](const TraceInfo& info, std::uint64_t samples, const char* what) {
    TraceChunk chunk = test::random_chunk(info, samples, 1, 5);
    if (!info.has_labels) chunk.labels.clear();
    test::write_trace(scratch_.at("bad.h5"), info, chunk);
    const TraceReader trace(scratch_.at("bad.h5"));
    try {
      new_supernet(tiny_space(), trace, short_options());
      ADD_FAILURE() << what;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("bad.h5"), std::string::npos) << error.what();
    }
  };
  TraceInfo unlabelled = test::tiny_info();
  unlabelled.has_labels = false;
  refused(unlabelled, 50, "labels");
  refused(test::tiny_info(), 9, "samples = 9");
  refused(small_info(0, {5}), 50, "dense features = 0");
  refused(small_info(3, {}), 50, "tables = 0");
}

TEST_F(SupernetTraining, RefusesAnotherTraceThanItsOwn) {
  const TraceReader trace(generated_trace(scratch_, 100));
  Supernet supernet = new_supernet(tiny_space(), trace, short_options());
  const TraceReader longer(generated_trace(scratch_, 110));
  EXPECT_THROW(train_supernet(supernet, longer, {}), InputError);
  test::write_trace(scratch_.at("other.h5"), test::tiny_info(),
                    test::random_chunk(test::tiny_info(), 100, 1, 5));
  const TraceReader other(scratch_.at("other.h5"));
  EXPECT_THROW(require_same_trace(supernet, other), InputError);
}

TEST_F(SupernetTraining, DivergenceIsNotStored) {
  const TraceReader trace(generated_trace(scratch_, 300));
  SupernetOptions options = short_options();
  options.step.rate = 1e30;
  Supernet supernet = new_supernet(tiny_space(), trace, options);
  try {
    train_supernet(supernet, trace, {});
    ADD_FAILURE() << "trained";
  } catch (const CheckError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("diverged at step"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST_F(SupernetTraining, WeightsThatOverflowAreNotStored) {
  const TraceReader trace(generated_trace(scratch_, 300));
  Supernet supernet = new_supernet(tiny_space(), trace, short_options());
  // As after a last step whose gradients nobody sees.
  supernet.step = supernet.steps;
  supernet.weights.values(0).weight[0] = std::numeric_limits<float>::infinity();
  TrainingRun run;
  run.checkpoint = [](const Supernet&) { ADD_FAILURE() << "stored"; };
  EXPECT_THROW(train_supernet(supernet, trace, run), CheckError);
}

TEST_F(SupernetTraining, RoundingIsAnOption) {
  const TraceReader trace(generated_trace(scratch_, 300));
  SupernetOptions options = short_options();
  Supernet rounded = new_supernet(tiny_space(), trace, options);
  options.fake_quantised = false;
  Supernet plain = new_supernet(tiny_space(), trace, options);
  train_supernet(rounded, trace, {});
  train_supernet(plain, trace, {});
  const std::size_t last = plain.weights.parameters().size() - 1;
  EXPECT_NE(rounded.weights.values(last).weight, plain.weights.values(last).weight);
}

TEST_F(SupernetTraining, QualityIsThatOfTheModel) {
  const TraceReader trace(generated_trace(scratch_, 900));
  Supernet supernet = new_supernet(tiny_space(), trace, short_options());
  std::vector<std::uint64_t> samples(700);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = (i * 13) % 900;
  QualityMeter meter(trace, samples, {});
  const ArchitectureSpace space(tiny_space());
  for (std::uint64_t i = 0; i < 8; ++i) {
    Random random(5, i);
    Subnetwork network = supernet.builder.build(space.sample(random));
    const Quality found = meter.measure(supernet.weights, network);
    supernet.weights.gather_all(network);
    EXPECT_EQ(meter.measure(network.model).logloss, found.logloss);
    std::vector<double> probabilities;
    for (const float p : float_outputs(network.model, trace, samples)) probabilities.push_back(p);
    const std::vector<float> labels = labels_of(trace, samples);
    EXPECT_NEAR(found.logloss, log_loss(labels, probabilities), 1e-5);
    EXPECT_NEAR(found.auc, auc(labels, probabilities), 1e-4);
  }
}

}  // namespace
}  // namespace recpim::supernet
