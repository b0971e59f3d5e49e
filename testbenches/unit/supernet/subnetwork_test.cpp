// SPDX-License-Identifier: Apache-2.0
#include "models/supernet/subnetwork.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>

#include "models/graph/kinds.h"
#include "models/supernet/presets.h"
#include "testbenches/unit/supernet/tiny.h"

namespace recpim::supernet {
namespace {

using test::small_info;
using test::tiny_info;
using test::tiny_space;

using Runs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// What each slice of a sub-network is, by the operator's name.
struct Part {
  std::string parameter;
  std::uint64_t rows = 0;
  Runs columns;
};
std::map<std::string, Part> parts_of(const SubnetworkBuilder& builder, const Subnetwork& network) {
  std::map<std::string, Part> parts;
  for (const Slice& slice : network.slices) {
    Part part{builder.parameters()[slice.parameter].name, slice.rows, {}};
    for (const Run& run : slice.columns) part.columns.emplace_back(run.first, run.count);
    const bool fresh = parts.emplace(network.model.operators[slice.op].name, part).second;
    EXPECT_TRUE(fresh) << "two slices of one operator";
  }
  return parts;
}

// Slices lie within their parameters, fill their operators, and no weight is without one.
void expect_consistent(const SubnetworkBuilder& builder, const Subnetwork& network) {
  std::set<std::size_t> operators, used;
  for (const Slice& slice : network.slices) {
    const Operator& op = network.model.operators[slice.op];
    const OperatorShape shape = shape_of(network.model, op);
    const Parameter& parameter = builder.parameters()[slice.parameter];
    EXPECT_TRUE(operators.insert(slice.op).second) << op.name;
    EXPECT_TRUE(used.insert(slice.parameter).second) << op.name << ": a weight used twice";
    EXPECT_EQ(slice.rows, shape.rows) << op.name;
    EXPECT_LE(slice.rows, parameter.rows) << op.name;
    std::uint64_t columns = 0;
    std::uint64_t end = 0;
    for (const Run& run : slice.columns) {
      EXPECT_GE(run.first, end) << op.name << ": runs that overlap";
      end = run.first + run.count;
      columns += run.count;
    }
    EXPECT_LE(end, parameter.columns) << op.name;
    EXPECT_EQ(columns, shape.columns) << op.name;
    EXPECT_EQ(parameter.norm, op.kind == OpKind::kLayerNorm) << op.name;
    EXPECT_EQ(parameter.table, op.table) << op.name;
    EXPECT_TRUE(op.kind != OpKind::kFc || parameter.biased == op.biased) << op.name;
  }
  for (std::size_t p = 0; p < network.model.operators.size(); ++p) {
    const Operator& op = network.model.operators[p];
    EXPECT_EQ(operators.count(p) != 0, shape_of(network.model, op).weights() != 0) << op.name;
  }
}

// Block 1: fc and efc of the raw input with a merger; block 2: all that a dot product needs.
Architecture hand_worked() {
  Architecture a;
  a.blocks.resize(2);
  a.blocks[0].dense_width = 16;
  a.blocks[0].sparse_rows = 8;
  a.blocks[0].dsi = true;
  a.blocks[0].dsi_precision = {4, 4};
  Block& second = a.blocks[1];
  second.dense_operator = DenseOperator::kDot;
  second.dense_width = 32;
  second.sparse_rows = 16;
  second.fm = true;
  second.dense_inputs = {0, 1};
  second.sparse_inputs = {1};
  second.dense_precision = {4, 8};
  second.fm_precision = {2, 8};
  return a;
}

TEST(Subnetwork, SlicesOfAHandWorkedArchitecture) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  const Subnetwork network = builder.build(hand_worked());
  expect_consistent(builder, network);
  const auto parts = parts_of(builder, network);
  // Dense outputs start at columns 0 (3 raw ones), 3, 35; sparse ones at rows 0 (2 tables), 2, 26;
  // the 8 rows of a merger follow the 16 that the widest operator has.
  const std::map<std::string, std::pair<std::uint64_t, Runs>> expected = {
      {"emb0", {10, {{0, 16}}}},
      {"emb1", {20, {{0, 16}}}},
      {"b1_fc", {16, {{0, 3}}}},
      {"b1_fc_norm", {16, {{0, 1}}}},
      {"b1_efc", {8, {{0, 2}}}},
      {"b1_efc_norm", {8, {{0, 1}}}},
      {"b1_dsi", {128, {{0, 16}}}},
      {"b1_dsi_norm", {128, {{0, 1}}}},
      {"b2_dot_dense", {16, {{0, 3}, {3, 16}}}},
      {"b2_dot_dense_norm", {16, {{0, 1}}}},
      {"b2_dot_rows", {8, {{2, 8}, {18, 8}}}},
      {"b2_dot_rows_norm", {8, {{0, 1}}}},
      {"b2_dot", {32, {{0, 36}}}},  // 8 rows and the vector: 36 pairs
      {"b2_dot_norm", {32, {{0, 1}}}},
      {"b2_efc", {16, {{2, 8}, {18, 8}}}},
      {"b2_efc_norm", {16, {{0, 1}}}},
      {"b2_fm", {32, {{0, 16}}}},
      {"b2_fm_norm", {32, {{0, 1}}}},
      {"logit", {1, {{0, 32}, {32, 256}}}},
  };
  ASSERT_EQ(parts.size(), expected.size());
  for (const auto& [name, part] : expected) {
    ASSERT_EQ(parts.count(name), 1U) << name;
    EXPECT_EQ(parts.at(name).parameter, name);
    EXPECT_EQ(parts.at(name).rows, part.first) << name;
    EXPECT_EQ(parts.at(name).columns, part.second) << name;
  }
}

TEST(Subnetwork, EverySlotHasItsPrecision) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  const Model model = builder.build(hand_worked()).model;
  const auto weight_bits = [&](const char* name) {
    return model.operators[static_cast<std::size_t>(model.find(name))].weight_bits;
  };
  EXPECT_EQ(weight_bits("b1_fc"), 8);
  EXPECT_EQ(weight_bits("b1_dsi"), 4);
  EXPECT_EQ(weight_bits("b2_dot"), 4);
  EXPECT_EQ(weight_bits("b2_dot_rows"), 4);
  EXPECT_EQ(weight_bits("b2_fm"), 2);
  EXPECT_EQ(weight_bits("b2_efc"), 8);
  EXPECT_EQ(weight_bits("logit"), 8);
  EXPECT_EQ(model.kind, "nasrec");
}

