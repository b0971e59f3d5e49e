// SPDX-License-Identifier: Apache-2.0
// The loops of training on every instruction set, against the plain sums in double.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "models/training/kernels/kernels.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

using Floats = std::vector<float>;

class TrainingKernels : public testing::TestWithParam<FloatIsa> {
 protected:
  void SetUp() override {
    if (!is_supported(GetParam())) GTEST_SKIP() << "not an instruction set of this processor";
    kernels_ = &kernels(GetParam());
  }
  const Kernels* kernels_ = nullptr;
};

Floats normals(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Floats values(count);
  for (float& v : values) v = static_cast<float>(random.normal());
  return values;
}

struct Scratch {
  alignas(64) float floats[kProductScratch];
};

// A product of random shape, in memory with gaps between rows. Gaps hold 7777 and must go on doing
// so.
struct RandomProduct {
  explicit RandomProduct(std::uint64_t seed) {
    Random random(seed);
    const auto upto = [&](std::uint64_t most) {
      return static_cast<Index>(1 + random.below(most));
    };
    product.rows = upto(40);
    product.columns = upto(70);
    product.depth = random.below(4) == 0 ? upto(600) : upto(40);
    product.b_transposed = random.below(2) == 0;
    product.add = random.below(2) == 0;
    product.a_stride = product.depth + upto(5) - 1;
    product.b_stride = (product.b_transposed ? product.depth : product.columns) + upto(5) - 1;
    product.c_stride = product.columns + upto(5) - 1;
    a = normals(static_cast<std::size_t>(product.rows * product.a_stride), seed + 1);
    b = normals(static_cast<std::size_t>((product.b_transposed ? product.columns : product.depth) *
                                         product.b_stride),
                seed + 2);
    c = normals(static_cast<std::size_t>(product.rows * product.c_stride), seed + 3);
    for (Index r = 0; r < product.rows; ++r) {
      for (Index j = product.columns; j < product.c_stride; ++j) at(c, r, j) = 7777;
    }
    product.a = a.data();
    product.b = b.data();
  }

  float& at(Floats& of, Index r, Index j) const {
    return of[static_cast<std::size_t>(r * product.c_stride + j)];
  }

  Floats run(const Kernels& on, Floats start) {
    static Scratch scratch;
    product.c = start.data();
    on.multiply(product, scratch.floats);
    return start;
  }

  Product product;
  Floats a, b, c;
};

TEST_P(TrainingKernels, ProductsOfAnyShape) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RandomProduct p(10 * seed);
    Floats found = p.run(*kernels_, p.c);
    for (Index r = 0; r < p.product.rows; ++r) {
      for (Index j = 0; j < p.product.c_stride; ++j) {
        double sum = 0;
        for (Index k = 0; j < p.product.columns && k < p.product.depth; ++k) {
          const Index at =
              p.product.b_transposed ? j * p.product.b_stride + k : k * p.product.b_stride + j;
          sum += double{p.a[static_cast<std::size_t>(r * p.product.a_stride + k)]} *
                 double{p.b[static_cast<std::size_t>(at)]};
        }
        if (p.product.add || j >= p.product.columns) sum += double{p.at(p.c, r, j)};
        // A sum of 600 products of order one.
        ASSERT_NEAR(p.at(found, r, j), sum, 1e-4) << "seed " << seed << " at " << r << " " << j;
      }
    }
  }
}

// Cut into any tiles, a product is the same to the last bit.
TEST_P(TrainingKernels, ProductsDoNotDependOnTheirTiles) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    RandomProduct p(10 * seed);
    const Floats whole = p.run(*kernels_, p.c);
    Random random(seed, 1);
    const auto row = static_cast<Index>(random.below(static_cast<std::uint64_t>(p.product.rows)));
    const auto column =
        static_cast<Index>(random.below(static_cast<std::uint64_t>(p.product.columns)));
    Floats pieces = p.c;
    const Product all = p.product;
    Scratch scratch;
    for (const bool low : {false, true}) {
      for (const bool right : {false, true}) {
        Product tile = all;
        tile.rows = low ? all.rows - row : row;
        tile.columns = right ? all.columns - column : column;
        if (low) tile.a += row * all.a_stride;
        if (right) tile.b += all.b_transposed ? column * all.b_stride : column;
        tile.c = pieces.data() + (low ? row * all.c_stride : 0) + (right ? column : 0);
        kernels_->multiply(tile, scratch.floats);
      }
    }
    ASSERT_EQ(pieces, whole) << "seed " << seed;
  }
}

TEST_P(TrainingKernels, AProductOfNoDepthIsZero) {
  Product none;
  none.rows = 2;
  none.columns = none.c_stride = 3;
  Floats c(6, 5.0F);
  none.c = c.data();
  Scratch scratch;
  none.add = true;
  kernels_->multiply(none, scratch.floats);
  EXPECT_EQ(c, Floats(6, 5.0F));
  none.add = false;
  kernels_->multiply(none, scratch.floats);
  EXPECT_EQ(c, Floats(6, 0.0F));
}

