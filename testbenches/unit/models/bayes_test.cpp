// SPDX-License-Identifier: Apache-2.0
// The log loss and AUC of true probabilities, on the samples asked for.
#include <gtest/gtest.h>

#include <cmath>

#include "models/training/evaluate.h"
#include "testbenches/unit/traces/scratch.h"
#include "traces/format/trace.h"

namespace recpim {
namespace {

void write_trace(const std::string& path, bool true_logits) {
  TraceInfo info;
  info.dense = 1;
  info.has_labels = true;
  info.has_true_logits = true_logits;
  info.provenance = "{}";
  TraceWriter writer(path, info);
  TraceChunk chunk;
  chunk.count = 4;
  chunk.dense = {0, 0, 0, 0};
  chunk.labels = {1, 0, 1, 0};
  const float ln3 = std::log(3.0F);
  if (true_logits) chunk.true_logits = {0, ln3, ln3, -ln3};  // 1/2, 3/4, 3/4, 1/4
  writer.append(chunk);
  writer.finish();
}

// Samples 1, 2, 3 have P 3/4, 3/4, 1/4 and labels 0, 1, 0: the losses are ln 4, ln 4/3, ln 4/3;
// each label's entropy is H(1/4) = 1/4 ln 4 + 3/4 ln 4/3. The click ties with one of two others and
// beats the other: AUC 3/4.
TEST(Bayes, QualityOfSomeSamplesByHand) {
  const Scratch scratch;
  write_trace(scratch.at("t.h5"), true);
  const auto bayes = bayes_quality(TraceReader(scratch.at("t.h5")), {1, 2, 3});
  ASSERT_TRUE(bayes.has_value());
  EXPECT_NEAR(bayes->realised.logloss, (std::log(4.0) + 2 * std::log(4.0 / 3)) / 3, 1e-6);
  EXPECT_NEAR(bayes->expected_logloss, std::log(4.0) / 4 + 3 * std::log(4.0 / 3) / 4, 1e-6);
  EXPECT_DOUBLE_EQ(bayes->realised.auc, 0.75);
}

TEST(Bayes, NoneWhereTheTraceDoesNotKnow) {
  const Scratch scratch;
  write_trace(scratch.at("t.h5"), false);
  EXPECT_FALSE(bayes_quality(TraceReader(scratch.at("t.h5")), {1}).has_value());
}

}  // namespace
}  // namespace recpim
