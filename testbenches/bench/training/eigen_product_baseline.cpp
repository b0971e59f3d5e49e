// SPDX-License-Identifier: Apache-2.0
#define RECPIM_EIGEN_NAME recpim_eigen_baseline
#include "testbenches/bench/training/eigen_product_body.h"

namespace recpim::bench {

void eigen_products_baseline(const FcProducts& fc) { eigen_products(fc); }

}  // namespace recpim::bench
