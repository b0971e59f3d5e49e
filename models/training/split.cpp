// SPDX-License-Identifier: Apache-2.0
#include "models/training/split.h"

#include <numeric>
#include <utility>

#include "traces/support/random.h"

namespace recpim {

SplitSamples split_samples(const Split& split) {
  constexpr std::uint64_t kStream = 0x73706c6974;  // "split": apart from weights and batches
  std::vector<std::uint64_t> order(split.samples);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  const std::uint64_t tenth = split.samples / 10;
  Random random(split.seed, kStream);
  // Only the first two tenths of a Fisher-Yates shuffle are needed.
  for (std::uint64_t i = 0; i < 2 * tenth; ++i) {
    std::swap(order[i], order[i + random.below(split.samples - i)]);
  }
  std::vector<std::uint8_t> part(split.samples, 0);
  for (std::uint64_t i = 0; i < 2 * tenth; ++i) part[order[i]] = i < tenth ? 1 : 2;
  SplitSamples lists;
  for (std::uint64_t s = 0; s < split.samples; ++s) {
    (part[s] == 0 ? lists.train : part[s] == 1 ? lists.validation : lists.test).push_back(s);
  }
  return lists;
}

}  // namespace recpim
