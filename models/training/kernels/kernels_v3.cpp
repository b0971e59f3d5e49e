// SPDX-License-Identifier: Apache-2.0
// Compiled for x86-64-v3 (CMakeLists.txt of models/).
#include "models/training/kernels/kernel_set.inc"

namespace recpim {

extern const Kernels kV3Kernels;
const Kernels kV3Kernels = kKernelSet;

}  // namespace recpim
