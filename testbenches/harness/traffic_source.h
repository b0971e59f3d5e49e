// SPDX-License-Identifier: Apache-2.0
/// @file
/// Traffic for meshes under test: a tile that sends what is in its queue as early as the rules of
/// MeshInjector allow, and what its port saw.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <systemc>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/core/cycle_scheduler.h"
#include "sim/noc/flit.h"
#include "sim/noc/mesh.h"

namespace recpim {

/// A packet without payload; `id` travels as its first_element.
inline Packet numbered_packet(int id, int dst_x, int dst_y, int flits) {
  Packet packet;
  packet.dst_x = dst_x;
  packet.dst_y = dst_y;
  packet.flits = flits;
  packet.credit = flits == 1;
  packet.first_element = id;
  return packet;
}

class TrafficSource : public sc_core::sc_module, public MeshEndpoint {
 public:
  struct Arrival {
    Cycle at;
    int id, flits;
    bool operator==(const Arrival& o) const {
      return std::tie(at, id, flits) == std::tie(o.at, o.id, o.flits);
    }
  };
  struct Tail {
    Cycle tail, before;
    bool operator==(const Tail& o) const {
      return std::tie(tail, before) == std::tie(o.tail, o.before);
    }
  };

  SC_HAS_PROCESS(TrafficSource);
  TrafficSource(const sc_core::sc_module_name& name, CycleScheduler& cycles, Mesh& mesh, int tile,
                int x, int y)
      : sc_core::sc_module(name), cycles_(cycles), injector_(mesh.attach(tile, x, y, *this)) {
    client_.name = this->name();
    SC_METHOD(step);
    sensitive << client_.wake;
    dont_initialize();
  }

  /// Packets leave in the order of these calls, none before its cycle; before the simulation, or at
  /// any time in it with a cycle to come.
  void queue(Cycle not_before, const Packet& packet) {
    if (next_ == queue_.size()) cycles_.arm(client_, std::max(not_before, cycles_.now() + 1));
    queue_.push_back({not_before, packet});
  }
  /// Keep what is told (off for benchmarks).
  void record(bool on) { record_ = on; }
  std::size_t unsent() const { return queue_.size() - next_; }
  std::size_t arrived() const { return arrived_; }
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  const std::vector<Tail>& tails() const { return tails_; }
  /// Rules of MeshEndpoint that the mesh has broken.
  int broken() const { return broken_; }

  void packet_arrives(const Packet& packet, Cycle at) override {
    broken_ += at > cycles_.now() && at > last_arrival_ ? 0 : 1;
    last_arrival_ = at;
    ++arrived_;
    if (record_) arrivals_.push_back({at, packet.first_element, packet.flits});
  }
  void tail_leaves(Cycle tail, Cycle before) override {
    broken_ += sending_ && tail >= cycles_.now() && tail > tail_ && before < tail ? 0 : 1;
    sending_ = false;
    tail_ = tail;
    if (record_) tails_.push_back({tail, before});
    if (next_ < queue_.size()) cycles_.arm(client_, tail + 1);
  }
  void credit_known() override {
    const Cycle credit = injector_.next_credit();
    broken_ += credit != kNever && !sending_ ? 0 : 1;
    if (next_ < queue_.size()) cycles_.arm(client_, std::max(credit, cycles_.now() + 1));
  }

 private:
  struct Waiting {
    Cycle not_before;
    Packet packet;
  };

  void step() {
    if (next_ == queue_.size() || sending_) return;
    const Cycle now = cycles_.now();
    const Cycle first = std::max({queue_[next_].not_before, tail_ + 1, injector_.next_credit()});
    if (first == kNever) return;
    if (first > now) {
      cycles_.arm(client_, first);
      return;
    }
    sending_ = true;
    const std::size_t sent = next_++;
    injector_.send(queue_[sent].packet);
    if (next_ == queue_.size()) queue_.clear(), next_ = 0;
  }

  CycleScheduler& cycles_;
  MeshInjector& injector_;
  CycleScheduler::Client client_;
  std::vector<Waiting> queue_;
  std::size_t next_ = 0, arrived_ = 0;
  bool sending_ = false, record_ = true;
  Cycle tail_ = -1, last_arrival_ = -1;
  std::vector<Arrival> arrivals_;
  std::vector<Tail> tails_;
  int broken_ = 0;
};

/// Every flit on every tile's port.
class FlitLog : public FlitObserver {
 public:
  struct Entry {
    Cycle left;
    int id, k;
    bool operator==(const Entry& o) const {
      return std::tie(left, id, k) == std::tie(o.left, o.id, o.k);
    }
  };
  explicit FlitLog(int tiles)
      : injected(static_cast<std::size_t>(tiles)), ejected(static_cast<std::size_t>(tiles)) {}
  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override {
    auto& log = direction == Direction::kInjected ? injected : ejected;
    log.at(static_cast<std::size_t>(tile)).push_back({left, packet.first_element, k});
  }
  std::vector<std::vector<Entry>> injected, ejected;  ///< By tile.
};

}  // namespace recpim
