// SPDX-License-Identifier: Apache-2.0
#include "sim/observe/wave.h"

#include <algorithm>
#include <systemc>
#include <utility>

#include "traces/support/error.h"

namespace recpim {
namespace {

constexpr unsigned __int128 kFemtosecondsPerSecond = 1'000'000'000'000'000;
constexpr std::size_t kHeldBack = 4096;  // Flits before it is worth looking which are due.

// Printable characters, as short as can be.
std::string identifier(std::uint32_t number) {
  std::string text;
  do {
    text += static_cast<char>('!' + number % 94);
    number /= 94;
  } while (number > 0);
  return text;
}

}  // namespace

Wave::Wave(const std::string& path, const Design& design, const Model& model, Window window)
    : path_(path),
      design_(design),
      window_(window),
      output_(path),
      file_(std::fopen(output_.path().c_str(), "wb"), std::fclose),
      under_way_(2 * design.tiles.size(), 0) {
  if (file_ == nullptr) reject(path, "", "", "a place that can be written");
  std::fputs(
      "$version recpim simulate --wave $end\n$timescale 1 fs $end\n$scope module chip $end\n",
      file_.get());
  for (std::size_t i = 0; i < design.tiles.size(); ++i) {
    const Tile& tile = design.tiles[i];
    tile_at_[{tile.x, tile.y}] = static_cast<int>(i);
    std::string scope = i == 0 ? "host"
                               : "tile_" + std::to_string(i) + "_" +
                                     model.operators[static_cast<std::size_t>(tile.op)].name;
    std::replace(scope.begin(), scope.end(), ' ', '_');  // A blank would end the name.
    declare_tile(i, scope);
  }
  std::fputs("$upscope $end\n$enddefinitions $end\n", file_.get());
  stamp(window.from);
  std::fputs("$dumpvars\n", file_.get());
  for (std::uint32_t s = 0; s < bits_.size(); ++s) {
    std::fprintf(file_.get(), bits_[s] == 1 ? "0%s\n" : "b0 %s\n", identifier(s).c_str());
  }
  std::fputs("$end\n", file_.get());
}

Wave::~Wave() = default;

std::uint32_t Wave::declare(const std::string& name, int bits) {
  const auto number = static_cast<std::uint32_t>(bits_.size());
  bits_.push_back(bits);
  values_.push_back(0);
  std::fprintf(file_.get(), "$var wire %d %s %s $end\n", bits, identifier(number).c_str(),
               name.c_str());
  return number;
}

void Wave::declare_tile(std::size_t tile, const std::string& scope) {
  std::fprintf(file_.get(), "$scope module %s $end\n", scope.c_str());
  for (const char* stream : {"out", "in"}) {
    const std::string name = stream;
    Stream signals{};
    signals.valid = declare(name + "_valid", 1);
    signals.head = declare(name + "_head", 1);
    signals.tail = declare(name + "_tail", 1);
    signals.credit = declare(name + "_credit", 1);
    signals.port = declare(name + "_port", 15);
    signals.id = declare(name + "_id", 32);
    streams_.push_back(signals);
  }
  ports_.emplace_back();
  for (std::size_t p = 0; p < design_.tiles[tile].ports.size(); ++p) {
    const std::string name = "port" + std::to_string(p);
    const std::uint32_t valid = declare(name + "_valid", 1);
    ports_.back().push_back({valid, declare(name + "_id", 32)});
  }
  std::fputs("$upscope $end\n", file_.get());
}

// A port has one producer and its packets come in order: the n-th of a port is sample n's, where it
// is injected as where it is ejected.
std::uint32_t Wave::count_packet(int tile, Direction direction, const Packet& packet) {
  const bool injected = direction == Direction::kInjected;
  const int receiver = injected ? tile_at_[{packet.dst_x, packet.dst_y}] : tile;
  return packets_.at(injected ? 0 : 1)[{receiver, packet.port, packet.credit}]++;
}

void Wave::flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) {
  const Cycle at = left + 1;
  const auto stream =
      static_cast<std::uint32_t>(2 * tile + (direction == Direction::kInjected ? 0 : 1));
  if (k == 0) under_way_[stream] = count_packet(tile, direction, packet);
  if (!window_.holds(at)) return;
  waiting_.push({at, stream, under_way_[stream], static_cast<std::uint32_t>(packet.port), k == 0,
                 k == packet.flits - 1, packet.credit});
  if (waiting_.size() < kHeldBack) return;
  // A flit that is not known yet leaves now at the earliest and is on the wire one cycle later.
  const auto hz = static_cast<unsigned __int128>(design_.hardware.clock_hz);
  const unsigned __int128 time = sc_core::sc_time_stamp().value();
  drain(static_cast<Cycle>(((time + 1) * hz - 1) / kFemtosecondsPerSecond) + 1);
}

void Wave::drain(Cycle before) {
  while (!waiting_.empty() && waiting_.top().at < before) drain_cycle(waiting_.top().at);
}

// A valid lasts a cycle: what is high falls in the next one unless it is set again.
void Wave::drain_cycle(Cycle at) {
  if (at > now_ + 1) lower(now_ + 1);
  const std::vector<std::uint32_t> before = std::exchange(high_, {});
  while (!waiting_.empty() && waiting_.top().at == at) {
    const OnWire flit = waiting_.top();
    waiting_.pop();
    const Stream& stream = streams_[flit.stream];
    set(stream.valid, 1, at);
    set(stream.head, flit.head ? 1 : 0, at);
    set(stream.tail, flit.tail ? 1 : 0, at);
    set(stream.credit, flit.credit ? 1 : 0, at);
    set(stream.port, flit.port, at);
    set(stream.id, flit.id, at);
    high_.push_back(stream.valid);
    if (flit.stream % 2 == 0 || flit.credit) continue;
    const PortSignals& port = ports_[flit.stream / 2][flit.port];
    set(port.valid, 1, at);
    set(port.id, flit.id, at);
    high_.push_back(port.valid);
  }
  for (const std::uint32_t signal : before) {
    if (std::find(high_.begin(), high_.end(), signal) == high_.end()) set(signal, 0, at);
  }
  now_ = at;
}

void Wave::lower(Cycle at) {
  for (const std::uint32_t signal : high_) set(signal, 0, at);
  high_.clear();
}

void Wave::set(std::uint32_t signal, std::uint32_t value, Cycle at) {
  if (values_[signal] == value) return;
  values_[signal] = value;
  stamp(at);
  if (bits_[signal] == 1) {
    std::fprintf(file_.get(), "%u%s\n", value, identifier(signal).c_str());
    return;
  }
  std::string digits;
  for (; value > 0; value /= 2) digits.insert(digits.begin(), static_cast<char>('0' + value % 2));
  std::fprintf(file_.get(), "b%s %s\n", digits.empty() ? "0" : digits.c_str(),
               identifier(signal).c_str());
}

void Wave::stamp(Cycle at) {
  if (at == stamped_) return;
  stamped_ = at;
  const auto hz = static_cast<unsigned __int128>(design_.hardware.clock_hz);
  const auto fs = static_cast<unsigned __int128>(at) * kFemtosecondsPerSecond / hz;
  std::fprintf(file_.get(), "#%llu\n", static_cast<unsigned long long>(fs));
}

void Wave::finish() {
  drain(kNever);
  lower(now_ + 1);
  const bool fine = std::ferror(file_.get()) == 0;
  if (std::fclose(file_.release()) != 0 || !fine) {
    reject(path_, "", "", "a place with room to write");
  }
  output_.commit();
}

}  // namespace recpim
