// SPDX-License-Identifier: Apache-2.0
/// @file
/// The streams between tiles and routers as a VCD, which GTKWave and Surfer open: of every tile
/// what it injects and what is ejected to it, and of every input port which sample's packet comes.
/// Signals: README.md.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <tuple>
#include <vector>

#include "models/graph/graph.h"
#include "models/mapping/design.h"
#include "sim/noc/mesh.h"
#include "sim/observe/window.h"
#include "traces/support/output.h"

namespace recpim {

class Wave : public FlitObserver {
 public:
  /// Keeps the flits that are on the wire in the window.
  Wave(const std::string& path, const Design& design, const Model& model, Window window);
  ~Wave() override;
  Wave(const Wave&) = delete;
  Wave& operator=(const Wave&) = delete;

  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override;

  /// Writes what is held back and puts the file in place; without it nothing is left. InputError
  /// where there was no room to write.
  void finish();

 private:
  /// A flit on the wire of a stream. Told ahead of time and in order for each stream only, so
  /// flits wait here until no earlier one can come.
  struct OnWire {
    Cycle at;
    std::uint32_t stream, id, port;
    bool head, tail, credit;
    /// By stream within a cycle, so that the file does not depend on the order of wake-ups.
    bool operator>(const OnWire& other) const {
      return at != other.at ? at > other.at : stream > other.stream;
    }
  };
  /// Signals of a stream, by their numbers.
  struct Stream {
    std::uint32_t valid, head, tail, credit, port, id;
  };
  struct PortSignals {
    std::uint32_t valid, id;
  };

  std::uint32_t declare(const std::string& name, int bits);
  void declare_tile(std::size_t tile, const std::string& scope);
  std::uint32_t count_packet(int tile, Direction direction, const Packet& packet);
  void drain(Cycle before);
  void drain_cycle(Cycle at);
  void lower(Cycle at);
  void set(std::uint32_t signal, std::uint32_t value, Cycle at);
  void stamp(Cycle at);

  std::string path_;
  const Design& design_;
  Window window_;
  OutputFile output_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::vector<int> bits_;              ///< Of each signal.
  std::vector<std::uint32_t> values_;  ///< Of each signal, as in the file.
  std::vector<Stream> streams_;        ///< Two a tile: injected, ejected.
  std::vector<std::vector<PortSignals>> ports_;
  std::map<std::pair<int, int>, int> tile_at_;
  /// Packets so far, by direction, receiver, port and kind: the next one's number.
  std::array<std::map<std::tuple<int, int, bool>, std::uint32_t>, 2> packets_;
  std::vector<std::uint32_t> under_way_;  ///< Number of the packet whose flits a stream carries.
  std::priority_queue<OnWire, std::vector<OnWire>, std::greater<>> waiting_;
  std::vector<std::uint32_t> high_;  ///< Valid signals that are 1 in cycle now_.
  Cycle now_ = -1;                   ///< The cycle written last.
  Cycle stamped_ = -1;
};

}  // namespace recpim
