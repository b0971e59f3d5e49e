// SPDX-License-Identifier: Apache-2.0
// router.sv against a cycle model written from sim/README.md, "Router": random packets, senders
// that stall, credits that come back late, three depths of buffers.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "Vrouter_zoo.h"
#include "traces/support/random.h"
#include "verilated.h"

namespace recpim {
namespace {

constexpr int kPorts = 5;
constexpr int kLocal = 4;
constexpr int kX = 2, kY = 2;
constexpr std::array<int, 3> kDepths{1, 2, 5};

struct Flit {
  std::uint32_t payload = 0;
  bool head = false, tail = false;
  std::uint64_t bits() const {
    return payload | (std::uint64_t{tail} << 32U) | (std::uint64_t{head} << 33U);
  }
};

/// One router. cycle() takes what is on the input wires and the credit wires in a cycle, and yields
/// what is on the output wires in the next.
class ModelRouter {
 public:
  explicit ModelRouter(int depth) {
    credits_.fill(depth);
    owner_.fill(-1);
  }

  struct Wires {
    std::array<bool, kPorts> valid{}, credit{};  ///< Outputs; credits of the inputs.
    std::array<Flit, kPorts> flit{};
  };

  Wires cycle(const std::array<bool, kPorts>& in_valid, const std::array<Flit, kPorts>& in,
              const std::array<bool, kPorts>& credit) {
    Wires next;
    std::array<int, kPorts> leaving{};
    leaving.fill(-1);
    for (std::size_t o = 0; o < kPorts; ++o) {
      if (owner_[o] < 0) grant(o);
      if (owner_[o] < 0) continue;
      const auto& fifo = fifo_[static_cast<std::size_t>(owner_[o])];
      if (!fifo.empty() && (o == kLocal || credits_[o] > 0)) leaving[o] = owner_[o];
    }
    for (std::size_t o = 0; o < kPorts; ++o) {
      if (leaving[o] < 0) continue;
      const auto i = static_cast<std::size_t>(leaving[o]);
      next.valid[o] = true;
      next.flit[o] = fifo_[i].front();
      next.credit[i] = true;
      fifo_[i].pop_front();
      --credits_[o];
      if (next.flit[o].tail) owner_[o] = -1;
    }
    for (std::size_t p = 0; p < kPorts; ++p) {
      if (credit[p]) ++credits_[p];
      if (in_valid[p]) fifo_[p].push_back(in[p]);
    }
    return next;
  }

 private:
  static std::size_t route(const Flit& head) {
    const int x = static_cast<int>(head.payload & 255U);
    const int y = static_cast<int>(head.payload >> 8U & 255U);
    if (x != kX) return x > kX ? 0 : 1;
    if (y != kY) return y > kY ? 3 : 2;
    return kLocal;
  }
  void grant(std::size_t o) {
    for (std::size_t k = 0; k < kPorts; ++k) {
      const std::size_t i = (pointer_[o] + k) % kPorts;
      if (fifo_[i].empty() || !fifo_[i].front().head || route(fifo_[i].front()) != o) continue;
      owner_[o] = static_cast<int>(i);
      pointer_[o] = (i + 1) % kPorts;
      return;
    }
  }

  std::array<std::deque<Flit>, kPorts> fifo_;
  std::array<int, kPorts> credits_{}, owner_{};
  std::array<std::size_t, kPorts> pointer_{};
};

/// One input link: random packets, sent as credits allow, with pauses.
class Source {
 public:
  Source(int depth, std::uint64_t seed, std::uint64_t stream)
      : credits_(depth), random_(seed, stream) {}
  bool next(bool credit, Flit& flit) {
    if (credit) ++credits_;
    if (credits_ == 0 || random_.below(4) == 0) return false;
    if (left_ == 0) {
      left_ = static_cast<int>(1 + random_.below(6));
      flit.head = true;
      flit.payload = static_cast<std::uint32_t>(random_.below(5) | random_.below(5) << 8U |
                                                random_.below(1U << 16U) << 16U);
    } else {
      flit.payload = random_.next32();
    }
    --credits_;
    flit.tail = --left_ == 0;
    return true;
  }

 private:
  int credits_;
  int left_ = 0;
  Random random_;
};

/// One output link's far end: gives each credit back after a random time.
class Sink {
 public:
  Sink(std::uint64_t seed, std::uint64_t stream) : random_(seed, stream) {}
  bool credit(bool flit) {
    held_ += flit ? 1 : 0;
    if (held_ == 0 || random_.below(3) == 0) return false;
    --held_;
    return true;
  }

 private:
  int held_ = 0;
  Random random_;
};

TEST(Router, EqualsTheCycleModel) {
  VerilatedContext context;
  context.randReset(2);
  context.randSeed(5);
  const auto top = std::make_unique<Vrouter_zoo>(&context, "");
  top->clk_i = 0;
  top->rst_ni = 1;
  top->eval();
  top->rst_ni = 0;
  top->eval();
  top->rst_ni = 1;
  top->eval();
  std::vector<ModelRouter> models;
  std::vector<ModelRouter::Wires> wires(kDepths.size());
  std::vector<Source> sources;
  std::vector<Sink> sinks;
  for (std::size_t r = 0; r < kDepths.size(); ++r) {
    models.emplace_back(kDepths[r]);
    for (std::uint64_t p = 0; p < kPorts; ++p) {
      sources.emplace_back(kDepths[r], 11, 100 * r + p);
      sinks.emplace_back(12, 100 * r + p);
    }
  }
  int moved = 0;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    top->in_valid_i = 0;
    top->out_credit_i = 0;
    for (std::size_t r = 0; r < kDepths.size(); ++r) {
      std::array<bool, kPorts> valid{}, credit{};
      std::array<Flit, kPorts> flits{};
      for (std::size_t p = 0; p < kPorts; ++p) {
        const std::size_t wire = kPorts * r + p;
        ASSERT_EQ((top->out_valid_o >> wire & 1U) != 0, wires[r].valid[p])
            << "cycle " << cycle << " router " << r << " output " << p;
        ASSERT_EQ((top->in_credit_o >> wire & 1U) != 0, wires[r].credit[p])
            << "cycle " << cycle << " router " << r << " input " << p;
        if (wires[r].valid[p]) {
          ++moved;
          const std::uint64_t bits =
              top->out_flit_o[2 * wire] | std::uint64_t{top->out_flit_o[2 * wire + 1]} << 32U;
          ASSERT_EQ(bits, wires[r].flit[p].bits()) << "cycle " << cycle;
        }
        credit[p] = sinks[wire].credit(wires[r].valid[p]) && p != kLocal;
        valid[p] = sources[wire].next(wires[r].credit[p], flits[p]);
        top->in_valid_i = static_cast<std::uint16_t>(top->in_valid_i | unsigned{valid[p]} << wire);
        top->out_credit_i =
            static_cast<std::uint16_t>(top->out_credit_i | unsigned{credit[p]} << wire);
        top->in_flit_i[2 * wire] = static_cast<std::uint32_t>(flits[p].bits());
        top->in_flit_i[2 * wire + 1] = static_cast<std::uint32_t>(flits[p].bits() >> 32U);
      }
      wires[r] = models[r].cycle(valid, flits, credit);
    }
    top->clk_i = 1;
    top->eval();
    top->clk_i = 0;
    top->eval();
  }
  EXPECT_GT(moved, 20000);
}

}  // namespace
}  // namespace recpim
