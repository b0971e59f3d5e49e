// SPDX-License-Identifier: Apache-2.0
// Events, energy and area of fcs along an axis, interactions and LayerNorms, by hand.
#include <gtest/gtest.h>

#include "models/graph/builder.h"
#include "sim/cost/composite.h"
#include "sim/cost/cost_model.h"
#include "testbenches/unit/cost/quantised.h"

namespace recpim {
namespace {

using testing::quantised;

// 45 to 32 nm at 0.9 V, 40 to 32 nm in area: Stillmaker and Baas, by hand.
const double kDigital =
    (0.9559 * 0.81 - 0.7823 * 0.9 + 0.471) / (1.103 * 0.81 - 0.362 * 0.9 + 0.2767);
const double kDigitalArea = 1 / (1 + 1.2 * 8 / 13);

/// 6 x 4 dense features through what `build` adds to them.
template <typename Build>
Model matrix_model(Build build) {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(24)}, 6);
  return quantised(b.finish_without_weights(build(b, x)));
}

// 4 columns of 6 inputs of 8 signed bits: 8 phases each. One crossbar of 3 channels.
TEST(OperatorEvents, EveryVectorOfAnFcIsAProduct) {
  const Model model =
      matrix_model([](ModelBuilder& b, int x) { return b.fc_along("fc", x, Axis::kRows, 3); });
  const EventCounts counts = sample_events(map_naive(model, Hardware()), model, 1);
  EXPECT_EQ(counts.crossbar_reads, 4U * 8);
  EXPECT_EQ(counts.wordline_drives, 4U * 8 * 6);
  EXPECT_EQ(counts.adc_conversions, 4U * 8 * 128);
  EXPECT_EQ(counts.accumulations, 4U * 8 * 3);
  EXPECT_EQ(counts.input_bits, 2U * 24 * 8);
  EXPECT_EQ(counts.vector_elements, 12U);
}

// Two heads of 2 columns, 6 queries with 6 keys each: 2*6*6*2 products of scores, as many of
// values; 2*6*6 powers of two.
TEST(OperatorEvents, Attention) {
  const Model model =
      matrix_model([](ModelBuilder& b, int x) { return b.attention("attention", x, x, x, 2); });
  const Design design = map_naive(model, Hardware());
  const EventCounts counts = sample_events(design, model, 1);
  EXPECT_EQ(counts.macs, 288U);
  EXPECT_EQ(counts.exponentials, 72U);
  EXPECT_EQ(counts.reciprocals, 12U);
  EXPECT_EQ(counts.means, 24U);
  // Three inputs written; a query, a key and a value read for each product.
  EXPECT_EQ(counts.input_bits, 3U * 24 * 8 + 3 * 144 * 8);
  ChipEvents events;
  events.tiles = {EventCounts(), counts};
  events.router_flits.assign(2, 0);
  const Technology technology = load_technology("isaac-32nm");
  const Json tile = energy_of(design, model, events, technology, 1).parts["tile_1_attention"];
  EXPECT_NEAR(tile["mac"].get<double>(), (288 * 0.3) * kDigital, 1e-9);
  EXPECT_NEAR(tile["exponential"].get<double>(), (72 * (2 * 3.1 + 4 * 0.1)) * kDigital, 1e-9);
  EXPECT_NEAR(tile["reciprocal"].get<double>(), (12 * (2 * 3.1 + 2 * 0.1)) * kDigital, 1e-9);
  EXPECT_NEAR(tile["mean"].get<double>(), (24 * (3.1 + 0.1)) * kDigital, 1e-9);
  const Json area = area_of(design, model, technology).parts["tile_1_attention"];
  EXPECT_NEAR(area["mac"].get<double>(), 64 * 674.875e-6 * kDigitalArea, 1e-9);
  EXPECT_NEAR(area["exponential"].get<double>(), 64 * (2 * 6350 + 4 * 278) * 1e-6 * kDigitalArea,
              1e-9);
  EXPECT_NEAR(area["mean"].get<double>(), (6350 + 278) * 1e-6 * kDigitalArea, 1e-9);
}

