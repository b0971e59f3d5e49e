// SPDX-License-Identifier: Apache-2.0
// What the whole program is compiled for.
#include "models/training/kernels/kernel_set.inc"

namespace recpim {

extern const Kernels kBaselineKernels;
const Kernels kBaselineKernels = kKernelSet;

}  // namespace recpim
