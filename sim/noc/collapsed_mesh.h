// SPDX-License-Identifier: Apache-2.0
/// @file
/// The mesh with grants as its only events. The departure of every flit is
///   max(arrival, previous + 1, grant, downstream departure of the flit B before + Lc),
/// evaluated as soon as all four are known, which is in or before the cycle of the departure.
/// Why that equals flit by flit: README.md of this folder. Internal to sim/noc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/noc/mesh_model.h"

namespace recpim {

class CollapsedRouter;

/// A directed link, the FIFO at its end, and, between routers, the output it belongs to. Flits of a
/// link are numbered in their order. Flit n takes slot n mod B of the FIFO, and `slots[n mod B]` is
/// the one thing known of that slot: the departure onto the link of flit n while n's departure from
/// the FIFO is not known, that departure (the next user's credit, less Lc) afterwards. So what is
/// remembered is B cycles a link, however long packets are and however far ahead is known.
struct CollapsedLink {
  // The FIFO. A link to a tile (B = 0 here) has none: tiles take what arrives.
  Cycle* slots = nullptr;
  int capacity = 0;
  int known = 0;  ///< Flits whose departure onto the link is known, not that from the FIFO.
  int fill = 0, drain = 0;  ///< Slots of the next flit to enter and to leave.
  Cycle last_out = -1;      ///< Departure of the last one from the FIFO.

  // The sender.
  Packet* packet = nullptr;         ///< Holds the link: granted, or sent by the tile. Null: free.
  int left = 0;                     ///< Flits of it whose departure onto the link is not known.
  CollapsedLink* source = nullptr;  ///< Where they come from; null: from the tile.
  Cycle last_in = -1;               ///< Departure of the last flit onto the link.
  std::uint64_t flits = 0;          ///< Departures onto the link so far.

  // Packets whose head is in the FIFO and whose tail has not left it, oldest first.
  Packet** packets = nullptr;
  int first_packet = 0, packet_count = 0;
  CollapsedLink* next = nullptr;  ///< The output that was granted to the first of them.

  // As an output of `from`: who asks for it.
  CollapsedRouter* from = nullptr;      ///< Null for a link out of a tile.
  std::array<Cycle, kPorts> request{};  ///< By input: first cycle in which its head is in front.
  std::uint8_t requests = 0;            ///< Bit set of the inputs that ask.
  std::uint8_t pointer = 0;
  std::uint8_t port = 0;    ///< Input of `to` in which the link ends.
  std::uint8_t output = 0;  ///< Output of `from` in which it begins.
  bool queued = false;      ///< Is in CollapsedMesh::work_.

  CollapsedRouter* to = nullptr;     ///< Null for a link to a tile.
  MeshEndpoint* endpoint = nullptr;  ///< Of a link from or to a tile.
  int tile = -1;
};

class CollapsedMesh;

/// A router as the kernel sees it: woken in the cycles in which an output may grant. And the
/// injection point of its tile.
class CollapsedRouter : public sc_core::sc_module, public MeshInjector {
 public:
  SC_HAS_PROCESS(CollapsedRouter);
  CollapsedRouter(const sc_core::sc_module_name& name, CollapsedMesh& mesh, int x, int y);

  // MeshInjector.
  Cycle next_credit() const override;
  void send(const Packet& packet) override;

 private:
  friend class CollapsedMesh;
  void step();

  CollapsedMesh& mesh_;
  int x_, y_;
  CycleScheduler::Client client_;
  std::array<Cycle, kPorts> grants_{};                       ///< By output: cycle of the next.
  std::array<CollapsedLink*, kPorts> inputs_{}, outputs_{};  ///< Null at the edge.
};

class CollapsedMesh : public MeshModel {
 public:
  CollapsedMesh(const MeshConfig& config, CycleScheduler& cycles);

  MeshInjector& attach(int tile, int x, int y, MeshEndpoint& endpoint) override;
  void observe(FlitObserver* observer) override { observer_ = observer; }
  std::vector<std::uint64_t> router_flits() const override;
  std::uint64_t link_flits() const override;
  std::vector<std::string> blocked() const override;

 private:
  friend class CollapsedRouter;
  CollapsedRouter* router(int x, int y) const;
  void make_links();

  // What becomes known, in the order in which it does. None of these looks at the cycle of now.
  void enqueue(CollapsedLink* link);
  void work_off();
  void advance(CollapsedLink& link);
  Cycle move(CollapsedLink& link, int count);
  void see(const CollapsedLink& link, Cycle left) const;
  void enter(CollapsedLink& link);
  void finish(CollapsedLink& link, Cycle before);
  void ask(CollapsedLink& link);
  void arm_output(CollapsedLink& output, Cycle at);
  void grant(CollapsedLink& output, Cycle now);

  MeshConfig config_;
  CycleScheduler& cycles_;
  FlitObserver* observer_ = nullptr;
  PacketPool pool_;
  std::vector<std::unique_ptr<CollapsedRouter>> routers_;  ///< Row-major.
  std::vector<CollapsedLink> links_;  ///< Five inputs a router, then a link to each tile.
  std::vector<Cycle> slots_;
  std::vector<Packet*> packets_;
  std::vector<CollapsedLink*> work_;
  bool working_ = false;
};

}  // namespace recpim
