// SPDX-License-Identifier: Apache-2.0
// Roots, reciprocals, layer norm and softmax in integers against long double. Every tolerance is
// derived from the formats and the table's step, in the comment before the test that uses it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "models/ops/integer_layernorm.h"
#include "models/ops/integer_rsqrt.h"
#include "models/ops/integer_softmax.h"

namespace recpim {
namespace {

/// The extremes of what was looked at, so that a loop over millions asserts once.
struct Extremes {
  long double low = 1e30L, high = -1e30L;
  void add(long double x) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
};

long double value(BinaryFraction f) {
  return std::ldexp(static_cast<long double>(f.mantissa), -f.shift);
}

std::int32_t between(std::mt19937_64& random, std::int32_t low, std::int32_t high) {
  const auto span = static_cast<std::uint64_t>(std::int64_t{high} - low + 1);
  return static_cast<std::int32_t>(low + static_cast<std::int64_t>(random() % span));
}

// ---------------------------------------------------------------------------------------------
// The root. Let delta be the relative error of the guess. A segment's half width is at most 1/257
// of its middle, so the guess at the middle, exact, is off by at most 1 - sqrt(1 - 1/257)
// < 1.9475e-3; rounding it down takes less than 2^-15 (it is at least 2^15): |delta| < 1.9781e-3.
// The exact step gives (1 + delta)(3 - (1 + delta)^2)/2 - 1 = -3/2 delta^2 - delta^3/2: -5.874e-6
// ... 0.
// - The mantissa's truncation takes less than 2^-24 of a root of at least 1/2: 2^-23 = 1.193e-7
// down.
// - The truncation of m (2^-22 of at least 1) raises the root by half as much: 2^-23.
// - The truncation of m y^2 (2^-24) raises y by y 2^-25: 2^-25 (1 + delta) = 2.99e-8.
// Together -5.994e-6 ... 1.492e-7.
constexpr long double kRootLow = -6.0e-6L, kRootHigh = 1.5e-7L;

// The reciprocal. The half width is at most 1/513 of the middle: 1.9494e-3; the rounding 2^-17 of
// more than 1/2: 1.526e-5; together |delta| < 1.9647e-3. The step gives -delta^2: -3.861e-6 ... 0.
// - The mantissa's truncation: 2^-23 down.
// - The truncation of m (2^-23, z of more than 24 bits): 2^-23 up.
// - The truncation of m y (2^-24): 2^-24 (1 + delta) = 5.98e-8 up.
// Together -3.981e-6 ... 1.791e-7.
constexpr long double kReciprocalLow = -3.985e-6L, kReciprocalHigh = 1.8e-7L;

long double root_error(std::uint64_t q) {
  return value(integer_rsqrt(q)) * std::sqrt(static_cast<long double>(q)) - 1;
}

long double reciprocal_error(std::uint32_t z) {
  return value(integer_reciprocal(z)) * static_cast<long double>(z) - 1;
}

TEST(IntegerRsqrt, TableIsTheGuessAtTheMiddlesOfTheSegments) {
  for (std::size_t i = 0; i < 256; ++i) {
    const long double in_first_half = (static_cast<long double>(i % 128) + 0.5L) / 128;
    const long double middle = (1 + in_first_half) * (i < 128 ? 1 : 2);
    EXPECT_EQ(kRsqrtTable[i], std::floor(65536 / std::sqrt(middle))) << i;
  }
}

// Both parities of the exponent: m covers [1, 4). Each m stands for the real mantissas up to m + 1,
// and 1 / sqrt falls in between, so that the two ends bound the error of all of them.
TEST(IntegerRsqrt, EveryMantissaIsWithinTheBoundAndTheResultNeverRises) {
  Extremes error;
  Extremes mantissa;
  bool falls = true;
  std::uint32_t before = UINT32_MAX;
  for (std::uint64_t m = 1 << 22; m < 1 << 24; ++m) {
    const BinaryFraction r = integer_rsqrt(m << 8);
    const long double y = static_cast<long double>(r.mantissa) / (1 << 24);
    // (y sqrt(m))^2 = (1 + error)^2, which is 1 + 2 error but for 3.6e-11.
    error.add((y * y * static_cast<long double>(m) / (1 << 22) - 1) / 2);
    error.add((y * y * static_cast<long double>(m + 1) / (1 << 22) - 1) / 2);
    mantissa.add(r.mantissa);
    falls = falls && r.mantissa <= before && r.shift == 24 + 15;
    before = r.mantissa;
  }
  EXPECT_GT(error.low, kRootLow);
  EXPECT_LT(error.high, kRootHigh);
  EXPECT_TRUE(falls);
  EXPECT_GE(mantissa.low, (1 << 23) - 51);
  EXPECT_LT(mantissa.high, 1 << 24);
  // From the end of [1, 4) to the start of the next: half the first mantissa is below the last.
  EXPECT_LT(integer_rsqrt(std::uint64_t{1} << 32).mantissa / 2, before);
}

TEST(IntegerRsqrt, EveryPowerOfTwoAndItsNeighbours) {
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t q : {power - 1, power, power + 1, power | (power >> 1)}) {
      if (q == 0) continue;
      EXPECT_GT(root_error(q), kRootLow) << q;
      EXPECT_LT(root_error(q), kRootHigh) << q;
    }
    EXPECT_EQ(integer_rsqrt(power).shift, 24 + bit / 2);
  }
  EXPECT_EQ(integer_rsqrt(UINT64_MAX).shift, 55);
  EXPECT_GT(root_error(UINT64_MAX), kRootLow);
  EXPECT_LT(root_error(UINT64_MAX), kRootHigh);
}

