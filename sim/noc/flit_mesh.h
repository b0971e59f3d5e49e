// SPDX-License-Identifier: Apache-2.0
/// @file
/// The mesh flit by flit: each router looks at its inputs in every cycle in which it holds a flit.
/// The plainest reading of sim/README.md, "Router", and the golden model of its timing. What
/// becomes visible later carries the cycle from which it is, so the order in which the routers of
/// a cycle run does not matter. Internal to sim/noc.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/noc/mesh_model.h"

namespace recpim {

/// A link and the FIFO at its end.
struct FlitChannel {
  struct Flit {
    Packet* packet;
    int k;
    Cycle visible;  ///< Has arrived in the FIFO from this cycle on.
  };
  std::deque<Flit> flits;
  int credits = 0;
  std::deque<Cycle> returning;  ///< Cycles in which further credits can be used.

  /// The flit at the front of the FIFO in cycle `now`, or null.
  const Flit* front(Cycle now) const {
    return flits.empty() || flits.front().visible > now ? nullptr : &flits.front();
  }
  bool has_credit(Cycle now);
};

class FlitMesh;

/// A router, its input FIFOs, and the tile's link into the local one.
class FlitRouter : public sc_core::sc_module, public MeshInjector {
 public:
  SC_HAS_PROCESS(FlitRouter);
  FlitRouter(const sc_core::sc_module_name& name, FlitMesh& mesh, int x, int y);

  void attach(int tile, MeshEndpoint& endpoint);
  bool attached() const { return endpoint_ != nullptr; }

  // MeshInjector.
  Cycle next_credit() const override;
  void send(const Packet& packet) override;

  std::uint64_t flits() const { return flits_; }
  std::uint64_t link_flits() const { return link_flits_; }
  void blocked(std::vector<std::string>& lines) const;

 private:
  struct Output {
    FlitRouter* next = nullptr;  ///< Null at the edge of the mesh and for the local output.
    int owner = -1;              ///< The input that was granted, until its tail has left.
    int pointer = 0;             ///< First in the order of the next grant.
    Packet* packet = nullptr;    ///< The owner's, once its head has left.
  };

  /// What the front of an input FIFO shows: the output a head asks for, or one of these.
  using Front = int;
  static constexpr Front kEmpty = -1, kBody = -2;

  void step();
  void inject(Cycle now);
  void grant(int output, const std::array<Front, kPorts>& fronts);
  void forward(int output, Cycle now);
  void eject(const FlitChannel::Flit& flit, Cycle now);
  /// A flit enters the link that ends in input `input` of this router.
  void receive(int input, Packet* packet, int k, Cycle now);
  std::string waits_for(int input, std::size_t place) const;

  friend class FlitMesh;
  FlitMesh& mesh_;
  int x_, y_;
  int tile_ = -1;
  MeshEndpoint* endpoint_ = nullptr;
  CycleScheduler::Client client_;
  std::array<FlitChannel, kPorts> inputs_;
  std::array<Output, kPorts> outputs_;
  // The tile's side.
  Packet* sending_ = nullptr;
  int sent_ = 0;     ///< Flits of it that have left.
  Cycle left_ = -1;  ///< When the last flit left.
  std::uint64_t flits_ = 0, link_flits_ = 0;
};

class FlitMesh : public MeshModel {
 public:
  FlitMesh(const MeshConfig& config, CycleScheduler& cycles);

  MeshInjector& attach(int tile, int x, int y, MeshEndpoint& endpoint) override;
  void observe(FlitObserver* observer) override { observer_ = observer; }
  std::vector<std::uint64_t> router_flits() const override;
  std::uint64_t link_flits() const override;
  std::vector<std::string> blocked() const override;

 private:
  friend class FlitRouter;
  /// Null where there is none.
  FlitRouter* router(int x, int y) const;

  MeshConfig config_;
  CycleScheduler& cycles_;
  FlitObserver* observer_ = nullptr;
  PacketPool pool_;
  std::vector<std::unique_ptr<FlitRouter>> routers_;  ///< Row-major.
};

}  // namespace recpim
