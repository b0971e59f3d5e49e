// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the simulator says must cross a chip's ports: every flit on every tile's port, every beat
/// of the host streams, each with its cycle. Co-simulation compares the RTL with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/cosim/verilated_chip.h"
#include "sim/chip/simulate.h"
#include "sim/cost/cost_model.h"
#include "sim/noc/mesh.h"

namespace recpim {

/// Words of 32 bits, least significant first.
using Words = std::vector<std::uint32_t>;

/// One transfer: in cycle `at` it leaves (flits) or is transferred (prediction beats).
struct Transfer {
  Cycle at = 0;
  Words words;  ///< A flit as flit_words() lays it out; a beat's data.
};

/// Ports of a chip in one list: tile i's injection is 2 i, its ejection 2 i + 1, the prediction
/// stream comes last.
struct Expectation {
  std::vector<RequestBeat> requests;
  std::vector<Cycle> arrivals;  ///< Of each request beat: valid from then on.
  std::vector<std::vector<Transfer>> ports;
  Cycle cycles = 0;  ///< Of the simulation.
  std::string port_name(const Design& design, const Model& model, std::size_t port) const;
};

/// Simulates and records. Holds some 40 bytes and a payload for every flit of the run in memory.
Expectation expect(const Design& design, const Model& model, const TraceReader& trace,
                   SimulateOptions options);

}  // namespace recpim