TEST(IntegerRsqrt, AnyNumberAndFourTimesIt) {
  std::mt19937_64 random(1);
  Extremes error;
  bool scales = true;
  for (int i = 0; i < 300000; ++i) {
    const std::uint64_t q = std::max<std::uint64_t>(random() >> (random() % 64), 1);
    error.add(root_error(q));
    if (q >> 62 != 0) continue;
    const BinaryFraction one = integer_rsqrt(q);
    const BinaryFraction four = integer_rsqrt(4 * q);
    scales = scales && one.mantissa == four.mantissa && one.shift + 1 == four.shift;
  }
  EXPECT_GT(error.low, kRootLow);
  EXPECT_LT(error.high, kRootHigh);
  EXPECT_TRUE(scales);
}

TEST(IntegerReciprocal, TableIsTheGuessAtTheMiddlesOfTheSegments) {
  for (std::size_t i = 0; i < 256; ++i) {
    const long double middle = 1 + (static_cast<long double>(i) + 0.5L) / 256;
    EXPECT_EQ(kReciprocalTable[i], std::lround(65536 / middle)) << i;
  }
}

TEST(IntegerReciprocal, EveryMantissaIsWithinTheBoundAndTheResultNeverRises) {
  Extremes error;
  Extremes mantissa;
  bool falls = true;
  std::uint32_t before = UINT32_MAX;
  for (std::uint32_t m = 1 << 23; m < 1 << 24; ++m) {
    const BinaryFraction r = integer_reciprocal(m << 8);
    const long double y = static_cast<long double>(r.mantissa) / (1 << 24);
    error.add(y * static_cast<long double>(m) / (1 << 23) - 1);
    error.add(y * static_cast<long double>(m + 1) / (1 << 23) - 1);
    mantissa.add(r.mantissa);
    falls = falls && r.mantissa <= before && r.shift == 24 + 31;
    before = r.mantissa;
  }
  EXPECT_GT(error.low, kReciprocalLow);
  EXPECT_LT(error.high, kReciprocalHigh);
  EXPECT_TRUE(falls);
  EXPECT_GE(mantissa.low, (1 << 23) - 34);
  EXPECT_LT(mantissa.high, 1 << 24);
  EXPECT_LT(integer_reciprocal(1 << 24).mantissa / 2, before);
}

