// SPDX-License-Identifier: Apache-2.0
/// @file
/// Attention of one sample (only for the units that compile the kernels). Queries are side by side
/// in the lanes of a vector and keys pass one by one, so that nothing is summed across lanes but
/// the gradients of keys and values, at the end. The probabilities are not kept: backward makes
/// them again from the largest score and the sum.
#pragma once

#include "models/training/kernels/product.h"
#include "models/training/kernels/rows.h"

namespace recpim {
namespace {

inline Vec score_factor(Index depth) { return splat(reciprocal_root(static_cast<float>(depth))); }

// The depth of a head where it is known when this is compiled, so that loops along it unroll.
template <int kDepth>
inline Index depth_of(const Attention& a) {
  return kDepth > 0 ? kDepth : a.width / a.heads;
}

// Queries, keys and so on are transposed, width x padded. scores: one vector a key.
template <int kDepth>
void attend_head(const Attention& a, Index head, const float* q, float* out, Vec* scores) {
  const Index padded = rounded_up(a.rows, kLanes);
  const Index depth = depth_of<kDepth>(a);
  const Index first = head * depth;
  const Vec factor = score_factor(depth);
  for_lanes(a.rows, [&](Index i, Index count) {
    const float* query = q + first * padded + i;
    Vec largest = splat(-3.4e38F);
    for (Index j = 0; j < a.rows; ++j) {
      Vec s{};
      for (Index c = 0; c < depth; ++c) {
        s = multiply_add(load(query + c * padded), splat(a.k[j * a.width + first + c]), s);
      }
      scores[j] = s * factor;
      largest = greater(largest, scores[j]);
    }
    Vec sum{};
    for (Index j = 0; j < a.rows; ++j) sum += scores[j] = exponential(scores[j] - largest);
    const Vec scale = splat(1.0F) / sum;
    store(a.largest + head * a.rows + i, largest, count);
    store(a.scale + head * a.rows + i, scale, count);
    for (Index c = first; c < first + depth; ++c) {
      Vec weighted{};
      for (Index j = 0; j < a.rows; ++j) {
        weighted = multiply_add(scores[j], splat(a.v[j * a.width + c]), weighted);
      }
      store(out + c * padded + i, weighted * scale);
    }
  });
}

// What backward reads and writes, transposed; keys and values: rows x depth sums, lane by lane.
struct AttentionGradient {
  float *q, *out, *dy, *dq;
  Vec *keys, *values;
};

// Per query, with p the softmax of its scores: dv += p dy, dp = dy . v, ds = p (dp - dy . out),
// dq = ds k, dk += ds q, the last two times the factor of the scores. A lane past the last query
// has a scale of 0 and adds nothing.
template <int kDepth>
void attend_head_backward(const Attention& a, Index head, const AttentionGradient& t) {
  const Index padded = rounded_up(a.rows, kLanes);
  const Index depth = depth_of<kDepth>(a);
  const Index first = head * depth;
  const Vec factor = score_factor(depth);
  for (Index i = 0; i < a.rows * depth; ++i) t.keys[i] = t.values[i] = Vec{};
  for_lanes(a.rows, [&](Index i, Index count) {
    const Index at = first * padded + i;
    const Vec largest = load(a.largest + head * a.rows + i, count);
    const Vec scale = load(a.scale + head * a.rows + i, count);
    Vec mean{};
    for (Index c = 0; c < depth; ++c) {
      mean = multiply_add(load(t.dy + at + c * padded), load(t.out + at + c * padded), mean);
      store(t.dq + at + c * padded, Vec{});
    }
    for (Index j = 0; j < a.rows; ++j) {
      const float* key = a.k + j * a.width + first;
      const float* value = a.v + j * a.width + first;
      Vec s{};
      Vec dp{};
      for (Index c = 0; c < depth; ++c) {
        s = multiply_add(load(t.q + at + c * padded), splat(key[c]), s);
        dp = multiply_add(load(t.dy + at + c * padded), splat(value[c]), dp);
      }
      const Vec p = exponential(s * factor - largest) * scale;
      const Vec ds = p * (dp - mean) * factor;
      for (Index c = 0; c < depth; ++c) {
        Vec& to_value = t.values[j * depth + c];
        Vec& to_key = t.keys[j * depth + c];
        float* to_query = t.dq + at + c * padded;
        to_value = multiply_add(p, load(t.dy + at + c * padded), to_value);
        to_key = multiply_add(ds, load(t.q + at + c * padded), to_key);
        store(to_query, multiply_add(ds, splat(key[c]), load(to_query)));
      }
    }
  });
}

// The lanes of sums[j * depth + c], added up, to column c of row j.
inline void add_up_lanes(const Vec* sums, Index rows, Index depth, float* to, Index stride) {
  for (Index j = 0; j < rows; ++j) {
    for (Index c = 0; c < depth; ++c) to[j * stride + c] = total(sums[j * depth + c]);
  }
}

void attend(const Attention& a, float* out, float* scratch) {
  const Index padded = rounded_up(a.rows, kLanes);
  float* q = scratch;
  float* transposed_out = q + a.width * padded;
  Vec* scores = reinterpret_cast<Vec*>(transposed_out + a.width * padded);
  transpose_padded(a.q, a.rows, a.width, q);
  const Index depth = a.width / a.heads;
  const auto head_of = depth == 2 ? attend_head<2> : depth == 4 ? attend_head<4> : attend_head<0>;
  for (Index head = 0; head < a.heads; ++head) head_of(a, head, q, transposed_out, scores);
  transpose_block(transposed_out, padded, a.width, a.rows, out, a.width);
}

void attend_backward(const Attention& a, const float* out, const float* dy, float* dq, float* dk,
                     float* dv, float* scratch) {
  const Index padded = rounded_up(a.rows, kLanes);
  const Index depth = a.width / a.heads;
  const Index size = a.width * padded;
  AttentionGradient t{};
  t.q = scratch;
  t.out = t.q + size;
  t.dy = t.out + size;
  t.dq = t.dy + size;
  t.keys = reinterpret_cast<Vec*>(t.dq + size);
  t.values = t.keys + a.rows * depth;
  transpose_padded(a.q, a.rows, a.width, t.q);
  transpose_padded(out, a.rows, a.width, t.out);
  transpose_padded(dy, a.rows, a.width, t.dy);
  const auto head_of = depth == 2   ? attend_head_backward<2>
                       : depth == 4 ? attend_head_backward<4>
                                    : attend_head_backward<0>;
  for (Index head = 0; head < a.heads; ++head) {
    head_of(a, head, t);
    add_up_lanes(t.keys, a.rows, depth, dk + head * depth, a.width);
    add_up_lanes(t.values, a.rows, depth, dv + head * depth, a.width);
  }
  transpose_block(t.dq, padded, a.width, a.rows, dq, a.width);
}

}  // namespace
}  // namespace recpim
