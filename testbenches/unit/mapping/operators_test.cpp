// SPDX-License-Identifier: Apache-2.0
// The naive mapping of fcs along an axis, LayerNorms, interactions, pads and mixed precisions, and
// what is complained about where a design contradicts its model.
#include <gtest/gtest.h>

#include <functional>

#include "models/graph/builder.h"
#include "models/graph/kinds.h"
#include "models/mapping/design.h"
#include "testbenches/unit/mapping/models.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

/// As a builder's model would be once quantised: formats by activation_bits, some weights.
Model quantised(Model model) {
  model.quantised = true;
  for (Operator& op : model.operators) {
    op.output = {true, op.activation_bits, 16.0 / (1 << op.activation_bits)};
    if (op.kind == OpKind::kSigmoid) op.output = {false, 16, kProbabilityScale};
    const OperatorShape shape = shape_of(model, op);
    op.weight_q.assign(shape.weights(), 1);
    op.bias_q.assign(shape.biases, 0);
    op.weight_scale.assign(shape.scales, 1);
    op.requantiser.assign(shape.requantisers, {1, 1});
  }
  return model;
}

Hardware small_crossbars() {
  Hardware hardware;  // 16 x 16: 4 channels of 8 bits each; two on a tile.
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.adc.columns_per_adc = 16;
  hardware.mvm_tile.crossbars = 2;
  return hardware;
}

Design mapped(const Model& model, const Hardware& hardware = {}) {
  Design design = map_naive(model, hardware);
  validate(design, "design");
  validate(design, model, "design");
  return design;
}

std::string refusal(const Model& model, const Hardware& hardware) {
  try {
    map_naive(model, hardware);
  } catch (const DoesNotFit& error) {
    return error.what();
  }
  return "fits";
}

TEST(NaiveOperators, FcAlongTheWidthSplitByChannels) {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(30)}, 3);
  const int fc = b.fc_along("fc", x, Axis::kWidth, 12);
  const Model model = quantised(b.finish_without_weights(b.fc("out", fc, 1)));
  const Design design = mapped(model, small_crossbars());
  // 10 inputs are a row block, 12 channels 3 column blocks: tiles of 8 and 4 channels.
  const Tile& first = design.tiles[1];
  EXPECT_EQ(first.axis, Axis::kWidth);
  EXPECT_EQ(first.vectors, 3);
  EXPECT_EQ(first.rows, 10);
  EXPECT_EQ(first.channels, 8);
  EXPECT_EQ(first.outputs, 24);
  EXPECT_EQ(first.input_elements(), 30);
  EXPECT_EQ(design.tiles[2].outputs, 12);
  // Its reader has 36 inputs in 3 row blocks on two tiles of 32 and 4: rows of 8 + 4 in turn.
  const Tile& reader = design.tiles[3];
  ASSERT_EQ(reader.inputs(), 5);
  EXPECT_EQ(reader.ports[1].tile, 2);
  EXPECT_EQ(reader.ports[1].first_element, 8);
  EXPECT_EQ(reader.ports[2].first_element, 12);
  EXPECT_EQ(reader.ports[2].tile, 1);
  EXPECT_EQ(design.tiles[1].sends[1].first_element, 8);  // Its second vector.
  EXPECT_TRUE(design.tiles[4].raw);
  EXPECT_EQ(design.tiles[4].inputs(), 1);
}

TEST(NaiveOperators, FcAlongTheWidthWithRowsOnSeveralTilesDoesNotFit) {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(80)}, 2);
  const Model model = quantised(b.finish_without_weights(b.fc_along("fc", x, Axis::kWidth, 2)));
  EXPECT_EQ(refusal(model, small_crossbars()),
            "test: fc: does not fit the chip: needs 3 crossbars on a tile for 40 inputs along the "
            "width: accepted: mvm_tile.crossbars, which is 2");
}

TEST(NaiveOperators, FcAlongTheRowsSplitByRows) {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(80)}, 40);
  const Model model = quantised(b.finish_without_weights(b.fc_along("fc", x, Axis::kRows, 3)));
  const Design design = mapped(model, small_crossbars());
  ASSERT_EQ(design.tiles.size(), 3U);
  EXPECT_EQ(design.tiles[1].rows, 32);
  EXPECT_EQ(design.tiles[1].ports[0].elements, 64);
  EXPECT_EQ(design.tiles[2].rows, 8);
  EXPECT_EQ(design.tiles[0].sends[1].first_element, 64);
  EXPECT_EQ(design.tiles[2].sends[0].elements, 6);  // Partial sums of 3 channels, 2 vectors.
  EXPECT_EQ(design.tiles[1].ports[1].elements, 6);
}

