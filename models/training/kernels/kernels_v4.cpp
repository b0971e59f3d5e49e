// SPDX-License-Identifier: Apache-2.0
// Compiled for x86-64-v4 (CMakeLists.txt of models/).
#include "models/training/kernels/kernel_set.inc"

namespace recpim {

extern const Kernels kV4Kernels;
const Kernels kV4Kernels = kKernelSet;

}  // namespace recpim
