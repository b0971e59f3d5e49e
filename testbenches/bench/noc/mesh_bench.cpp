// SPDX-License-Identifier: Apache-2.0
// Flit-hops a second (a flit leaving a router) of both modes of the mesh, under uniform random
// traffic in an 8 x 8 mesh. The tiles that make the traffic are in the time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "sim/core/cycle_scheduler.h"
#include "sim/noc/mesh.h"
#include "traces/support/random.h"

namespace recpim {
namespace {

constexpr int kSide = 8;
constexpr Cycle kCyclesAnIteration = 20'000;

// A tile that sends packets to random tiles, its mean gap set by the load.
class Generator : public sc_core::sc_module, public MeshEndpoint {
 public:
  SC_HAS_PROCESS(Generator);
  Generator(const sc_core::sc_module_name& name, CycleScheduler& cycles, Mesh& mesh, int tile)
      : sc_core::sc_module(name),
        cycles_(cycles),
        injector_(mesh.attach(tile, tile % kSide, tile / kSide, *this)),
        random_(1, static_cast<std::uint64_t>(tile)) {
    SC_METHOD(step);
    sensitive << client_.wake;
    dont_initialize();
  }
  void start(Cycle end, int flits, std::int64_t load_percent) {
    end_ = end;
    flits_ = flits;
    interval_ = static_cast<std::uint64_t>(flits * 100 / load_percent);
    due_ = cycles_.now() + 1 + static_cast<Cycle>(random_.below(interval_));
    cycles_.arm(client_, due_);
  }
  void packet_arrives(const Packet& /*packet*/, Cycle /*at*/) override {}
  void tail_leaves(Cycle tail, Cycle /*before*/) override {
    sending_ = false;
    tail_ = tail;
    if (due_ < end_) cycles_.arm(client_, std::max(tail + 1, due_));
  }
  void credit_known() override {
    if (due_ < end_) cycles_.arm(client_, std::max(injector_.next_credit(), due_));
  }

 private:
  void step() {
    const Cycle now = cycles_.now();
    if (sending_ || now < due_) return;
    const Cycle first = std::max(tail_ + 1, injector_.next_credit());
    if (first > now) {
      if (first != kNever) cycles_.arm(client_, first);
      return;
    }
    const auto to = static_cast<int>(random_.next32() % (kSide * kSide));
    packet_.dst_x = to % kSide;
    packet_.dst_y = to / kSide;
    packet_.flits = flits_;
    due_ = std::max(now + 1, due_ + static_cast<Cycle>(random_.next32() % (2 * interval_)));
    sending_ = true;
    injector_.send(packet_);
  }

  CycleScheduler& cycles_;
  MeshInjector& injector_;
  Random random_;
  CycleScheduler::Client client_;
  Packet packet_;
  int flits_ = 1;
  std::uint64_t interval_ = 1;
  bool sending_ = false;
  Cycle tail_ = -1, due_ = 0, end_ = 0;
};

struct Side {
  Side(const std::string& name, MeshMode mode)
      : cycles((name + "_cycles").c_str(), 1'200'000'000),
        mesh(name.c_str(), {kSide, kSide, 4}, mode, cycles) {
    for (int tile = 0; tile < kSide * kSide; ++tile) {
      const std::string tile_name = name + "_tile" + std::to_string(tile);
      tiles.push_back(std::make_unique<Generator>(tile_name.c_str(), cycles, mesh, tile));
    }
  }
  std::uint64_t hops() const {
    const auto flits = mesh.router_flits();
    return std::accumulate(flits.begin(), flits.end(), std::uint64_t{0});
  }
  CycleScheduler cycles;
  Mesh mesh;
  std::vector<std::unique_ptr<Generator>> tiles;
};

struct Elaborated {
  Side collapsed{"collapsed", MeshMode::kCollapsed};
  Side flit_by_flit{"flit_by_flit", MeshMode::kFlitByFlit};
};

Elaborated& elaborated() {
  static Elaborated only;
  return only;
}

// Arguments: flits a packet, offered load in percent of a flit a cycle and tile.
void run(benchmark::State& state, Side& side) {
  const std::uint64_t hops = side.hops(), wakeups = side.cycles.wakeups();
  Cycle cycles = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Cycle start = side.cycles.now();
    for (auto& tile : side.tiles) {
      tile->start(start + kCyclesAnIteration, static_cast<int>(state.range(0)), state.range(1));
    }
    sc_core::sc_start();
    cycles += side.cycles.now() - start;
  }
  const auto moved = static_cast<double>(side.hops() - hops);
  const auto total = static_cast<double>(cycles);
  state.SetItemsProcessed(static_cast<std::int64_t>(moved));
  state.counters["hops_a_cycle"] = moved / total;
  state.counters["wakeups_a_hop"] = static_cast<double>(side.cycles.wakeups() - wakeups) / moved;
  state.counters["cycles_a_s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
}

void BM_MeshCollapsed(benchmark::State& state) { run(state, elaborated().collapsed); }
void BM_MeshFlitByFlit(benchmark::State& state) { run(state, elaborated().flit_by_flit); }
BENCHMARK(BM_MeshCollapsed)->ArgsProduct({{2, 9, 33, 129}, {2, 10, 20}});
BENCHMARK(BM_MeshFlitByFlit)->ArgsProduct({{2, 9, 33}, {2, 10, 20}});

}  // namespace
}  // namespace recpim
