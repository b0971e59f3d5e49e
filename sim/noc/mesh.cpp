// SPDX-License-Identifier: Apache-2.0
#include "sim/noc/mesh.h"

#include <array>

#include "sim/noc/mesh_model.h"

namespace recpim {
namespace {

constexpr int kMaxSide = 256;  // Coordinates in a head flit have 8 bits.

}  // namespace

std::string blocked_line(const Packet& packet, int x, int y, int input, const std::string& reason) {
  constexpr std::array<const char*, kPorts> kNames = {"E", "W", "N", "S", "local"};
  const auto at = [](int column, int row) {
    return "(" + std::to_string(column) + ", " + std::to_string(row) + ")";
  };
  return std::string(packet.credit ? "credit" : "data") + " packet of " +
         std::to_string(packet.flits) + " flits to " + at(packet.dst_x, packet.dst_y) + " port " +
         std::to_string(packet.port) + ": in router " + at(x, y) + " input " +
         kNames.at(static_cast<std::size_t>(input)) + ": " + reason;
}

Mesh::Mesh(const sc_core::sc_module_name& name, const MeshConfig& config, MeshMode mode,
           CycleScheduler& cycles)
    : sc_core::sc_module(name) {
  if (config.columns < 1 || config.columns > kMaxSide || config.rows < 1 ||
      config.rows > kMaxSide || config.buffer_flits < 1) {
    SC_REPORT_FATAL("Mesh", "needs 1 ... 256 columns and rows, and a buffer of at least one flit");
    return;
  }
  model_ = mode == MeshMode::kCollapsed ? make_collapsed_mesh(config, cycles)
                                        : make_flit_mesh(config, cycles);
}

Mesh::~Mesh() = default;

MeshInjector& Mesh::attach(int tile, int x, int y, MeshEndpoint& endpoint) {
  return model_->attach(tile, x, y, endpoint);
}
void Mesh::observe(FlitObserver* observer) { model_->observe(observer); }
std::vector<std::uint64_t> Mesh::router_flits() const { return model_->router_flits(); }
std::uint64_t Mesh::link_flits() const { return model_->link_flits(); }
std::vector<std::string> Mesh::blocked() const { return model_->blocked(); }

}  // namespace recpim