TEST(NaiveOperators, LayerNormIsFusedWhereOneTileHoldsWhatOnlyItReads) {
  const auto with_readers = [](int width, int readers) {
    ModelBuilder b("test", {}, 1);
    const int fc = b.wide(b.fc("fc", b.dense(10), width));
    std::vector<int> norms;
    for (int i = 0; i < readers; ++i) {
      norms.push_back(b.layer_norm("norm" + std::to_string(i), fc, Axis::kWidth));
    }
    return quantised(b.finish_without_weights(b.add("sum", {norms[0], norms.back()})));
  };
  Model model = with_readers(8, 1);
  Design design = mapped(model, small_crossbars());
  ASSERT_EQ(design.tiles.size(), 3U);
  EXPECT_EQ(design.tiles[1].norm, 2);
  EXPECT_EQ(design.tiles[1].output_bits, 8);
  // The sum of one operator and itself: two packets between the same tiles.
  ASSERT_EQ(design.tiles[2].inputs(), 2);
  EXPECT_EQ(design.tiles[2].ports[1].send, 1);
  EXPECT_EQ(design.tiles[2].ports[1].first_element, 8);
  EXPECT_EQ(design.tiles[2].rows, 2);
  EXPECT_EQ(design.tiles[2].width, 8);
  // Two readers: the 16 bits go to tiles of their own.
  model = with_readers(8, 2);
  design = mapped(model, small_crossbars());
  ASSERT_EQ(design.tiles.size(), 5U);
  EXPECT_EQ(design.tiles[1].norm, -1);
  EXPECT_EQ(design.tiles[1].output_bits, 16);
  EXPECT_EQ(design.tiles[2].kind, TileKind::kInteraction);
  EXPECT_EQ(design.tiles[2].op, 2);
  EXPECT_EQ(design.tiles[2].norm, 2);
  EXPECT_EQ(design.tiles[2].input_bits(), 16);
  // Two tiles hold the fc.
  design = mapped(with_readers(9, 1), small_crossbars());
  ASSERT_EQ(design.tiles.size(), 5U);
  EXPECT_EQ(design.tiles[3].norm, 2);
}

TEST(NaiveOperators, FourBitsAmongEightAreShiftedOnArrival) {
  ModelBuilder b("test", {}, 1);
  const int dense = b.dense(6);
  b.set_precision({8, 4});
  const int narrow = b.fc("narrow", dense, 6);
  b.set_precision({8, 8});
  const int padded = b.pad("padded", narrow, 9);
  const int joined = b.concat("joined", {padded, dense});
  const int fc = b.fc("fc", joined, 6);
  const int gate = b.sigmoid("gate", b.fc("logit", dense, 6));
  const int mul = b.mul("mul", gate, narrow);
  const Model model =
      quantised(b.finish_without_weights(b.add("sum", {mul, b.add("inner", {narrow, fc})})));
  const Design design = mapped(model);
  const Tile& reader = design.tiles[static_cast<std::size_t>(design.find(model.find("fc"), 0))];
  ASSERT_EQ(reader.inputs(), 2);
  EXPECT_EQ(reader.ports[0].element_bits, 4);
  EXPECT_EQ(reader.ports[0].shift, 4);
  EXPECT_EQ(reader.ports[1].shift, 0);
  EXPECT_EQ(reader.ports[1].first_element, 9);  // 6 of the fc, 3 that no port brings.
  EXPECT_EQ(reader.input_elements(), 15);
  EXPECT_EQ(reader.input_bits(), 8);
  const Tile& product = design.tiles[static_cast<std::size_t>(design.find(model.find("mul"), 0))];
  EXPECT_EQ(product.ports[0].element_bits, 16);
  EXPECT_FALSE(product.ports[0].is_signed);
  EXPECT_EQ(product.ports[1].element_bits, 4);
  EXPECT_EQ(product.ports[1].shift, 0);  // A product has the scales of its factors.
  const Tile& inner = design.tiles[static_cast<std::size_t>(design.find(model.find("inner"), 0))];
  EXPECT_EQ(inner.ports[0].shift, 4);
}

TEST(NaiveOperators, ShapesOfInteractions) {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(24)}, 6);
  const int attention = b.attention("attention", x, x, x, 2);
  const int fm = b.fm("fm", attention);
  const Model model = quantised(b.finish_without_weights(b.dot("dot", b.concat("y", {fm}, 2))));
  const Design design = mapped(model);
  EXPECT_EQ(design.tiles[1].rows, 18);
  EXPECT_EQ(design.tiles[1].width, 4);
  EXPECT_EQ(design.tiles[1].outputs, 24);
  EXPECT_EQ(design.tiles[1].inputs(), 3);
  EXPECT_EQ(design.tiles[2].rows, 6);
  EXPECT_EQ(design.tiles[2].outputs, 4);
  EXPECT_EQ(design.tiles[3].rows, 2);
  Hardware hardware;
  hardware.interaction_tile.max_elements = 71;
  EXPECT_EQ(refusal(model, hardware),
            "test: attention: does not fit the chip: needs 72 input elements: accepted: "
            "interaction_tile.max_elements, which is 71");
}

