// SPDX-License-Identifier: Apache-2.0
#include "sim/noc/flit_mesh.h"

#include <algorithm>
#include <string>

namespace recpim {

bool FlitChannel::has_credit(Cycle now) {
  while (!returning.empty() && returning.front() <= now) {
    returning.pop_front();
    ++credits;
  }
  return credits > 0;
}

FlitRouter::FlitRouter(const sc_core::sc_module_name& name, FlitMesh& mesh, int x, int y)
    : sc_core::sc_module(name), mesh_(mesh), x_(x), y_(y) {
  client_.name = this->name();
  for (FlitChannel& input : inputs_) input.credits = mesh.config_.buffer_flits;
  SC_METHOD(step);
  sensitive << client_.wake;
  dont_initialize();
}

void FlitRouter::attach(int tile, MeshEndpoint& endpoint) {
  if (attached()) SC_REPORT_FATAL("Mesh", "a router takes one tile");
  tile_ = tile;
  endpoint_ = &endpoint;
}

// --- The tile's side: the link into the local input.

Cycle FlitRouter::next_credit() const {
  const FlitChannel& link = inputs_[kLocal];
  if (sending_ != nullptr) return kNever;
  if (link.credits > 0) return 0;
  if (link.returning.empty()) return kNever;
  return link.returning.front() <= mesh_.cycles_.now() ? 0 : link.returning.front();
}

void FlitRouter::send(const Packet& packet) {
  const Cycle now = mesh_.cycles_.now();
  const FlitRouter* end = mesh_.router(packet.dst_x, packet.dst_y);
  if (end == nullptr || !end->attached() || packet.flits < 1) {
    SC_REPORT_FATAL("Mesh", "a packet without flits, or to where no tile is");
    return;
  }
  if (sending_ != nullptr || left_ >= now || !inputs_[kLocal].has_credit(now)) {
    SC_REPORT_FATAL("Mesh", "a packet was sent before the link was free");
    return;
  }
  sending_ = mesh_.pool_.take(packet);
  sent_ = 0;
  inject(now);
}

// At most one flit in a cycle: step() may run in the cycle of send(), before or after it.
void FlitRouter::inject(Cycle now) {
  FlitChannel& link = inputs_[kLocal];
  if (left_ < now && link.has_credit(now)) {
    const Cycle before = sent_ == 0 ? -1 : left_;
    --link.credits;
    left_ = now;
    const int k = sent_++;
    Packet* packet = sending_;
    if (mesh_.observer_ != nullptr) {
      mesh_.observer_->flit(tile_, FlitObserver::Direction::kInjected, now, *packet, k);
    }
    receive(kLocal, packet, k, now);
    if (k == packet->flits - 1) {
      sending_ = nullptr;
      endpoint_->tail_leaves(now, before);
      return;
    }
  }
  mesh_.cycles_.arm(client_, now + 1);
}

// --- The router.

void FlitRouter::receive(int input, Packet* packet, int k, Cycle now) {
  const Cycle visible = now + kLinkCycles;
  inputs_[static_cast<std::size_t>(input)].flits.push_back({packet, k, visible});
  mesh_.cycles_.arm(client_, visible);
}

void FlitRouter::step() {
  const Cycle now = mesh_.cycles_.now();
  if (sending_ != nullptr) inject(now);
  // What every input shows in this cycle: a head behind a tail that leaves now shows in the next.
  std::array<Front, kPorts> fronts{};
  fronts.fill(kEmpty);
  for (std::size_t i = 0; i < kPorts; ++i) {
    const FlitChannel::Flit* flit = inputs_[i].front(now);
    if (flit == nullptr) continue;
    fronts[i] = flit->k == 0 ? xy_output(x_, y_, *flit->packet) : kBody;
  }
  for (int output = 0; output < kPorts; ++output) {
    Output& out = outputs_[static_cast<std::size_t>(output)];
    if (out.owner < 0) grant(output, fronts);
    if (out.owner >= 0 && fronts[static_cast<std::size_t>(out.owner)] != kEmpty) {
      forward(output, now);
    }
  }
  const bool waiting = std::any_of(inputs_.begin(), inputs_.end(), [now](const FlitChannel& input) {
    return input.front(now) != nullptr;
  });
  if (waiting) mesh_.cycles_.arm(client_, now + 1);
}

void FlitRouter::grant(int output, const std::array<Front, kPorts>& fronts) {
  Output& out = outputs_[static_cast<std::size_t>(output)];
  for (int i = 0; i < kPorts; ++i) {
    const int input = (out.pointer + i) % kPorts;
    if (fronts[static_cast<std::size_t>(input)] == output) {
      out.owner = input;
      out.pointer = (input + 1) % kPorts;
      return;
    }
  }
}

// The owner's front flit leaves if there is a credit; its slot's credit goes back.
void FlitRouter::forward(int output, Cycle now) {
  Output& out = outputs_[static_cast<std::size_t>(output)];
  FlitChannel& in = inputs_[static_cast<std::size_t>(out.owner)];
  FlitChannel* link = nullptr;
  if (output != kLocal) {
    link = &out.next->inputs_[static_cast<std::size_t>(opposite(output))];
    if (!link->has_credit(now)) return;
    --link->credits;
  }
  const FlitChannel::Flit flit = in.flits.front();
  in.flits.pop_front();
  const bool unknown = !in.has_credit(now) && in.returning.empty();
  in.returning.push_back(now + kCreditCycles);
  const bool from_tile = out.owner == kLocal;
  ++flits_;
  out.packet = flit.packet;
  if (flit.k == flit.packet->flits - 1) {
    out.owner = -1;
    out.packet = nullptr;
  }
  if (link != nullptr) {
    ++link_flits_;
    out.next->receive(opposite(output), flit.packet, flit.k, now);
  } else {
    eject(flit, now);
  }
  if (from_tile && unknown && sending_ == nullptr) endpoint_->credit_known();
}

void FlitRouter::eject(const FlitChannel::Flit& flit, Cycle now) {
  if (mesh_.observer_ != nullptr) {
    mesh_.observer_->flit(tile_, FlitObserver::Direction::kEjected, now, *flit.packet, flit.k);
  }
  if (flit.k < flit.packet->flits - 1) return;
  endpoint_->packet_arrives(*flit.packet, now + kLinkCycles);
  mesh_.pool_.give_back(flit.packet);
}

std::string FlitRouter::waits_for(int input, std::size_t place) const {
  const FlitChannel& in = inputs_[static_cast<std::size_t>(input)];
  if (in.flits[place].visible > mesh_.cycles_.now()) return "on the link";
  if (place > 0) return "behind another packet";
  const auto output = static_cast<std::size_t>(xy_output(x_, y_, *in.flits[place].packet));
  return outputs_[output].owner == input ? "waits for a credit" : "waits for its output";
}

void FlitRouter::blocked(std::vector<std::string>& lines) const {
  for (int input = 0; input < kPorts; ++input) {
    const auto& flits = inputs_[static_cast<std::size_t>(input)].flits;
    for (std::size_t place = 0; place < flits.size(); ++place) {
      if (flits[place].k != 0) continue;
      lines.push_back(blocked_line(*flits[place].packet, x_, y_, input, waits_for(input, place)));
    }
  }
  const Output& local = outputs_[kLocal];
  if (local.packet != nullptr) {
    lines.push_back(blocked_line(*local.packet, x_, y_, local.owner, "waits for its tail"));
  }
}

// --- The mesh.

FlitMesh::FlitMesh(const MeshConfig& config, CycleScheduler& cycles)
    : config_(config), cycles_(cycles) {
  for (int y = 0; y < config.rows; ++y) {
    for (int x = 0; x < config.columns; ++x) {
      const std::string name = "router_" + std::to_string(x) + "_" + std::to_string(y);
      routers_.push_back(std::make_unique<FlitRouter>(name.c_str(), *this, x, y));
    }
  }
  for (const auto& each : routers_) {
    for (int port = 0; port < kLocal; ++port) {
      each->outputs_[static_cast<std::size_t>(port)].next =
          router(each->x_ + step_x(port), each->y_ + step_y(port));
    }
  }
}

FlitRouter* FlitMesh::router(int x, int y) const {
  if (x < 0 || x >= config_.columns || y < 0 || y >= config_.rows) return nullptr;
  const int index = y * config_.columns + x;
  return routers_[static_cast<std::size_t>(index)].get();
}

MeshInjector& FlitMesh::attach(int tile, int x, int y, MeshEndpoint& endpoint) {
  FlitRouter* at = router(x, y);
  if (at == nullptr) {
    SC_REPORT_FATAL("Mesh", "a tile outside the mesh");
    at = routers_.front().get();
  }
  at->attach(tile, endpoint);
  return *at;
}

std::vector<std::uint64_t> FlitMesh::router_flits() const {
  std::vector<std::uint64_t> flits;
  for (const auto& each : routers_) flits.push_back(each->flits());
  return flits;
}

std::uint64_t FlitMesh::link_flits() const {
  std::uint64_t flits = 0;
  for (const auto& each : routers_) flits += each->link_flits();
  return flits;
}

std::vector<std::string> FlitMesh::blocked() const {
  std::vector<std::string> lines;
  for (const auto& each : routers_) each->blocked(lines);
  return lines;
}

std::unique_ptr<MeshModel> make_flit_mesh(const MeshConfig& config, CycleScheduler& cycles) {
  return std::make_unique<FlitMesh>(config, cycles);
}

}  // namespace recpim