TEST(IntegerReciprocal, EveryPowerOfTwoItsNeighboursAndAnyNumber) {
  std::mt19937_64 random(2);
  Extremes error;
  for (int bit = 0; bit < 32; ++bit) {
    const std::uint32_t power = std::uint32_t{1} << bit;
    error.add(reciprocal_error(power));
    error.add(reciprocal_error(power + 1));
    if (power > 1) error.add(reciprocal_error(power - 1));
    EXPECT_EQ(integer_reciprocal(power).shift, 24 + bit);
  }
  error.add(reciprocal_error(UINT32_MAX));
  for (int i = 0; i < 300000; ++i) {
    const std::uint64_t z = random() >> (32 + random() % 32);
    error.add(reciprocal_error(static_cast<std::uint32_t>(std::max<std::uint64_t>(z, 1))));
  }
  EXPECT_GT(error.low, kReciprocalLow);
  EXPECT_LT(error.high, kReciprocalHigh);
}

// ---------------------------------------------------------------------------------------------
// The layer norm. c and Q are exact, so in units of 2^-10 there is the final rounding and the
// root's relative error of a value of at most sqrt(n - 1) 2^10: 1/2 + 32752 x 6.0e-6 < 0.697.
using Values = std::vector<std::int16_t>;
constexpr std::int16_t kLow = INT16_MIN, kHigh = INT16_MAX;

Values normalise(const Values& x, std::int64_t epsilon) {
  Values y(x.size());
  integer_normalise(x.data(), static_cast<int>(x.size()), 1, epsilon, y.data(), 1);
  return y;
}

// Mean and variance as one would write them, not as the integers do.
void expect_normalised(const Values& x, std::int64_t epsilon) {
  const auto n = static_cast<long double>(x.size());
  long double mean = 0;
  for (const std::int16_t v : x) mean += v;
  mean /= n;
  long double variance = 0;
  for (const std::int16_t v : x) variance += (v - mean) * (v - mean);
  variance /= n;
  const long double deviation = std::sqrt(variance + static_cast<long double>(epsilon) / (n * n));
  const Values y = normalise(x, epsilon);
  long double past_bound = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = 1024 * (x[i] - mean) / deviation;
    const long double bound = 0.5L + std::abs(exact) * -kRootLow + 1e-9L;
    past_bound = std::max(past_bound, std::abs(y[i] - exact) - bound);
  }
  EXPECT_LE(past_bound, 0) << "n " << x.size() << ", epsilon " << epsilon;
}

TEST(IntegerNormalise, EveryLengthWithRandomAndExtremeValues) {
  std::mt19937_64 random(3);
  for (std::size_t n = 2; n <= 1024; ++n) {
    const std::int64_t epsilon = std::int64_t{1} << (random() % 63);
    Values x(n);
    for (auto& v : x) v = static_cast<std::int16_t>(random());
    expect_normalised(x, epsilon);
    for (auto& v : x) v = static_cast<std::int16_t>(between(random, -127, 127));
    expect_normalised(x, 1);
    for (std::size_t i = 0; i < n; ++i) x[i] = i % 2 == 0 ? kHigh : kLow;
    expect_normalised(x, epsilon);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<std::int16_t>(i * i);
    expect_normalised(x, 1);
    for (const std::int16_t hot : {kLow, kHigh}) {
      std::fill(x.begin(), x.end(), static_cast<std::int16_t>(~hot));
      x[random() % n] = hot;
      expect_normalised(x, 1);
      expect_normalised(x, epsilon);
    }
    std::fill(x.begin(), x.end(), std::int16_t{0});
    x[random() % n] = 1;
    expect_normalised(x, 1);
  }
}

TEST(IntegerNormalise, EqualValuesGiveZero) {
  for (const std::int16_t v : Values{kLow, -32767, -1, 0, 1, 77, kHigh}) {
    for (const std::size_t n :
         {std::size_t{2}, std::size_t{3}, std::size_t{64}, std::size_t{1024}}) {
      for (const std::int64_t epsilon : {std::int64_t{1}, std::int64_t{12345}, kMaxEpsilon}) {
        EXPECT_EQ(normalise(Values(n, v), epsilon), Values(n, 0)) << v << ' ' << n;
      }
    }
  }
}