TEST_P(TrainingKernels, Transpose) {
  for (const Index rows : {1, 3, 4, 9, 16}) {
    for (const Index columns : {1, 2, 4, 7, 21}) {
      const Floats from = normals(static_cast<std::size_t>(rows * (columns + 2)), 5);
      Floats to(static_cast<std::size_t>(columns * (rows + 1)), 7777);
      kernels_->transpose(from.data(), columns + 2, rows, columns, to.data(), rows + 1);
      for (Index r = 0; r <= rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
          const float expected =
              r == rows ? 7777 : from[static_cast<std::size_t>(r * (columns + 2) + c)];
          ASSERT_EQ(to[static_cast<std::size_t>(c * (rows + 1) + r)], expected);
        }
      }
    }
  }
}

TEST_P(TrainingKernels, SigmoidOverItsWholeRange) {
  Floats x;
  for (float v = -100; v <= 100; v += 0.037F) x.push_back(v);
  Floats y(x.size());
  kernels_->sigmoid(y.data(), x.data(), static_cast<Index>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = 1 / (1 + std::exp(-double{x[i]}));
    // Far out exp is held at e^-87 and e^88.
    ASSERT_NEAR(y[i], expected, 4e-7 * expected + 1e-37) << x[i];
  }
}

TEST_P(TrainingKernels, RoundsToEvenWithinTheLevels) {
  const Floats x = {0.25F, 0.75F, -0.25F, -0.75F, 1.2F, 3.4F,  3.6F,
                    3.8F,  99,    -3.9F,  -99,    0,    -1.26F};
  Floats y(x.size());
  kernels_->round(y.data(), x.data(), static_cast<Index>(x.size()), {0.5F, -8, 7});
  EXPECT_EQ(y, (Floats{0, 1, 0, -1, 1, 3.5F, 3.5F, 3.5F, 3.5F, -4, -4, 0, -1.5F}));
  kernels_->round(y.data(), x.data(), static_cast<Index>(x.size()), {0, -8, 7});
  EXPECT_EQ(y, Floats(x.size(), 0.0F));
}

TEST_P(TrainingKernels, MomentsAndMask) {
  for (const std::size_t count : {1U, 5U, 16U, 100U}) {
    const Floats x = normals(count, count);
    double squares = 0;
    float largest = 0;
    float positives = 0;
    for (const float v : x) {
      squares += double{v} * double{v};
      largest = std::max(largest, std::abs(v));
      positives += v > 0 ? 1.0F : 0.0F;
    }
    const Moments found = kernels_->moments(x.data(), static_cast<Index>(count));
    EXPECT_NEAR(found.squares, squares, 1e-5 * squares);
    EXPECT_EQ(found.largest, largest);
    EXPECT_EQ(found.positives, positives);
    Floats gradient(count, 2.0F);
    kernels_->mask(gradient.data(), x.data(), static_cast<Index>(count), 0.0F, 0.5F);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(gradient[i], x[i] > 0 && x[i] < 0.5F ? 2.0F : 0.0F);
    }
  }
}

TEST_P(TrainingKernels, NotANumberStaysSo) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t count : {3U, 40U}) {
    const auto n = static_cast<Index>(count);
    const Floats x(count, nan);
    Floats y(count);
    const auto expect_nan = [&] {
      for (const float v : y) EXPECT_TRUE(std::isnan(v));
    };
    kernels_->sigmoid(y.data(), x.data(), n);
    expect_nan();
    kernels_->round(y.data(), x.data(), n, {0.5F, -8, 7});
    expect_nan();
    y = x;
    kernels_->finish_columns(y.data(), n, 1, n, nullptr, true);
    expect_nan();
    y = x;
    kernels_->finish_rows(y.data(), 1, n, nullptr, true);
    expect_nan();
  }
}

// What a step does is the same on every instruction set, to the last bit.
TEST_P(TrainingKernels, AdagradIsExact) {
  constexpr std::size_t kCount = 37;
  Floats weights = normals(kCount, 1);
  Floats sums(kCount, 0.25F);
  const Floats gradient = normals(kCount, 2);
  Floats average = normals(kCount, 3);
  Floats expected = weights;
  Floats expected_average = average;
  for (std::size_t i = 0; i < kCount; ++i) {
    const float sum = 0.25F + gradient[i] * gradient[i];
    const float move = 0.1F * gradient[i];
    expected[i] -= move / std::sqrt(sum);
    const float apart = expected[i] - expected_average[i];
    const float part = 0.01F * apart;
    expected_average[i] += part;
  }
  kernels_->adagrad({weights.data(), sums.data(), gradient.data(), average.data(), 0.1F, 0.01F},
                    kCount);
  EXPECT_EQ(weights, expected);
  EXPECT_EQ(average, expected_average);
}

INSTANTIATE_TEST_SUITE_P(Isas, TrainingKernels,
                         testing::Values(FloatIsa::kBaseline, FloatIsa::kV3, FloatIsa::kV4),
                         [](const auto& tested) {
                           return tested.param == FloatIsa::kBaseline ? "Baseline"
                                  : tested.param == FloatIsa::kV3     ? "V3"
                                                                      : "V4";
                         });

TEST(TrainingKernelsOf, TheBestInstructionSetIsSupported) {
  EXPECT_TRUE(is_supported(best_float_isa()));
  EXPECT_TRUE(is_supported(FloatIsa::kBaseline));
}

}  // namespace
}  // namespace recpim
