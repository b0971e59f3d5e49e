// SPDX-License-Identifier: Apache-2.0
#include "models/mapping/replicas.h"

#include <algorithm>
#include <stdexcept>

namespace recpim {
namespace {

const Tile& at(const Design& design, int tile) {
  return design.tiles[static_cast<std::size_t>(tile)];
}

class Replicator {
 public:
  Replicator(const Design& design, const std::vector<int>& replicas)
      : from_(design), replicas_(replicas), to_(design) {
    to_.tiles.clear();
  }

  Design run() {
    check();
    for (std::size_t t = 0; t < from_.tiles.size(); ++t) {
      first_.push_back(static_cast<int>(to_.tiles.size()));
      for (int r = 0; r < replicas_[t]; ++r) {
        Tile copy = from_.tiles[t];
        copy.stride = replicas_[t];
        copy.phase = r;
        copy.ports.clear();
        copy.sends.clear();
        to_.tiles.push_back(std::move(copy));
      }
    }
    make_ports();
    make_sends();
    return std::move(to_);
  }

 private:
  void check() const {
    if (replicas_.size() != from_.tiles.size() || replicas_[0] != 1) {
      throw std::invalid_argument("replicate: a number for each tile, 1 for the host");
    }
    for (std::size_t t = 0; t < from_.tiles.size(); ++t) {
      const int n = replicas_[t];
      if (n < 1 || n > kMostReplicas || (n & (n - 1)) != 0 || from_.tiles[t].stride != 1) {
        throw std::invalid_argument("replicate: powers of two, of tiles that are there once");
      }
      for (const Port& port : from_.tiles[t].ports) {
        if (port.partial && replicas_[static_cast<std::size_t>(port.tile)] != n) {
          throw std::invalid_argument("replicate: parts of an operator as often as its home");
        }
      }
    }
  }

  int first(int tile) const { return first_[static_cast<std::size_t>(tile)]; }
  int count(int tile) const { return replicas_[static_cast<std::size_t>(tile)]; }
  Tile& made(int tile, int replica) {
    return to_.tiles[static_cast<std::size_t>(first(tile) + replica)];
  }

  // In the order of the ports that there were, replica by replica of the producer.
  void make_ports() {
    for (std::size_t t = 0; t < from_.tiles.size(); ++t) {
      const int tile = static_cast<int>(t);
      for (int r = 0; r < count(tile); ++r) {
        for (const Port& port : from_.tiles[t].ports) {
          for (int other = 0; other < count(port.tile); ++other) {
            if (!meet(made(tile, r), made(port.tile, other))) continue;
            Port copy = port;
            copy.tile = first(port.tile) + other;
            made(tile, r).ports.push_back(copy);  // Its send is filled in by make_sends().
          }
        }
      }
    }
  }

  void make_sends() {
    for (std::size_t t = 0; t < from_.tiles.size(); ++t) {
      const int tile = static_cast<int>(t);
      for (int r = 0; r < count(tile); ++r) {
        for (std::size_t s = 0; s < from_.tiles[t].sends.size(); ++s) {
          const Send& send = from_.tiles[t].sends[s];
          for (int other = 0; other < count(send.tile); ++other) {
            if (!meet(made(tile, r), made(send.tile, other))) continue;
            connect(tile, r, send, other);
          }
        }
      }
    }
  }

  void connect(int tile, int r, const Send& send, int other) {
    Send copy = send;
    copy.tile = first(send.tile) + other;
    Tile& receiver = made(send.tile, other);
    copy.port = port_of(send, other, tile, r);
    receiver.ports[static_cast<std::size_t>(copy.port)].send =
        static_cast<int>(made(tile, r).sends.size());
    made(tile, r).sends.push_back(copy);
  }

  // Of the receiver's replica: the copy of send.port that comes from replica r of tile.
  int port_of(const Send& send, int other, int tile, int r) {
    const Tile& receiver = made(send.tile, other);
    int position = 0;
    for (int p = 0; p < send.port; ++p) {
      const Port& port = at(from_, send.tile).ports[static_cast<std::size_t>(p)];
      for (int o = 0; o < count(port.tile); ++o) position += meet(receiver, made(port.tile, o));
    }
    for (int o = 0; o < r; ++o) position += meet(receiver, made(tile, o));
    return position;
  }

  const Design& from_;
  const std::vector<int>& replicas_;
  Design to_;
  std::vector<int> first_;  // First replica of each tile.
};

}  // namespace

bool meet(const Tile& one, const Tile& other) {
  const int common = std::min(one.stride, other.stride);
  return one.phase % common == other.phase % common;
}

Turn turn(const Tile& tile, const Tile& other) {
  if (other.stride <= tile.stride) return {};
  return {other.stride / tile.stride, (other.phase - tile.phase) / tile.stride};
}

int input_slots(const Design& design, const Tile& tile) {
  int slots = design.hardware.buffer_slots;
  for (const Port& port : tile.ports) {
    if (!port.partial) slots = std::max(slots, turn(tile, at(design, port.tile)).period);
  }
  return slots;
}

int credits(const Design& design, const Tile& sender, const Send& send) {
  const Tile& receiver = at(design, send.tile);
  if (receiver.ports[static_cast<std::size_t>(send.port)].partial) {
    return design.hardware.buffer_slots;
  }
  return std::min(design.hardware.buffer_slots,
                  input_slots(design, receiver) / turn(receiver, sender).period);
}

Design replicate(const Design& design, const std::vector<int>& replicas) {
  return Replicator(design, replicas).run();
}

}  // namespace recpim
