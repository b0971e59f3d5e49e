// SPDX-License-Identifier: Apache-2.0
/// @file
/// Logarithm and exponential from + - * / alone: the C library's differ in the last digit between
/// processors, and costs must not.
#pragma once

namespace recpim {

constexpr double kLn2 = 0.693147180559945309417;
constexpr double kLn10 = 2.302585092994045684018;

/// Natural logarithm of x, 0 < x < 1e300. Relative error below 1e-14 away from x = 1.
constexpr double steady_log(double x) {
  int exponent = 0;
  while (x > 1.5) {
    x /= 2;
    ++exponent;
  }
  while (x < 0.75) {
    x *= 2;
    --exponent;
  }
  // ln x = 2 artanh((x - 1) / (x + 1)), |argument| <= 0.2.
  const double t = (x - 1) / (x + 1);
  double power = t;
  double sum = 0;
  for (int n = 1; n < 40; n += 2) {
    sum += power / n;
    power *= t * t;
  }
  return 2 * sum + exponent * kLn2;
}

/// e^x, |x| < 600. Relative error below 1e-13.
constexpr double steady_exp(double x) {
  int exponent = 0;
  while (x > kLn2) {
    x -= kLn2;
    ++exponent;
  }
  while (x < 0) {
    x += kLn2;
    --exponent;
  }
  double term = 1;
  double sum = 1;
  for (int n = 1; n < 24; ++n) {
    term *= x / n;
    sum += term;
  }
  for (; exponent > 0; --exponent) sum *= 2;
  for (; exponent < 0; ++exponent) sum /= 2;
  return sum;
}

}  // namespace recpim
