// SPDX-License-Identifier: Apache-2.0
#include "sim/host/host_port.h"

#include <algorithm>
#include <cstring>

namespace recpim {
namespace {

template <typename T>
T take(const unsigned char*& at, const unsigned char* end) {
  T value{};
  if (static_cast<std::size_t>(end - at) >= sizeof(T)) std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

template <typename T>
void put(unsigned char*& at, T value) {
  std::memcpy(at, &value, sizeof(T));
  at += sizeof(T);
}

}  // namespace

HostPort::HostPort(const sc_core::sc_module_name& name, const Design& design, int output_elements,
                   CycleScheduler& cycles)
    : sc_module(name),
      target_i("target_i"),
      design_(design),
      tile_(design.tiles[0]),
      cycles_(cycles),
      interface_("network_interface", design, 0, cycles, *this),
      output_elements_(static_cast<std::size_t>(output_elements)),
      arrivals_(tile_.ports.size()),
      arrived_(tile_.ports.size(), 0),
      slots_(static_cast<std::size_t>(input_slots(design, tile_)),
             std::vector<std::int32_t>(output_elements_)) {
  const auto turn_with = [&](int other) {
    return turn(tile_, design.tiles[static_cast<std::size_t>(other)]);
  };
  for (const Send& send : tile_.sends) send_turns_.push_back(turn_with(send.tile));
  for (const Port& port : tile_.ports) {
    port_turns_.push_back(turn_with(port.tile));
    if (!port_turns_.back().active(0)) continue;  // As many beats in every sample.
    beats_out_ += payload_flits(port.elements, port.element_bits, design.hardware.mesh.flit_bits);
  }
  wakeup_.name = this->name();
  target_i.register_b_transport(this, &HostPort::b_transport);
  target_i.register_transport_dbg(this, &HostPort::transport_dbg);
  SC_METHOD(run);
  sensitive << wakeup_.wake;
  dont_initialize();
}

void HostPort::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  if (delay != sc_core::SC_ZERO_TIME) {
    // Loosely timed initiators run ahead: wait until it is their time.
    wait(delay);
    delay = sc_core::SC_ZERO_TIME;
  }
  using namespace host_registers;
  const bool write = transaction.is_write();
  if (transaction.get_address() == kSubmit && write) {
    submit(transaction);
  } else if (transaction.get_address() == kResult && !write) {
    read_results(transaction);
  } else if (access_register(transaction)) {
    transaction.set_response_status(tlm::TLM_OK_RESPONSE);
  } else {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
}

unsigned int HostPort::transport_dbg(tlm::tlm_generic_payload& transaction) {
  return access_register(transaction) ? transaction.get_data_length() : 0;
}

bool HostPort::access_register(tlm::tlm_generic_payload& transaction) {
  using namespace host_registers;
  if (transaction.get_data_length() != 4) return false;
  const std::uint64_t address = transaction.get_address();
  std::uint32_t value = 0;
  if (transaction.is_write()) {
    if (address != kCoalesce) return false;
    std::memcpy(&coalesce_, transaction.get_data_ptr(), 4);
    coalesce_ = std::max<std::uint32_t>(coalesce_, 1);
    ready_.notify();
    return true;
  }
  switch (address) {
    case kIdentity:
      value = kIdentityValue;
      break;
    case kVersion:
      value = kVersionValue;
      break;
    case kCapacity:
      value = kQueue;
      break;
    case kFree:
      value = static_cast<std::uint32_t>(kQueue - queue_.size());
      break;
    case kAvailable:
      value = static_cast<std::uint32_t>(results_.size());
      break;
    case kCoalesce:
      value = coalesce_;
      break;
    default:
      return false;
  }
  std::memcpy(transaction.get_data_ptr(), &value, 4);
  return true;
}

void HostPort::submit(tlm::tlm_generic_payload& transaction) {
  while (queue_.size() == kQueue) wait(room_);
  const unsigned char* at = transaction.get_data_ptr();
  const unsigned char* end = at + transaction.get_data_length();
  Request request;
  request.arrival = std::max<Cycle>(take<Cycle>(at, end), cycles_.now() + 1);
  const int flit_bits = design_.hardware.mesh.flit_bits;
  for (std::size_t s = 0; s < tile_.sends.size(); ++s) {
    const Send& send = tile_.sends[s];
    const auto elements = take<std::uint32_t>(at, end);
    const bool with_values = take<std::uint32_t>(at, end) != 0;
    if (at > end || (with_values && elements > static_cast<std::size_t>(end - at) / 4)) {
      transaction.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
      return;
    }
    const Port& port = design_.tiles[static_cast<std::size_t>(send.tile)]
                           .ports[static_cast<std::size_t>(send.port)];
    Values values;
    if (with_values) {
      std::vector<std::int32_t> words(elements);
      if (elements > 0) std::memcpy(words.data(), at, std::size_t{4} * elements);
      at += std::size_t{4} * elements;
      values = std::make_shared<const std::vector<std::int32_t>>(std::move(words));
    }
    request.output.values.push_back(std::move(values));
    request.output.elements.push_back(static_cast<int>(elements));
    if (!send_turns_[s].active(submitted_)) continue;
    request.beats += payload_flits(static_cast<int>(elements), port.element_bits, flit_bits);
  }
  ++submitted_;
  queue_.push_back(std::move(request));
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
  feed();
}

// Hands the next sample to the sender. Its first beat is accepted when it is there and the FIFO of
// two has room: after the beat two before it has left, and after the beat before it was accepted.
// The latter only counts where the sample before had a single beat (each beat is accepted before
// the one before it leaves otherwise).
void HostPort::feed() {
  if (sending_ || queue_.empty()) return;
  const auto in_flight = static_cast<std::uint64_t>(design_.samples_in_flight);
  const bool bounded = in_flight > 0 && fed_ >= in_flight;
  if (bounded && transfers_.empty()) return;
  Request request = std::move(queue_.front());
  queue_.pop_front();
  ++fed_;
  if (bounded) {
    request.arrival = std::max(request.arrival, transfers_.front() + 1);
    transfers_.pop_front();
  }
  Cycle accepted = std::max(request.arrival, interface_.payload_before() + 1);
  if (beats_in_ == 1) accepted = std::max(accepted, first_accepted_ + 1);
  first_accepted_ = accepted;
  beats_in_ = request.beats;
  accepted_.push_back(accepted);
  sending_ = true;
  request.output.at = accepted + 1;
  request.output.offered = request.output.since = request.arrival;
  interface_.send_output(std::move(request.output));
  room_.notify(sc_core::SC_ZERO_TIME);
}

void HostPort::output_freed(Cycle /*at*/) {
  sending_ = false;
  feed();
}

void HostPort::packet_arrives(int port, const Packet& packet, Cycle at) {
  const auto p = static_cast<std::size_t>(port);
  const Turn& turn = port_turns_[p];
  const std::uint64_t sample = static_cast<std::uint64_t>(turn.first) +
                               arrived_[p]++ * static_cast<std::uint64_t>(turn.period);
  auto& slot = slots_[sample % slots_.size()];
  if (packet.values && output_elements_ > 0) {
    const auto from = packet.values->begin() + packet.first_element;
    const Port& into = tile_.ports[p];
    const int factor = 1 << into.shift;
    std::transform(from, from + packet.elements, slot.begin() + into.first_element,
                   [factor](std::int32_t value) { return value * factor; });
  }
  arrivals_[p].push(at);
  complete_results();
}

void HostPort::complete_results() {
  for (;;) {
    Cycle complete = 0;
    const auto active = [&](std::size_t p) { return port_turns_[p].active(started_); };
    for (std::size_t p = 0; p < arrivals_.size(); ++p) {
      if (!active(p)) continue;
      if (arrivals_[p].empty()) return;
      complete = std::max(complete, arrivals_[p].front());
    }
    const Cycle start = last_start_ < 0 ? complete : std::max(complete, last_start_ + beats_out_);
    last_start_ = start;
    Result result;
    result.accepted = accepted_.front();
    accepted_.pop_front();
    result.transferred = start + beats_out_;
    if (observer_ != nullptr) observer_->served(started_, result.accepted, result.transferred);
    result.values = slots_[started_ % slots_.size()];
    transferring_.push_back(std::move(result));
    for (std::size_t p = 0; p < arrivals_.size(); ++p) {
      if (!active(p)) continue;
      arrivals_[p].pop();
      interface_.return_credit(static_cast<int>(p), start + beats_out_);
    }
    ++started_;
    if (design_.samples_in_flight > 0) transfers_.push_back(last_start_ + beats_out_);
    plan();
    feed();
  }
}

void HostPort::plan() {
  // What is due in this very cycle is taken by the run() that is due as well.
  if (!transferring_.empty() && transferring_.front().transferred > cycles_.now()) {
    cycles_.arm(wakeup_, transferring_.front().transferred);
  }
}

void HostPort::run() {
  while (!transferring_.empty() && transferring_.front().transferred <= cycles_.now()) {
    results_.push_back(std::move(transferring_.front()));
    transferring_.pop_front();
    ++completed_;
  }
  if (results_.size() >= coalesce_) ready_.notify(sc_core::SC_ZERO_TIME);
  plan();
}

void HostPort::read_results(tlm::tlm_generic_payload& transaction) {
  while (results_.size() < coalesce_) wait(ready_);
  unsigned char* at = transaction.get_data_ptr();
  const std::size_t record = 4 * (host_registers::kPredictionWords + output_elements_);
  const unsigned char* end = at + transaction.get_data_length();
  while (!results_.empty() && static_cast<std::size_t>(end - at) >= record) {
    const Result& result = results_.front();
    put<Cycle>(at, result.accepted);
    put<Cycle>(at, result.transferred);
    put<std::uint32_t>(at, static_cast<std::uint32_t>(result.values.size()));
    for (const std::int32_t value : result.values) put<std::int32_t>(at, value);
    results_.pop_front();
  }
  std::memset(at, 0, static_cast<std::size_t>(end - at));
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace recpim