TEST(Subnetwork, SlicesFitInAnyArchitecture) {
  for (const SpaceDescription& space :
       {tiny_space(), space_of("nasrec-full"), space_of("nasrec-small")}) {
    // 16 dense features and 8 tables meet the sizes where projections are left out.
    for (const TraceInfo& info : {tiny_info(), small_info(16, {5, 6, 7, 8, 9, 10, 11, 12})}) {
      const SubnetworkBuilder builder(space, info);
      const ArchitectureSpace choices(space);
      for (std::uint64_t i = 0; i < 60; ++i) {
        Random random(3, i);
        const Architecture a = choices.sample(random);
        SCOPED_TRACE(encode(a));
        expect_consistent(builder, builder.build(a));
      }
      expect_consistent(builder, builder.build_full_path());
    }
  }
}

TEST(Subnetwork, PublishedArchitectures) {
  std::vector<std::uint64_t> rows(26, 100);
  const TraceInfo info = small_info(13, rows);
  for (const std::string& name : preset_names()) {
    SCOPED_TRACE(name);
    const bool full = name.find("full") != std::string::npos;
    const SubnetworkBuilder builder(space_of(full ? "nasrec-full" : "nasrec-small"), info);
    expect_consistent(builder, builder.build(preset(name)));
  }
}

TEST(Subnetwork, TheFullPathHasEveryWeightWhole) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  const Subnetwork path = builder.build_full_path();
  const auto parts = parts_of(builder, path);
  for (const Parameter& parameter : builder.parameters()) {
    const auto part = parts.find(parameter.name);
    // Where an input has the output's width already, sum and gating project nothing.
    if (part == parts.end()) {
      EXPECT_NE(parameter.name.find("b2_"), std::string::npos) << parameter.name;
      EXPECT_TRUE(parameter.name == "b2_sum" || parameter.name == "b2_gating") << parameter.name;
      continue;
    }
    EXPECT_EQ(part->second.rows, parameter.rows) << parameter.name;
    std::uint64_t columns = 0;
    for (const auto& run : part->second.columns) columns += run.second;
    EXPECT_EQ(columns, parameter.columns) << parameter.name;
  }
}

TEST(Subnetwork, RefusesWhatIsLargerThanItsSpace) {
  const SubnetworkBuilder builder(tiny_space(), tiny_info());
  Architecture wide = hand_worked();
  wide.blocks[0].dense_width = 64;
  EXPECT_THROW(builder.build(wide), std::invalid_argument);
  Architecture tall = hand_worked();
  tall.blocks[1].sparse_rows = 32;
  EXPECT_THROW(builder.build(tall), std::invalid_argument);
  Architecture longer = hand_worked();
  longer.blocks.push_back(longer.blocks[1]);
  EXPECT_THROW(builder.build(longer), std::invalid_argument);
  EXPECT_THROW(SubnetworkBuilder(tiny_space(), small_info(0, {5})), std::invalid_argument);
  EXPECT_THROW(SubnetworkBuilder(tiny_space(), small_info(4, {})), std::invalid_argument);
}

}  // namespace
}  // namespace recpim::supernet