// sqrt(1023) 2^10 = 32751.996, which the root's error keeps within 32751.79 ... 32752.001.
TEST(IntegerNormalise, TheLargestValueFits) {
  Values x(1024, kLow);
  x[5] = kHigh;
  EXPECT_EQ(normalise(x, 1)[5], 32752);
  for (auto& v : x) v = static_cast<std::int16_t>(~v);
  EXPECT_EQ(normalise(x, 1)[5], -32752);
}

// x = (0, a), Q = a^2 + epsilon, y = -+a / sqrt(Q) 2^10.
TEST(IntegerNormalise, RoundsToTheNearestAndHalvesUp) {
  EXPECT_EQ(normalise({0, 1}, (1 << 16) - 1), (Values{-4, 4}));
  EXPECT_EQ(normalise({0, 1}, (1 << 22) - 1), (Values{0, 0}));    // 0.5 less the root's error.
  EXPECT_EQ(normalise({0, 1}, (1 << 22) - 65), (Values{-1, 1}));  // 0.5 (1 + 7.6e-6 - 6.0e-6).
  // Roots whose mantissa ends in zeros: 3 2^22 times 2, shifted by 24, is 1.5 without an error.
  EXPECT_EQ(integer_rsqrt(4 + 1864131).mantissa, 12582912U);
  EXPECT_EQ(normalise({0, 2}, 1864131), (Values{-1, 2}));
  EXPECT_EQ(normalise({0, 8}, 6450), (Values{-101, 102}));
}

TEST(IntegerNormalise, KeepsTheOrderAndIgnoresOffsetAndScale) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 50; ++round) {
    Values x(2 + random() % 300);
    for (auto& v : x) v = static_cast<std::int16_t>(between(random, -8000, 8000));
    const std::int64_t epsilon = 1 + static_cast<std::int64_t>(random() % 1000000);
    std::sort(x.begin(), x.end());
    const Values y = normalise(x, epsilon);
    EXPECT_TRUE(std::is_sorted(y.begin(), y.end()));
    const std::int64_t sum = std::accumulate(y.begin(), y.end(), std::int64_t{0});
    EXPECT_LE(static_cast<double>(std::abs(sum)), 0.697 * static_cast<double>(x.size()));
    Values moved = x;
    for (auto& v : moved) v = static_cast<std::int16_t>(v + 20000);
    EXPECT_EQ(normalise(moved, epsilon), y);
    Values doubled = x;
    for (auto& v : doubled) v = static_cast<std::int16_t>(2 * v);
    EXPECT_EQ(normalise(doubled, 4 * epsilon), y);
  }
}

TEST(IntegerNormalise, ColumnsOfAMatrixAndInPlace) {
  constexpr int kRows = 7;
  constexpr int kColumns = 5;
  std::mt19937_64 random(5);
  Values matrix(kRows * kColumns);
  for (auto& v : matrix) v = static_cast<std::int16_t>(random());
  for (int c = 0; c < kColumns; ++c) {
    Values column;
    for (int r = 0; r < kRows; ++r) {
      column.push_back(matrix[static_cast<std::size_t>(r * kColumns + c)]);
    }
    const Values expected = normalise(column, 9);
    Values spread(3 * kRows, 99);
    integer_normalise(matrix.data() + c, kRows, kColumns, 9, spread.data(), 3);
    Values in_place = matrix;
    integer_normalise(in_place.data() + c, kRows, kColumns, 9, in_place.data() + c, kColumns);
    for (int r = 0; r < kRows; ++r) {
      const auto row = static_cast<std::size_t>(r);
      EXPECT_EQ(spread[3 * row], expected[row]);
      EXPECT_EQ(spread[3 * row + 1], 99);
      for (int k = 0; k < kColumns; ++k) {
        const std::size_t at = row * kColumns + static_cast<std::size_t>(k);
        EXPECT_EQ(in_place[at], k == c ? expected[row] : matrix[at]);
      }
    }
  }
}

