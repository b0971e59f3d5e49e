// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/tile/pipeline.h"

namespace recpim {

TileBuffers::TileBuffers(const Design& design, const Tile& tile, bool values)
    : tile_(tile),
      slots_(static_cast<std::size_t>(design.hardware.buffer_slots)),
      inputs_(static_cast<std::size_t>(tile.inputs())),
      partials_(static_cast<std::size_t>(tile.partials())),
      lookups_(tile.kind == TileKind::kEmbedding),
      complete_(tile.ports.size()),
      ready_(tile.ports.size()),
      offered_(tile.ports.size()),
      count_(tile.ports.size(), 0),
      input_(static_cast<std::size_t>(input_slots(design, tile))),
      partial_(slots_, std::vector<std::vector<std::int32_t>>(partials_)) {
  for (const Port& port : tile.ports) {
    turns_.push_back(turn(tile, design.tiles[static_cast<std::size_t>(port.tile)]));
  }
  if (!values || lookups_) return;
  for (auto& slot : input_) slot.assign(static_cast<std::size_t>(tile.input_elements()), 0);
}

void TileBuffers::store(int port, const Packet& packet, Cycle at) {
  const auto p = static_cast<std::size_t>(port);
  const std::uint64_t sample = static_cast<std::uint64_t>(turns_[p].first) +
                               count_[p]++ * static_cast<std::uint64_t>(turns_[p].period);
  const std::size_t slot = sample % (p < inputs_ ? input_.size() : slots_);
  complete_[p].push(at);
  ready_[p].push(packet.ready);
  offered_[p].push(packet.offered);
  elements_stored_ += static_cast<std::uint64_t>(packet.elements);
  if (!packet.values) return;
  const auto from = packet.values->begin() + packet.first_element;
  const auto to = from + packet.elements;
  if (p >= inputs_) {
    partial_[slot][p - inputs_].assign(from, to);
  } else if (lookups_) {
    input_[slot].assign(from, to);
  } else {
    const Port& into = tile_.ports[p];
    const int factor = 1 << into.shift;
    std::transform(from, to, input_[slot].begin() + into.first_element,
                   [factor](std::int32_t value) { return value * factor; });
  }
}

Cycle TileBuffers::latest(std::size_t first, std::size_t count, std::uint64_t sample) const {
  Cycle latest = 0;
  for (std::size_t p = first; p < first + count; ++p) {
    if (!turns_[p].active(sample)) continue;
    if (complete_[p].empty()) return kNever;
    latest = std::max(latest, complete_[p].front());
  }
  return latest;
}

// Of several that came together the one of the first port.
Arrival TileBuffers::last(std::size_t first, std::size_t count, std::uint64_t sample) const {
  Arrival last;
  for (std::size_t p = first; p < first + count; ++p) {
    if (!turns_[p].active(sample) || complete_[p].front() <= last.complete) continue;
    last = {offered_[p].front(), ready_[p].front(), complete_[p].front()};
  }
  return last;
}

std::vector<const std::vector<std::int32_t>*> TileBuffers::partials(std::uint64_t sample) const {
  std::vector<const std::vector<std::int32_t>*> sums;
  for (const auto& partial : partial_[sample % slots_]) sums.push_back(&partial);
  return sums;
}

void TileBuffers::take(std::size_t first, std::size_t count, std::uint64_t sample,
                       NetworkInterface& interface, Cycle released) {
  for (std::size_t p = first; p < first + count; ++p) {
    if (!turns_[p].active(sample)) continue;
    complete_[p].pop();
    ready_[p].pop();
    offered_[p].pop();
    interface.return_credit(static_cast<int>(p), released);
  }
}

std::string TileBuffers::waits_for() const {
  const bool some = std::any_of(complete_.begin(), complete_.end(),
                                [](const CycleRing& ring) { return !ring.empty(); });
  std::string text;
  for (std::size_t p = 0; some && p < complete_.size(); ++p) {
    if (!complete_[p].empty() || (p < inputs_ && !turns_[p].active(inputs_taken_))) continue;
    text += (text.empty() ? "" : "; ") + std::string("a packet from tile ") +
            std::to_string(tile_.ports[p].tile) + " on port " + std::to_string(p);
  }
  return text;
}

}  // namespace recpim
