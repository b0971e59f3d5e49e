// SPDX-License-Identifier: Apache-2.0
/// @file
/// The inner loops of training, on arrays of float. Matrices are row-major; a stride is that from
/// row to row, in elements. Output and input do not overlap; where a loop goes element by element,
/// they may be the same array.
///
/// The same source is compiled for several instruction sets and chosen at run time. What a function
/// returns depends on its arguments and on the instruction set (whether it has fused multiply-add,
/// and how many lanes a sum is cut into), never on how a caller cuts a product into parts: each
/// element of a product is summed in the order of the depth.
#pragma once

#include <cstddef>

namespace recpim {

using Index = std::ptrdiff_t;

enum class FloatIsa {
  kBaseline,  ///< What the rest of the program is built for.
  kV3,        ///< x86-64-v3: AVX2 and FMA.
  kV4,        ///< x86-64-v4: AVX-512.
};
bool is_supported(FloatIsa isa);  ///< By this processor.
FloatIsa best_float_isa();        ///< The last supported one.

/// c = a b or c += a b, a of rows x depth, b of depth x columns.
struct Product {
  Index rows = 0, columns = 0, depth = 0;
  const float* a = nullptr;
  Index a_stride = 0;
  const float* b = nullptr;
  Index b_stride = 0;
  bool b_transposed = false;  ///< b is in memory as columns x depth.
  float* c = nullptr;
  Index c_stride = 0;
  bool add = false;
};
/// Floats of memory that a product needs besides, aligned to 64 bytes.
constexpr std::size_t kProductScratch = std::size_t{256} * 32;

/// Moments of some elements.
struct Moments {
  float squares = 0;    ///< Sum of the squares.
  float largest = 0;    ///< Largest magnitude.
  float positives = 0;  ///< How many are above 0.
};

/// Which values an integer format has: step * round(x / step), within step * [least, most]; to even
/// in the middle. A step of 0 gives 0.
struct Rounding {
  float step = 0, least = 0, most = 0;
};

/// A LayerNorm of `vectors` vectors of n elements. Along the width a vector is a row. Along the
/// rows (n of them) it is a column of a sample's n x width elements, vectors = width, and the
/// functions work on one sample.
struct Normalisation {
  Index n = 0, vectors = 0;
  const float *gain = nullptr, *bias = nullptr;  ///< n each.
  const float* x = nullptr;
  float *mean = nullptr, *scale = nullptr;  ///< Of each vector: written forward, read backward.
  float epsilon = 0;
};

/// Attention of one sample, rows x width each.
struct Attention {
  Index rows = 0, width = 0, heads = 1;
  const float *q = nullptr, *k = nullptr, *v = nullptr;
  /// Per head and query (heads x attention_queries(rows), the last ones unused): the largest score,
  /// and 1 / the sum of the exponentials.
  float *largest = nullptr, *scale = nullptr;
};
/// Rows, rounded up to what every instruction set has as whole vectors.
Index attention_queries(Index rows);
/// Floats of memory that attend and attend_backward need, aligned to 64 bytes.
std::size_t attention_scratch(Index rows, Index width);
/// The same for dot and dot_backward.
std::size_t dot_scratch(Index rows, Index width);

/// Adagrad and the running average of the weights, element by element:
/// sums += g^2; weights -= rate * g / sqrt(sums); average += part * (weights - average).
struct AdagradStep {
  float *weights = nullptr, *sums = nullptr;
  const float* gradient = nullptr;
  float* average = nullptr;  ///< May be null.
  float rate = 0, part = 0;
};

/// One implementation of all loops.
struct Kernels {
  void (*multiply)(const Product& product, float* scratch);
  /// c += bias[column] (where bias is not null), then ReLU where asked.
  void (*finish_columns)(float* c, Index stride, Index rows, Index columns, const float* bias,
                         bool relu);
  /// c += bias[row] (where bias is not null), then ReLU where asked; the rows lie close together.
  void (*finish_rows)(float* c, Index rows, Index columns, const float* bias, bool relu);
  /// to[column][row] = from[row][column].
  void (*transpose)(const float* from, Index from_stride, Index rows, Index columns, float* to,
                    Index to_stride);
  float (*sum)(const float* x, Index n);
  void (*add)(float* to, const float* x, Index n);  ///< to += x.
  /// out = a * b, or out += a * b.
  void (*multiply_elements)(float* out, const float* a, const float* b, Index n, bool add);
  /// gradient = 0 where x is not within (low, high).
  void (*mask)(float* gradient, const float* x, Index n, float low, float high);
  void (*sigmoid)(float* out, const float* x, Index n);
  /// dx (+)= dy * y * (1 - y).
  void (*sigmoid_backward)(float* dx, const float* y, const float* dy, Index n, bool add);

  void (*normalise_width)(const Normalisation& norm, float* out, bool relu);
  void (*normalise_rows)(const Normalisation& norm, float* out, bool relu);
  /// dx (+)= ...; gain_gradient and bias_gradient (n each) += what these vectors contribute.
  void (*normalise_width_backward)(const Normalisation& norm, const float* dy, float* dx, bool add,
                                   float* gain_gradient, float* bias_gradient);
  void (*normalise_rows_backward)(const Normalisation& norm, const float* dy, float* dx, bool add,
                                  float* gain_gradient, float* bias_gradient);

  /// out[column] = (sum of the rows)^2 - sum of their squares.
  void (*factorise)(const float* x, Index rows, Index width, float* out);
  void (*factorise_backward)(const float* x, const float* dy, Index rows, Index width, float* dx,
                             bool add);
  /// Pairwise dot products: strict lower triangle, row by row.
  void (*dot)(const float* x, Index rows, Index width, float* out, float* scratch);
  void (*dot_backward)(const float* x, const float* dy, Index rows, Index width, float* dx,
                       bool add, float* scratch);
  void (*attend)(const Attention& attention, float* out, float* scratch);
  /// dq, dk, dv are written, not added to.
  void (*attend_backward)(const Attention& attention, const float* out, const float* dy, float* dq,
                          float* dk, float* dv, float* scratch);

  Moments (*moments)(const float* x, Index n);
  void (*round)(float* out, const float* x, Index n, const Rounding& rounding);
  void (*adagrad)(const AdagradStep& step, Index n);
};

/// std::invalid_argument where the processor does not support `isa`.
const Kernels& kernels(FloatIsa isa);

}  // namespace recpim
