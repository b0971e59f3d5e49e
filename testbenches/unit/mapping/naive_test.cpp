// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "models/mapping/design.h"
#include "testbenches/unit/mapping/models.h"
#include "traces/support/error.h"

namespace recpim {
namespace {

using testing::concat;
using testing::dense_input;
using testing::dot;
using testing::embedding;
using testing::fc;
using testing::mlp;
using testing::model_of;
using testing::sigmoid;

const Tile& tile(const Design& design, int t) { return design.tiles[static_cast<std::size_t>(t)]; }
const Tile& part(const Design& design, int op, int n) { return tile(design, design.find(op, n)); }

std::string refusal(const Model& model, const Hardware& hardware) {
  try {
    map_naive(model, hardware);
  } catch (const DoesNotFit& error) {
    return error.what();
  }
  return "fits";
}

TEST(Naive, MlpOfTheBenchTakes101Crossbars) {
  const Model model = mlp({512, 512, 256, 64, 16});
  const Design design = map_naive(model, Hardware());
  validate(design, "design");
  validate(design, model, "design");
  // Row blocks x blocks of 32 channels: 4 x 16, 4 x 8, 2 x 2, 1 x 1.
  ASSERT_EQ(design.tiles.size(), 5U);
  const int expected[] = {0, 64, 32, 4, 1};
  for (int t = 0; t < 5; ++t) {
    EXPECT_EQ(crossbars_used(tile(design, t), design.hardware, 8), expected[t]);
    EXPECT_EQ(tile(design, t).x, t);
    EXPECT_EQ(tile(design, t).y, 0);
  }
  EXPECT_EQ(design.mesh_columns, 5);
  EXPECT_EQ(design.mesh_rows, 1);
  // A chain: the host feeds the first, the last feeds the host.
  EXPECT_EQ(tile(design, 0).sends[0].tile, 1);
  EXPECT_EQ(tile(design, 0).sends[0].elements, 512);
  EXPECT_EQ(tile(design, 4).sends[0].tile, 0);
  EXPECT_EQ(tile(design, 0).ports[0].elements, 16);
  EXPECT_EQ(tile(design, 3).input_elements(), 256);
}

TEST(Naive, SplitsByChannelsThenByRows) {
  Hardware hardware;  // 16 x 16 crossbars of 4 channels, 2 a tile.
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.adc.columns_per_adc = 16;
  hardware.mvm_tile.crossbars = 2;
  // fc1: 20 inputs = 2 row blocks, 10 channels = 3 blocks: 3 tiles of one column block.
  // fc2: 10 inputs = 1 row block, 40 channels = 10 blocks: 5 tiles of two.
  // fc3: 40 inputs = 3 row blocks in two groups (32 + 8 rows), 6 channels = 2 blocks: 4 tiles.
  const Model model = mlp({20, 10, 40, 6});
  const Design design = map_naive(model, hardware);
  validate(design, "design");
  validate(design, model, "design");
  ASSERT_EQ(design.tiles.size(), 1U + 3 + 5 + 4);
  EXPECT_EQ(part(design, 1, 2).first_channel, 8);
  EXPECT_EQ(part(design, 1, 2).channels, 2);
  EXPECT_EQ(part(design, 1, 2).rows, 20);
  // fc2's parts take all three parts of fc1, a port each.
  EXPECT_EQ(part(design, 2, 0).inputs(), 3);
  EXPECT_EQ(part(design, 2, 0).ports[2].first_element, 8);
  EXPECT_EQ(part(design, 2, 0).ports[2].elements, 2);
  // fc3: home (channels 0-3, rows 0-31), its raw part (rows 32-39); the same for channels 4-5.
  const Tile& home = part(design, 3, 2);
  const Tile& raw = part(design, 3, 3);
  EXPECT_FALSE(home.raw);
  EXPECT_EQ(home.first_channel, 4);
  EXPECT_EQ(home.channels, 2);
  EXPECT_EQ(home.inputs(), 4);  // fc2's parts of 8 channels that cover rows 0-31.
  EXPECT_EQ(home.partials(), 1);
  EXPECT_EQ(home.ports[4].tile, design.find(3, 3));
  EXPECT_EQ(home.ports[4].elements, 2);
  EXPECT_EQ(home.ports[4].element_bits, 32);
  EXPECT_TRUE(raw.raw);
  EXPECT_EQ(raw.first_row, 32);
  EXPECT_EQ(raw.rows, 8);
  EXPECT_EQ(raw.output_bits, 32);
  EXPECT_EQ(raw.inputs(), 1);
  EXPECT_EQ(raw.ports[0].tile, design.find(2, 4));
  ASSERT_EQ(raw.sends.size(), 1U);
  EXPECT_EQ(raw.sends[0].tile, design.find(3, 2));
  EXPECT_EQ(raw.sends[0].port, 4);
  // The host takes channels 0-3 and 4-5.
  EXPECT_EQ(tile(design, 0).ports.size(), 2U);
  EXPECT_EQ(tile(design, 0).ports[1].first_element, 4);
  // 13 tiles on one row of 14.
  EXPECT_EQ(design.mesh_columns, 13);
}

TEST(Naive, ProducerOverTwoRowGroupsSendsTwoPackets) {
  Hardware hardware;
  hardware.crossbar.rows = hardware.crossbar.columns = 16;
  hardware.adc.columns_per_adc = 16;
  hardware.mvm_tile.crossbars = 1;
  // One crossbar a tile: 24 inputs are row groups of 16 and 8, a packet each.
  const Model model = mlp({24, 4});
  const Design design = map_naive(model, hardware);
  validate(design, "design");
  ASSERT_EQ(design.tiles.size(), 3U);
  ASSERT_EQ(tile(design, 0).sends.size(), 2U);
  EXPECT_EQ(tile(design, 0).sends[0].elements, 16);
  EXPECT_EQ(tile(design, 0).sends[1].first_element, 16);
  EXPECT_EQ(tile(design, 0).sends[1].elements, 8);
  EXPECT_EQ(tile(design, 2).ports[0].first_element, 0);
}

/// The shape of a DLRM: dense -> fc -> concat with tables -> dot -> concat -> fc -> sigmoid.
Model dlrm(const std::vector<std::uint64_t>& rows, int width) {
  const int tables = static_cast<int>(rows.size());
  std::vector<Operator> ops = {dense_input(13), fc("bottom", 0, 13, width)};
  ops[1].output.is_signed = true;
  std::vector<int> inputs = {1};
  for (int t = 0; t < tables; ++t) {
    inputs.push_back(static_cast<int>(ops.size()));
    ops.push_back(embedding(t, rows[static_cast<std::size_t>(t)], width));
  }
  const int rows_in = tables + 1;
  const int pairs = rows_in * (rows_in - 1) / 2;
  ops.push_back(concat("features", inputs, rows_in * width, true));
  ops.push_back(dot(static_cast<int>(ops.size()) - 1, rows_in));
  ops.push_back(concat("top_in", {1, static_cast<int>(ops.size()) - 1}, width + pairs, true));
  ops.push_back(fc("top", static_cast<int>(ops.size()) - 1, width + pairs, 1));
  ops.back().output = {true, 16, 1.0 / 2048};
  ops.push_back(sigmoid(static_cast<int>(ops.size()) - 1));
  return model_of(ops);
}

TEST(Naive, DlrmTablesFillTilesInOrder) {
  Hardware hardware;  // 2 banks of 1 KiB: 2 x 256 rows of 4 bytes.
  hardware.embedding_tile.banks = 2;
  hardware.embedding_tile.bank_kib = 1;
  const Model model = dlrm({200, 300, 20, 512, 1}, 4);
  const Design design = map_naive(model, hardware);
  validate(design, "design");
  validate(design, model, "design");
  // Host, bottom, {200, 300}, {20}, {512}, {1}, dot, top.
  ASSERT_EQ(design.tiles.size(), 8U);
  const Tile& first = tile(design, 2);
  ASSERT_EQ(first.tables.size(), 2U);
  EXPECT_EQ(first.tables[1].op, 3);
  EXPECT_EQ(first.tables[1].base, 200U);  // Straddles the banks: rows 200-255 and 256-499.
  EXPECT_EQ(first.outputs, 8);
  EXPECT_EQ(tile(design, 3).tables[0].rows, 20U);
  EXPECT_EQ(tile(design, 4).tables[0].rows, 512U);
  EXPECT_EQ(tile(design, 5).tables[0].op, 6);
  // Host sends in tile order: dense to bottom, lookups to the four embedding tiles.
  const auto& sends = tile(design, 0).sends;
  ASSERT_EQ(sends.size(), 5U);
  EXPECT_EQ(sends[0].elements, 13);
  for (std::size_t s = 1; s < 5; ++s) {
    EXPECT_EQ(sends[s].tile, static_cast<int>(s) + 1);
    EXPECT_EQ(sends[s].elements, 0);
  }
  EXPECT_EQ(tile(design, 2).ports[0].element_bits, 32);
  // The dot's input: bottom, then one packet for the two tables of a tile.
  const Tile& interaction = tile(design, 6);
  EXPECT_EQ(interaction.rows, 6);
  EXPECT_EQ(interaction.width, 4);
  ASSERT_EQ(interaction.ports.size(), 5U);
  EXPECT_EQ(interaction.ports[1].first_element, 4);
  EXPECT_EQ(interaction.ports[1].elements, 8);
  EXPECT_EQ(interaction.ports[2].first_element, 12);
  // Top: 4 of bottom, 15 pairs; its sigmoid is fused.
  const Tile& top = tile(design, 7);
  EXPECT_TRUE(top.sigmoid);
  EXPECT_EQ(top.output_bits, 16);
  ASSERT_EQ(top.ports.size(), 2U);
  EXPECT_EQ(top.ports[1].first_element, 4);
  EXPECT_EQ(top.ports[1].elements, 15);
  EXPECT_EQ(tile(design, 0).ports[0].element_bits, 16);
  // Bottom feeds dot before top: consumers in tile order.
  ASSERT_EQ(tile(design, 1).sends.size(), 2U);
  EXPECT_EQ(tile(design, 1).sends[0].tile, 6);
  EXPECT_EQ(tile(design, 1).sends[1].tile, 7);
}

TEST(Naive, TableLargerThanATileHasAHome) {
  Hardware hardware;
  hardware.embedding_tile.banks = 2;
  hardware.embedding_tile.bank_kib = 1;
  const Model model = dlrm({10, 1100, 7}, 4);
  const Design design = map_naive(model, hardware);
  validate(design, "design");
  validate(design, model, "design");
  // Host, bottom, {10}, 512 + 512 + 76 rows, {7}, dot, top.
  ASSERT_EQ(design.tiles.size(), 9U);
  const Tile& home = part(design, 3, 0);
  EXPECT_EQ(home.partials(), 2);
  EXPECT_EQ(home.inputs(), 1);
  EXPECT_EQ(home.ports[2].tile, design.find(3, 2));
  EXPECT_EQ(part(design, 3, 2).tables[0].first_row, 1024U);
  EXPECT_EQ(part(design, 3, 2).tables[0].rows, 76U);
  EXPECT_EQ(part(design, 3, 2).tables[0].base, 0U);
  EXPECT_TRUE(part(design, 3, 2).raw);
  EXPECT_EQ(tile(design, 6).tables[0].op, 4);
}

TEST(Naive, TablesOutOfConcatOrderGoInSeparatePackets) {
  std::vector<Operator> ops = {embedding(0, 10, 4), embedding(1, 10, 4), embedding(2, 10, 4)};
  ops.push_back(concat("features", {1, 2, 0}, 12, true));
  ops.push_back(dot(3, 3));
  const Design design = map_naive(model_of(ops), Hardware());
  validate(design, "design");
  const auto& sends = tile(design, 1).sends;
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(sends[0].first_element, 4);
  EXPECT_EQ(sends[0].elements, 8);
  EXPECT_EQ(sends[1].first_element, 0);
}

TEST(Naive, SaysWhatIsNeededAndWhatThereIs) {
  Hardware hardware;
  hardware.mesh.columns = hardware.mesh.rows = 2;
  EXPECT_EQ(refusal(mlp({8, 8, 8, 8}), hardware), "fits");
  EXPECT_EQ(refusal(mlp({8, 8, 8, 8, 8}), hardware),
            "test: does not fit the chip: needs 5 tiles, the host's included: accepted: at most "
            "4, the mesh being 2 x 2");
  EXPECT_EQ(map_naive(mlp({8, 8, 8, 8}), hardware).mesh_rows, 2);
  hardware.embedding_tile.banks = hardware.embedding_tile.bank_kib = 1;
  EXPECT_EQ(refusal(dlrm({1025, 1}, 4), hardware),
            "test: table_0: does not fit the chip: needs 5 embedding tiles for 1025 rows: "
            "accepted: at most 3");
  hardware.crossbar.cell_bits = 1;
  hardware.adc.columns_per_adc = 4;
  EXPECT_NE(refusal(mlp({8, 8}), hardware).find("needs 8 columns on one ADC"), std::string::npos);
  hardware = Hardware();
  hardware.interaction_tile.max_elements = 23;
  EXPECT_NE(refusal(dlrm({1, 1, 1, 1, 1}, 4), hardware).find("needs 24 input elements"),
            std::string::npos);
}

TEST(Naive, RefusesWhatHasNoMapping) {
  Model model = mlp({8, 8, 8});
  model.operators[2].inputs = {0};  // fc1 feeds nothing.
  EXPECT_THROW(map_naive(model, Hardware()), InputError);
  model = mlp({8, 8});
  model.quantised = false;
  EXPECT_THROW(map_naive(model, Hardware()), std::invalid_argument);
}

TEST(Design, PayloadFlits) {
  EXPECT_EQ(payload_flits(32, 8, 256), 1);
  EXPECT_EQ(payload_flits(33, 8, 256), 2);
  EXPECT_EQ(payload_flits(16, 32, 256), 2);
  EXPECT_EQ(payload_flits(0, 32, 256), 1);
  EXPECT_EQ(payload_flits(3, 4, 32), 1);
}

TEST(Design, FilesRoundTrip) {
  const auto folder = std::filesystem::temp_directory_path() / "recpim-design-test";
  std::filesystem::create_directories(folder / "designs");
  Hardware hardware;
  hardware.technology = (folder / "mine.yaml").string();
  hardware.crossbar.read_ps = 29'310;
  Design design = map_naive(dlrm({200, 300, 20}, 4), hardware);
  design.model_path = (folder / "model").string();
  design.model_sha256 = "abc";
  const std::string path = (folder / "designs" / "d.json").string();
  save_design(design, path);
  const Json file = read_json_file(path);
  EXPECT_EQ(file["model"]["path"], "../model");
  EXPECT_EQ(file["hardware"]["technology"], "../mine.yaml");
  const Design again = load_design(path, nullptr);
  EXPECT_EQ(design_to_json(again), design_to_json(design));
  std::filesystem::remove_all(folder);
}

/// What a change of the JSON of a sound design is complained about with.
std::string complaint(const std::function<void(Json&)>& change) {
  Json json = design_to_json(map_naive(dlrm({200, 300, 20}, 4), Hardware()));
  change(json);
  try {
    design_from_json(JsonView(json, "d.json"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Design, CrossReferencesAreChecked) {
  EXPECT_EQ(complaint([](Json&) {}), "accepted");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["x"] = 1; }),
            "d.json: tiles[2].x, .y: accepted: a place of its own");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["y"] = 1; }),
            "d.json: tiles[2].x, .y: accepted: a place inside the mesh");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][0]["sends"][0]["port"] = 1; }),
            "d.json: tiles[0].sends[0].port: accepted: a port of the receiver");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][0]["sends"][1]["tile"] = 1; }),
            "d.json: tiles[0].sends[1]: accepted: a send that the receiver's port names back");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][0]["sends"][0]["tile"] = 99; }),
            "d.json: tiles[0].sends[0].tile: accepted: a position in tiles");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][1]["kind"] = "host"; }).substr(0, 14),
            "d.json: tiles[");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][2]["output_bits"] = 7; }).substr(0, 16),
            "d.json: tiles[2]");
  EXPECT_EQ(complaint([](Json& d) { d["hardware"]["adc"]["bits"] = 0; }),
            "d.json: hardware.adc.bits = 0: accepted: a whole number from 3 to 12");
  EXPECT_EQ(complaint([](Json& d) { d["tiles"][4]["rows"] = 5; }).substr(0, 16),
            "d.json: tiles[4]");
}

}  // namespace
}  // namespace recpim