// A value of each of 6 x 4 squared and added, and added as it is; 4 sums squared. Behind it a
// LayerNorm of one vector of 4.
TEST(OperatorEvents, FactorisationMachineAndLayerNorm) {
  const Model model = matrix_model([](ModelBuilder& b, int x) {
    return b.layer_norm("norm", b.wide(b.fm("fm", x)), Axis::kWidth);
  });
  const Design design = map_naive(model, Hardware());
  const EventCounts counts = sample_events(design, model, 1);
  EXPECT_EQ(counts.macs, 24U);
  EXPECT_EQ(counts.adds, 24U);
  EXPECT_EQ(counts.squares, 4U);
  EXPECT_EQ(counts.roots, 1U);
  EXPECT_EQ(counts.normalised, 4U);
  EXPECT_EQ(counts.vector_elements, 8U);                   // Requantised twice.
  EXPECT_EQ(counts.output_bits, 3U * 4 * 16 + 2 * 4 * 8);  // Normaliser's buffer, output slot.
  ChipEvents events;
  events.tiles = {EventCounts(), counts};
  events.router_flits.assign(2, 0);
  const Technology technology = load_technology("isaac-32nm");
  const CostTree energy = energy_of(design, model, events, technology, 1);
  const Json& tile = energy.parts["tile_1_fm"];
  EXPECT_NEAR(tile["square"].get<double>(), (4 * 3.2) * kDigital, 1e-9);
  EXPECT_NEAR(tile["root"].get<double>(), (5 * 3.1 + 3 * 0.1) * kDigital, 1e-9);
  EXPECT_NEAR(tile["normaliser"].get<double>(), (4 * (3 * 3.1 + 5 * 0.1)) * kDigital, 1e-9);
  EXPECT_EQ(tree_sum(energy.parts), energy.total);
  const CostTree area = area_of(design, model, technology);
  EXPECT_NEAR(area.parts["tile_1_fm"]["requantiser"].get<double>(), 2 * 16 * 6906e-6 * kDigitalArea,
              1e-9);
  EXPECT_NEAR(area.parts["tile_1_fm"]["normaliser"].get<double>(),
              16 * (3 * 6350 + 5 * 278) * 1e-6 * kDigitalArea, 1e-9);
  EXPECT_NEAR(area.parts["tile_1_fm"]["output_buffer"].get<double>(),
              (2 * 4 * 8 + 4 * 16) * 0.0032 / 24576, 1e-12);
  EXPECT_EQ(tree_sum(area.parts), area.total);
}

// Products read two operands, sums one.
TEST(OperatorEvents, AddAndMul) {
  const Model model = matrix_model([](ModelBuilder& b, int x) {
    return b.mul("mul", b.add("add", {x, x, x}), x);
  });
  const Design design = map_naive(model, Hardware());
  const EventCounts add = sample_events(design, model, 1);
  EXPECT_EQ(add.adds, 72U);
  EXPECT_EQ(add.macs, 0U);
  EXPECT_EQ(add.input_bits, 2U * 72 * 8);
  const EventCounts mul = sample_events(design, model, 2);
  EXPECT_EQ(mul.macs, 24U);
  EXPECT_EQ(mul.adds, 0U);
  EXPECT_EQ(mul.input_bits, 2U * 48 * 8);
}

TEST(Composites, AreNoComponents) {
  const Technology technology = load_technology("isaac-32nm");
  for (const Composite& composite : composites()) {
    for (const Component& component : technology.components()) {
      EXPECT_NE(component.name, composite.name);
    }
    EXPECT_GT(part_energy_pj(technology, composite.name, Hardware()), 3 * kDigital);
  }
}

}  // namespace
}  // namespace recpim
