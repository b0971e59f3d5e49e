// SPDX-License-Identifier: Apache-2.0
/// @file
/// The mesh: routers (one sc_module each), links, and the points where tiles attach. Two
/// implementations of one timing (sim/README.md, "Router"): collapsed, in which only grants are
/// events and the departures of all flits of a packet follow in closed form, and flit by flit.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/core/cycle_scheduler.h"
#include "sim/noc/flit.h"

namespace recpim {

/// What the mesh tells a tile. All cycles told are in the future or now, never in the past, and a
/// tile that must act on one arms itself for it. Calls come in the order of cycles for each kind.
class MeshEndpoint {
 public:
  virtual ~MeshEndpoint() = default;
  /// The tail of a packet has arrived (its flits are in the tile's state) at `at` > now.
  virtual void packet_arrives(const Packet& packet, Cycle at) = 0;
  /// The tail of the packet sent last leaves, or left, at `tail`; the flit before it at `before`
  /// (-1: there is none). Told as soon as it is known: tail >= now; for a packet of one flit that
  /// is within send(). Ask next_credit() then.
  virtual void tail_leaves(Cycle tail, Cycle before) = 0;
  /// MeshInjector::next_credit(), which was kNever with no packet under way, is now known.
  virtual void credit_known() = 0;
};

/// A tile's sending side: the link into the local port of its router.
class MeshInjector {
 public:
  virtual ~MeshInjector() = default;
  /// First cycle in which the next packet's head has a link credit (0 if there is one already),
  /// kNever while that is not known or a packet is under way.
  virtual Cycle next_credit() const = 0;
  /// The head leaves in cycle now(), which must be >= next_credit() and after the last tail, else
  /// SC_REPORT_FATAL (as for a destination without a tile). The other flits follow, one a cycle, as
  /// credits allow. The packet is copied.
  virtual void send(const Packet& packet) = 0;
};

/// Sees every flit on every tile's port, in the order of cycles for each tile and direction.
class FlitObserver {
 public:
  virtual ~FlitObserver() = default;
  enum class Direction { kInjected, kEjected };
  /// The flit leaves the tile (injected) or its router (ejected) in cycle `left`; it is on the wire
  /// in left + 1.
  virtual void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) = 0;
};

struct MeshConfig {
  int columns = 1, rows = 1;
  int buffer_flits = 4;
};

enum class MeshMode { kCollapsed, kFlitByFlit };

class MeshModel;

class Mesh : public sc_core::sc_module {
 public:
  /// SC_REPORT_FATAL unless there are 1 ... 256 columns and rows and at least one flit of buffer.
  Mesh(const sc_core::sc_module_name& name, const MeshConfig& config, MeshMode mode,
       CycleScheduler& cycles);
  ~Mesh() override;

  /// Attaches tile number `tile` at (x, y); at most one tile a router. Before simulation starts.
  MeshInjector& attach(int tile, int x, int y, MeshEndpoint& endpoint);
  void observe(FlitObserver* observer);

  /// Flits that left each router (row-major), whatever the output; and flits that crossed a link
  /// between routers. Collapsed: whose departure is known, so the same only when nothing is left.
  std::vector<std::uint64_t> router_flits() const;
  std::uint64_t link_flits() const;
  /// One line for each packet that has not reached its tile (collapsed: and of which it is not
  /// known when it will): where its head is and what it waits for.
  std::vector<std::string> blocked() const;

 private:
  std::unique_ptr<MeshModel> model_;
};

}  // namespace recpim
