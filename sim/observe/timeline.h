// SPDX-License-Identifier: Apache-2.0
/// @file
/// A run as Chrome trace events (JSON), which Perfetto and chrome://tracing open: samples,
/// operators, and of every tile the engine, the vector unit and the packets in and out. What stands
/// where: README.md. Events go to the file as they become known; what is held back is what is in
/// flight.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/host/host_observer.h"
#include "sim/noc/mesh.h"
#include "sim/observe/window.h"
#include "sim/tile/tile_observer.h"
#include "traces/support/output.h"

namespace recpim {

class Timeline : public FlitObserver, public TileObserver, public HostObserver {
 public:
  /// Keeps what overlaps the window. `design` and `model` must outlive it.
  Timeline(const std::string& path, const Design& design, const Model& model, Window window);
  ~Timeline() override;
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override;
  void works(int tile, Part part, std::uint64_t sample, Cycle start, Cycle free) override;
  void begins(const std::vector<Cycle>& arrivals) override { arrivals_ = arrivals; }
  void served(std::uint64_t sample, Cycle accepted, Cycle transferred) override;

  /// Ends the file and puts it in place; without it nothing is left. InputError where there was no
  /// room to write.
  void finish();

 private:
  /// A sample in an operator, of which not all tiles are done.
  struct Span {
    Cycle start = kNever, end = 0;
    std::size_t tiles_done = 0;
  };
  struct OperatorState {
    std::size_t tiles = 0;
    std::uint64_t first_sample = 0;  ///< Of the oldest span.
    std::deque<Span> spans;
  };

  void name_tracks();
  void add(const std::string& event);
  void add_slice(int tile, int track, const std::string& name, Cycle start, Cycle end);
  void add_span(const char* category, int process, std::uint64_t id, const std::string& name,
                std::uint64_t sample, Cycle start, Cycle end);
  void track_operator(int tile, Part part, std::uint64_t sample, Cycle start, Cycle free);

  std::string path_;
  const Design& design_;
  const Model& model_;
  Window window_;
  OutputFile output_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<Cycle> arrivals_;
  std::vector<OperatorState> operators_;        ///< As Model::operators.
  std::map<std::pair<int, int>, int> tile_at_;  ///< (x, y) to the number of a tile.
  std::vector<std::array<Cycle, 2>> head_;      ///< Of the packet under way, by direction.
};

}  // namespace recpim