TEST(NaiveOperators, APartThatOnlyPaddingFeedsDoesNotFit) {
  ModelBuilder b("test", {}, 1);
  const int padded = b.pad("padded", b.dense(10), 60);
  const Model model = quantised(b.finish_without_weights(b.fc("fc", padded, 4)));
  EXPECT_EQ(refusal(model, small_crossbars()),
            "test: fc: does not fit the chip: needs a tile for inputs that are all padding: "
            "accepted: a part of an operator that has an input");
}

/// dense as 3 x 4 -> fc along the rows -> LayerNorm -> mul with itself -> fc -> sigmoid, and a
/// LayerNorm that nothing is fused with.
Model sound_model() {
  ModelBuilder b("test", {}, 1);
  const int x = b.concat("x", {b.dense(12)}, 3);
  const int fc = b.wide(b.fc_along("fc", x, Axis::kRows, 3));
  const int norm = b.layer_norm("norm", fc, Axis::kRows);
  const int mul = b.mul("mul", norm, x);
  const int wide = b.wide(b.add("sum", {mul, norm}));
  const int one = b.layer_norm("one", wide, Axis::kWidth);
  const int two = b.layer_norm("two", wide, Axis::kWidth);
  const int all = b.concat("all", {one, two});
  return quantised(b.finish_without_weights(b.sigmoid("out", b.fc("logit", all, 1))));
}

/// What a change of a sound design is complained about with.
std::string complaint(const std::function<void(Json&)>& change) {
  const Model model = sound_model();
  Json json = design_to_json(mapped(model));
  change(json);
  try {
    validate(design_from_json(JsonView(json, "d.json")), model, "d.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DesignOfOperators, IsHeldToItsModel) {
  // Host, fc, mul, sum, one, two, logit.
  EXPECT_EQ(complaint([](Json&) {}), "accepted");
  EXPECT_EQ(
      complaint([](Json& d) { d["tiles"][1]["axis"] = "width"; }),
      "d.json: tiles[1] = fc: accepted: axis and vectors of the operator; along the width all "
      "rows");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1]["channels"] = 2; }),
            "d.json: tiles[1].outputs: accepted: channels * vectors");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1]["axis"] = "both"; }),
            "d.json: tiles[1].axis = \"both\": accepted: width, rows");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1].erase("norm"); }).substr(0, 21),
            "d.json: tiles = norm:");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1]["norm"] = 4; }),
            "d.json: tiles[1].norm = 4: accepted: an operator of the tile's kind");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1]["norm"] = 99; }),
            "d.json: tiles[1].norm = 99: accepted: an operator of the model");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][3]["norm"] = 3; }),
            "d.json: tiles[3].norm = norm: accepted: a LayerNorm of the whole output of the tile");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][4].erase("norm"); }),
            "d.json: tiles[4] = one: accepted: an interaction of its shape");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["op"] = 5; }),
            "d.json: tiles = mul: accepted: tiles that hold the whole operator once");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][6]["norm"] = 6; }),
            "d.json: tiles[6].norm: accepted: a LayerNorm behind a requantiser, without a sigmoid");
}

TEST(DesignOfOperators, WhatPortsBringIsHeldToTheModel) {
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["ports"][0]["signed"] = false; }),
            "d.json: tiles[2].ports[0] = norm: accepted: bits, sign and shift of what it brings");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["ports"][0]["shift"] = 4; }),
            "d.json: tiles[2].ports: accepted: a shift of 0, or of 4 for 4 bits");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["ports"][1]["first_element"] = 11; }),
            "d.json: tiles[2].ports: accepted: inputs in the order of the input vector");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["ports"][1]["first_element"] = 13; }),
            "d.json: tiles[2].ports: accepted: inputs inside the input vector of 24 elements");
  EXPECT_EQ(complaint([](Json& d) {
              d["tiles"][1]["sends"][0]["elements"] = 11;
              d["tiles"][2]["ports"][0]["elements"] = 11;
            }),
            "d.json: tiles[2].ports: accepted: inputs that bring all that is read");
  EXPECT_EQ(complaint([](Json& d) {
              d["tiles"][1]["sends"][0]["elements"] = 11;
              d["tiles"][1]["sends"][0]["first_element"] = 1;
              d["tiles"][2]["ports"][0]["elements"] = 11;
            }),
            "d.json: tiles[2].ports[0]: accepted: the elements that the operator reads there");
}

}  // namespace
}  // namespace recpim
