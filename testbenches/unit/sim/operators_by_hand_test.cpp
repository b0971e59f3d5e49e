// SPDX-License-Identifier: Apache-2.0
// Chips of one operator in cycles and values worked out by hand from sim/README.md, in the fast
// mode and in reference mode.
//
// What the ways in and out take, from the rules: the host's beats are accepted from cycle 0 on, a
// packet's head leaves in 1 and its F payload flits in 2 ... 1 + F; the next packet's head follows.
// What left at t has arrived at t + 6: two routers and the tile. An output visible at t leaves as
// head in t, its tail in t + F', arrives at t + F' + 6 and has been transferred F' later.
#include <gtest/gtest.h>

#include <algorithm>

#include <sstream>

#include "sim/chip/simulate.h"
#include "sim/tile/engine.h"
#include "testbenches/harness/random_chip.h"
#include "testbenches/unit/sim/small_chip.h"

namespace recpim {
namespace {

using testing::in_child;
using testing::scratch_folder;
using testing::small_hardware;

Hardware two_lanes() {
  Hardware hw = small_hardware();
  hw.mvm_tile.vector_lanes = hw.interaction_tile.vector_lanes = 2;
  hw.interaction_tile.lanes = 2;
  return hw;
}

Operator make(const char* name, OpKind kind, std::vector<int> inputs, int rows, int width,
              Requantiser requantiser = {2, 1}) {
  Operator op;
  op.name = name;
  op.kind = kind;
  op.inputs = std::move(inputs);
  op.rows = rows;
  op.width = width;
  op.output = {true, 8, 1.0};
  if (kind != OpKind::kDenseInput && kind != OpKind::kConcat) op.requantiser = {requantiser};
  return op;
}

/// The dense features as a matrix, then one operator.
Model model_of(int rows, int width, const Operator& last) {
  Model model;
  model.name = model.kind = "by_hand";
  model.quantised = true;
  model.operators = {make("dense", OpKind::kDenseInput, {}, 1, rows * width),
                     make("matrix", OpKind::kConcat, {0}, rows, width), last};
  return model;
}

Operator layer_norm(int rows, int width, Axis axis, int input) {
  Operator norm = make("norm", OpKind::kLayerNorm, {input}, rows, width);
  norm.axis = axis;
  const auto n = static_cast<std::size_t>(axis == Axis::kRows ? rows : width);
  norm.weight_q.assign(n, 1);
  norm.bias_q.assign(n, 0);
  norm.requantiser.assign(n, {1, 4});
  return norm;
}

/// For each sample: the cycle in which its prediction has been transferred, and its values.
std::string run(const Model& model, const Hardware& hardware, const std::vector<float>& dense,
                int samples, bool reference, int copies = 1) {
  return in_child([&] {
    const std::string path = scratch_folder() + "/by-hand.h5";
    TraceInfo info;
    info.dense = static_cast<std::uint32_t>(dense.size());
    TraceChunk chunk;
    chunk.count = static_cast<std::uint64_t>(samples);
    for (int s = 0; s < samples; ++s) {
      chunk.dense.insert(chunk.dense.end(), dense.begin(), dense.end());
    }
    TraceWriter writer(path, info);
    writer.append(chunk);
    writer.finish();
    Design design = map_naive(model, hardware);
    for (Tile& tile : design.tiles) tile.copies = std::min(copies, tile.vectors);
    validate(design, "design");
    validate(design, model, "design");
    SimulateOptions options;
    options.reference = reference;
    options.compare = false;
    std::ostringstream text;
    for (const Prediction& p : simulate(design, model, TraceReader(path), options).predictions) {
      text << p.transferred << ":";
      for (const std::int32_t v : p.values) text << " " << v;
      text << "; ";
    }
    return text.str();
  });
}

void expect_chip(const Model& model, const Hardware& hardware, const std::vector<float>& dense,
                 int samples, const std::string& expected, int copies = 1) {
  EXPECT_EQ(run(model, hardware, dense, samples, false, copies), expected);
  EXPECT_EQ(run(model, hardware, dense, samples, true, copies), expected) << "reference mode";
}

const std::vector<float> kTwelve = {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4};

// 12 elements are 2 flits: tail 3, start 9. 3 pairs on 2 lanes: G = 2, d = 4: busy 8, latency 11.
// vstart 20, 3 outputs on 2 lanes: nv = 2, visible 25. The second sample has arrived at 12 and runs
// from 17 to 25: its credit is pending then and leaves first. So the head leaves in 26, the tail in
// 27, arrived 33, transferred 34. The second sample is 8 later but for that cycle: 33 + 8.
// (5 6 7 8)(1 2 3 4) = 70; -(1 2 3 4)^2 = -30; -(1 2 3 4)(5 6 7 8) = -70.
TEST(OperatorsByHand, Dot) {
  const Operator dot = make("dot", OpKind::kDot, {1}, 1, 3);
  expect_chip(model_of(3, 4, dot), two_lanes(), kTwelve, 2, "34: 70 -30 -70; 41: 70 -30 -70; ");
}

// Three packets of one flit, tails 2, 4, 6: start 12. 8 sums of 3 steps on 2 lanes: busy 12,
// latency 15. vstart 27, nv = 4, visible 34, tail 35, arrived 41, transferred 42. The beats of the
// second sample are through by then: its tails 8, 10, 12 arrive before the lanes are free at 24.
// Requantised by 1 / 2: (3 x + 1) >> 1.
TEST(OperatorsByHand, AddOfOneOperatorThreeTimes) {
  const Operator add = make("add", OpKind::kAdd, {1, 1, 1}, 2, 4, {1, 1});
  expect_chip(model_of(2, 4, add), two_lanes(), {1, 2, 3, 4, -1, -2, -3, -4}, 2,
              "42: 2 3 5 6 -1 -3 -4 -6; 54: 2 3 5 6 -1 -3 -4 -6; ");
}

// Two packets, tails 2 and 4: start 10. 8 products on 2 lanes: busy 4, latency 7. vstart 17, nv =
// 4, visible 24, tail 25, arrived 31, transferred 32.
TEST(OperatorsByHand, Mul) {
  const Operator mul = make("mul", OpKind::kMul, {1, 1}, 2, 4);
  expect_chip(model_of(2, 4, mul), two_lanes(), {1, 2, 3, 4, -5, -6, 11, 12}, 1,
              "32: 1 4 9 16 25 36 121 127; ");
}

// Start 9 as for the dot. 4 columns of 3 rows on 2 lanes: busy 6, latency 11: square and difference
// are a stage each. vstart 20, nv = 2, visible 25, transferred 33. The second sample has arrived at
// 12, the lanes are free at 15.
// Columns 1 5 -1: 5^2 - 27; 2 6 -2: 6^2 - 44; 3 7 -3: 7^2 - 67; 4 8 -4: 8^2 - 96.
TEST(OperatorsByHand, Fm) {
  const Operator fm = make("fm", OpKind::kFm, {1}, 1, 4);
  expect_chip(model_of(3, 4, fm), two_lanes(), kTwelve, 2,
              "33: -2 -8 -18 -32; 39: -2 -8 -18 -32; ");
}

// Queries, keys and values are the same 2 x 2 elements: three packets, start 12. h = 1, R = 2, D =
// 2. On 2 lanes g = 1: a query takes 2*2 + 1 + 7 = 12 cycles: busy 24, latency 29. vstart 41, 4
// outputs: nv = 2, visible 46, tail 47, arrived 53, transferred 54. On one lane g = 2: 8 + 2 + 7 =
// 17 a query: 10 cycles more.
// Rows (4 0), (0 4). Scores of the first query 16 and 0; an exponent of 1 a unit of distance: 2^-16
// in Q1.15 rounds up to 1 (half). Weights 32768 and 1: means 4 * 256 * 32768 / 32769 = 1023.97 and
// 0.03, rounded 1024 and 0; through 1 / 256: 4 and 0.
TEST(OperatorsByHand, Attention) {
  Operator attention = make("attention", OpKind::kAttention, {1, 1, 1}, 2, 2);
  attention.requantiser = {{1 << 17, 1}, {1, 8}};
  const Model model = model_of(2, 2, attention);
  Hardware hw = two_lanes();
  expect_chip(model, hw, {4, 0, 0, 4}, 1, "54: 4 0 0 4; ");
  hw.interaction_tile.lanes = 1;
  expect_chip(model, hw, {4, 0, 0, 4}, 1, "64: 4 0 0 4; ");
}

// Values with equal weights: their mean. Scores of the zero query are 0 and 0, of (0 6) 0 and 36.
TEST(OperatorsByHand, AttentionOfEqualScoresIsTheMean) {
  Operator attention = make("attention", OpKind::kAttention, {1, 1, 1}, 2, 2);
  attention.requantiser = {{1 << 17, 1}, {1, 8}};
  expect_chip(model_of(2, 2, attention), two_lanes(), {0, 0, 0, 6}, 1, "54: 0 3 0 6; ");
}

/// y = W x along the rows with W = [[-1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]: each column of the
/// input becomes (-a, 0, a), a its first element.
Operator along_rows() {
  Operator fc = make("fc", OpKind::kFc, {1}, 3, 2);
  fc.axis = Axis::kRows;
  fc.weight_q = {-1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
  fc.bias_q = {0, 0, 0};
  fc.weight_scale = {1, 1, 1};
  fc.requantiser.assign(3, {2, 1});
  return fc;
}

// 8 elements of 8 signed bits in one flit: start 8. 2 vectors of 8 phases, II = 16: busy 256,
// latency 10 + 15*16 + 16 + 3 = 269. vstart 277. 6 outputs on 2 lanes: nv = 3, visible 283, tail
// 284, arrived 290, transferred 291.
TEST(OperatorsByHand, FcAlongTheRows) {
  expect_chip(model_of(4, 2, along_rows()), two_lanes(), {100, 7, 1, 1, 1, 1, 1, 1}, 2,
              "291: -100 -7 0 0 100 7; 547: -100 -7 0 0 100 7; ");
}

// The weights twice: both vectors at once, busy 128, latency 141, so all of it 128 earlier.
TEST(OperatorsByHand, FcAlongTheRowsWithItsWeightsTwice) {
  expect_chip(model_of(4, 2, along_rows()), two_lanes(), {100, 7, 1, 1, 1, 1, 1, 1}, 2,
              "163: -100 -7 0 0 100 7; 291: -100 -7 0 0 100 7; ", 2);
}

// As without copies, but that the requantiser puts out 16 bits into the normaliser: 2 columns of 3,
// b = 2, K b = 4. Group i is written in 280 + i, statistics are read in 283 ... 286 (t1 = 283), the
// groups again from t2 = 293 on, 293 ... 295, and are written into the output slot in 299 ... 301:
// visible at 277 + 2*3 + 4 + 15 = 302, tail 303, arrived 309, transferred 310. The next sample is
// 256 later: hold = 3 + 4 + 6 is far less than a product.
// (-100 0 100): S = 0, Q = 3*20000 + 1, 300 / sqrt(60001) = 1.22474, in Q5.10 1254; (1254 + 8) >> 4
// = 78, (-1254 + 8) >> 4 = -78. (-7 0 7): Q = 3*98 + 1, 21 / sqrt(295) = 1.22266: 1252: 78, -78
// (-1244 >> 4 = -77.75).
TEST(OperatorsByHand, FcAlongTheRowsAndLayerNormEveryCycle) {
  Model model = model_of(4, 2, along_rows());
  model.operators[2].output.bits = model.operators[2].activation_bits = 16;
  model.operators.push_back(layer_norm(3, 2, Axis::kRows, 2));
  ASSERT_EQ(map_naive(model, two_lanes()).tiles.size(), 2U);
  expect_chip(model, two_lanes(), {100, 7, 1, 1, 1, 1, 1, 1}, 2,
              "310: -78 -78 0 0 78 78; 566: -78 -78 0 0 78 78; ");
}

// Along the width: vectors are the 2 rows of 4 elements, outputs row by row. Phases and cycles as
// along the rows.
TEST(OperatorsByHand, FcAlongTheWidth) {
  Operator fc = along_rows();
  fc.axis = Axis::kWidth;
  fc.rows = 2;
  fc.width = 3;
  expect_chip(model_of(2, 4, fc), two_lanes(), {100, 1, 1, 1, 7, 1, 1, 1}, 1,
              "291: -100 0 100 -7 0 7; ");
}

// One lane behind the factorisation machine: nv = 4, n = 4, b = 4: visible 2*4 + 4 + 15 = 27 after
// the start in 20: 47, tail 48, arrived 54, transferred 55. The next samples are ready, but the
// vector unit takes one each nv + hold = 4 + 4 + 4 + 6 = 18 cycles.
// -2 -8 -18 -32: S = -60, 4 x - S = 52, 28, -12, -68; Q = 4*1416 - 3600 + 1 = 2065, root 45.442:
// Q5.10 1172, 631, -270, -1532; (y + 8) >> 4.
TEST(OperatorsByHand, TheNormaliserHoldsTheVectorUnit) {
  Model model = model_of(3, 4, make("fm", OpKind::kFm, {1}, 1, 4));
  model.operators[2].output.bits = model.operators[2].activation_bits = 16;
  model.operators.push_back(layer_norm(1, 4, Axis::kWidth, 2));
  Hardware hw = two_lanes();
  hw.interaction_tile.vector_lanes = 1;
  expect_chip(model, hw, kTwelve, 3, "55: 73 39 -17 -96; 73: 73 39 -17 -96; 91: 73 39 -17 -96; ");
}

// Two LayerNorms of one producer are fused nowhere: tiles of their own, an add of one input that
// hands its 16 bits on. Along the width and along the rows of (-100 -7), (0 0), (100 7).
TEST(OperatorsByHand, LayerNormByItself) {
  Model model = model_of(4, 2, along_rows());
  model.operators[2].output.bits = model.operators[2].activation_bits = 16;
  model.operators.push_back(layer_norm(3, 2, Axis::kRows, 2));
  model.operators.push_back(layer_norm(3, 2, Axis::kWidth, 2));
  model.operators.back().name = "other";
  model.operators.push_back(make("both", OpKind::kConcat, {3, 4}, 1, 12));
  const Design design = map_naive(model, two_lanes());
  ASSERT_EQ(design.tiles.size(), 4U);
  EXPECT_EQ(design.tiles[2].norm, 3);
  EXPECT_EQ(design.tiles[2].ports[0].element_bits, 16);
  const std::string fast = run(model, two_lanes(), {100, 7, 1, 1, 1, 1, 1, 1}, 2, false);
  EXPECT_EQ(fast, run(model, two_lanes(), {100, 7, 1, 1, 1, 1, 1, 1}, 2, true));
  // Rows of two: one below, one above their mean, 1023 or 1024 in Q5.10; equal ones are 0.
  EXPECT_EQ(fast.substr(fast.find(':'), fast.find(';') - fast.find(':')),
            ": -78 -78 0 0 78 78 -64 64 0 0 64 -64");
}

/// Busy and latency of the engine of tile 1.
Engine::Timing timing_of(const Model& model, const Hardware& hardware) {
  const Design design = map_naive(model, hardware);
  CycleScheduler cycles("cycles", hardware.clock_hz);
  const auto engine = make_engine(design, design.tiles[1], model, false, false, cycles);
  return engine->accept(0, {});
}

// Three heads of 2 columns, 5 rows on 2 lanes: g = 3, a query 2*2*3 + 3 + 7 = 22, 15 of them.
TEST(OperatorsByHand, TimingOfAttentionWithSeveralHeads) {
  Operator attention = make("attention", OpKind::kAttention, {1, 1, 1}, 5, 6);
  attention.heads = 3;
  attention.requantiser = {{1, 1}, {1, 1}};
  const Engine::Timing timing = timing_of(model_of(5, 6, attention), two_lanes());
  EXPECT_EQ(timing.busy, 330);
  EXPECT_EQ(timing.latency, 335);
}

}  // namespace
}  // namespace recpim
