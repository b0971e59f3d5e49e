// SPDX-License-Identifier: Apache-2.0
/// @file
/// The body of eigen_product.h, for one instruction set. Eigen has another name in each unit: the
/// linker would merge its templates, and leave one instruction set for all.
#pragma once

// The AVX-512 headers of g++ 12 warn of themselves where they are inlined.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#define Eigen RECPIM_EIGEN_NAME
#include <Eigen/Core>

#include "testbenches/bench/training/eigen_product.h"

namespace recpim::bench {
namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void eigen_products(const FcProducts& fc) {
  const Eigen::Map<const Rows> x(fc.x, fc.batch, fc.inputs);
  const Eigen::Map<const Rows> w(fc.w, fc.outputs, fc.inputs);
  const Eigen::Map<const Rows> dy(fc.dy, fc.batch, fc.outputs);
  Eigen::Map<Rows>(fc.y, fc.batch, fc.outputs).noalias() = x * w.transpose();
  Eigen::Map<Rows>(fc.dw, fc.outputs, fc.inputs).noalias() = dy.transpose() * x;
  Eigen::Map<Rows>(fc.dx, fc.batch, fc.inputs).noalias() = dy * w;
}

}  // namespace
}  // namespace recpim::bench