TEST(IntegerNormalise, RefusesWhatItsWidthsDoNotHold) {
  Values x(1025);
  EXPECT_THROW(normalise(Values(1), 1), std::invalid_argument);
  EXPECT_THROW(normalise(x, 1), std::invalid_argument);
  EXPECT_THROW(normalise(Values(2), 0), std::invalid_argument);
  EXPECT_THROW(normalise(Values(2), kMaxEpsilon + 1), std::invalid_argument);
}

// ---------------------------------------------------------------------------------------------
// The softmax. Of one weight, in units of 2^-15, k the integer part of its exponent t:
// - the table's rounding 1/2 and the chord's (1/128)^2 / 8 x ln(2)^2 x 2^15 < 0.1202, both 2^-k;
// - the final rounding 1/2;
// - t itself is within 2^-17 of the requantiser's exact product: 2^15 (2^(2^-17) - 1) < 0.1733,
// 2^-k. So |e - exact| < 1/2 + 0.7935 2^-k, and the largest is exact.
//
// Of all weights w = e / z against the exact p = a / A, a = 2^15 2^-t, h = e - a, H = sum of h:
// w - p = (h A - a H) / (A z), whose magnitudes add up to at most 2 sum|h| / z, half of that being
// the part of the weight that is in the wrong place. The n - 1 halves give (n - 1) / (2 z). Weights
// with integer part k have a >= 2^(14-k), so the sum of the 2^-k is at most (A - 2^15) / 2^14, and
// the rest gives at most 0.7935 / 2^14 = 4.85e-5 of (A - 2^15) / z <= 1 + 0.016: below 5e-5.
long double misplaced_bound(std::size_t n, std::uint32_t z) {
  return static_cast<long double>(n - 1) / (2 * static_cast<long double>(z)) + 5e-5L;
}

long double real_exponent(std::uint32_t distance, Requantiser r) {
  return std::ldexp(static_cast<long double>(distance) * r.multiplier, -r.shift - 16);
}

TEST(IntegerExp2, TableIsTheRoundedPower) {
  for (std::size_t i = 0; i < kExp2Table.size(); ++i) {
    const long double exact = 32768 * std::exp2(-static_cast<long double>(i) / 128);
    EXPECT_EQ(kExp2Table[i], std::lround(exact)) << i;
  }
}

TEST(IntegerExp2, EveryExponentIsWithinTheBoundAndTheResultNeverRises) {
  std::vector<long double> fraction(1 << 16);
  for (std::size_t f = 0; f < fraction.size(); ++f) {
    fraction[f] = 32768 * std::exp2(-static_cast<long double>(f) / 65536);
  }
  Extremes past_bound;
  bool falls = true;
  std::uint16_t before = 32768;
  for (std::uint32_t t = 0; t <= kMaxExponent; ++t) {
    const std::uint16_t e = integer_exp2(t);
    const long double scale = std::ldexp(1.0L, -static_cast<int>(t >> 16));
    const long double error = e - fraction[t & 65535] * scale;
    past_bound.add(std::abs(error) - (0.5L + 0.6202L * scale));
    falls = falls && e <= before;
    before = e;
  }
  EXPECT_LE(past_bound.high, 0);
  EXPECT_TRUE(falls);
  for (std::uint32_t k = 0; k <= 15; ++k) EXPECT_EQ(integer_exp2(k << 16), 32768 >> k);
  EXPECT_EQ(integer_exp2(16 << 16), 1);  // 1/2, up.
  EXPECT_EQ(integer_exp2((16 << 16) + 400), 0);
  EXPECT_EQ(integer_exp2(kMaxExponent), 0);
}

