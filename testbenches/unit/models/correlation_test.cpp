// SPDX-License-Identifier: Apache-2.0
#include "models/ops/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace recpim {
namespace {

TEST(KendallTau, ByHand) {
  EXPECT_DOUBLE_EQ(kendall_tau({1, 2, 3, 4}, {10, 20, 30, 40}), 1);
  EXPECT_DOUBLE_EQ(kendall_tau({1, 2, 3, 4}, {4, 3, 2, 1}), -1);
  // Of 10 pairs (2, 3) and (4, 5) are the other way round: (8 - 2) / 10.
  EXPECT_DOUBLE_EQ(kendall_tau({1, 2, 3, 4, 5}, {1, 3, 2, 5, 4}), 0.6);
  // 3 pairs, one against two: 1/3.
  EXPECT_DOUBLE_EQ(kendall_tau({1, 2, 3}, {2, 1, 3}), 1.0 / 3);
  // (0.1, 0.3), (0.2, 0.3) are the other way round: (4 - 2) / 6.
  EXPECT_DOUBLE_EQ(kendall_tau({0.1, 0.2, 0.3, 0.9}, {-8, 1, -9, 100}), 4.0 / 6 - 2.0 / 6);
}

TEST(KendallTau, Ties) {
  // 6 pairs; (1, 1) is tied in the first list: 5 left there, all of them in order; none in the
  // second: 5 / sqrt(5 * 6).
  EXPECT_DOUBLE_EQ(kendall_tau({1, 1, 2, 3}, {1, 2, 3, 4}), 5 / std::sqrt(30.0));
  // Tied in both: 5 / sqrt(5 * 5).
  EXPECT_DOUBLE_EQ(kendall_tau({1, 1, 2, 3}, {7, 7, 8, 9}), 1);
  EXPECT_TRUE(std::isnan(kendall_tau({1, 1, 1}, {1, 2, 3})));
}

TEST(PearsonR, ByHand) {
  EXPECT_DOUBLE_EQ(pearson_r({1, 2, 3}, {3, 5, 7}), 1);
  EXPECT_DOUBLE_EQ(pearson_r({1, 2, 3}, {1, 0, -1}), -1);
  // Less their means 2.5 and 2:
  // a' = (-1.5, -0.5, 0.5, 1.5), b' = (-1, 1, -1, 1): a'b' = 1.5 - 0.5 - 0.5 + 1.5 = 2,
  // a'a' = 5, b'b' = 4.
  EXPECT_DOUBLE_EQ(pearson_r({1, 2, 3, 4}, {1, 3, 1, 3}), 2 / std::sqrt(20.0));
  EXPECT_NEAR(pearson_r({1, 2, 3, 4}, {1, -1, -1, 1}), 0, 1e-15);
  EXPECT_TRUE(std::isnan(pearson_r({1, 2, 3}, {5, 5, 5})));
}

TEST(Correlation, NothingToCorrelate) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto correlation : {kendall_tau, pearson_r}) {
    EXPECT_TRUE(std::isnan(correlation({}, {})));
    EXPECT_TRUE(std::isnan(correlation({1}, {1})));
    EXPECT_TRUE(std::isnan(correlation({1, nan, 2}, {1, 2, 3})));
    EXPECT_THROW(correlation({1, 2}, {1, 2, 3}), std::invalid_argument);
  }
}

}  // namespace
}  // namespace recpim
