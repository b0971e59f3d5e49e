// SPDX-License-Identifier: Apache-2.0
// Training steps of a wide graph, in FLOP/s of its matrix products alone, beside the same products
// by Eigen and nothing else: the limit. The graph is the widest path of the NASRec space, batch
// 512: seven fcs of up to 6157 inputs and 1024 outputs, each with a LayerNorm; on 64 rows of 16 the
// operators of its sparse side and those that join both.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "models/graph/builder.h"
#include "models/training/optimiser.h"
#include "testbenches/bench/training/bench_steps.h"

namespace recpim::bench {
namespace {

constexpr int kWidth = 1024, kDim = 16, kRows = 64;

// An fc or efc without bias, its LayerNorm, ReLU or not.
int fc_norm(ModelBuilder& b, const std::string& name, int input, int width, bool relu) {
  const int fc = b.wide(b.fc(name, input, width));
  b.at(fc).biased = false;
  return b.layer_norm(name + "_norm", fc, Axis::kWidth, relu);
}
int efc_norm(ModelBuilder& b, const std::string& name, int input, int rows, bool relu) {
  const int fc = b.wide(b.fc_along(name, input, Axis::kRows, rows));
  b.at(fc).biased = false;
  return b.layer_norm(name + "_norm", fc, Axis::kRows, relu);
}

int transformer(ModelBuilder& b, int sparse) {
  const int x = efc_norm(b, "t_rows", sparse, kRows, false);
  std::vector<int> qkv;
  for (const char* name : {"t_q", "t_k", "t_v"}) {
    qkv.push_back(b.fc_along(name, x, Axis::kWidth, kDim));
  }
  const int heads = b.attention("t_attention", qkv[0], qkv[1], qkv[2], 8);
  const int out = b.fc_along("t_out", heads, Axis::kWidth, kDim);
  const int middle = b.layer_norm("t_norm", b.wide(b.add("t_sum", {x, out})), Axis::kWidth);
  const int inner = b.fc_along("t_inner", middle, Axis::kWidth, kDim);
  b.at(inner).relu = true;
  const int outer = b.fc_along("t_outer", inner, Axis::kWidth, kDim);
  return b.layer_norm("t_last", b.wide(b.add("t_sum2", {middle, outer})), Axis::kWidth);
}

int pairs(ModelBuilder& b, int dense, int sparse) {
  const int row = fc_norm(b, "d_dense", dense, kDim, false);
  const int rows = efc_norm(b, "d_rows", sparse, 45, false);
  const int all = b.concat("d_all", {row, rows}, 46);
  return fc_norm(b, "d_fc", b.dot("d_dot", all), kWidth, false);
}

int gating(ModelBuilder& b, int left, int right) {
  const int gate = b.sigmoid("g_gate", b.fc("g_fc", left, kWidth));
  const int product = b.mul("g_mul", gate, right);
  return fc_norm(b, "g_out", product, kWidth, false);
}

// `blocks` fcs, each reading the dense features and all blocks before.
Model wide_graph(int blocks, Precision precision) {
  ModelBuilder b("wide", precision, 1);
  std::vector<int> parts;
  for (int t = 0; t < kTables; ++t) {
    parts.push_back(b.embedding("emb" + std::to_string(t), t, kTableRows, kDim));
  }
  const int raw = b.concat("raw", parts, kTables);
  std::vector<int> dense = {b.dense(kDense)};
  for (int i = 0; i < blocks; ++i) {
    const int all = b.concat("all" + std::to_string(i), dense);
    dense.push_back(fc_norm(b, "fc" + std::to_string(i), all, kWidth, true));
  }
  const int sparse = efc_norm(b, "efc", raw, kRows, true);
  const int last = transformer(b, sparse);
  const int merged = b.concat("merged", {fc_norm(b, "dsi", dense.back(), 8 * kDim, false)}, 8);
  const int fm = fc_norm(b, "fm_fc", b.fm("fm", b.concat("fm_rows", {last, merged}, kRows + 8)),
                         kWidth, false);
  const int dot = pairs(b, dense.back(), last);
  const int gate = gating(b, dense.back(), dot);
  const int sum = b.add("sum", {gate, fm, dense.back()});
  const int logit = b.fc("logit", b.concat("out_in", {sum, last}), 1);
  return b.finish(b.sigmoid("out", logit));
}

// Arguments: instruction set, threads, rounding as in the integers or not.
void BM_TrainWide(benchmark::State& state) {
  NetworkOptions options;
  options.isa = static_cast<FloatIsa>(state.range(0));
  options.threads = static_cast<int>(state.range(1));
  options.fake_quantised = state.range(2) != 0;
  if (!is_supported(options.isa)) return state.SkipWithError("not supported by this processor");
  Training training(wide_graph(7, {4, 4}), options);
  training.step();
  run(state, cost_of(training.model).flops, [&] { training.step(); });
}
BENCHMARK(BM_TrainWide)
    ->ArgNames({"isa", "threads", "rounded"})
    ->ArgsProduct({{0, 1, 2}, {1, 2}, {0}})
    ->Args({1, 1, 1})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

// Adagrad with a running average on the weights of the wide graph. Argument: threads.
void BM_OptimiserWide(benchmark::State& state) {
  NetworkOptions options;
  options.threads = static_cast<int>(state.range(0));
  Training training(wide_graph(7, {8, 8}), options);
  Optimiser optimiser(training.model, {});
  training.step();
  std::size_t weights = 0;
  for (const Operator& op : training.model.operators) {
    if (op.kind == OpKind::kFc) weights += op.weight.size();
  }
  for ([[maybe_unused]] auto _ : state) optimiser.step(training.network, 1e-3);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(weights));
}
BENCHMARK(BM_OptimiserWide)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

// Steps of two narrower graphs in turn. Argument: 0 with a new network each, 1 with one network
// that is bound to them in turn.
void BM_TrainInTurn(benchmark::State& state) {
  Training first(wide_graph(1, {8, 8}), {});
  Training second(wide_graph(2, {8, 8}), {});
  Matrix gradient;
  gradient.setConstant(kBatch, 1, 1.0F / kBatch);
  const auto step = [&](Network& network) {
    network.forward(first.batch);
    network.backward(first.batch, gradient);
  };
  bool odd = false;
  for ([[maybe_unused]] auto _ : state) {
    odd = !odd;
    const Model& model = odd ? first.model : second.model;
    if (state.range(0) == 0) {
      Network network(model);
      step(network);
    } else {
      first.network.rebind(model);
      step(first.network);
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_TrainInTurn)
    ->ArgName("rebind")
    ->Arg(0)
    ->Arg(1)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void BM_LimitTrainWide(benchmark::State& state) {
  run_limit(state, static_cast<FloatIsa>(state.range(0)), cost_of(wide_graph(7, {8, 8})));
}
BENCHMARK(BM_LimitTrainWide)
    ->ArgName("isa")
    ->DenseRange(0, 2)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace recpim::bench
