// SPDX-License-Identifier: Apache-2.0
/// @file
/// All loops of this folder for the instruction set that the unit is compiled for. Included once by
/// each kernels_*.cpp, and by nothing else.
#pragma once

#include "models/training/kernels/attention.h"
#include "models/training/kernels/elements.h"
#include "models/training/kernels/kernels.h"
#include "models/training/kernels/product.h"
#include "models/training/kernels/rows.h"

namespace recpim {
namespace {

constexpr Kernels kKernelSet = {
    multiply,
    finish_columns,
    finish_rows,
    transpose,
    sum,
    add,
    multiply_elements,
    mask,
    sigmoid,
    sigmoid_backward,
    normalise_width,
    normalise_rows,
    normalise_width_backward,
    normalise_rows_backward,
    factorise,
    factorise_backward,
    dot,
    dot_backward,
    attend,
    attend_backward,
    moments,
    round,
    adagrad,
};

}  // namespace
}  // namespace recpim
