// SPDX-License-Identifier: Apache-2.0
// What one sample and one lookup do on a tile.
#include "models/mapping/replicas.h"
#include "sim/cost/cost_model.h"
#include "sim/cost/instances.h"
#include "traces/support/math.h"

namespace recpim {
namespace {

using Count = std::uint64_t;

constexpr Count kNormaliserBits = 16;

Count count(int value) { return static_cast<Count>(value); }

const Operator& operator_at(const Model& model, int index) {
  return model.operators[static_cast<std::size_t>(index)];
}

const TensorFormat& input_of(const Model& model, const Operator& op, std::size_t i) {
  return operator_at(model, op.inputs[i]).output;
}

// Bits that a sample writes into the input buffer, partial sums left out.
Count written_bits(const Tile& tile) {
  Count bits = 0;
  for (const Port& port : tile.ports) {
    if (!port.partial) bits += count(port.elements) * count(port.element_bits);
  }
  return bits;
}

void mvm_events(const Tile& tile, const Model& model, const Hardware& hardware,
                EventCounts& events) {
  const Operator& op = operator_at(model, tile.op);
  const TensorFormat& in = input_of(model, op, 0);
  const Count vectors = count(tile.vectors);
  const Count phases = vectors * count(hardware.phases(in.bits, in.is_signed));
  const Count row_blocks = count(ceil_div(tile.rows, hardware.crossbar.rows));
  const Count column_blocks =
      count(ceil_div(tile.channels, hardware.channels_per_crossbar(op.weight_bits)));
  events.crossbar_reads = row_blocks * column_blocks * phases;
  events.wordline_drives = count(tile.rows) * column_blocks * phases;
  events.sample_holds = events.crossbar_reads * count(hardware.crossbar.columns);
  events.adc_conversions = events.sample_holds;
  events.shift_adds = events.adc_conversions;
  events.accumulations = count(tile.channels) * phases;
  events.input_bits = written_bits(tile) + count(tile.rows) * vectors * count(in.bits);
}

// Scores, then weighted values: R terms of each of the D columns of a head, for each query.
void attention_events(const Tile& tile, const Model& model, EventCounts& events) {
  const Operator& op = operator_at(model, tile.op);
  const Count rows = count(op.rows);
  const Count products = rows * rows * count(op.width);
  events.macs = 2 * products;
  events.reciprocals = rows * count(op.heads);
  events.exponentials = events.reciprocals * rows;
  events.means = count(tile.outputs);
  events.accumulations = events.exponentials + count(tile.outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    events.input_bits += products * count(input_of(model, op, i).bits);
  }
}

void interaction_events(const Tile& tile, const Model& model, EventCounts& events) {
  const Operator& op = operator_at(model, tile.op);
  const Count outputs = count(tile.outputs);
  const Count elements = count(tile.input_elements());
  const Count bits = count(input_of(model, op, 0).bits);
  events.accumulations = outputs;
  switch (op.kind) {
    case OpKind::kAttention:
      attention_events(tile, model, events);
      break;
    case OpKind::kDot:
      events.macs = outputs * count(tile.width);
      events.input_bits = 2 * events.macs * bits;
      break;
    case OpKind::kMul:
      events.macs = outputs;
      events.input_bits = outputs * (bits + count(input_of(model, op, 1).bits));
      break;
    case OpKind::kFm:
      events.macs = elements;
      events.adds = elements;
      events.squares = outputs;
      events.accumulations = 2 * outputs;
      events.input_bits = elements * bits;
      break;
    default:
      events.adds = elements;
      events.input_bits = elements * count(tile.input_bits());
  }
  events.input_bits += written_bits(tile);
}

// Into the normaliser's buffer, and out of it twice; requantised a second time.
void normaliser_events(const Tile& tile, const Model& model, EventCounts& events) {
  const Operator& norm = operator_at(model, tile.norm);
  const Count outputs = count(tile.outputs);
  events.roots = count(norm.axis == Axis::kRows ? norm.width : norm.rows);
  events.normalised = outputs;
  events.vector_elements += outputs;
  events.output_bits += 3 * outputs * kNormaliserBits;
}

}  // namespace

EventCounts& EventCounts::operator+=(const EventCounts& other) {
  crossbar_reads += other.crossbar_reads;
  wordline_drives += other.wordline_drives;
  sample_holds += other.sample_holds;
  adc_conversions += other.adc_conversions;
  read_conversions += other.read_conversions;
  shift_adds += other.shift_adds;
  accumulations += other.accumulations;
  input_bits += other.input_bits;
  output_bits += other.output_bits;
  buffer_bits += other.buffer_bits;
  bus_bits += other.bus_bits;
  table_row_reads += other.table_row_reads;
  adds += other.adds;
  macs += other.macs;
  squares += other.squares;
  exponentials += other.exponentials;
  reciprocals += other.reciprocals;
  means += other.means;
  roots += other.roots;
  normalised += other.normalised;
  vector_elements += other.vector_elements;
  sigmoids += other.sigmoids;
  flits_injected += other.flits_injected;
  return *this;
}

bool EventCounts::operator==(const EventCounts& other) const {
  return crossbar_reads == other.crossbar_reads && wordline_drives == other.wordline_drives &&
         sample_holds == other.sample_holds && adc_conversions == other.adc_conversions &&
         read_conversions == other.read_conversions && shift_adds == other.shift_adds &&
         accumulations == other.accumulations && input_bits == other.input_bits &&
         output_bits == other.output_bits && buffer_bits == other.buffer_bits &&
         bus_bits == other.bus_bits && table_row_reads == other.table_row_reads &&
         adds == other.adds && macs == other.macs && squares == other.squares &&
         exponentials == other.exponentials && reciprocals == other.reciprocals &&
         means == other.means && roots == other.roots && normalised == other.normalised &&
         vector_elements == other.vector_elements && sigmoids == other.sigmoids &&
         flits_injected == other.flits_injected;
}

EventCounts operator*(const EventCounts& counts, std::uint64_t times) {
  EventCounts product = counts;
  for (std::uint64_t* field : {&product.crossbar_reads,
                               &product.wordline_drives,
                               &product.sample_holds,
                               &product.adc_conversions,
                               &product.read_conversions,
                               &product.shift_adds,
                               &product.accumulations,
                               &product.input_bits,
                               &product.output_bits,
                               &product.buffer_bits,
                               &product.bus_bits,
                               &product.table_row_reads,
                               &product.adds,
                               &product.macs,
                               &product.squares,
                               &product.exponentials,
                               &product.reciprocals,
                               &product.means,
                               &product.roots,
                               &product.normalised,
                               &product.vector_elements,
                               &product.sigmoids,
                               &product.flits_injected}) {
    *field *= times;
  }
  return product;
}

EventCounts sample_events(const Design& design, const Model& model, int index) {
  const Tile& tile = design.tiles[static_cast<std::size_t>(index)];
  EventCounts events;
  if (tile.kind == TileKind::kHost) return events;
  if (tile.kind == TileKind::kMvm) mvm_events(tile, model, design.hardware, events);
  if (tile.kind == TileKind::kInteraction) interaction_events(tile, model, events);
  const Count outputs = count(tile.outputs);
  const Count partial_sums = count(tile.partials()) * outputs;
  events.adds += partial_sums;
  events.input_bits += 2 * 32 * partial_sums;
  if (!tile.raw) events.vector_elements = outputs;
  if (tile.norm >= 0) normaliser_events(tile, model, events);
  if (tile.sigmoid) events.sigmoids = outputs;
  // Packets are written as they come and read into the engine's registers; partial sums as well.
  const Count arriving = written_bits(tile) + 32 * partial_sums;
  Count elements = outputs;  // Written once, read once a send.
  // As many elements leave in every sample: those of the first one count.
  for (const Send& send : tile.sends) {
    const Tile& receiver = design.tiles[static_cast<std::size_t>(send.tile)];
    if (turn(tile, receiver).active(0)) elements += count(send.elements);
  }
  events.output_bits += elements * count(tile.output_bits);
  events.buffer_bits = 2 * arriving + elements * count(tile.output_bits);
  events.bus_bits = arriving + outputs * count(tile.output_bits);
  return events;
}

EventCounts lookup_events(const Design& design, const Model& model, int index,
                          const TableReads& reads) {
  const Tile& tile = design.tiles[static_cast<std::size_t>(index)];
  const TableRow row = table_row(tile, model, design.hardware);
  const bool in_array = design.hardware.embedding_tile.pooling == TablePooling::kArray;
  const Count sums = in_array ? reads.groups - reads.single_rows : 0;  // Of more than one row.
  EventCounts events;
  events.table_row_reads = reads.lookups;
  events.wordline_drives = reads.lookups * count(row.arrays);
  events.input_bits = reads.lookups * 2 * 32;
  events.buffer_bits = reads.lookups * 2 * 32;
  events.bus_bits = reads.lookups * 32;
  events.crossbar_reads = reads.groups * count(row.arrays);
  events.sample_holds = reads.groups * count(row.columns);
  events.accumulations = reads.groups * count(tile.width);
  events.read_conversions = in_array ? reads.single_rows * count(row.columns) : 0;
  events.adc_conversions = events.sample_holds - events.read_conversions;
  // Digits of a sum overlap: each code is shifted and added, and the offset taken off.
  events.shift_adds = sums * count(row.columns);
  events.adds = (reads.groups + sums) * count(tile.width);
  return events;
}

}  // namespace recpim
