// SPDX-License-Identifier: Apache-2.0
#include "sim/observe/timeline.h"

#include <algorithm>

#include "traces/support/error.h"
#include "traces/support/json.h"

namespace recpim {
namespace {

// Processes of the viewer: samples, operators, then one a tile.
constexpr int kSamples = 1, kOperators = 2, kFirstTile = 10;
// Threads of a tile.
constexpr int kEngineTrack = 1, kVectorTrack = 2, kInjectedTrack = 3, kEjectedTrack = 4;

std::string quoted(const std::string& text) { return Json(text).dump(); }

std::string metadata(const char* what, int process, int thread, const std::string& name) {
  return R"({"ph":"M","name":")" + std::string(what) + R"(","pid":)" + std::to_string(process) +
         R"(,"tid":)" + std::to_string(thread) + R"(,"args":{"name":)" + quoted(name) + "}}";
}

}  // namespace

Timeline::Timeline(const std::string& path, const Design& design, const Model& model, Window window)
    : path_(path),
      design_(design),
      model_(model),
      window_(window),
      output_(path),
      file_(std::fopen(output_.path().c_str(), "wb"), std::fclose),
      operators_(model.operators.size()),
      head_(design.tiles.size(), {-1, -1}) {
  if (file_ == nullptr) reject(path, "", "", "a place that can be written");
  for (std::size_t i = 0; i < design.tiles.size(); ++i) {
    const Tile& tile = design.tiles[i];
    tile_at_[{tile.x, tile.y}] = static_cast<int>(i);
    if (i > 0) ++operators_[static_cast<std::size_t>(tile.op)].tiles;
  }
  const Json header = {{"design", design.name},
                       {"clock_mhz", static_cast<double>(design.hardware.clock_hz) / 1e6},
                       {"unit", "1 us of the viewer is 1 cycle"},
                       {"window_cycles", {window.from, window.to}}};
  std::fprintf(file_.get(), "{\"displayTimeUnit\":\"ms\",\"otherData\":%s,\"traceEvents\":[\n",
               header.dump().c_str());
  name_tracks();
}

Timeline::~Timeline() = default;

void Timeline::name_tracks() {
  // The first event has no comma before it.
  std::fputs(metadata("process_name", kSamples, 0, "samples").c_str(), file_.get());
  add(metadata("process_name", kOperators, 0, "operators"));
  for (std::size_t i = 0; i < design_.tiles.size(); ++i) {
    const Tile& tile = design_.tiles[i];
    const int process = kFirstTile + static_cast<int>(i);
    std::string name = "tile " + std::to_string(i) + ": ";
    name += i == 0 ? "host"
                   : model_.operators[static_cast<std::size_t>(tile.op)].name + "." +
                         std::to_string(tile.part);
    add(metadata("process_name", process, 0, name));
    if (i > 0) {
      add(metadata("thread_name", process, kEngineTrack, "engine"));
      add(metadata("thread_name", process, kVectorTrack, "vector unit"));
    }
    add(metadata("thread_name", process, kInjectedTrack, "packets out"));
    add(metadata("thread_name", process, kEjectedTrack, "packets in"));
  }
}

void Timeline::add(const std::string& event) {
  std::fputs(",\n", file_.get());
  std::fputs(event.c_str(), file_.get());
}

void Timeline::add_slice(int tile, int track, const std::string& name, Cycle start, Cycle end) {
  if (!window_.overlaps(start, end)) return;
  add(R"({"ph":"X","name":")" + name + R"(","pid":)" + std::to_string(kFirstTile + tile) +
      R"(,"tid":)" + std::to_string(track) + R"(,"ts":)" + std::to_string(start) + R"(,"dur":)" +
      std::to_string(end - start) + "}");
}

// Samples overlap in time, so they are pairs of events with an id, not slices of one track.
void Timeline::add_span(const char* category, int process, std::uint64_t id,
                        const std::string& name, std::uint64_t sample, Cycle start, Cycle end) {
  if (!window_.overlaps(start, end)) return;
  const std::string common = R"(,"cat":")" + std::string(category) + R"(","name":)" + quoted(name) +
                             R"(,"pid":)" + std::to_string(process) + R"(,"tid":0,"id":)" +
                             std::to_string(id);
  add(R"({"ph":"b")" + common + R"(,"ts":)" + std::to_string(start) + R"(,"args":{"sample":)" +
      std::to_string(sample) + "}}");
  add(R"({"ph":"e")" + common + R"(,"ts":)" + std::to_string(end) + "}");
}

void Timeline::flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) {
  const bool injected = direction == Direction::kInjected;
  Cycle& head = head_[static_cast<std::size_t>(tile)][injected ? 0 : 1];
  if (k == 0) head = left;
  if (k != packet.flits - 1) return;
  std::string name = packet.credit ? "credit" : "data";
  if (injected) name += " to tile " + std::to_string(tile_at_[{packet.dst_x, packet.dst_y}]);
  name += (packet.credit ? " send " : " port ") + std::to_string(packet.port);
  add_slice(tile, injected ? kInjectedTrack : kEjectedTrack, name, head, left + 1);
}

void Timeline::works(int tile, Part part, std::uint64_t sample, Cycle start, Cycle free) {
  add_slice(tile, part == Part::kEngine ? kEngineTrack : kVectorTrack,
            "sample " + std::to_string(sample), start, free);
  track_operator(tile, part, sample, start, free);
}

void Timeline::track_operator(int tile, Part part, std::uint64_t sample, Cycle start, Cycle free) {
  const int op = design_.tiles[static_cast<std::size_t>(tile)].op;
  OperatorState& state = operators_[static_cast<std::size_t>(op)];
  const auto place = static_cast<std::size_t>(sample - state.first_sample);
  if (place >= state.spans.size()) state.spans.resize(place + 1);
  Span& span = state.spans[place];
  span.start = std::min(span.start, start);
  if (part == Part::kVectorUnit) {
    span.end = std::max(span.end, free);
    ++span.tiles_done;
  }
  while (!state.spans.empty() && state.spans.front().tiles_done == state.tiles) {
    const Span& done = state.spans.front();
    add_span("operator", kOperators, (static_cast<std::uint64_t>(op) << 40U) + state.first_sample,
             model_.operators[static_cast<std::size_t>(op)].name, state.first_sample, done.start,
             done.end);
    state.spans.pop_front();
    ++state.first_sample;
  }
}

void Timeline::served(std::uint64_t sample, Cycle accepted, Cycle transferred) {
  const Cycle arrival = arrivals_.empty() ? accepted : arrivals_[sample];
  add_span("sample", kSamples, sample, "sample", sample, arrival, transferred + 1);
  if (arrival < accepted) {
    add_span("sample", kSamples, sample, "queue", sample, arrival, accepted);
  }
}

void Timeline::finish() {
  std::fputs("\n]}\n", file_.get());
  const bool fine = std::ferror(file_.get()) == 0;
  if (std::fclose(file_.release()) != 0 || !fine) {
    reject(path_, "", "", "a place with room to write");
  }
  output_.commit();
}

}  // namespace recpim
