// SPDX-License-Identifier: Apache-2.0
/// @file
/// Energy, area and power of a run: integer event counts times the figures of a technology file.
/// Latency and throughput are not here: they come from the simulation. README.md of this folder
/// lists each event, the component that it is charged to, and how figures scale.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/cost/technology.h"
#include "traces/support/json.h"

namespace recpim {

/// What one tile did. No count depends on activation values: idle wordlines of a driven block and
/// columns that hold nothing are counted like the others, so functional and timing mode agree.
struct EventCounts {
  std::uint64_t crossbar_reads = 0;   ///< Physical crossbars x phases (reported, not charged).
  std::uint64_t wordline_drives = 0;  ///< Rows in use of a physical crossbar, each phase.
  std::uint64_t sample_holds = 0;     ///< Columns held, each read.
  std::uint64_t adc_conversions = 0;
  std::uint64_t read_conversions = 0;  ///< In read mode: of cell_bits bits instead of adc.bits.
  std::uint64_t shift_adds = 0;        ///< One a conversion of an MVM tile.
  std::uint64_t accumulations = 0;     ///< int32 accumulators updated: a channel a phase.
  std::uint64_t input_bits = 0;        ///< Written to and read from input buffers, both counted.
  std::uint64_t output_bits = 0;       ///< The same of output buffers.
  /// Written to and read from a tile's own buffer, where the technology has one (edram): a packet's
  /// bits as it comes, the engine's inputs as they go to its registers, and outputs likewise.
  std::uint64_t buffer_bits = 0;
  std::uint64_t bus_bits = 0;  ///< Between that buffer and the registers.
  std::uint64_t table_row_reads =
      0;                   ///< Lookups (reported; their reads and conversions are above).
  std::uint64_t adds = 0;  ///< Pooled table elements, partial sums, terms of an add: each one add.
  std::uint64_t macs = 0;  ///< Of the interaction tile's lanes.
  std::uint64_t squares = 0;       ///< Factorisation machine: a sum squared, the squares taken off.
  std::uint64_t exponentials = 0;  ///< Weights of an attention.
  std::uint64_t reciprocals = 0;   ///< Queries of an attention: weights summed, 1 / sum.
  std::uint64_t means = 0;         ///< Values of an attention divided by that sum.
  std::uint64_t roots = 0;         ///< Vectors of a LayerNorm: from its sums to 1 / deviation.
  std::uint64_t normalised = 0;    ///< Elements of a LayerNorm, before they are requantised.
  std::uint64_t vector_elements = 0;  ///< Requantised.
  std::uint64_t sigmoids = 0;
  std::uint64_t flits_injected = 0;  ///< Head and payload (reported; charged at the routers).

  EventCounts& operator+=(const EventCounts& other);
  bool operator==(const EventCounts& other) const;
};
EventCounts operator*(const EventCounts& counts, std::uint64_t times);

/// What the banks of an embedding tile read.
struct TableReads {
  std::uint64_t lookups = 0;
  std::uint64_t groups = 0;       ///< Reads: without pooling in the array as many as lookups.
  std::uint64_t single_rows = 0;  ///< Groups of one row.
};

/// How energy that depends on data is counted. README.md of this folder, "Activity".
enum class Activity { kWorst, kMean };
const char* activity_name(Activity activity);  ///< "worst", "mean".

/// What a whole chip did.
struct ChipEvents {
  std::vector<EventCounts> tiles;           ///< One for each of Design::tiles.
  std::vector<std::uint64_t> router_flits;  ///< Flits that left each router, row-major.
  std::uint64_t link_flits = 0;             ///< That crossed a link between routers.
};

/// Events of one sample on a tile, except its lookups and flits: input vector written and read,
/// engine, vector unit, output vector written and read (once a send).
EventCounts sample_events(const Design& design, const Model& model, int tile);
/// Events of an embedding tile's reads: rows driven, groups converted and added.
EventCounts lookup_events(const Design& design, const Model& model, int tile,
                          const TableReads& reads);

/// Name of a tile in reports: "tile_3_fc1", "tile_4_fc1_part_1", "tile_0_host".
std::string tile_name(const Design& design, const Model& model, int tile);

/// A tree of named numbers. Inner nodes hold no number of their own: a node's is the sum of its
/// children in their order, each summed first.
struct CostTree {
  double total = 0;
  Json parts = Json::object();
};
double tree_sum(const Json& parts);
/// The leaves added up by their own name over all tiles, e.g. {"adc": ..., "crossbar": ...}.
Json by_component(const Json& parts);

/// One line of an account: count x figure.
struct Charge {
  std::string component;  ///< Name in reports.
  std::string figure_of;  ///< The component or composite whose figure it is.
  double count = 0;       ///< Events (a whole number) or, where data decide, their share.
  double figure_pj = 0;   ///< An event.
  double energy_pj() const { return count * figure_pj; }
};
/// What the events of one tile in `cycles` cycles are charged to, in the order of a report.
std::vector<Charge> tile_charges(const Design& design, const ChipEvents& events, int tile,
                                 const Technology& technology, std::int64_t cycles,
                                 Activity activity);

/// pJ. `parts`: a node a tile, "noc", "leakage".
CostTree energy_of(const Design& design, const Model& model, const ChipEvents& events,
                   const Technology& technology, std::int64_t cycles,
                   Activity activity = Activity::kWorst);
/// mm2 of the design's tiles and of the routers of its mesh (mesh_columns x mesh_rows).
CostTree area_of(const Design& design, const Model& model, const Technology& technology);
/// mm2 of the hardware's routers outside the design's mesh: an unused place has no kind of tile
/// yet, so it is a router alone. Reported apart from the design's area.
double unused_area_of(const Design& design, const Technology& technology);
/// mW of everything in area_of, by component; what has no leakage figure is left out.
Json leakage_by_component(const Design& design, const Model& model, const Technology& technology);
/// Their sum.
double leakage_mw(const Design& design, const Model& model, const Technology& technology);
/// energy / time: mW.
double average_power_mw(double energy_pj, std::int64_t cycles, const Hardware& hardware);

}  // namespace recpim
