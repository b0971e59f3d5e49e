// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the two implementations of the mesh share: ports, routes, latencies, the pool of packets
/// and the interface through which Mesh reaches them. Internal to sim/noc.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/cycle_scheduler.h"
#include "sim/noc/flit.h"
#include "sim/noc/mesh.h"

namespace recpim {

// sim/README.md, "Cycles: conventions".
constexpr Cycle kLinkCycles = 2;    ///< L: from a flit's departure to its arrival.
constexpr Cycle kCreditCycles = 2;  ///< Lc: from a departure to the credit it gives back.

/// Ports of a router, named by the side they are on: what leaves by E enters the next router by W.
enum Port { kEast, kWest, kNorth, kSouth, kLocal };
constexpr int kPorts = 5;
/// The port at the other end of a link between routers.
constexpr int opposite(int port) { return port ^ 1; }
constexpr int step_x(int port) { return port == kEast ? 1 : port == kWest ? -1 : 0; }
constexpr int step_y(int port) { return port == kSouth ? 1 : port == kNorth ? -1 : 0; }

/// The output by which a packet leaves the router at (x, y): first along x, then along y.
inline int xy_output(int x, int y, const Packet& packet) {
  if (packet.dst_x != x) return packet.dst_x > x ? kEast : kWest;
  if (packet.dst_y != y) return packet.dst_y > y ? kSouth : kNorth;
  return kLocal;
}

/// Packets on their way, at addresses that stay; used again, so a warm mesh allocates nothing.
class PacketPool {
 public:
  Packet* take(const Packet& packet) {
    if (free_.empty()) {
      packets_.push_back(packet);
      return &packets_.back();
    }
    Packet* taken = free_.back();
    free_.pop_back();
    *taken = packet;
    return taken;
  }
  void give_back(Packet* packet) {
    packet->values.reset();
    free_.push_back(packet);
  }

 private:
  std::deque<Packet> packets_;
  std::vector<Packet*> free_;
};

/// "data packet of 5 flits to (1, 2) port 3: in router (0, 2) input W: reason"
std::string blocked_line(const Packet& packet, int x, int y, int input, const std::string& reason);

class MeshModel {
 public:
  virtual ~MeshModel() = default;
  virtual MeshInjector& attach(int tile, int x, int y, MeshEndpoint& endpoint) = 0;
  virtual void observe(FlitObserver* observer) = 0;
  virtual std::vector<std::uint64_t> router_flits() const = 0;
  virtual std::uint64_t link_flits() const = 0;
  virtual std::vector<std::string> blocked() const = 0;
};

/// Both make their routers as children of the module under construction.
std::unique_ptr<MeshModel> make_flit_mesh(const MeshConfig& config, CycleScheduler& cycles);
std::unique_ptr<MeshModel> make_collapsed_mesh(const MeshConfig& config, CycleScheduler& cycles);

}  // namespace recpim