TEST(SoftmaxExponent, RoundsHalvesUpAndSaturatesAtAnyMultiplier) {
  EXPECT_EQ(softmax_exponent(3, {1, 1}), 2U);
  EXPECT_EQ(softmax_exponent(5, {1, 2}), 1U);
  EXPECT_EQ(softmax_exponent(UINT32_MAX, {0, 1}), 0U);
  EXPECT_EQ(softmax_exponent(0, {INT32_MAX, 1}), 0U);
  EXPECT_EQ(softmax_exponent(1, {INT32_MAX, 1}), kMaxExponent);
  EXPECT_EQ(softmax_exponent(UINT32_MAX, {INT32_MAX, 1}), kMaxExponent);
  // (2^32 - 1)(2^31 - 1) + 2^61 passes 2^63: 2.5 - tiny, down to 2.
  EXPECT_EQ(softmax_exponent(UINT32_MAX, {INT32_MAX, 62}), 2U);
  EXPECT_EQ(softmax_exponent(2 * kMaxExponent - 2, {1, 1}), kMaxExponent - 1);
  EXPECT_EQ(softmax_exponent(2 * kMaxExponent, {1, 1}), kMaxExponent);
  EXPECT_EQ(softmax_exponent(2 * kMaxExponent + 2, {1, 1}), kMaxExponent);
}

