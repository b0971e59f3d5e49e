// SPDX-License-Identifier: Apache-2.0
/// @file
/// Loops over elements (only for the units that compile the kernels).
#pragma once

#include "models/training/kernels/kernels.h"
#include "models/training/kernels/simd.h"

namespace recpim {
namespace {

void finish_columns(float* c, Index stride, Index rows, Index columns, const float* bias,
                    bool relu) {
  for (Index r = 0; r < rows; ++r, c += stride) {
    for_lanes(columns, [&](Index i, Index n) {
      Vec y = load(c + i, n);
      if (bias != nullptr) y += load(bias + i, n);
      store(c + i, relu ? greater(y, Vec{}) : y, n);
    });
  }
}

void finish_rows(float* c, Index rows, Index columns, const float* bias, bool relu) {
  for (Index r = 0; r < rows; ++r, c += columns) {
    const Vec shift = splat(bias != nullptr ? bias[r] : 0.0F);
    for_lanes(columns, [&](Index i, Index n) {
      const Vec y = load(c + i, n) + shift;
      store(c + i, relu ? greater(y, Vec{}) : y, n);
    });
  }
}

float sum(const float* x, Index n) {
  Vec parts[4] = {};
  Index i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (Index p = 0; p < 4; ++p) parts[p] += load(x + i + p * kLanes);
  }
  for_lanes(n - i, [&](Index at, Index count) { parts[0] += load(x + i + at, count); });
  return total((parts[0] + parts[1]) + (parts[2] + parts[3]));
}

void add(float* to, const float* x, Index n) {
  for_lanes(n, [&](Index i, Index count) {
    store(to + i, load(to + i, count) + load(x + i, count), count);
  });
}

void multiply_elements(float* out, const float* a, const float* b, Index n, bool add) {
  for_lanes(n, [&](Index i, Index count) {
    const Vec product = load(a + i, count) * load(b + i, count);
    store(out + i, add ? load(out + i, count) + product : product, count);
  });
}

void mask(float* gradient, const float* x, Index n, float low, float high) {
  const Vec least = splat(low);
  const Vec most = splat(high);
  for_lanes(n, [&](Index i, Index count) {
    const Vec value = load(x + i, count);
    const IntVec inside = (value > least) & (value < most);
    store(gradient + i, where(inside, load(gradient + i, count)), count);
  });
}

void sigmoid(float* out, const float* x, Index n) {
  const Vec one = splat(1.0F);
  for_lanes(n, [&](Index i, Index count) {
    store(out + i, one / (one + exponential(-load(x + i, count))), count);
  });
}

void sigmoid_backward(float* dx, const float* y, const float* dy, Index n, bool add) {
  for_lanes(n, [&](Index i, Index count) {
    const Vec p = load(y + i, count);
    const Vec g = load(dy + i, count) * p * (splat(1.0F) - p);
    store(dx + i, add ? load(dx + i, count) + g : g, count);
  });
}

void factorise(const float* x, Index rows, Index width, float* out) {
  for_lanes(width, [&](Index i, Index n) {
    Vec sum{};
    Vec squares{};
    for (Index r = 0; r < rows; ++r) {
      const Vec v = load(x + r * width + i, n);
      sum += v;
      squares = multiply_add(v, v, squares);
    }
    store(out + i, sum * sum - squares, n);
  });
}

void factorise_backward(const float* x, const float* dy, Index rows, Index width, float* dx,
                        bool add) {
  for_lanes(width, [&](Index i, Index n) {
    Vec sum{};
    for (Index r = 0; r < rows; ++r) sum += load(x + r * width + i, n);
    const Vec twice = load(dy + i, n) * splat(2.0F);
    for (Index r = 0; r < rows; ++r) {
      const Vec g = twice * (sum - load(x + r * width + i, n));
      float* to = dx + r * width + i;
      store(to, add ? load(to, n) + g : g, n);
    }
  });
}

Moments moments(const float* x, Index count) {
  Vec squares{};
  Vec largest{};
  IntVec positives{};
  for_lanes(count, [&](Index i, Index n) {
    const Vec v = load(x + i, n);
    squares = multiply_add(v, v, squares);
    largest = greater(largest, greater(v, -v));
    positives -= v > Vec{};  // True is -1.
  });
  return {total(squares), largest_of(largest), total(__builtin_convertvector(positives, Vec))};
}

void round(float* out, const float* x, Index count, const Rounding& to) {
  const Vec inverse = splat(to.step > 1e-37F ? 1.0F / to.step : 0.0F);
  for_lanes(count, [&](Index i, Index n) {
    const Vec level = load(x + i, n) * inverse;
    const Vec inside = lesser(greater(level, splat(to.least)), splat(to.most));
    store(out + i, whole(inside) * splat(to.step), n);
  });
}

// Division and square root are exact to the last bit on every instruction set, and nothing is
// fused: the same weights everywhere from the same gradients.
void adagrad(const AdagradStep& step, Index count) {
  const Vec rate = splat(step.rate);
  const Vec part = splat(step.part);
  for_lanes(count, [&](Index i, Index n) {
    const Vec g = load(step.gradient + i, n);
    const Vec sums = load(step.sums + i, n) + g * g;
    store(step.sums + i, sums, n);
    const Vec weights = load(step.weights + i, n) - rate * g / square_root(sums);
    store(step.weights + i, weights, n);
    if (step.average == nullptr) return;
    const Vec average = load(step.average + i, n);
    store(step.average + i, average + part * (weights - average), n);
  });
}

}  // namespace
}  // namespace recpim
