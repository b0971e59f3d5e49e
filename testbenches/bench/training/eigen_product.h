// SPDX-License-Identifier: Apache-2.0
/// @file
/// The limit of training: matrix products of Eigen, compiled for each instruction set.
#pragma once

#include <cstddef>

namespace recpim::bench {

/// What an fc costs in a step: y = x w^T, dw = dy^T x, dx = dy w, with x of batch x inputs and w of
/// outputs x inputs, row by row.
struct FcProducts {
  std::ptrdiff_t batch, inputs, outputs;
  const float *x, *w, *dy;
  float *y, *dw, *dx;
};

void eigen_products_baseline(const FcProducts& fc);
void eigen_products_v3(const FcProducts& fc);
void eigen_products_v4(const FcProducts& fc);

}  // namespace recpim::bench
