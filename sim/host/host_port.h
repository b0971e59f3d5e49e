// SPDX-License-Identifier: Apache-2.0
/// @file
/// Where a host's software meets the chip: a TLM-2.0 target with memory-mapped registers, a queue
/// of samples to compute and a queue of predictions. Behind it are the host streams of
/// sim/README.md, "Host", which are cycle accurate; the TLM side is an adapter.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "models/mapping/design.h"
#include "models/mapping/replicas.h"
#include "sim/core/cycle_ring.h"
#include "sim/host/host_observer.h"
#include "sim/tile/network_interface.h"

namespace recpim {

/// Memory map (byte addresses; every register is 32 bits, little endian).
namespace host_registers {
constexpr std::uint64_t kIdentity = 0x00;   ///< RO: kIdentityValue.
constexpr std::uint64_t kVersion = 0x04;    ///< RO: version of this map.
constexpr std::uint64_t kCapacity = 0x08;   ///< RO: samples that the request queue holds.
constexpr std::uint64_t kFree = 0x0c;       ///< RO: of them free.
constexpr std::uint64_t kAvailable = 0x10;  ///< RO: predictions that can be read.
constexpr std::uint64_t kCoalesce = 0x14;   ///< RW: a blocking read waits for so many predictions.
/// WO: one sample a write (any length): arrival cycle (64 bits), then for each send of the host
/// tile: number of elements (32), 1 if their values follow or 0 (32), the values (32 each). 0 and 0
/// where the send is not active in that sample.
/// A blocking write waits for room.
constexpr std::uint64_t kSubmit = 0x1000;
/// RO: as many whole predictions as the buffer holds and are there, each kPredictionWords + values
/// words: accepted (64), transferred (64), number of values (32), the values (32 each). A blocking
/// read waits for kCoalesce of them. What is not filled is 0.
constexpr std::uint64_t kResult = 0x2000;

constexpr std::uint32_t kIdentityValue = 0x4d495052;  ///< "RPIM"
constexpr std::uint32_t kVersionValue = 1;
constexpr std::size_t kPredictionWords = 5;
}  // namespace host_registers

class HostPort : public sc_core::sc_module, private InterfaceClient {
 public:
  SC_HAS_PROCESS(HostPort);
  tlm_utils::simple_target_socket<HostPort> target_i;

  /// `output_elements`: values of one prediction; 0 in timing mode.
  HostPort(const sc_core::sc_module_name& name, const Design& design, int output_elements,
           CycleScheduler& cycles);
  void attach(Mesh& mesh) { interface_.attach(mesh); }
  void observe(HostObserver* observer) { observer_ = observer; }

  static constexpr std::size_t kQueue = 64;  ///< Samples that the request queue holds.
  std::uint64_t completed() const { return completed_; }
  const NetworkInterface& network_interface() const { return interface_; }

 private:
  struct Request {
    Cycle arrival = 0;
    NetworkInterface::Output output;
    int beats = 0;
  };
  struct Result {
    Cycle accepted = 0, transferred = 0;
    std::vector<std::int32_t> values;
  };

  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned int transport_dbg(tlm::tlm_generic_payload& transaction);
  bool access_register(tlm::tlm_generic_payload& transaction);
  void submit(tlm::tlm_generic_payload& transaction);
  void read_results(tlm::tlm_generic_payload& transaction);

  void packet_arrives(int port, const Packet& packet, Cycle at) override;
  void output_freed(Cycle at) override;
  void feed();
  void complete_results();
  void run();
  void plan();

  const Design& design_;
  const Tile& tile_;
  CycleScheduler& cycles_;
  CycleScheduler::Client wakeup_;
  NetworkInterface interface_;
  HostObserver* observer_ = nullptr;
  std::size_t output_elements_;
  int beats_out_ = 0;  ///< Payload flits of a prediction.

  std::deque<Request> queue_;
  /// Where the host's software has a bound of samples on the chip: when the predictions were
  /// transferred that samples yet to be fed wait for. (It would submit in these cycles; a process
  /// of it would be woken for each.)
  std::deque<Cycle> transfers_;
  std::uint64_t fed_ = 0;
  bool sending_ = false;
  Cycle first_accepted_ = -1;   ///< Of the sample fed last.
  int beats_in_ = 0;            ///< Of the sample fed last.
  std::deque<Cycle> accepted_;  ///< Of samples whose prediction is not complete.

  std::vector<Turn> send_turns_, port_turns_;  ///< In which samples they are active.
  std::uint64_t submitted_ = 0;
  std::vector<CycleRing> arrivals_;
  std::vector<std::uint64_t> arrived_;
  std::vector<std::vector<std::int32_t>> slots_;  ///< Values of the predictions under way.
  std::uint64_t started_ = 0, completed_ = 0;
  Cycle last_start_ = -1;
  std::deque<Result> transferring_, results_;
  std::uint32_t coalesce_ = 1;
  sc_core::sc_event room_, ready_;
};

}  // namespace recpim
