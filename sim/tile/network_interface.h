// SPDX-License-Identifier: Apache-2.0
/// @file
/// Between a tile and its router: takes packets apart, counts credits, and decides in every cycle
/// in which something can leave what that is. Rules: sim/README.md, "Tile", points 1 and 4.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <systemc>
#include <vector>

#include "models/mapping/design.h"
#include "models/mapping/replicas.h"
#include "sim/core/cycle_ring.h"
#include "sim/core/cycle_scheduler.h"
#include "sim/noc/mesh.h"

namespace recpim {

/// What the interface tells the tile behind it. All cycles are after now.
class InterfaceClient {
 public:
  virtual ~InterfaceClient() = default;
  /// A data packet has arrived whole on a port at `at`.
  virtual void packet_arrives(int port, const Packet& packet, Cycle at) = 0;
  /// Every packet of the oldest output has left: its slot is free from `at`.
  virtual void output_freed(Cycle at) = 0;
};

class NetworkInterface : public sc_core::sc_module, private MeshEndpoint {
 public:
  SC_HAS_PROCESS(NetworkInterface);
  NetworkInterface(const sc_core::sc_module_name& name, const Design& design, int tile,
                   CycleScheduler& cycles, InterfaceClient& client);
  void attach(Mesh& mesh);

  /// Outputs in the order of samples: visible to the sender from `at`. `values`: one vector a send
  /// at the host, one for all sends elsewhere; null in timing mode.
  struct Output {
    Cycle at = 0;
    std::vector<Values> values;
    std::vector<int> elements;  ///< Of each send, where they vary (host); else empty.
    // For the account of waits: when the sample was offered to the chip, and from when on this is
    // there to be sent (`at`; at the host, where beats queue, `offered`).
    Cycle offered = 0, since = 0;
  };
  void send_output(Output output);
  /// A slot behind `port` is free from `at`: a credit goes back to its producer.
  void return_credit(int port, Cycle at);

  std::uint64_t flits_injected() const { return flits_injected_; }
  std::uint64_t flits_ejected() const { return flits_ejected_; }
  /// What the sender waits for, empty where nothing is left to send.
  std::string waits_for() const;
  /// Cycles in which the last payload flit of a data packet left, and the one before it (of the
  /// same packet or an earlier one); -1 where there was none.
  Cycle last_payload() const { return last_payload_; }
  Cycle payload_before() const { return payload_before_; }

 private:
  void packet_arrives(const Packet& packet, Cycle at) override;
  void tail_leaves(Cycle tail, Cycle before) override;
  void credit_known() override { plan(); }
  void run();
  void plan();
  Cycle next_action() const;
  Cycle oldest_credit() const;
  Cycle head_ready() const;
  bool send_credit();
  void send_data();
  /// The first send from `from` on that is active in this output's sample; their number if none.
  std::size_t active_send(std::size_t from) const;

  const Design& design_;
  const Tile& tile_;
  int number_;
  CycleScheduler& cycles_;
  InterfaceClient& client_;
  CycleScheduler::Client wakeup_;
  MeshInjector* injector_ = nullptr;

  std::vector<CycleRing> credits_;  ///< A send: from when each of its credits counts.
  std::vector<CycleRing> pending_;  ///< A port: from when each credit can go back.
  std::vector<Turn> turns_;         ///< A send: in which samples it is active.
  std::deque<Output> outputs_;
  std::uint64_t sample_ = 0;  ///< The tile's count of the oldest output.
  std::size_t next_send_ = 0;
  bool underway_ = false;          ///< A packet whose tail is not known to have left.
  bool underway_is_last_ = false;  ///< It is the last of its output.
  Cycle free_from_ = 0;            ///< The cycle after the last tail.
  int underway_payload_ = 0;       ///< Its payload flits.
  Cycle last_payload_ = -1, payload_before_ = -1;
  std::uint64_t flits_injected_ = 0, flits_ejected_ = 0;
  Cycle ready_ = 0;  ///< Up to when the sender last stood idle for want of an output or a slot.
};

}  // namespace recpim
