// SPDX-License-Identifier: Apache-2.0
#include "rtl/cosim/expectation.h"

#include <algorithm>

#include "models/mapping/replicas.h"
#include "sim/host/trace_player.h"
#include "sim/noc/flit.h"

namespace recpim {
namespace {

class Recorder : public FlitObserver {
 public:
  Recorder(Expectation& expectation, int flit_bits)
      : expectation_(expectation), flit_bits_(flit_bits) {}
  void flit(int tile, Direction direction, Cycle left, const Packet& packet, int k) override {
    const std::size_t port =
        2 * static_cast<std::size_t>(tile) + (direction == Direction::kInjected ? 0 : 1);
    expectation_.ports[port].push_back({left, flit_words(packet, k, flit_bits_)});
  }

 private:
  Expectation& expectation_;
  int flit_bits_;
};

// Payload flits of `elements` values as beats: the flit without its head and tail bits.
template <typename Use>
void for_each_beat(const Packet& packet, int flit_bits, Use use) {
  const int flits = payload_flits(packet.elements, packet.element_bits, flit_bits);
  Packet whole = packet;
  whole.flits = 1 + flits;
  for (int k = 1; k <= flits; ++k) {
    Words words = flit_words(whole, k, flit_bits);
    words.pop_back();
    use(std::move(words), k == flits);
  }
}

// Whether the host's link with a tile has a packet in a sample.
bool active(const Design& design, int tile, std::uint64_t sample) {
  return turn(design.tiles[0], design.tiles[static_cast<std::size_t>(tile)]).active(sample);
}

void add_requests(const Design& design, const Model& model, const TraceReader& trace,
                  const SimulateOptions& options, const std::vector<Prediction>& predictions,
                  Expectation& out) {
  const std::uint64_t samples = predictions.size();
  const auto in_flight = static_cast<std::uint64_t>(design.samples_in_flight);
  RequestBuilder builder(design, model, trace, true);
  TraceChunk chunk;
  trace.read(options.first, samples, chunk);
  for (std::uint64_t i = 0; i < samples; ++i) {
    Cycle arrival = options.arrivals.empty() ? 0 : options.arrivals[i];
    if (in_flight > 0 && i >= in_flight) {
      arrival = std::max(arrival, predictions[i - in_flight].transferred + 1);
    }
    const auto& parts = builder.build(chunk, i, i);
    for (std::size_t s = 0; s < parts.size(); ++s) {
      const Send& send = design.tiles[0].sends[s];
      if (!active(design, send.tile, i)) continue;
      Packet packet;
      packet.values = std::make_shared<const std::vector<std::int32_t>>(parts[s].values);
      packet.elements = static_cast<int>(parts[s].elements);
      packet.element_bits = design.tiles[static_cast<std::size_t>(send.tile)]
                                .ports[static_cast<std::size_t>(send.port)]
                                .element_bits;
      for_each_beat(packet, design.hardware.mesh.flit_bits, [&](Words words, bool last) {
        out.requests.push_back({std::move(words), last});
        out.arrivals.push_back(arrival);
      });
    }
  }
}

void add_predictions(const Design& design, const std::vector<Prediction>& predictions,
                     Expectation& out) {
  for (std::size_t sample = 0; sample < predictions.size(); ++sample) {
    const Prediction& p = predictions[sample];
    std::vector<Words> beats;
    for (const Port& port : design.tiles[0].ports) {
      if (!active(design, port.tile, sample)) continue;
      Packet packet;
      packet.values = std::make_shared<const std::vector<std::int32_t>>(p.values);
      packet.first_element = port.first_element;
      packet.elements = port.elements;
      packet.element_bits = port.element_bits;
      for_each_beat(packet, design.hardware.mesh.flit_bits,
                    [&](Words words, bool /*last*/) { beats.push_back(std::move(words)); });
    }
    for (std::size_t i = 0; i < beats.size(); ++i) {
      const Cycle at = p.transferred - static_cast<Cycle>(beats.size() - 1 - i);
      out.ports.back().push_back({at, std::move(beats[i])});
    }
  }
}

}  // namespace

std::string Expectation::port_name(const Design& design, const Model& model,
                                   std::size_t port) const {
  if (port + 1 == ports.size()) return "host: prediction stream";
  return tile_name(design, model, static_cast<int>(port / 2)) +
         (port % 2 == 0 ? ": injection" : ": ejection");
}

Expectation expect(const Design& design, const Model& model, const TraceReader& trace,
                   SimulateOptions options) {
  Expectation out;
  out.ports.resize(2 * design.tiles.size() + 1);
  Recorder recorder(out, design.hardware.mesh.flit_bits);
  options.observer = &recorder;
  options.compare = false;
  const SimulationResult result = simulate(design, model, trace, options);
  out.cycles = result.json["cycles"].get<Cycle>();
  add_requests(design, model, trace, options, result.predictions, out);
  add_predictions(design, result.predictions, out);
  return out;
}

}  // namespace recpim
