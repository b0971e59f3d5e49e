// SPDX-License-Identifier: Apache-2.0
/// @file
/// LayerNorm and pairwise dot products (only for the units that compile the kernels).
#pragma once

#include "models/training/kernels/elements.h"
#include "models/training/kernels/product.h"

namespace recpim {
namespace {

inline float reciprocal_root(float x) { return 1.0F / square_root(splat(x))[0]; }

void normalise_width(const Normalisation& norm, float* out, bool relu) {
  const Index n = norm.n;
  const float part = 1.0F / static_cast<float>(n);
  const float* x = norm.x;
  for (Index v = 0; v < norm.vectors; ++v, x += n, out += n) {
    const Vec mean = splat(sum(x, n) * part);
    Vec squares[2] = {};
    Index i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      const Vec a = load(x + i) - mean;
      const Vec b = load(x + i + kLanes) - mean;
      squares[0] = multiply_add(a, a, squares[0]);
      squares[1] = multiply_add(b, b, squares[1]);
    }
    float rest = 0;
    for (; i < n; ++i) rest += (x[i] - mean[0]) * (x[i] - mean[0]);
    const float variance = (total(squares[0] + squares[1]) + rest) * part;
    const float scale = reciprocal_root(variance + norm.epsilon);
    norm.mean[v] = mean[0];
    norm.scale[v] = scale;
    for_lanes(n, [&](Index at, Index count) {
      const Vec normal = (load(x + at, count) - mean) * splat(scale);
      const Vec y = multiply_add(normal, load(norm.gain + at, count), load(norm.bias + at, count));
      store(out + at, relu ? greater(y, Vec{}) : y, count);
    });
  }
}

void normalise_rows(const Normalisation& norm, float* out, bool relu) {
  const Index width = norm.vectors;
  const Vec part = splat(1.0F / static_cast<float>(norm.n));
  for_lanes(width, [&](Index c, Index count) {
    Vec sum{};
    for (Index i = 0; i < norm.n; ++i) sum += load(norm.x + i * width + c, count);
    const Vec mean = sum * part;
    Vec squares{};
    for (Index i = 0; i < norm.n; ++i) {
      const Vec d = load(norm.x + i * width + c, count) - mean;
      squares = multiply_add(d, d, squares);
    }
    const Vec scale = splat(1.0F) / square_root(squares * part + splat(norm.epsilon));
    store(norm.mean + c, mean, count);
    store(norm.scale + c, scale, count);
    for (Index i = 0; i < norm.n; ++i) {
      const Vec normal = (load(norm.x + i * width + c, count) - mean) * scale;
      const Vec y = multiply_add(normal, splat(norm.gain[i]), splat(norm.bias[i]));
      store(out + i * width + c, relu ? greater(y, Vec{}) : y, count);
    }
  });
}

// With normal = (x - mean) * scale and g = dy * gain along a vector of n:
// dx = scale * (g - mean of g - normal * mean of (g * normal)).
void normalise_width_backward(const Normalisation& norm, const float* dy, float* dx, bool add,
                              float* gain_gradient, float* bias_gradient) {
  const Index n = norm.n;
  const float part = 1.0F / static_cast<float>(n);
  const float* x = norm.x;
  for (Index v = 0; v < norm.vectors; ++v, x += n, dy += n, dx += n) {
    const Vec mean = splat(norm.mean[v]);
    const Vec scale = splat(norm.scale[v]);
    Vec sum{};
    Vec correlation{};
    for_lanes(n, [&](Index i, Index count) {
      const Vec normal = (load(x + i, count) - mean) * scale;
      const Vec d = load(dy + i, count);  // 0 past the end.
      const Vec g = d * load(norm.gain + i, count);
      sum += g;
      correlation = multiply_add(g, normal, correlation);
      store(gain_gradient + i, multiply_add(d, normal, load(gain_gradient + i, count)), count);
      store(bias_gradient + i, load(bias_gradient + i, count) + d, count);
    });
    const Vec shift = splat(total(sum) * part);
    const Vec slope = splat(total(correlation) * part);
    for_lanes(n, [&](Index i, Index count) {
      const Vec normal = (load(x + i, count) - mean) * scale;
      const Vec g = load(dy + i, count) * load(norm.gain + i, count);
      const Vec d = scale * (g - shift - normal * slope);
      store(dx + i, add ? load(dx + i, count) + d : d, count);
    });
  }
}

void normalise_rows_backward(const Normalisation& norm, const float* dy, float* dx, bool add,
                             float* gain_gradient, float* bias_gradient) {
  const Index width = norm.vectors;
  const Vec part = splat(1.0F / static_cast<float>(norm.n));
  for_lanes(width, [&](Index c, Index count) {
    const Vec mean = load(norm.mean + c, count);
    const Vec scale = load(norm.scale + c, count);
    Vec sum{};
    Vec correlation{};
    for (Index i = 0; i < norm.n; ++i) {
      const Vec normal = (load(norm.x + i * width + c, count) - mean) * scale;
      const Vec d = load(dy + i * width + c, count);
      const Vec g = d * splat(norm.gain[i]);
      sum += g;
      correlation = multiply_add(g, normal, correlation);
      gain_gradient[i] += total(d * normal);
      bias_gradient[i] += total(d);
    }
    const Vec shift = sum * part;
    const Vec slope = correlation * part;
    for (Index i = 0; i < norm.n; ++i) {
      const Vec normal = (load(norm.x + i * width + c, count) - mean) * scale;
      const Vec g = load(dy + i * width + c, count) * splat(norm.gain[i]);
      const Vec d = scale * (g - shift - normal * slope);
      float* to = dx + i * width + c;
      store(to, add ? load(to, count) + d : d, count);
    }
  });
}

// x transposed, its columns (the rows of x) filled up with zeros to whole vectors.
inline void transpose_padded(const float* x, Index rows, Index width, float* to) {
  const Index padded = rounded_up(rows, kLanes);
  transpose_block(x, width, rows, width, to, padded);
  for (Index c = 0; c < width; ++c) {
    for (Index r = rows; r < padded; ++r) to[c * padded + r] = 0;
  }
}

void dot(const float* x, Index rows, Index width, float* out, float* scratch) {
  const Index padded = rounded_up(rows, kLanes);
  transpose_padded(x, rows, width, scratch);
  for (Index i = 1; i < rows; ++i) {
    for_lanes(i, [&](Index j, Index count) {
      Vec products{};
      for (Index c = 0; c < width; ++c) {
        products = multiply_add(splat(x[i * width + c]), load(scratch + c * padded + j), products);
      }
      store(out + j, products, count);
    });
    out += i;
  }
}

// dx = G x, G the symmetric matrix with the gradients of the pairs and 0 on its diagonal.
void dot_backward(const float* x, const float* dy, Index rows, Index width, float* dx, bool add,
                  float* scratch) {
  float* pairs = scratch + kProductScratch;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < i; ++j) pairs[i * rows + j] = pairs[j * rows + i] = *dy++;
    pairs[i * rows + i] = 0;
  }
  Product product;
  product.rows = product.depth = product.a_stride = rows;
  product.columns = product.b_stride = product.c_stride = width;
  product.a = pairs;
  product.b = x;
  product.c = dx;
  product.add = add;
  multiply(product, scratch);
}

}  // namespace
}  // namespace recpim
