// SPDX-License-Identifier: Apache-2.0
// The host port driven by an initiator that is not the trace player.
#include "sim/host/host_port.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>
#include <systemc>

#include "sim/chip/chip.h"
#include "testbenches/unit/sim/small_chip.h"

namespace recpim {
namespace {

class Driver : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Driver);
  tlm_utils::simple_initiator_socket<Driver> initiator_o;
  explicit Driver(const sc_core::sc_module_name& name) : sc_module(name), initiator_o("out") {
    SC_THREAD(drive);
  }
  std::vector<std::uint32_t> prediction;
  tlm::tlm_response_status unknown_address{}, cut_short{};
  std::uint32_t available = 0;

 private:
  tlm::tlm_response_status access(tlm::tlm_command command, std::uint64_t address, void* data,
                                  unsigned int bytes,
                                  sc_core::sc_time delay = sc_core::SC_ZERO_TIME) {
    tlm::tlm_generic_payload t;
    t.set_command(command);
    t.set_address(address);
    t.set_data_ptr(static_cast<unsigned char*>(data));
    t.set_data_length(bytes);
    initiator_o->b_transport(t, delay);
    return t.get_response_status();
  }

  void drive() {
    std::uint32_t word = 0;
    unknown_address = access(tlm::TLM_READ_COMMAND, 0x999, &word, 4);
    // Arrival 0, one send (dense): 4 elements with values 1, 2, 3, 4.
    std::uint32_t sample[] = {0, 0, 4, 1, 1, 2, 3, 4};
    cut_short = access(tlm::TLM_WRITE_COMMAND, host_registers::kSubmit, sample, 28);
    // Loosely timed: 10 ns ahead of the simulation.
    access(tlm::TLM_WRITE_COMMAND, host_registers::kSubmit, sample, sizeof sample,
           sc_core::sc_time(10, sc_core::SC_NS));
    prediction.resize(8);
    access(tlm::TLM_READ_COMMAND, host_registers::kResult, prediction.data(), 32);
    access(tlm::TLM_READ_COMMAND, host_registers::kAvailable, &available, 4);
  }
};

TEST(HostPort, AnyInitiatorCanDriveIt) {
  const Model model = testing::small_model();
  const Design design = map_naive(model, testing::small_hardware());
  use_femtosecond_resolution();
  Chip chip("chip", design, model, {});
  Driver driver("driver");
  driver.initiator_o.bind(chip.host().target_i);

  std::uint32_t word = 0;
  tlm::tlm_generic_payload debug;
  debug.set_command(tlm::TLM_READ_COMMAND);
  debug.set_address(host_registers::kIdentity);
  debug.set_data_ptr(reinterpret_cast<unsigned char*>(&word));
  debug.set_data_length(4);
  EXPECT_EQ(driver.initiator_o->transport_dbg(debug), 4U);
  EXPECT_EQ(word, 0x4d495052U);

  sc_core::sc_start();
  EXPECT_EQ(driver.unknown_address, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(driver.cut_short, tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(driver.available, 0U);
  // Submitted 10 ns, that is 10 cycles, into the run: accepted in the next cycle, transferred 161
  // cycles later (chip_by_hand_test.cpp).
  Cycle accepted = 0;
  Cycle transferred = 0;
  std::memcpy(&accepted, &driver.prediction[0], 8);
  std::memcpy(&transferred, &driver.prediction[2], 8);
  EXPECT_EQ(transferred - accepted, 161);
  EXPECT_EQ(driver.prediction[4], 3U);
  // acc = [1+4+9+16 + 5, -1+3 - 5, 127*(1-2+3-4)] = 35, -3, -254; (acc + 1) >> 1 = 18, -1, -127.
  EXPECT_EQ(static_cast<std::int32_t>(driver.prediction[5]), 18);
  EXPECT_EQ(static_cast<std::int32_t>(driver.prediction[6]), -1);
  EXPECT_EQ(static_cast<std::int32_t>(driver.prediction[7]), -127);
}

}  // namespace
}  // namespace recpim
