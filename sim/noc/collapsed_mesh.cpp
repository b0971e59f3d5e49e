// SPDX-License-Identifier: Apache-2.0
#include "sim/noc/collapsed_mesh.h"

#include <algorithm>
#include <string>

namespace recpim {

CollapsedRouter::CollapsedRouter(const sc_core::sc_module_name& name, CollapsedMesh& mesh, int x,
                                 int y)
    : sc_core::sc_module(name), mesh_(mesh), x_(x), y_(y) {
  client_.name = this->name();
  grants_.fill(kNever);
  SC_METHOD(step);
  sensitive << client_.wake;
  dont_initialize();
}

Cycle CollapsedRouter::next_credit() const {
  const CollapsedLink& link = *inputs_[kLocal];
  if (link.packet != nullptr || link.known == link.capacity) return kNever;
  const Cycle credit = link.slots[link.fill] + kCreditCycles;
  return credit <= mesh_.cycles_.now() ? 0 : credit;
}

void CollapsedRouter::send(const Packet& packet) {
  const Cycle now = mesh_.cycles_.now();
  const CollapsedRouter* end = mesh_.router(packet.dst_x, packet.dst_y);
  if (end == nullptr || end->inputs_[kLocal]->endpoint == nullptr || packet.flits < 1) {
    SC_REPORT_FATAL("Mesh", "a packet without flits, or to where no tile is");
    return;
  }
  CollapsedLink& link = *inputs_[kLocal];
  if (link.last_in >= now || next_credit() != 0) {
    SC_REPORT_FATAL("Mesh", "a packet was sent before the link was free");
    return;
  }
  link.packet = mesh_.pool_.take(packet);
  link.left = packet.flits;
  link.last_in = now - 1;
  mesh_.enqueue(&link);
  mesh_.work_off();
}

void CollapsedRouter::step() {
  const Cycle now = mesh_.cycles_.now();
  for (std::size_t output = 0; output < kPorts; ++output) {
    if (grants_[output] != now) continue;
    grants_[output] = kNever;
    mesh_.grant(*outputs_[output], now);
  }
  mesh_.work_off();
}

// --- What becomes known. A work list, since one departure can make known others all over the mesh.

void CollapsedMesh::enqueue(CollapsedLink* link) {
  if (link->queued || link->packet == nullptr) return;
  link->queued = true;
  work_.push_back(link);
}

void CollapsedMesh::work_off() {
  if (working_) return;  // From within a callback: the loop below goes on with it.
  working_ = true;
  while (!work_.empty()) {
    CollapsedLink* link = work_.back();
    work_.pop_back();
    link->queued = false;
    advance(*link);
  }
  working_ = false;
}

// All departures onto a link whose terms are known.
void CollapsedMesh::advance(CollapsedLink& link) {
  CollapsedLink* source = link.source;
  int count = link.left;
  if (link.to != nullptr) count = std::min(count, link.capacity - link.known);
  if (source != nullptr) count = std::min(count, source->known);
  if (count == 0) return;

  const bool head = link.left == link.packet->flits;
  const bool credit_unknown =
      source != nullptr && source->known == source->capacity && source->packet == nullptr;
  const Cycle before = move(link, count);
  if (head && link.to != nullptr) enter(link);
  if (link.left == 0) finish(link, before);
  // Departures from the source's FIFO are credits to whoever fills it, departures onto the link are
  // arrivals to whoever drains it.
  if (source != nullptr) {
    enqueue(source);
    if (credit_unknown && source->from == nullptr) source->endpoint->credit_known();
  }
  if (link.next != nullptr) enqueue(link.next);
}

// The closed form for the next `count` flits; returns the departure of the last but one (-1: none).
Cycle CollapsedMesh::move(CollapsedLink& link, int count) {
  CollapsedLink* source = link.source;
  Cycle before = link.left == link.packet->flits ? -1 : link.last_in;
  Cycle last = link.last_in;
  const bool seen = observer_ != nullptr && (source == nullptr || link.to == nullptr);
  // Locals, which a store into a slot does not make the compiler read again.
  Cycle* const filled = link.to != nullptr ? link.slots : nullptr;
  Cycle* const drained = source != nullptr ? source->slots : nullptr;
  const int capacity = link.capacity;
  const int source_capacity = source != nullptr ? source->capacity : 0;
  int fill = link.fill;
  int drain = source != nullptr ? source->drain : 0;
  for (int i = 0; i < count; ++i) {
    Cycle leaves = last + 1;
    if (filled != nullptr) leaves = std::max(leaves, filled[fill] + kCreditCycles);
    if (drained != nullptr) {
      leaves = std::max(leaves, drained[drain] + kLinkCycles);
      drained[drain] = leaves;
      drain = drain + 1 == source_capacity ? 0 : drain + 1;
    }
    if (filled != nullptr) {
      filled[fill] = leaves;
      fill = fill + 1 == capacity ? 0 : fill + 1;
    }
    if (i > 0) before = last;
    last = leaves;
    if (seen) see(link, leaves);
    --link.left;
  }
  link.fill = fill;
  if (source != nullptr) source->drain = drain;
  link.last_in = last;
  link.flits += static_cast<std::uint64_t>(count);
  if (link.to != nullptr) link.known += count;
  if (source != nullptr) {
    source->known -= count;
    source->last_out = last;
  }
  return before;
}

void CollapsedMesh::see(const CollapsedLink& link, Cycle left) const {
  const auto direction =
      link.to == nullptr ? FlitObserver::Direction::kEjected : FlitObserver::Direction::kInjected;
  observer_->flit(link.tile, direction, left, *link.packet, link.packet->flits - link.left);
}

// The head's departure onto the link is known.
void CollapsedMesh::enter(CollapsedLink& link) {
  int place = link.first_packet + link.packet_count;
  if (place > link.capacity) place -= link.capacity + 1;
  link.packets[place] = link.packet;
  if (++link.packet_count == 1) ask(link);
}

// The tail's departure onto the link is known; the link is free in the cycle after it.
void CollapsedMesh::finish(CollapsedLink& link, Cycle before) {
  CollapsedLink* source = link.source;
  Packet* packet = link.packet;
  link.packet = nullptr;
  if (source == nullptr) {
    link.endpoint->tail_leaves(link.last_in, before);
    return;
  }
  source->next = nullptr;
  source->first_packet = source->first_packet == source->capacity ? 0 : source->first_packet + 1;
  if (--source->packet_count > 0) ask(*source);
  if (link.requests != 0) {
    Cycle first = kNever;
    for (std::size_t i = 0; i < kPorts; ++i) {
      if ((link.requests >> i & 1U) != 0) first = std::min(first, link.request[i]);
    }
    arm_output(link, first);
  }
  if (link.to == nullptr) {
    link.endpoint->packet_arrives(*packet, link.last_in + kLinkCycles);
    pool_.give_back(packet);
  }
}

// The FIFO's first packet asks for its output as soon as its head is at the front.
void CollapsedMesh::ask(CollapsedLink& link) {
  const Packet& packet = *link.packets[link.first_packet];
  CollapsedRouter& router = *link.to;
  const auto port = static_cast<std::size_t>(xy_output(router.x_, router.y_, packet));
  CollapsedLink& output = *router.outputs_[port];
  const Cycle front = std::max(link.slots[link.drain] + kLinkCycles, link.last_out + 1);
  output.request[link.port] = front;
  output.requests = static_cast<std::uint8_t>(output.requests | 1U << link.port);
  if (output.packet == nullptr) arm_output(output, front);
}

// A free output grants in the first cycle in which it is free and somebody asks. While its packet's
// tail is not known it is not armed; finish() does that.
void CollapsedMesh::arm_output(CollapsedLink& output, Cycle at) {
  at = std::max(at, output.last_in + 1);
  Cycle& next = output.from->grants_[output.output];
  if (at >= next) return;
  next = at;
  cycles_.arm(output.from->client_, at);
}

void CollapsedMesh::grant(CollapsedLink& output, Cycle now) {
  const unsigned requests = output.requests;
  auto input = static_cast<std::size_t>(__builtin_ctz(requests));
  if ((requests & (requests - 1)) != 0) {  // More than one: in the order of the pointer.
    input = output.pointer;
    while ((requests >> input & 1U) == 0 || output.request[input] > now) {
      input = input + 1 == kPorts ? 0 : input + 1;
    }
  }
  output.requests = static_cast<std::uint8_t>(requests & ~(1U << input));
  output.pointer = static_cast<std::uint8_t>(input + 1 == kPorts ? 0 : input + 1);
  CollapsedLink& source = *output.from->inputs_[input];
  source.next = &output;
  output.source = &source;
  output.packet = source.packets[source.first_packet];
  output.left = output.packet->flits;
  output.last_in = now - 1;
  enqueue(&output);
}

// --- The mesh.

CollapsedMesh::CollapsedMesh(const MeshConfig& config, CycleScheduler& cycles)
    : config_(config), cycles_(cycles) {
  for (int y = 0; y < config.rows; ++y) {
    for (int x = 0; x < config.columns; ++x) {
      const std::string name = "router_" + std::to_string(x) + "_" + std::to_string(y);
      routers_.push_back(std::make_unique<CollapsedRouter>(name.c_str(), *this, x, y));
    }
  }
  make_links();
}

void CollapsedMesh::make_links() {
  const std::size_t count = routers_.size();
  const auto capacity = static_cast<std::size_t>(config_.buffer_flits);
  links_.resize(count * (kPorts + 1));
  // A slot never used gives a credit from cycle 0 on.
  slots_.assign(count * kPorts * capacity, -kCreditCycles);
  packets_.resize(count * kPorts * (capacity + 1));
  for (std::size_t r = 0; r < count; ++r) {
    CollapsedRouter& at = *routers_[r];
    for (std::size_t port = 0; port < kPorts; ++port) {
      const std::size_t index = r * kPorts + port;
      CollapsedLink& link = links_[index];
      link.slots = &slots_[index * capacity];
      link.capacity = config_.buffer_flits;
      link.packets = &packets_[index * (capacity + 1)];
      link.port = static_cast<std::uint8_t>(port);
      link.to = &at;
      at.inputs_[port] = &link;
    }
    CollapsedLink& to_tile = links_[count * kPorts + r];
    to_tile.from = &at;
    to_tile.output = kLocal;
    at.outputs_[kLocal] = &to_tile;
  }
  for (const auto& each : routers_) {
    for (int port = 0; port < kLocal; ++port) {
      const CollapsedRouter* next = router(each->x_ + step_x(port), each->y_ + step_y(port));
      if (next == nullptr) continue;
      CollapsedLink* link = next->inputs_[static_cast<std::size_t>(opposite(port))];
      link->from = each.get();
      link->output = static_cast<std::uint8_t>(port);
      each->outputs_[static_cast<std::size_t>(port)] = link;
    }
  }
}

CollapsedRouter* CollapsedMesh::router(int x, int y) const {
  if (x < 0 || x >= config_.columns || y < 0 || y >= config_.rows) return nullptr;
  const int index = y * config_.columns + x;
  return routers_[static_cast<std::size_t>(index)].get();
}

MeshInjector& CollapsedMesh::attach(int tile, int x, int y, MeshEndpoint& endpoint) {
  CollapsedRouter* at = router(x, y);
  if (at == nullptr) {
    SC_REPORT_FATAL("Mesh", "a tile outside the mesh");
    at = routers_.front().get();
  }
  if (at->inputs_[kLocal]->endpoint != nullptr) SC_REPORT_FATAL("Mesh", "a router takes one tile");
  for (CollapsedLink* link : {at->inputs_[kLocal], at->outputs_[kLocal]}) {
    link->endpoint = &endpoint;
    link->tile = tile;
  }
  return *at;
}

std::vector<std::uint64_t> CollapsedMesh::router_flits() const {
  std::vector<std::uint64_t> flits;
  for (const auto& each : routers_) {
    std::uint64_t sum = 0;
    for (const CollapsedLink* output : each->outputs_) sum += output == nullptr ? 0 : output->flits;
    flits.push_back(sum);
  }
  return flits;
}

std::uint64_t CollapsedMesh::link_flits() const {
  std::uint64_t flits = 0;
  for (const CollapsedLink& link : links_) {
    if (link.from != nullptr && link.to != nullptr) flits += link.flits;
  }
  return flits;
}

std::vector<std::string> CollapsedMesh::blocked() const {
  std::vector<std::string> lines;
  for (const CollapsedLink& link : links_) {
    for (int i = 0; i < link.packet_count; ++i) {
      const Packet& packet = *link.packets[(link.first_packet + i) % (link.capacity + 1)];
      std::string reason = "behind another packet";
      if (i == 0 && link.next == nullptr) {
        reason = "waits for its output";
      } else if (i == 0) {
        const bool head_left = link.next->left < packet.flits;
        if (head_left && link.next->to != nullptr) continue;  // Listed where its head is.
        reason = head_left ? "waits for its tail" : "waits for a credit";
      }
      lines.push_back(blocked_line(packet, link.to->x_, link.to->y_, link.port, reason));
    }
  }
  return lines;
}

std::unique_ptr<MeshModel> make_collapsed_mesh(const MeshConfig& config, CycleScheduler& cycles) {
  return std::make_unique<CollapsedMesh>(config, cycles);
}

}  // namespace recpim
