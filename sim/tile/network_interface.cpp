// SPDX-License-Identifier: Apache-2.0
#include "sim/tile/network_interface.h"

#include <algorithm>

namespace recpim {

NetworkInterface::NetworkInterface(const sc_core::sc_module_name& name, const Design& design,
                                   int tile, CycleScheduler& cycles, InterfaceClient& client)
    : sc_module(name),
      design_(design),
      tile_(design.tiles[static_cast<std::size_t>(tile)]),
      number_(tile),
      cycles_(cycles),
      client_(client),
      pending_(tile_.ports.size()) {
  for (const Send& send : tile_.sends) {
    credits_.emplace_back(credits(design, tile_, send));
    turns_.push_back(turn(tile_, design.tiles[static_cast<std::size_t>(send.tile)]));
  }
  next_send_ = active_send(0);
  wakeup_.name = this->name();
  SC_METHOD(run);
  sensitive << wakeup_.wake;
  dont_initialize();
}

void NetworkInterface::attach(Mesh& mesh) {
  injector_ = &mesh.attach(number_, tile_.x, tile_.y, *this);
}

void NetworkInterface::send_output(Output output) {
  outputs_.push_back(std::move(output));
  plan();
}

void NetworkInterface::return_credit(int port, Cycle at) {
  pending_[static_cast<std::size_t>(port)].push(at);
  plan();
}

void NetworkInterface::packet_arrives(const Packet& packet, Cycle at) {
  flits_ejected_ += static_cast<std::uint64_t>(packet.flits);
  if (packet.credit) {
    credits_[static_cast<std::size_t>(packet.port)].push(at);
    plan();
  } else {
    client_.packet_arrives(packet.port, packet, at);
  }
}

void NetworkInterface::tail_leaves(Cycle tail, Cycle before) {
  underway_ = false;
  free_from_ = tail + 1;
  if (underway_payload_ > 0) {
    payload_before_ = underway_payload_ > 1 ? before : last_payload_;
    last_payload_ = tail;
  }
  if (underway_is_last_) {
    underway_is_last_ = false;
    client_.output_freed(tail + 1);
  }
  plan();
}

Cycle NetworkInterface::oldest_credit() const {
  Cycle oldest = kNever;
  for (const auto& port : pending_) {
    if (!port.empty()) oldest = std::min(oldest, port.front());
  }
  return oldest;
}

Cycle NetworkInterface::head_ready() const {
  if (outputs_.empty() || credits_[next_send_].empty()) return kNever;
  return std::max(outputs_.front().at, credits_[next_send_].front());
}

// The first cycle in which something can leave, as far as is known now. What becomes known later
// dates from after it became known, so a decision taken in that cycle is final.
Cycle NetworkInterface::next_action() const {
  if (underway_) return kNever;
  const Cycle link = injector_->next_credit();
  const Cycle ready = std::min(oldest_credit(), head_ready());
  if (link == kNever || ready == kNever) return kNever;
  return std::max({free_from_, link, ready});
}

void NetworkInterface::plan() {
  const Cycle at = next_action();
  // A decision due in this very cycle is taken by the run() that is due as well.
  if (at != kNever && at > cycles_.now()) cycles_.arm(wakeup_, at);
}

void NetworkInterface::run() {
  if (next_action() > cycles_.now()) return;  // Armed for something that has come to pass earlier.
  if (!send_credit()) send_data();
  plan();
}

// Passing over the others takes no time: sim/README.md, "Replicas".
std::size_t NetworkInterface::active_send(std::size_t from) const {
  while (from < turns_.size() && !turns_[from].active(sample_)) ++from;
  return from;
}

bool NetworkInterface::send_credit() {
  for (std::size_t port = 0; port < pending_.size(); ++port) {
    if (pending_[port].empty() || pending_[port].front() > cycles_.now()) continue;
    pending_[port].pop();
    const Port& from = tile_.ports[port];
    const Tile& producer = design_.tiles[static_cast<std::size_t>(from.tile)];
    Packet packet;
    packet.dst_x = producer.x;
    packet.dst_y = producer.y;
    packet.port = from.send;
    packet.credit = true;
    underway_ = true;
    underway_payload_ = 0;
    ++flits_injected_;
    injector_->send(packet);
    return true;
  }
  return false;
}

void NetworkInterface::send_data() {
  const Send& send = tile_.sends[next_send_];
  const Tile& consumer = design_.tiles[static_cast<std::size_t>(send.tile)];
  Output& output = outputs_.front();
  Packet packet;
  packet.dst_x = consumer.x;
  packet.dst_y = consumer.y;
  packet.port = send.port;
  packet.element_bits = consumer.ports[static_cast<std::size_t>(send.port)].element_bits;
  // The host's sends have vectors of their own, other tiles' are slices of one.
  const bool own = !output.elements.empty();
  packet.first_element = own ? 0 : send.first_element;
  packet.elements = own ? output.elements[next_send_] : send.elements;
  packet.flits =
      1 + payload_flits(packet.elements, packet.element_bits, design_.hardware.mesh.flit_bits);
  if (!output.values.empty()) {
    packet.values = own ? output.values[next_send_] : output.values.front();
  }
  // Behind an earlier data packet of its own it is the link that it waits for.
  const Cycle ready = std::max(output.since, credits_[next_send_].pop());
  if (ready > last_payload_) ready_ = ready;
  packet.offered = output.offered;
  packet.ready = std::max(ready_, output.since);
  next_send_ = active_send(next_send_ + 1);
  if (next_send_ == tile_.sends.size()) {
    ++sample_;
    next_send_ = active_send(0);
    outputs_.pop_front();
    underway_is_last_ = true;
  }
  underway_ = true;
  underway_payload_ = packet.flits - 1;
  flits_injected_ += static_cast<std::uint64_t>(packet.flits);
  injector_->send(packet);
}

std::string NetworkInterface::waits_for() const {
  if (underway_) return "a link credit of its router for the packet under way";
  if (oldest_credit() != kNever && injector_->next_credit() == kNever) {
    return "a link credit of its router";
  }
  if (outputs_.empty()) return "";
  const Send& send = tile_.sends[next_send_];
  if (credits_[next_send_].empty()) {
    return "a free slot at tile " + std::to_string(send.tile) + " port " +
           std::to_string(send.port);
  }
  return injector_->next_credit() == kNever ? "a link credit of its router" : "";
}

}  // namespace recpim
