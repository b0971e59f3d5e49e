// SPDX-License-Identifier: Apache-2.0
/// @file
/// What the benches of training share: random samples, a step, what its products cost, and the same
/// products by Eigen alone.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "models/graph/kinds.h"
#include "models/training/network.h"
#include "testbenches/bench/training/eigen_product.h"
#include "traces/support/random.h"

namespace recpim::bench {

constexpr int kBatch = 512, kTables = 26, kDense = 13;
constexpr std::uint64_t kTableRows = 10'000;

inline TraceChunk random_samples(std::uint64_t count = kBatch) {
  Random random(2);
  TraceChunk chunk;
  chunk.count = count;
  chunk.offsets.assign(kTables, {0});
  chunk.indices.resize(kTables);
  for (std::uint64_t i = 0; i < count; ++i) {
    for (int d = 0; d < kDense; ++d) chunk.dense.push_back(static_cast<float>(random.normal()));
    for (std::size_t t = 0; t < kTables; ++t) {
      chunk.indices[t].push_back(static_cast<std::uint32_t>(random.below(kTableRows)));
      chunk.offsets[t].push_back(chunk.indices[t].size());
    }
    chunk.labels.push_back(static_cast<float>(random.below(2)));
  }
  return chunk;
}

// What the fcs of a model cost in a step.
struct Cost {
  std::vector<FcShape> fcs;  // vectors: of the batch.
  double flops = 0;          // Two a multiplication, of three products; two where x is the input.
};
inline Cost cost_of(const Model& model) {
  Cost cost;
  std::vector<bool> trains(model.operators.size());
  for (std::size_t p = 0; p < model.operators.size(); ++p) {
    const Operator& op = model.operators[p];
    trains[p] = has_weights(op.kind);
    bool input_trains = false;
    for (const int i : op.inputs) input_trains |= trains[static_cast<std::size_t>(i)];
    trains[p] = trains[p] || input_trains;
    if (op.kind != OpKind::kFc) continue;
    FcShape shape = fc_shape(model, op);
    shape.vectors *= kBatch;
    cost.fcs.push_back(shape);
    cost.flops += (input_trains ? 6.0 : 4.0) * shape.outputs * shape.inputs * shape.vectors;
  }
  return cost;
}

struct Training {
  explicit Training(Model of, const NetworkOptions& options)
      : model(std::move(of)), network(model, options) {
    batch.chunk = &chunk;
    for (std::uint32_t i = 0; i < kBatch; ++i) batch.samples.push_back(i);
  }
  void step() {
    const Matrix& logits = network.forward(batch);
    gradient.setConstant(logits.rows(), 1, 1.0F / kBatch);
    network.backward(batch, gradient);
  }
  TraceChunk chunk = random_samples();
  Model model;
  Batch batch;
  Network network;
  Matrix gradient;
};

// Runs `step` and reports FLOP a second of the wall clock, and a second of processor time over all
// threads: what a core that is shared with others would do if it were not.
template <typename Step>
void run(benchmark::State& state, double flops, const Step& step) {
  const auto start = std::chrono::steady_clock::now();
  for ([[maybe_unused]] auto _ : state) step();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const double all = flops * static_cast<double>(state.iterations());
  state.counters["flops_per_s"] = all / wall.count();
  state.counters["flops_per_cpu_s"] = benchmark::Counter(all, benchmark::Counter::kIsRate);
}

/// The products of a step by Eigen.
inline void run_limit(benchmark::State& state, FloatIsa isa, const Cost& cost) {
  if (!is_supported(isa)) return state.SkipWithError("not supported by this processor");
  const auto products = isa == FloatIsa::kV4   ? eigen_products_v4
                        : isa == FloatIsa::kV3 ? eigen_products_v3
                                               : eigen_products_baseline;
  std::size_t most_x = 0;
  std::size_t most_w = 0;
  std::size_t most_y = 0;
  double flops = 0;
  const auto size = [](int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  };
  for (const FcShape& fc : cost.fcs) {
    most_x = std::max(most_x, size(fc.vectors, fc.inputs));
    most_w = std::max(most_w, size(fc.outputs, fc.inputs));
    most_y = std::max(most_y, size(fc.vectors, fc.outputs));
    flops += 6.0 * fc.outputs * fc.inputs * fc.vectors;
  }
  const std::vector<float> x(most_x, 0.5F), w(most_w, 0.25F), dy(most_y, 0.125F);
  std::vector<float> y(most_y), dw(most_w), dx(most_x);
  run(state, flops, [&] {
    for (const FcShape& fc : cost.fcs) {
      products({fc.vectors, fc.inputs, fc.outputs, x.data(), w.data(), dy.data(), y.data(),
                dw.data(), dx.data()});
    }
    benchmark::ClobberMemory();
  });
}

}  // namespace recpim::bench