/// What every softmax must fulfil, and the mean of random values through it.
void expect_softmax(const std::vector<std::int32_t>& scores, Requantiser r,
                    std::mt19937_64& random) {
  SoftmaxWeights weights;
  integer_softmax(scores.data(), static_cast<int>(scores.size()), r, weights);
  const std::size_t n = scores.size();
  ASSERT_EQ(weights.e.size(), n);
  const std::int64_t largest = *std::max_element(scores.begin(), scores.end());
  std::vector<long double> exact(n);
  long double exact_sum = 0;
  std::uint32_t sum = 0;
  bool largest_is_one = true;
  for (std::size_t j = 0; j < n; ++j) {
    exact[j] = std::exp2(-real_exponent(static_cast<std::uint32_t>(largest - scores[j]), r));
    exact_sum += exact[j];
    sum += weights.e[j];
    if (scores[j] == largest) largest_is_one = largest_is_one && weights.e[j] == 32768;
  }
  EXPECT_TRUE(largest_is_one);
  EXPECT_EQ(weights.sum, sum);
  EXPECT_GE(sum, 32768U);
  EXPECT_LE(sum, 32768U * n);

  long double misplaced = 0;
  long double exact_mean = 0;
  std::int64_t acc = 0;
  std::int32_t low = 127;
  std::int32_t high = -128;
  for (std::size_t j = 0; j < n; ++j) {
    const long double p = exact[j] / exact_sum;
    misplaced += std::abs(static_cast<long double>(weights.e[j]) / sum - p) / 2;
    const std::int32_t v = between(random, -128, 127);
    acc += std::int64_t{weights.e[j]} * v;
    exact_mean += p * v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  EXPECT_LE(misplaced, misplaced_bound(n, sum)) << "n " << n;
  const std::int32_t mean = softmax_mean(acc, integer_reciprocal(sum));
  EXPECT_LE(std::abs(mean / 256.0L - exact_mean), 255 * misplaced_bound(n, sum) + 0.631L / 256);
  EXPECT_GE(mean, 256 * low);
  EXPECT_LE(mean, 256 * high);
}

// Score scales of 2^-8, 2^-20, and what the multiplier and the shift can hold at most and at least.
constexpr Requantiser kRequantisers[] = {{1549082005, 22}, {1549082005, 34}, {0, 1}, {INT32_MAX, 1},
                                         {INT32_MAX, 31},  {INT32_MAX, 62},  {1, 1}, {1, 62}};

TEST(IntegerSoftmax, AnyScoresWithAnyRequantiser) {
  std::mt19937_64 random(6);
  for (const Requantiser r : kRequantisers) {
    for (const std::size_t n : {1U, 2U, 3U, 7U, 50U, 200U, 512U, 513U, 1023U, 1024U}) {
      std::vector<std::int32_t> scores(n);
      for (const std::int32_t width : {0, 1, 100, 1 << 12, 1 << 24, INT32_MAX}) {
        for (auto& s : scores) s = between(random, -width, width);
        expect_softmax(scores, r, random);
      }
      std::fill(scores.begin(), scores.end(), INT32_MIN);
      expect_softmax(scores, r, random);
      scores[random() % n] = INT32_MAX;
      expect_softmax(scores, r, random);
    }
  }
}

// All the others at one distance from the largest, where each rounds alike: the worst case. At
// exponents just past 16 all of them vanish and the bound is met but for one part in sixty.
TEST(IntegerSoftmax, AllOthersRoundTheSameWay) {
  std::mt19937_64 random(7);
  constexpr Requantiser kUnit{1 << 30, 30};  // A score step is 2^-16 of an exponent.
  for (const std::size_t n : {2U, 50U, 1024U}) {
    for (std::int32_t distance = 0; distance < 18 << 16; distance += 377) {
      std::vector<std::int32_t> scores(n, -distance);
      scores[n / 2] = 0;
      expect_softmax(scores, kUnit, random);
    }
  }
}

TEST(IntegerSoftmax, FallsWithTheScoresAndKeepsItsMemory) {
  std::mt19937_64 random(8);
  SoftmaxWeights weights;
  std::vector<std::int32_t> scores(1024);
  for (auto& s : scores) s = between(random, -200, 200);
  std::sort(scores.begin(), scores.end());
  integer_softmax(scores.data(), 1024, kRequantisers[0], weights);
  EXPECT_TRUE(std::is_sorted(weights.e.begin(), weights.e.end()));
  const std::uint16_t* memory = weights.e.data();
  integer_softmax(scores.data(), 3, kRequantisers[0], weights);
  EXPECT_EQ(weights.e.size(), 3U);
  EXPECT_EQ(weights.e.data(), memory);
  EXPECT_EQ(weights.sum, std::uint32_t{weights.e[0]} + weights.e[1] + weights.e[2]);
}

TEST(IntegerSoftmax, RefusesWhatItsWidthsDoNotHold) {
  SoftmaxWeights weights;
  const std::vector<std::int32_t> scores(1025);
  EXPECT_THROW(integer_softmax(scores.data(), 0, {1, 1}, weights), std::invalid_argument);
  EXPECT_THROW(integer_softmax(scores.data(), 1025, {1, 1}, weights), std::invalid_argument);
}

// In units of 2^-8: the rounding and the reciprocal's error of at most 128 x 2^8: 1/2 + 32768 x
// 3.985e-6 = 1/2 + 0.1306. Where acc / z is an integer the second alone cannot reach the next one.
TEST(SoftmaxMean, IsWithinTheBoundOfTheQuotient) {
  std::mt19937_64 random(9);
  Extremes past_bound;
  for (int i = 0; i < 300000; ++i) {
    const auto z = static_cast<std::uint32_t>(between(random, 1 << 15, 1 << 25));
    const auto span = std::uint64_t{z} * 255 + 1;
    const std::int64_t acc = -128 * std::int64_t{z} + static_cast<std::int64_t>(random() % span);
    const long double exact = 256 * static_cast<long double>(acc) / static_cast<long double>(z);
    const std::int32_t mean = softmax_mean(acc, integer_reciprocal(z));
    past_bound.add(std::abs(mean - exact) - (0.5L + std::abs(exact) * -kReciprocalLow));
  }
  EXPECT_LE(past_bound.high, 0);
}

// 14907392 = 7279 x 2^11 times 2^19, shifted by 31, is 3639.5 without an error.
TEST(SoftmaxMean, RoundsHalvesUp) {
  const BinaryFraction r = integer_reciprocal(36878);
  EXPECT_EQ(r.mantissa, 14907392U);
  EXPECT_EQ(softmax_mean(1 << 19, r), 3640);
  EXPECT_EQ(softmax_mean(-(1 << 19), r), -3639);
}

TEST(SoftmaxMean, OfEqualValuesIsExactForEverySum) {
  bool exact = true;
  for (std::uint32_t z = 1 << 15; z <= 1 << 25; ++z) {
    const BinaryFraction r = integer_reciprocal(z);
    exact = exact && softmax_mean(std::int64_t{-128} * z, r) == -32768 &&
            softmax_mean(std::int64_t{127} * z, r) == 32512;
  }
  EXPECT_TRUE(exact);
}

}  // namespace
}  // namespace recpim
