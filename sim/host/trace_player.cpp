// SPDX-License-Identifier: Apache-2.0
#include "sim/host/trace_player.h"

#include <algorithm>
#include <cstring>

#include "models/mapping/replicas.h"
#include "models/ops/requantise.h"
#include "models/ops/sample.h"
#include "sim/host/host_port.h"
#include "traces/support/error.h"
#include "traces/support/progress.h"

namespace recpim {
namespace {

constexpr std::uint64_t kChunk = 1024;    // samples read at a time
constexpr std::uint32_t kCollected = 32;  // predictions that a read waits for

// quantise_dense of many: the same operations in double precision, which every instruction set
// rounds alike, without a call for each floor.
__attribute__((target_clones("default", "arch=x86-64-v3"))) void quantise_all(
    const float* x, std::size_t count, const TensorFormat& format, std::int32_t* to) {
  const OutputRange range = format_range(format.is_signed, format.bits);
  const double low = range.low;
  const double high = range.high;
  const double scale = format.scale;
  for (std::size_t i = 0; i < count; ++i) {
    double steps = __builtin_floor(static_cast<double>(x[i]) / scale + 0.5);
    steps = steps == steps ? steps : 0.0;  // Not a number.
    steps = steps < low ? low : steps;
    steps = steps > high ? high : steps;
    to[i] = static_cast<std::int32_t>(steps);
  }
}

void append(std::vector<unsigned char>& bytes, const void* data, std::size_t size) {
  const auto* from = static_cast<const unsigned char*>(data);
  bytes.insert(bytes.end(), from, from + size);
}

}  // namespace

void require_trace_fits(const Model& model, const TraceReader& trace, std::uint64_t first,
                        std::uint64_t samples) {
  require_fit(model, trace);
  const std::uint64_t there = trace.info().samples;
  if (there == 0) reject(trace.path(), "samples", "0", "a trace that is not empty");
  if (samples == 0 || first >= there || samples > there - first) {
    reject(trace.path(), "samples", std::to_string(samples) + " from " + std::to_string(first),
           "1 to " + std::to_string(there) + " samples inside the trace");
  }
}

RequestBuilder::RequestBuilder(const Design& design, const Model& model, const TraceReader& trace,
                               bool values)
    : design_(design),
      model_(model),
      trace_(trace),
      values_(values),
      needs_trace_(values),
      parts_(design.tiles[0].sends.size()) {
  for (const Tile& tile : design.tiles) {
    needs_trace_ = needs_trace_ || tile.kind == TileKind::kEmbedding;
  }
  for (const Send& send : design.tiles[0].sends) {
    const Tile& tile = design.tiles[static_cast<std::size_t>(send.tile)];
    lists_.push_back(tile.kind == TileKind::kEmbedding
                         ? std::make_unique<LookupList>(design, model, tile)
                         : nullptr);
  }
  for (const Operator& op : model.operators) {
    if (op.kind == OpKind::kDenseInput) dense_ = &op;
  }
}

const std::vector<RequestBuilder::Part>& RequestBuilder::build(const TraceChunk& chunk,
                                                               std::uint64_t i,
                                                               std::uint64_t sample) {
  const auto& sends = design_.tiles[0].sends;
  for (std::size_t s = 0; s < sends.size(); ++s) {
    const Tile& tile = design_.tiles[static_cast<std::size_t>(sends[s].tile)];
    Part& part = parts_[s];
    part.values.clear();
    part.elements = 0;
    part.has_values = false;
    if (!turn(design_.tiles[0], tile).active(sample)) continue;
    if (tile.kind == TileKind::kEmbedding) {
      add_lookups(chunk, i, tile, *lists_[s], part);
      part.has_values = true;
      part.elements = static_cast<std::uint32_t>(part.values.size());
      continue;
    }
    part.elements = static_cast<std::uint32_t>(sends[s].elements);
    part.has_values = values_;
    if (!values_) continue;
    const float* x = chunk.dense.data() + i * trace_.info().dense + sends[s].first_element;
    part.values.resize(part.elements);
    quantise_all(x, part.values.size(), dense_->output, part.values.data());
  }
  return parts_;
}

void RequestBuilder::add_lookups(const TraceChunk& chunk, std::uint64_t i, const Tile& tile,
                                 LookupList& list, Part& part) const {
  for (std::size_t t = 0; t < tile.tables.size(); ++t) {
    const TablePart& table = tile.tables[t];
    const auto column =
        static_cast<std::size_t>(model_.operators[static_cast<std::size_t>(table.op)].table);
    const auto& offsets = chunk.offsets[column];
    for (std::uint64_t at = offsets[i]; at < offsets[i + 1]; ++at) {
      const std::uint64_t row = chunk.indices[column][at];
      if (row >= table.first_row && row < table.first_row + table.rows) list.add(t, row);
    }
  }
  const auto most = static_cast<std::size_t>(design_.hardware.embedding_tile.max_lookups);
  if (list.size() > most) {
    reject(trace_.path(), "sample " + std::to_string(chunk.first + i),
           std::to_string(list.size()) + " lookups at one embedding tile",
           "at most " + std::to_string(most) + " (embedding_tile.max_lookups)");
  }
  list.take(part.values);
}

TracePlayer::TracePlayer(const sc_core::sc_module_name& name, const Design& design,
                         const Model& model, const TraceReader& trace, std::uint64_t first,
                         std::uint64_t samples, bool values, int output_elements,
                         const std::vector<Cycle>& arrivals, bool progress)
    : sc_module(name),
      initiator_o("initiator_o"),
      trace_(trace),
      builder_(design, model, trace, values),
      first_(first),
      samples_(samples),
      output_elements_(static_cast<std::size_t>(output_elements)),
      arrivals_(arrivals),
      progress_(progress) {
  results_.reserve(samples);
  SC_THREAD(submit_all);
  SC_THREAD(collect_all);
}

void TracePlayer::access(tlm::tlm_command command, std::uint64_t address, void* data,
                         std::size_t bytes) {
  tlm::tlm_generic_payload transaction;
  transaction.set_command(command);
  transaction.set_address(address);
  transaction.set_data_ptr(static_cast<unsigned char*>(data));
  transaction.set_data_length(static_cast<unsigned int>(bytes));
  transaction.set_streaming_width(static_cast<unsigned int>(bytes));
  transaction.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  initiator_o->b_transport(transaction, delay);
  if (transaction.is_response_error()) {
    SC_REPORT_FATAL(name(), transaction.get_response_string().c_str());
  }
}

void TracePlayer::submit_all() {
  try {
    submit_samples();
  } catch (const InputError&) {
    failure_ = std::current_exception();
    sc_core::sc_pause();
  }
}

void TracePlayer::submit_samples() {
  TraceChunk chunk;
  std::vector<unsigned char> bytes;
  for (std::uint64_t done = 0; done < samples_;) {
    const std::uint64_t count = std::min(kChunk, samples_ - done);
    if (builder_.needs_trace()) trace_.read(first_ + done, count, chunk);
    for (std::uint64_t i = 0; i < count; ++i, ++done) {
      const Cycle arrival = arrivals_.empty() ? 0 : arrivals_[done];
      bytes.clear();
      append(bytes, &arrival, sizeof arrival);
      for (const auto& part : builder_.build(chunk, i, done)) {
        const std::uint32_t with_values = part.has_values ? 1 : 0;
        append(bytes, &part.elements, 4);
        append(bytes, &with_values, 4);
        append(bytes, part.values.data(), 4 * part.values.size());
      }
      access(tlm::TLM_WRITE_COMMAND, host_registers::kSubmit, bytes.data(), bytes.size());
    }
  }
}

void TracePlayer::collect_all() {
  Progress bar("simulate", progress_ ? samples_ : 0);
  const std::size_t record = host_registers::kPredictionWords + output_elements_;
  std::vector<std::uint32_t> words(record * 2 * kCollected);
  while (results_.size() < samples_) {
    const std::uint64_t left = samples_ - results_.size();
    auto batch = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kCollected));
    access(tlm::TLM_WRITE_COMMAND, host_registers::kCoalesce, &batch, sizeof batch);
    access(tlm::TLM_READ_COMMAND, host_registers::kResult, words.data(), 4 * words.size());
    for (std::size_t at = 0; at + record <= words.size() && results_.size() < samples_;
         at += record) {
      Result result;
      std::memcpy(&result.accepted, &words[at], 8);
      std::memcpy(&result.transferred, &words[at + 2], 8);
      if (result.transferred == 0) break;  // Not filled: no prediction is there in cycle 0.
      const std::uint32_t* values = &words[at + host_registers::kPredictionWords];
      result.values.assign(values, values + words[at + 4]);
      results_.push_back(std::move(result));
    }
    if (progress_) bar.update(results_.size());
  }
}

}  // namespace recpim
